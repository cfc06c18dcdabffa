"""Processes killed at random moments: while they train, write, or run a study."""

from __future__ import annotations

import functools
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

from torture import left_behind
from torture.fault import Lost, Trial, fault
from torture.killing import WHEN, Ended, moment, server

GROUP = "Killed processes"
WENT_ON, ANEW, DONE = "went on where it was", "began anew", "had done all"
MOST = 4  # kills of one training, in a row


@functools.cache
def uninterrupted(work: str, options: tuple = (), module: str = "killed_works") -> Ended:
    """What comes of a piece of work that nobody kills; made once."""
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        (ended,) = server(module).run(job(work, Path(folder), options))
    return ended


def job(work: str, folder: Path, options: tuple = (), **when: object) -> dict:
    """A job for `Server.run`; `options` are pairs."""
    return {"work": work, "folder": str(folder), "options": dict(options), **when}


Check = Callable[[Path, dict, dict | None], str]


def killed_again_and_again(trial: Trial, work: str, check: Check, options: tuple = ()) -> None:
    """Kills a piece of work some times in a row and lets it end: again, until all tries are made.

    `check` sees the folder, and its files before and after a process was killed in it, None
    after one that was not; it returns the outcome. What
    came at the end must be what comes of it uninterrupted.
    """
    whole, running = uninterrupted(work, options), server("killed_works")
    for number in itertools.count():
        if trial.outcomes.total() >= trial.times:
            return
        folder = trial.folder / f"{work}{number}"
        folder.mkdir()
        before: dict[str, bytes] = {}
        left = min(trial.times - trial.outcomes.total(), trial.chance.randint(1, MOST))
        for _ in range(left):
            how = moment(trial.chance, whole)
            (ended,) = running.run(job(work, folder, options, **how))
            after = left_behind.check_whole(folder)
            left_behind.check_kept(before, after)
            if not ended.killed:  # the moment lay behind its end
                check_end(ended, whole, folder, f"{work}, {how}")
                break
            trial.came(check(folder, before, after))
            before = after
        else:
            (ended,) = running.run(job(work, folder, options))
            left_behind.check_kept(before, left_behind.check_whole(folder))
            check(folder, before, None)
            check_end(ended, whole, folder, f"{work} after {left} kills")


def check_end(ended: Ended, whole: Ended, folder: Path, where: str) -> None:
    """Raises Lost if what came in the end is not what comes of it uninterrupted."""
    came, expected = dict(ended.result), dict(whole.result)
    if came.get("exact", "") is None:  # recorded by a process that was killed then
        came.pop("exact"), expected.pop("exact")
    for result in (came, expected):
        result.pop("said", None), result.pop("refused", None)
    left_behind.check_same(came, expected, f"{where}, in {folder.name}")


def training(told: dict[Path, int]) -> Check:
    """What must be so after a training was killed; `told` has the lines seen, by folder."""

    def check(folder: Path, before: dict, after: dict | None) -> str:
        path = folder.with_suffix(".told")
        told[folder] = left_behind.check_epochs(path, told.get(folder, 0))
        if after is None or "results/killed.json" in after:
            return DONE
        state = any(name.endswith("state/record.json") for name in after)
        old = any(name.endswith("old/record.json") for name in after)
        kept = path.is_file() and "kept" in path.read_text()
        if kept and not (state or old):
            raise Lost("an epoch was kept, and there is no state of it")
        return WENT_ON if state or old else ANEW

    return check


@fault(
    "killed-while-training",
    group=GROUP,
    does="a training with checkpoints, killed up to four times in a row: at a random time, or "
    "before, in the midst of or after a random one of its calls that change a file",
    holds="the next call goes on after the last whole epoch; history, final errors and weights "
    "are those of a training that nobody killed, to the last bit; no file is half written",
    outcomes=(WENT_ON, ANEW, DONE),
    few=3,
    many=50,
)
def killed_while_training(trial: Trial) -> None:
    killed_again_and_again(trial, "train", training({}))


def _one_file(folder: Path, before: dict, after: dict | None) -> str:
    return DONE if after else ANEW


@fault(
    "killed-while-saving-weights",
    group=GROUP,
    does="the writing of a file of weights, killed in the same way",
    holds="there is the whole file or none, and the next call writes it",
    outcomes=(ANEW, DONE),
    few=6,
    many=50,
)
def killed_while_saving_weights(trial: Trial) -> None:
    killed_again_and_again(trial, "save", _one_file)


@fault(
    "killed-while-recording",
    group=GROUP,
    does="the writing of a record, killed in the same way",
    holds="there is the whole record or none; the next call writes it, or says that it is there",
    outcomes=(ANEW, DONE),
    few=10,
    many=50,
)
def killed_while_recording(trial: Trial) -> None:
    killed_again_and_again(trial, "record", _one_file)


def _study(folder: Path, before: dict, after: dict | None) -> str:
    return WENT_ON if after else ANEW


@fault(
    "killed-while-a-study-runs",
    group=GROUP,
    does="a study of four trainings whose weights are kept, killed in the same way",
    holds="the same command goes on; no record is lost or changed, none lacks its weights, and "
    "all are those of a study that nobody killed",
    outcomes=(WENT_ON, ANEW),
    few=1,
    many=50,
)
def killed_while_a_study_runs(trial: Trial) -> None:
    killed_again_and_again(trial, "study", _study)


@fault(
    "a-long-study-interrupted",
    group="Load",
    does="a study of ten trainings for each time that it is killed: in the campaign of 100, "
    "killed ten times",
    holds="at the end all are recorded with their weights, each once; those that were also trained "
    "undisturbed are the same to the last bit",
    outcomes=(WENT_ON,),
    few=1,
    many=10,
)
def a_long_study_interrupted(trial: Trial) -> None:
    undisturbed, before = uninterrupted("study"), {}
    known = undisturbed.result["records"]
    trainings = len(known) if trial.times == 1 else 10 * trial.times
    options, running = (("seeds", trainings // 2),), server("killed_works")
    folder = trial.folder / "long"
    folder.mkdir()
    for part in [trial.chance.uniform(0.3, 0.9) for _ in range(trial.times)]:
        share = part * trainings / len(known) / trial.times
        how = {"at": round(share * undisturbed.count), "when": WHEN["midst"]}
        how = how if undisturbed.count else {"seconds": share * undisturbed.spent / 2}
        (ended,) = running.run(job("study", folder, options, **how))
        after = left_behind.check_whole(folder)
        left_behind.check_kept(before, after)
        if not ended.killed:
            raise Lost("the study ended before it was killed")
        trial.came(WENT_ON)
        before = after
    (ended,) = running.run(job("study", folder, options))
    left_behind.check_kept(before, left_behind.check_whole(folder))
    records = ended.result["records"]
    if len(records) != trainings or not all(r["weights"] and r["exact"] for r in records.values()):
        raise Lost(f"{len(records)} of {trainings} trainings are recorded: {records}")
    left_behind.check_same({name: records[name] for name in known}, known, "a long study")

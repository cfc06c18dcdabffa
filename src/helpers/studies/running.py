"""Running a study: what is recorded is left out, what was interrupted goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from helpers import datasets, runs, weights
from helpers.datasets import DataSet
from helpers.runs import Run
from helpers.studies.named import NamedPlan
from helpers.studies.plans import Plan
from helpers.studies.study import Study
from helpers.support.locks import LockedError
from helpers.training.callbacks import DivergedError, epochs_done


class Failed(RuntimeError):
    """Some trainings of a study came to nothing; the others are recorded."""


def names_recorded(checkpoints: str | os.PathLike) -> set[str]:
    """The records there are: those of `runs.directory()`, and those that lie beside the states
    of a study in pieces."""
    return {*runs.names(), *(path.stem for path in Path(checkpoints).glob("*.json"))}


def status(study: Study, checkpoints: str | os.PathLike = "checkpoints") -> list[dict[str, Any]]:
    """A row per training: its record's name, and how far it is. For `runs.table`."""
    rows, found = [], names_recorded(checkpoints)
    for plan in study.plans:
        name = plan.record()
        if name in found:
            state = "recorded"
        elif done := epochs_done(checkpoints, name):
            state = f"interrupted after {_count(done, 'epoch')}"
        else:
            state = "to do"
        rows.append({"record": name, "state": state})
    return rows


def recorded(study: Study, *, partial: bool = False, **fields: Any) -> list[Run]:
    """The records of a study's trainings, in its order: those whose plans have these `fields`.

    `recorded(load("depth"), size=16, seed=0)` is every net of one seed. Raises
    FileNotFoundError, saying what is missing and how to train it, unless `partial`; ValueError
    for fields that no plan of the study has, or values that none of them has.
    """
    unknown = [key for key in fields if not any(hasattr(plan, key) for plan in study.plans)]
    if unknown:
        raise ValueError(f"The trainings of {study.name} have no {', '.join(unknown)}.")
    plans = [
        plan
        for plan in study.plans
        if all(getattr(plan, key, None) == value for key, value in fields.items())
    ]
    if not plans:
        raise ValueError(f"{study.name} has no training with {fields}.")
    there = set(runs.names())
    missing = [plan.record() for plan in plans if plan.record() not in there]
    if missing and not partial:
        raise FileNotFoundError(
            f"{len(missing)} of {len(plans)} trainings are not recorded, {missing[0]} among them: "
            f"python -m helpers study {study.name}"
        )
    return [runs.load(plan.record()) for plan in plans if plan.record() in there]


def run(
    study: Study,
    *,
    load: Callable[[str], DataSet] = datasets.load,
    checkpoints: str | os.PathLike = "checkpoints",
    weights_folder: str | os.PathLike | None = None,
    verbose: int = 2,
    say: Callable[[str], None] = print,
) -> list[Run]:
    """Trains what is not recorded yet, in the order of the file; returns these runs.

    After each epoch the state is written to `checkpoints`, and the same call goes on
    from there. `load` brings a data set by its name. With a `weights_folder` the
    trained weights are kept as NAME.safetensors. `say` gets what a reader sees: which
    training comes, how many are left, and for how long, judged by the multiply-adds
    of those that ran in this call. Two processes may run one study in the same folders: each
    leaves the other's training to it, and takes the next one.

    A loss that is no finite number ends one training and not the study. Raises
    `Failed` at the end, naming those; the errors of `datasets.load` at once, and
    ValueError for a `weights_folder` where networks are trained whose weights have no
    names elsewhere (`NamedPlan.names_elsewhere`).
    """
    done, failed, loaded = [], {}, {}
    names = [plan.record() for plan in study.plans]
    waiting = [plan for plan in study.plans if plan.record() not in runs.names()]
    without_names = [p.record() for p in waiting if not p.names_elsewhere]
    if weights_folder and without_names:
        raise ValueError(
            "Only the weights of networks made by `networks.build` can be kept. Leave "
            f"`weights_folder` (--weights) out. Received a study with {', '.join(without_names)}."
        )
    more = {"finish": _keeping(weights_folder)} if weights_folder else {}
    say(f"{study.title}\n{len(names) - len(waiting)} of {len(names)} trainings are recorded.")
    seconds, behind = 0.0, 0.0
    for i, plan in enumerate(waiting):
        name = plan.record()
        if plan.data not in loaded:
            loaded = {plan.data: load(plan.data)}  # one set in memory at a time
        works = [work(p, checkpoints) for p in waiting[i:]]
        left = f", about {duration(seconds / behind * sum(works))} left" if behind else ""
        say(f"\n{names.index(name) + 1} of {len(names)}: {name}{left}")
        start = time.perf_counter()
        try:
            result = plan.train(loaded[plan.data], checkpoints=checkpoints, verbose=verbose, **more)
        except DivergedError as error:
            say(f"{name} failed: {error}")
            failed[name] = error
            continue
        except LockedError:
            say(f"Another process trains {name}: it is left to that.")
            continue
        except FileExistsError:
            if name not in runs.names():
                raise
            say(f"Another process has recorded {name} meanwhile.")
            continue
        seconds, behind = seconds + time.perf_counter() - start, behind + works[0]
        say(runs.table(runs.compare([result])))
        result.model = None  # its memory is needed for the next one
        keras.backend.clear_session()
        done.append(result)
    if failed:
        raise Failed(f"No record of {', '.join(failed)}: the loss became no finite number.")
    if left := sorted(set(names) - set(runs.names())):
        say(
            f"\n{study.name}: left to other processes: {', '.join(left)}. When they have ended, "
            "the same command says whether all are recorded."
        )
    else:
        say(f"\n{study.name}: all {len(names)} trainings are recorded.")
    return done


def _keeping(folder: str | os.PathLike) -> Callable[[Run], None]:
    """Keeps the weights of a run in a folder, before it is recorded: what is recorded is not
    trained again."""

    def keep(run: Run) -> None:
        path = Path(folder) / f"{run.name}.safetensors"
        path.unlink(missing_ok=True)  # of a training that was stopped right here
        weights.save(run.model, path)

    return keep


def work(plan: Plan | NamedPlan, checkpoints: str | os.PathLike) -> int:
    """Multiply-adds that a training still needs, forwards."""
    length = plan.length()
    done = epochs_done(checkpoints, plan.record()) * length.steps_per_epoch
    return (length.steps - min(done, length.steps)) * length.multiply_adds


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def duration(seconds: float) -> str:
    """Seconds as hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"

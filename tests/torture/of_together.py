"""Two processes at once in the same folders."""

from __future__ import annotations

from torture import left_behind
from torture.fault import Lost, Trial, fault
from torture.killing import Ended, rest, server
from torture.of_kills import job, uninterrupted

GROUP = "Two processes at once"
REFUSED, LATER, SHARED = "one was refused", "one came later", "they shared the work"


def at_once(trial: Trial, work: str, folder, *options: tuple) -> list[Ended]:
    """The same work twice in one folder; one of the two rests before a random call that changes
    a file, and one begins later by up to the time that the work takes."""
    whole = uninterrupted(work, options[0])
    late = trial.chance.choice((0, trial.chance.uniform(0, 0.8 * whole.spent)))
    first = job(work, folder, options[0], **rest(trial.chance, whole))
    return server("killed_works").run(first, job(work, folder, options[-1], wait=late))


@fault(
    "two-trainings-of-one-name",
    group=GROUP,
    does="two trainings with other seeds under one name, in one folder of records and of "
    "checkpoints, at once or a little later; one rests before a random call that changes a file",
    holds="one is refused by a sentence; the record, the weights and the epochs are those of the "
    "other, and nothing is mixed",
    outcomes=(REFUSED, LATER),
    few=1,
    many=10,
)
def two_trainings_of_one_name(trial: Trial) -> None:
    seeds = [(("seed", seed),) for seed in (3, 4)]
    wholes = [uninterrupted("train", seed).result for seed in seeds]
    for number in range(trial.times):
        folder = trial.folder / f"train{number}"
        folder.mkdir()
        results = [ended.result for ended in at_once(trial, "train", folder, *seeds)]
        left_behind.check_whole(folder)
        trained = [result for result in results if result.get("exact")]
        if len(trained) != 1:
            raise Lost(f"{len(trained)} of two trainings under one name came to an end: {results}")
        expected = wholes[results.index(trained[0])]
        left_behind.check_same(trained[0], expected, f"the one that trained, in {folder.name}")
        (other,) = [result for result in results if result is not trained[0]]
        if "refused" in other:
            if "Another process trains killed in" not in other["refused"]:
                raise Lost(f"refused by: {other['refused']}")
            trial.came(REFUSED)
        else:  # it found the record, and left it as it was
            left_behind.check_same({**other, "exact": None}, {**expected, "exact": None}, "later")
            trial.came(LATER)


@fault(
    "two-records-of-one-name",
    group=GROUP,
    does="two processes that write other records under one name; one rests before a random call "
    "that changes a file",
    holds="the first is kept, whole, and the other is refused by a sentence",
    outcomes=(REFUSED,),
    few=8,
    many=200,
)
def two_records_of_one_name(trial: Trial) -> None:
    seeds = [(("seed", seed),) for seed in (0, 1)]
    wholes = [uninterrupted("record", seed).result for seed in seeds]
    for number in range(trial.times):
        folder = trial.folder / f"record{number}"
        folder.mkdir()
        results = [ended.result for ended in at_once(trial, "record", folder, *seeds)]
        left_behind.check_whole(folder)
        kept = [i for i, result in enumerate(results) if not result["refused"]]
        if len(kept) != 1:
            raise Lost(f"{len(kept)} of two records under one name were kept")
        for result in results:
            came, expected = {**result, "refused": 0}, {**wholes[kept[0]], "refused": 0}
            left_behind.check_same(came, expected, folder.name)
        trial.came(REFUSED)


@fault(
    "two-processes-at-one-study",
    group=GROUP,
    does="the command of a study of four trainings twice at once, in the same folders; one rests "
    "before a random call that changes a file",
    holds="each says which training it leaves to the other; all are recorded, each once and as by "
    "one process alone",
    outcomes=(SHARED, LATER),
    few=1,
    many=10,
)
def two_processes_at_one_study(trial: Trial) -> None:
    whole = uninterrupted("study").result["records"]
    for number in range(trial.times):
        folder = trial.folder / f"study{number}"
        folder.mkdir()
        results = [ended.result for ended in at_once(trial, "study", folder, ())]
        left_behind.check_whole(folder)
        most = max((result["records"] for result in results), key=len)
        left_behind.check_same(most, whole, folder.name)
        told = [result["said"] for result in results]
        trained = [text.count(" of 4: ") - text.count("Another process") for text in told]
        if not any("all 4 trainings are recorded" in text for text in told):
            raise Lost(f"neither says that all are recorded: {told}")
        if sum(trained) != len(whole):
            raise Lost(f"{trained} of {len(whole)} trainings: {told}")
        trial.came(SHARED if min(trained) else LATER)

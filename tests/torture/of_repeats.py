"""The same training twice."""

from __future__ import annotations

from torture import left_behind
from torture.fault import Trial, fault
from torture.killing import server
from torture.of_kills import job

SAME = "the same to the last bit"


@fault(
    "same-seed-twice",
    group="The same once more",
    does="a training of a random seed twice, each in a process of its own, in float32 and in "
    "bfloat16 by turns",
    holds="history, errors and weights are the same to the last bit, where Keras is told to use "
    "deterministic operations",
    outcomes=(SAME,),
    few=1,
    many=10,
)
def same_seed_twice(trial: Trial) -> None:
    for number in range(trial.times):
        precision = ("float32", "mixed_bfloat16")[number % 2]
        options = (("precision", precision), ("seed", trial.chance.randrange(10**6)))
        results = []
        for folder in (trial.folder / f"{number}a", trial.folder / f"{number}b"):
            folder.mkdir()
            (ended,) = server("killed_works").run(job("train", folder, options))
            results.append(ended.result)
        left_behind.check_same(*results, f"{options}")
        trial.came(SAME)

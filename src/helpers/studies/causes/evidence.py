"""What the records of the study say of each explanation: the numbers of the verdict.

Whether a cause is necessary or sufficient is the page's to say; here is what it goes by.

Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers import runs
from helpers.studies.causes.interventions import INTERVENTIONS
from helpers.studies.causes.running import WARMUP, growth, record, recorded

SEEDS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Explanation:
    """Why plain-56 should fail, what follows from it, and the interventions that try it."""

    explanation: str
    predicts: str
    tried: tuple[str, ...]


EXPLANATIONS = (
    Explanation(
        "the gradient grows too much on its way back",
        "the less it grows, the lower the error, without any shortcut",
        ("dirac", "leaky0.5", "leaky0.8", "dirac-scaled"),
    ),
    Explanation(
        "the large gradients blow up the first kernels",
        "plain-56 learns when the kernels keep their norms",
        ("fixed-norms",),
    ),
    Explanation(
        "the first steps are too long",
        "plain-56 learns with its gradient clipped",
        ("clipped",),
    ),
    Explanation("the rate is too high", "plain-56 learns at a tenth of it", ("tenth-rate",)),
    Explanation(
        "a good solution is never found from a random start",
        "plain-56 learns on from the function of a trained plain-20",
        ("deepened",),
    ),
    Explanation(
        "it takes a start as the identity",
        "ResNet-56 learns with every block's branch at 0 in the beginning",
        ("zero-gamma",),
    ),
    Explanation(
        "x must come through whole",
        "ResNet-56 fails with half of x on its shortcuts",
        ("halved",),
    ),
    Explanation(
        "it takes batch normalization besides the shortcut",
        "ResNet-56 fails without it, even with branches that start at 0",
        ("skipinit",),
    ),
    Explanation(
        "a net whose ReLUs are nearly lines has too little left to compute with",
        "ResNet-56 fails with such ReLUs too",
        ("resnet56-leaky0.5", "resnet56-leaky0.8"),
    ),
)


def seeds_recorded(warmup: int = WARMUP) -> tuple[int, ...]:
    """Those of `SEEDS` with which every intervention is recorded, with such a warm-up."""
    there = set(runs.names())
    return tuple(
        seed
        for seed in SEEDS
        if all(record(name, seed=seed, warmup=warmup) in there for name in INTERVENTIONS)
    )


def points(
    names: Sequence[str] = tuple(INTERVENTIONS),
    seeds: Sequence[int] = SEEDS,
    warmup: int = WARMUP,
) -> list[dict[str, Any]]:
    """A row per recorded run: how much the gradient grew, and what the net has learned.

    "growth" of the gradient in x, before training; final errors in per cent: "training
    error" and "test error" in inference mode, "in training mode" on the training images
    with the statistics of their batches. Raises FileNotFoundError where a record is missing.
    """
    rows = []
    for name in names:
        for seed in seeds:
            run = recorded(name, seed=seed, warmup=warmup)
            row = {"intervention": name, "seed": seed, "growth": growth(run)}
            row["training error"] = 100 * run.final["train"]["error"]
            row["in training mode"] = 100 * run.extra["after"]["train"]["error"]
            rows.append(row | {"test error": 100 * run.final["test"]["error"]})
    return rows


def summary(
    seeds: Sequence[int] = SEEDS, error: str = "training error", warmup: int = WARMUP
) -> list[dict[str, Any]]:
    """A row per intervention, from the records. For `runs.table`.

    "growth" is the geometric mean over the seeds of the gradient's growth before training;
    "error" the mean of one of the errors of `points`, in per cent, between its "lowest" and
    its "highest". Raises FileNotFoundError where a record is missing.
    """
    rows = []
    for name in INTERVENTIONS:
        its = points((name,), seeds, warmup)
        errors = [point[error] for point in its]
        mean = float(np.exp(np.mean([np.log(point["growth"]) for point in its])))
        row = {"intervention": name, "growth": mean, "error": float(np.mean(errors))}
        rows.append(row | {"lowest": min(errors), "highest": max(errors)})
    return rows


def verdict(seeds: Sequence[int] = SEEDS, error: str = "training error") -> list[dict[str, Any]]:
    """A row per explanation and intervention that tries it, from the records. For `runs.table`.

    Its numbers are those of `summary`. "of the gap" places the mean between the two nets as
    they are: 0 is as bad as plain-56, 100 as good as ResNet-56; and "of 20" between plain-56
    and plain-20, which is what a net without shortcuts has to reach. More than 100 is better
    than that, less than 0 worse than plain-56.

    Raises FileNotFoundError where a record is missing.
    """
    found = {row.pop("intervention"): row for row in summary(seeds, error)}
    worst = found["plain56"]["error"]
    rows = []
    for why in EXPLANATIONS:
        for name in why.tried:
            row = {"explanation": why.explanation, "predicts": why.predicts, "tried": name}
            row |= found[name]
            for key, goal in (("of the gap", "resnet56"), ("of 20", "plain20")):
                gap = worst - found[goal]["error"]
                row[key] = 100 * (worst - found[name]["error"]) / gap
            rows.append(row)
    return rows


def agreement(rows: Sequence[dict[str, Any]], error: str = "training error") -> float:
    """Spearman's rank correlation of growth and error over some `points`.

    1: the more the gradient grows, the larger the error, without exception; 0: neither
    says anything of the other. Raises ValueError for less than three points.
    """
    if len(rows) < 3:
        raise ValueError(f"Expected at least three points. Received: {len(rows)}")
    ranks = [_ranks(np.array([row[key] for row in rows])) for key in ("growth", error)]
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values):
    """Ranks from 1; equal values share the mean of theirs."""
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return below + (equal + 1) / 2

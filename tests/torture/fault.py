"""A fault: what is done, what must come of it, and how it is tried."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


class Lost(AssertionError):
    """Something was lost, or wrong in silence: what a fault must never come to."""


@dataclass
class Trial:
    """What a fault's function gets: chance of its own, how often, and an empty folder.

    It calls `came(outcome)` once for each try, and raises `Lost` where the book broke.
    """

    chance: random.Random
    times: int
    folder: Path
    outcomes: Counter = field(default_factory=Counter)

    def came(self, outcome: str) -> None:
        self.outcomes[outcome] += 1


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    `group` is the heading in the appendix, `does` what was done, `holds` what must come of it (a
    clause each, Markdown); `outcomes` are the words that `Trial.came` may be given. `few` tries are
    made by `make test`, `many` by `make torture`.
    """

    name: str
    group: str
    does: str
    holds: str
    outcomes: tuple[str, ...]
    few: int
    many: int
    run: Callable[[Trial], None]


def fault(
    name: str, *, group: str, does: str, holds: str, outcomes: tuple[str, ...], few: int, many: int
) -> Callable[[Callable[[Trial], None]], Fault]:
    """Makes a fault of the function below it."""
    return lambda run: Fault(name, group, does, holds, outcomes, few, many, run)


def tried(one: Fault, times: int, folder: Path, seed: object) -> Counter:
    """The outcomes of `times` tries. Raises Lost where something is lost or not as it must be."""
    trial = Trial(random.Random(f"{one.name} {seed}"), times, folder)
    one.run(trial)
    if unknown := set(trial.outcomes) - set(one.outcomes):
        raise Lost(f"{one.name}: came to {sorted(unknown)}; it may come to {list(one.outcomes)}")
    if (n := trial.outcomes.total()) < times:
        raise Lost(f"{one.name}: {n} outcomes of {times} tries")
    return trial.outcomes

"""One training of the chapter "Repairing a notebook", as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.datasets import Data
from helpers.runs import Run
from helpers.studies.named import Length, NamedPlan
from helpers.studies.repair.designs import DESIGNS
from helpers.studies.repair.network import build, multiply_adds
from helpers.studies.repair.running import recipe, record, train


@dataclass(frozen=True)
class RepairPlan(NamedPlan):
    """A step of the chapter: one of `repair.DESIGNS`.

    `precision` is "float32" or "mixed_bfloat16". Raises ValueError for an unknown step,
    data set or precision.
    """

    kind: ClassVar[str] = "repair"
    choices: ClassVar = DESIGNS

    precision: str = "float32"

    def __post_init__(self) -> None:
        super().__post_init__()
        recipe(DESIGNS[self.what]).in_precision(self.precision)  # or it raises

    def record(self) -> str:
        return record(self.what, self.data, seed=self.seed, precision=self.precision)

    def length(self) -> Length:
        how, each = recipe(DESIGNS[self.what]), multiply_adds(build(DESIGNS[self.what]))
        return Length(how.steps, how.steps_per_epoch, how.batch_size * each)

    def train(self, data: Data, **arguments: Any) -> Run:
        given = {"name": self.record(), "command": self.command(), "precision": self.precision}
        return train(self.what, data, seed=self.seed, **given, **arguments)

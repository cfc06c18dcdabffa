"""One training of the study `causes`, as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers import counting, datasets, specs
from helpers.datasets import REDUCED_TRAINING_IMAGES, Data
from helpers.runs import Run
from helpers.specs import Network
from helpers.studies.causes.interventions import INTERVENTIONS, get
from helpers.studies.causes.network import FILTERS
from helpers.studies.causes.running import DATA, SIZE, STEPS, WARMUP, growth, recipe, record, train
from helpers.studies.named import Length, NamedPlan


@dataclass(frozen=True)
class CausePlan(NamedPlan):
    """One of `causes.INTERVENTIONS`, on `shapes` reduced to 16x16.

    `steps` other than the book's 900 are for a look; over the first 100 the rate rises, or over
    `warmup` of them. Both stand in the record's name where they are given. Raises ValueError
    for an unknown intervention or no steps.
    """

    kind: ClassVar[str] = "causes"
    choices: ClassVar = INTERVENTIONS
    images: ClassVar[str] = DATA

    steps: int | None = None
    warmup: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        recipe(get(self.what), **self._how())  # or it raises

    def _how(self) -> dict[str, int]:
        return {
            "steps": STEPS if self.steps is None else self.steps,
            "warmup": WARMUP if self.warmup is None else self.warmup,
        }

    def spec(self) -> Network:
        """The network of the book in which something is changed."""
        shape = (SIZE, SIZE, 3)
        return specs.narrowed(specs.resolve(get(self.what).network, input_shape=shape), FILTERS)

    def record(self) -> str:
        return record(self.what, self.data, seed=self.seed, **self._how())

    def length(self) -> Length:
        how = recipe(get(self.what), **self._how())
        each = counting.multiply_adds(self.spec())
        return Length(how.steps, REDUCED_TRAINING_IMAGES // how.batch_size, how.batch_size * each)

    def train(self, data: Data, **arguments: Any) -> Run:
        images = datasets.reduce(data, size=SIZE)
        given = {**self._how(), "name": self.record(), "command": self.command()}
        return train(self.what, images, seed=self.seed, **given, **arguments)

    def said(self, run: Run) -> str:
        return f"the gradient in x grew {growth(run):,.3g} times before training"

"""One training of the study `causes`, as it is asked for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from helpers import counting, datasets, specs
from helpers.datasets import REDUCED_TRAINING_IMAGES, Data
from helpers.runs import Run
from helpers.specs import Network
from helpers.studies import causes
from helpers.studies.plans import Length


@dataclass(frozen=True)
class CausePlan:
    """One of `causes.INTERVENTIONS`, on `shapes` reduced to 16x16.

    `steps` other than the book's 900 are for a look, and stand in the record's name. Raises
    ValueError for an unknown intervention or no steps.
    """

    intervention: str
    seed: int = 0
    steps: int | None = None
    data: str = field(default=causes.DATA, init=False)

    def __post_init__(self) -> None:
        causes.recipe(causes.get(self.intervention), self._steps())  # or it raises

    def _steps(self) -> int:
        return causes.STEPS if self.steps is None else self.steps

    def spec(self) -> Network:
        """The network of the book in which something is changed."""
        what, shape = causes.get(self.intervention), (causes.SIZE, causes.SIZE, 3)
        return specs.narrowed(specs.resolve(what.network, input_shape=shape), causes.FILTERS)

    def record(self) -> str:
        """The name of the record."""
        return causes.record(self.intervention, self.data, seed=self.seed, steps=self._steps())

    def command(self) -> str:
        """The command that repeats the training."""
        words = ["cause", self.intervention, "--seed", str(self.seed)]
        if self.steps is not None:
            words += ["--steps", str(self.steps)]
        return shlex.join(["python", "-m", "helpers", *words])

    def length(self) -> Length:
        """How much work the training is."""
        recipe = causes.recipe(causes.get(self.intervention), self._steps())
        each = counting.multiply_adds(self.spec())
        epoch = REDUCED_TRAINING_IMAGES // recipe.batch_size
        return Length(recipe.steps, epoch, recipe.batch_size * each)

    def train(self, data: Data, **arguments: Any) -> Run:
        """Trains on `shapes` as it was loaded, and records the run."""
        images = datasets.reduce(data, size=causes.SIZE)
        given = {"steps": self._steps(), "name": self.record(), "command": self.command()}
        return causes.train(self.intervention, images, seed=self.seed, **given, **arguments)

"""Trainings that a chapter names, such as `repair/published`: what every kind of them shares.

A kind is a subclass of `NamedPlan` in a file of its own. Study files list such trainings, and
`python -m helpers train repair/published` runs one.
"""

from __future__ import annotations

import abc
import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers import datasets
from helpers.datasets import DataSet
from helpers.runs import Run
from helpers.support import expect


@dataclass(frozen=True)
class Length:
    """Steps of a training, steps of an epoch, and multiply-adds of a step, forwards."""

    steps: int
    steps_per_epoch: int
    multiply_adds: int


KINDS: dict[str, type[NamedPlan]] = {}


@dataclass(frozen=True)
class NamedPlan(abc.ABC):
    """A training called KIND/WHAT, with a seed and the images it is trained on.

    A subclass says its `kind`, the `choices` that `what` may be, and in `images` the one data
    set that it is for, if there is but one. Its further fields are options of the training.
    `names_elsewhere` says whether its nets are of `networks.build`, so that their weights have
    names that other libraries know.

    Raises ValueError for an unknown name or another data set.
    """

    kind: ClassVar[str]
    choices: ClassVar[Mapping[str, Any]]
    images: ClassVar[str | None] = None
    names_elsewhere: ClassVar[bool] = False

    what: str
    data: str | None = None
    seed: int = 0

    def __init_subclass__(cls) -> None:
        KINDS[cls.kind] = cls

    def __post_init__(self) -> None:
        expect.one_of(self.kind, self.what, self.choices)
        data = datasets.chosen_name(self.data or self.images)
        if self.images not in (None, data):
            raise ValueError(f"{self.kind}/{self.what} is for {self.images}. Received: {data}")
        object.__setattr__(self, "data", data)

    @abc.abstractmethod
    def record(self) -> str:
        """The name of the record."""

    @abc.abstractmethod
    def length(self) -> Length:
        """How much work the training is."""

    @abc.abstractmethod
    def train(self, data: DataSet, **arguments: Any) -> Run:
        """Trains on a data set as it was loaded, and records the run."""

    def command(self) -> str:
        """The command that repeats the training, whatever variables were set."""
        words = ["python", "-m", "helpers", "train", f"{self.kind}/{self.what}"]
        for entry in dataclasses.fields(self)[1:]:
            value = getattr(self, entry.name)
            always = entry.name == "seed" or (entry.name == "data" and self.images is None)
            if always or (entry.name != "data" and value != entry.default):
                words += [f"--{entry.name.replace('_', '-')}", str(value)]
        return shlex.join(words)

    def said(self, run: Run) -> str:
        """What the command line says of the result, besides its errors."""
        return ""


def names() -> list[str]:
    """Every training that a chapter names."""
    return [f"{kind}/{what}" for kind, cls in KINDS.items() for what in cls.choices]


def named(name: str, **options: Any) -> NamedPlan:
    """The training KIND/WHAT with these options.

    Raises ValueError for an unknown kind or name, or an option that the kind does not have.
    """
    kind, _, what = name.partition("/")
    if kind not in KINDS:
        raise ValueError(
            f"Expected a network, or one of {', '.join(f'{k}/...' for k in KINDS)}. "
            f"Received: {name!r}"
        )
    fields = [entry.name for entry in dataclasses.fields(KINDS[kind])[1:]]
    if unknown := sorted(set(options) - set(fields)):
        raise ValueError(
            f"{kind}/... takes the options {', '.join(fields)}. Received: {', '.join(unknown)}"
        )
    return KINDS[kind](what, **options)

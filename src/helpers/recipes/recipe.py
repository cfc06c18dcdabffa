"""How a network is trained, as data.

A number of the paper's training stands here and nowhere else; those of its photographs'
augmentation are the defaults of `datasets.photos.TrainingView`.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import keras

from helpers.datasets.photos import TrainingView
from helpers.recipes.schedules import LinearWarmup
from helpers.support import expect

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "warmup": ("constant", "linear"),
    "schedule": ("steps", "cosine"),
    "shuffle": ("images", "batches"),
    "precision": ("float32", "mixed_bfloat16"),
    "jit_compile": (True, False, "auto"),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that `training.train` needs besides network, images and seed.

    Times are in steps, that is in iterations of one batch, as in the paper.

    - `steps`, `batch_size`: how long, on how many images at once;
    - `learning_rate` is divided by `decay` after each of `boundaries` steps;
      the first `warmup_steps` run at `warmup_learning_rate`, or with a `warmup` that is
      "linear" and not "constant" they rise from there to `learning_rate`, each by as much;
    - `schedule`: "steps", as above, or "cosine": after the warm-up the rate falls along half a
      cosine, from `learning_rate` to 0 at the end of `steps`; there are no `boundaries` then
      (Loshchilov and Hutter 2017, without restarts);
    - `optimizer`: "sgd" or "adam";
    - `momentum`, `weight_decay`: of stochastic gradient descent; the decay is
      an L2 penalty, lambda / 2 times the sum of the squares of all trainable
      parameters (`training.SGD`); of which, the paper does not say. Adam's
      beta_1 is `momentum`, and it has no decay here;
    - `padding`, `flip`: the augmentation; an image gets `padding` pixels on
      every side, then a random crop of its old size, then maybe a flip;
    - `label_smoothing`: the share of every training label that is spread evenly over all
      classes, its own among them (Szegedy et al. 2016, section 7);
    - `mixup`: alpha of the Beta(alpha, alpha) that a weight is drawn from, one for a batch: by
      it the batch is averaged with itself in another order, images and labels, after crops
      and flips (Zhang et al. 2018); 0 is none. See `datasets.mixing`, also for what the
      training error by epoch then means. Errors at the end, and of validation and test
      images, are of images and labels as they are;
    - `view`: how photographs are cut, which have no padding. A recipe that has one is for
      photographs; None leaves it to the data set;
    - `shuffle`: "images", so that every epoch has other batches, or "batches": always
      the same ones in another order, the mistake of the chapter "Repairing a notebook";
    - `steps_per_epoch`: after how many steps the training is measured and can go on
      after an interruption; None is a pass over the training images;
    - `precision`: "float32" or "mixed_bfloat16" (Keras' name of the policy);
    - `jit_compile`: whether XLA compiles the step; "auto" leaves it to Keras, which
      does so on JAX and on a GPU, and not where TensorFlow has processors only.
    """

    name: str
    source: str
    steps: int
    batch_size: int = 128
    learning_rate: float = 0.1
    boundaries: tuple[int, ...] = ()
    decay: float = 10.0
    warmup_steps: int = 0
    warmup_learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 1e-4
    padding: int = 4
    flip: bool = True
    optimizer: Literal["sgd", "adam"] = "sgd"
    shuffle: Literal["images", "batches"] = "images"
    steps_per_epoch: int | None = None
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    jit_compile: bool | Literal["auto"] = "auto"
    warmup: Literal["constant", "linear"] = "constant"
    view: TrainingView | None = None
    schedule: Literal["steps", "cosine"] = "steps"
    label_smoothing: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        least_of = {"steps": 1, "batch_size": 1, "padding": 0, "warmup_steps": 0}
        if self.steps_per_epoch is not None:
            least_of["steps_per_epoch"] = 1
        for key, least in least_of.items():
            expect.integer(key, getattr(self, key), least)
        expect.number("momentum", self.momentum, least=0, below=1)
        expect.number("weight_decay", self.weight_decay, least=0)
        expect.number("decay", self.decay, least=1)  # the rate is divided by it
        expect.number("learning_rate", self.learning_rate, above=0)
        expect.number("warmup_learning_rate", self.warmup_learning_rate, above=0)
        whole = all(isinstance(b, int) for b in self.boundaries)
        if not whole or list(self.boundaries) != sorted(self.boundaries):
            raise ValueError(
                "`boundaries` must be whole numbers that rise: the steps after which the "
                f"learning rate drops. Received: boundaries={self.boundaries!r}"
            )
        for key, choices in _CHOICES.items():
            expect.one_of(key, getattr(self, key), choices)
        expect.number("label_smoothing", self.label_smoothing, least=0, below=1)
        expect.number("mixup", self.mixup, least=0)
        if self.schedule == "cosine" and self.boundaries:
            raise ValueError(
                "A cosine has no `boundaries`: leave them out, or take Recipe.with_schedule. "
                f"Received: boundaries={self.boundaries!r}"
            )
        if self.optimizer == "adam" and self.weight_decay:
            raise ValueError(
                "`weight_decay` is the paper's, for 'sgd'; with 'adam' it must be 0. "
                f"Received: weight_decay={self.weight_decay!r}"
            )

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Recipe:
        """The recipe of a record, as it reads back from a file.

        A field that the record lacks means its default: what every recipe had before there
        was a choice.
        """
        view = record.get("view")
        if view is not None:
            view = TrainingView(**{**view, "shorter_side": tuple(view["shorter_side"])})
        return cls(**{**record, "boundaries": tuple(record["boundaries"]), "view": view})

    def for_batch(self, batch_size: int, *, images: int, warmup_epochs: float = 5) -> Recipe:
        """The same recipe at another batch size, by the linear scaling rule; the name says so.

        k times the batch has k times the learning rate and 1/k of the steps, so that each of
        the `images` is seen as often. For k > 1 the rate begins where it was and rises
        linearly over the first epochs. The momentum is left as it is while the rate rises;
        Goyal et al. correct it there.

        Raises ValueError for what is no batch size, for a recipe with a warm-up of its own,
        and where the warm-up would not be over before the first boundary.

        Source: Goyal et al. 2017, sections 2.1 and 2.2. Book: chapter 7.
        """
        if batch_size == self.batch_size:
            return self
        if not isinstance(batch_size, int) or not 1 <= batch_size <= images:
            raise ValueError(
                f"`batch_size` must be at least 1 and at most the {images} training images. "
                f"Received: batch_size={batch_size!r}"
            )
        if self.warmup_steps:
            raise ValueError(
                f"The recipe {self.name} has a warm-up of its own, which the linear scaling rule "
                "would replace. Take one without, or its own batch size, "
                f"{self.batch_size}. Received: batch_size={batch_size}"
            )
        times = batch_size / self.batch_size
        warmup = round(warmup_epochs * images / batch_size) if times > 1 else 0
        scaled = self.scaled(max(1, round(self.steps / times)))
        if warmup and warmup >= min([scaled.steps, *(b for b in scaled.boundaries if b)]):
            raise ValueError(
                f"{warmup_epochs:g} epochs of warm-up, {warmup} steps, would not be over when the "
                f"rate drops or the training ends: {scaled.boundaries} of {scaled.steps} steps."
            )
        return dataclasses.replace(
            scaled,
            name=f"{self.name}-batch{batch_size}",
            batch_size=batch_size,
            learning_rate=self.learning_rate * times,
            warmup="linear" if warmup else self.warmup,
            warmup_steps=warmup,
            warmup_learning_rate=self.learning_rate if warmup else self.warmup_learning_rate,
        )

    def scaled(self, steps: int) -> Recipe:
        """The same recipe over `steps` steps, its boundaries moved in proportion; the name says so.

        The warm-up keeps its length."""
        return dataclasses.replace(
            self,
            name=f"{self.name}-{steps}steps",
            steps=steps,
            boundaries=tuple(b * steps // self.steps for b in self.boundaries),
        )

    def in_precision(self, precision: str) -> Recipe:
        """The same recipe in "float32" or "mixed_bfloat16"; the name says so."""
        if precision == self.precision:
            return self
        return dataclasses.replace(self, name=f"{self.name}-{precision}", precision=precision)

    def with_xla(self, jit_compile: bool) -> Recipe:
        """The same recipe with XLA or without it, whatever Keras would choose."""
        if jit_compile == self.jit_compile:
            return self
        name = f"{self.name}-{'xla' if jit_compile else 'noxla'}"
        return dataclasses.replace(self, name=name, jit_compile=jit_compile)

    def with_padding(self, padding: int) -> Recipe:
        """The same recipe with other random crops; the name says so."""
        if padding == self.padding:
            return self
        return dataclasses.replace(self, name=f"{self.name}-padding{padding}", padding=padding)

    def at_learning_rate(self, learning_rate: float) -> Recipe:
        """The same recipe at another learning rate; the name says so."""
        if learning_rate == self.learning_rate:
            return self
        name = f"{self.name}-rate{learning_rate:g}"
        return dataclasses.replace(self, name=name, learning_rate=learning_rate)

    def with_warmup(self, steps: int) -> Recipe:
        """The same recipe, its rate rising from a hundredth over `steps`; the name says so."""
        drop = min([self.steps, *filter(None, self.boundaries)])
        expect.integer("warmup_steps", steps, least=0, most=drop - 1)
        rise = {"warmup_steps": steps, "warmup_learning_rate": self.learning_rate / 100}
        return dataclasses.replace(self, name=f"{self.name}-warmup{steps}", warmup="linear", **rise)

    def with_schedule(self, schedule: str) -> Recipe:
        """The same recipe with its rate along a "cosine", its boundaries dropped; the name says so.

        Raises ValueError for "steps" where it has a cosine: no boundaries are left."""
        if expect.one_of("schedule", schedule, _CHOICES["schedule"]) == self.schedule:
            return self
        if schedule == "steps":
            expect.fail("schedule", f"'cosine', as {self.name} has it and no boundaries", schedule)
        name = f"{self.name}-{schedule}"
        return dataclasses.replace(self, name=name, schedule=schedule, boundaries=())

    def with_label_smoothing(self, label_smoothing: float) -> Recipe:
        """The same recipe with smoothed labels, or sharp ones for 0; the name says so."""
        if label_smoothing == self.label_smoothing:
            return self
        expect.number("label_smoothing", label_smoothing, least=0, below=1)
        name = f"{self.name}-smooth{label_smoothing:g}"
        return dataclasses.replace(self, name=name, label_smoothing=label_smoothing)

    def with_mixup(self, mixup: float) -> Recipe:
        """The same recipe with images mixed in pairs, or not for 0; the name says so."""
        if mixup == self.mixup:
            return self
        expect.number("mixup", mixup, least=0)
        return dataclasses.replace(self, name=f"{self.name}-mixup{mixup:g}", mixup=mixup)

    @property
    def soft_targets(self) -> bool:
        """Whether a training image has a share of several classes, and not one label."""
        return bool(self.label_smoothing or self.mixup)

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of one step, counted from 0."""
        if step < self.warmup_steps:
            first = self.warmup_learning_rate
            risen = step / self.warmup_steps if self.warmup == "linear" else 0.0
            return first + (self.learning_rate - first) * risen
        if self.schedule == "cosine":
            passed = (step - self.warmup_steps) / self._steps_after_warmup
            return self.learning_rate * (1 + math.cos(math.pi * min(passed, 1))) / 2
        return self.learning_rate / self.decay ** sum(step >= b for b in self.boundaries)

    @property
    def _steps_after_warmup(self) -> int:
        return max(1, self.steps - self.warmup_steps)

    def keras_schedule(self) -> keras.optimizers.schedules.LearningRateSchedule:
        """The learning rate as a Keras schedule.

        Keras' `PiecewiseConstantDecay` counts its boundary to the part before
        it, so a rate for the first 32,000 steps (0 to 31,999) needs 31,999.
        """
        if self.schedule == "cosine":
            return self._keras_cosine()
        starts = sorted({0, self.warmup_steps, *self.boundaries} & set(range(self.steps)))
        rates = [self.learning_rate_at(start) for start in starts]
        if len(starts) == 1:  # Keras wants a boundary, so one that changes nothing
            starts, rates = [0, self.steps], rates * 2
        constant = keras.optimizers.schedules.PiecewiseConstantDecay(
            [start - 1 for start in starts[1:]], rates
        )
        if self.warmup == "constant" or not self.warmup_steps:
            return constant
        first, last = self.warmup_learning_rate, self.learning_rate
        return LinearWarmup(first, last, self.warmup_steps, constant)

    def _keras_cosine(self) -> keras.optimizers.schedules.LearningRateSchedule:
        rate, warm = self.learning_rate, self.warmup_steps
        if not warm:
            return keras.optimizers.schedules.CosineDecay(rate, self.steps)
        cosine = keras.optimizers.schedules.CosineDecay(  # its own warm-up stays at `rate`
            rate, self._steps_after_warmup, warmup_target=rate, warmup_steps=warm
        )
        first = self.warmup_learning_rate
        return LinearWarmup(first, rate if self.warmup == "linear" else first, warm, cosine)

"""One training of a network by a recipe, as it is asked for on the command line or in a study.

The trainings that a chapter names are `named.NamedPlan`. A study needs of either: `data`,
`record`, `command`, `length` and `train`.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from helpers import counting, datasets, recipes, specs, training
from helpers.datasets import REDUCED_TRAINING_IMAGES, DataSet
from helpers.recipes import Recipe, costs
from helpers.recipes.costs import Cost, Machine
from helpers.runs import Run
from helpers.specs import Network
from helpers.studies.named import Length
from helpers.support import expect
from helpers.training import on_device


def _record_name(key: str, value: Any) -> None:
    """It becomes the name of files, which must lie in their folder."""
    if "\\" in expect.word(key, value) or value.startswith("."):
        expect.fail(key, "a text without \\ and without a point in front", value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("epochs", "steps", "warmup", "size", "images", "batch"), expect.integer),
    "seed": partial(expect.integer, least=0, most=2**31 - 1),
    "filters": partial(expect.integer, most=2**20),
    "padding": partial(expect.integer, least=0),
    "learning_rate": partial(expect.number, above=0),
    **dict.fromkeys(("label_smoothing", "mixup"), expect.number),
    **dict.fromkeys(("xla", "follow_test", "keep_weights", "on_device"), expect.flag),
    **dict.fromkeys(("data", "recipe", "schedule", "precision"), expect.word),
    "name": _record_name,
}


@dataclass(frozen=True)
class Plan:
    """What to train, on what, how. The fields are the options of `python -m helpers train`.

    What is None stays as the network and the recipe have it:

    - `shortcut`, `filters`: another shortcut option, a narrower net (`specs.narrowed`);
    - `size`: images reduced to this side (`datasets.reduce`), the first 8,000 of them or
      as many as `images` says; with the latter all validation and test images are measured;
    - `images`: so many training photographs, where a part of the data set is at hand;
    - `padding`: of the random crops, in place of the recipe's;
    - `batch`: another batch size, by the linear scaling rule (`Recipe.for_batch`);
    - `schedule`: "cosine" in place of the recipe's boundaries (`Recipe.with_schedule`);
    - `label_smoothing`, `mixup`: in place of the recipe's;
    - `epochs` or `steps`: the recipe scaled to this length;
    - `warmup`: the rate rises over so many steps (`Recipe.with_warmup`);
    - `learning_rate`, `precision`, `xla`: in place of the recipe's;
    - `name`: of the record; `follow_test`: measure the test error by epoch, too;
    - `keep_weights`: the trained weights are kept beside the record, in half precision;
    - `on_device`: all images and whole epochs on the accelerator (`on_device.train`).

    Raises ValueError for what is no training, before any image is loaded.
    """

    names_elsewhere: ClassVar[bool] = True

    network: str
    data: str
    recipe: str = "he2015-cifar10"
    seed: int = 0
    shortcut: str | None = None
    filters: int | None = None
    size: int | None = None
    images: int | None = None
    batch: int | None = None
    epochs: int | None = None
    steps: int | None = None
    learning_rate: float | None = None
    warmup: int | None = None
    padding: int | None = None
    schedule: str | None = None
    label_smoothing: float | None = None
    mixup: float | None = None
    precision: str | None = None
    xla: bool | None = None
    name: str | None = None
    follow_test: bool = False
    keep_weights: bool = False
    on_device: bool = False

    def __post_init__(self) -> None:
        if self.epochs is not None and self.steps is not None:
            raise ValueError(
                f"Expected `epochs` or `steps`. Received both: {self.epochs} and {self.steps}"
            )
        for key, check in _CHECKS.items():
            if (value := getattr(self, key)) is not None:
                check(key, value)
        if not self.data:
            expect.fail("data", f"one of {', '.join(datasets.LOADERS)}", self.data)
        datasets.chosen_name(self.data)
        in_memory = self.data not in datasets.PHOTOGRAPHS
        for key, fits, of in (
            ("size", in_memory, "images in memory"),
            ("images", not in_memory or self.size, "photographs, or for images with a `size`"),
        ):
            if not fits and getattr(self, key) is not None:
                raise ValueError(
                    f"`{key}` is for {of}. Received: {key}={getattr(self, key)} with {self.data}"
                )
        self.spec()  # raises for an unknown network or option, also where `name` is given
        self.record()  # raises for an unknown recipe

    def spec(self) -> Network:
        """The network; its input and classes are those of its own images."""
        spec = specs.resolve(self.network, shortcut=self.shortcut)
        if self.filters is not None:
            spec = specs.resolve(specs.narrowed(spec, self.filters))  # puts its name in order
        return spec

    def recipe_for(self, training_images: int) -> Recipe:
        """The recipe; how many steps an epoch has depends on the number of images."""
        recipe = recipes.get(self.recipe)
        if self.batch is not None:
            recipe = recipe.for_batch(self.batch, images=training_images)
        steps = self.steps
        if self.epochs is not None:
            steps = self.epochs * (training_images // recipe.batch_size)
        if steps is not None:
            recipe = recipe.scaled(steps)
        if self.learning_rate is not None:
            recipe = recipe.at_learning_rate(self.learning_rate)
        if self.warmup is not None:
            recipe = recipe.with_warmup(self.warmup)
        if self.padding is not None:
            recipe = recipe.with_padding(self.padding)
        if self.schedule is not None:
            recipe = recipe.with_schedule(self.schedule)
        if self.label_smoothing is not None:
            recipe = recipe.with_label_smoothing(self.label_smoothing)
        if self.mixup is not None:
            recipe = recipe.with_mixup(self.mixup)
        if self.precision:
            recipe = recipe.in_precision(self.precision)
        return recipe if self.xla is None else recipe.with_xla(self.xla)

    def _training_images(self) -> int:
        if self.size is not None:
            return self.images or REDUCED_TRAINING_IMAGES
        return self.images or datasets.TRAINING_IMAGES[self.data]

    def _input_shape(self) -> tuple[int, int, int] | None:
        return (self.size, self.size, 3) if self.size else None

    def record(self) -> str:
        """The name of the record."""
        recipe = self.recipe_for(self._training_images())
        data = self.data
        if self.images is not None and self.size is not None:
            data += f"-{self.size}x{self.size}"
        if self.images not in (None, datasets.TRAINING_IMAGES[self.data]):
            data += f"-{self.images}images"
        return self.name or f"{data}-{self.spec().name}-{recipe.name}-seed{self.seed}"

    def length(self) -> Length:
        """How much work the training is."""
        recipe = self.recipe_for(self._training_images())
        each = counting.multiply_adds(self.spec(), input_shape=self._input_shape())
        return Length(
            recipe.steps,
            recipe.steps_per_epoch or self._training_images() // recipe.batch_size,
            recipe.batch_size * each,
        )

    def cost(self, machine: Machine, bytes_per_image: float) -> Cost:
        """What the training needs on a machine (`costs.training`)."""
        images = self._training_images()
        return costs.training(
            self.spec(),
            self.recipe_for(images),
            machine,
            training_images=images,
            bytes_per_image=bytes_per_image,
            input_shape=self._input_shape(),
        )

    def train(self, data: DataSet, **arguments: Any) -> Run:
        """Trains on a data set as it was loaded, and records the run.

        `arguments` go to `training.train` or `on_device.train`. Raises ValueError if the data
        set has another number of images than `record` was told from: a part of ImageNet is
        not ImageNet.
        """
        images = data
        if self.size is not None:
            how = {} if self.images is None else {"train": self.images, "test": None}
            images = datasets.reduce(data, size=self.size, **how)
        count, expected = len(images.train), self._training_images()
        if count != expected:
            whole = f"as {self.data} has" if self.images is None else "as `images` says"
            on_part = f" To train on this part, say so: --images {count}."
            raise ValueError(
                f"{images.description} has {count:,} training images. "
                f"Expected: {expected:,}, {whole}.{on_part * (self.data in datasets.PHOTOGRAPHS)}"
            )
        train = on_device.train if self.on_device else training.train
        return train(
            self.spec(),
            images,
            self.recipe_for(len(images.train)),
            seed=self.seed,
            name=self.record(),
            follow_test=self.follow_test,
            save=True,
            keep_weights=self.keep_weights,
            command=self.command(),
            **arguments,
        )

    def command(self) -> str:
        """The command that repeats the training, whatever variables were set."""
        words = ["python", "-m", "helpers", "train", self.network]
        for entry in dataclasses.fields(self)[1:]:  # the network stands there already
            value, option = getattr(self, entry.name), f"--{entry.name.replace('_', '-')}"
            if isinstance(value, bool) and entry.name != "xla":
                words += [option] * value
            elif entry.name == "xla" and value is not None:
                words += [option, "yes" if value else "no"]
            elif value is not None:
                words += [option, str(value)]
        return shlex.join(words)

"""Training a design as long as the published notebook trains, and what is recorded of it."""

from __future__ import annotations

import dataclasses
import itertools
from functools import cached_property
from typing import Any

import keras
import numpy as np

from helpers import recipes, runs, training
from helpers.datasets import Data, Split
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.studies.repair.averages import renew_averages
from helpers.studies.repair.designs import DESIGNS, STEPS, Design
from helpers.studies.repair.network import build, multiply_adds
from helpers.support import expect

EPOCHS = 30  # as the published notebook counts them
STEPS_PER_EPOCH = 195  # of 64 images each: a quarter of the training images
BATCH_SIZE = 64
RENEWED_ON = 100  # batches whose statistics make the averages that are estimated anew
MEASURED_EVERY = 3  # of these epochs, where the test images do not validate


class _NotCentred(Data):
    """Images from which no mean is subtracted."""

    @cached_property
    def mean(self) -> np.ndarray:
        return np.zeros(self.image_shape, "float32")


def images(design: Design, data: Data) -> Data:
    """The images as a design sees them; the description says what was done.

    Without a validation split the test images stand in its place, and the training
    images are those of both others. The division by 255 is a layer of the network. The
    random crop and the flip are the recipe's.
    """
    parts = {name: getattr(data, name) for name in data.splits}
    description = data.description
    if design.crop == "central":
        parts = {name: Split(_centre(p.images), p.labels) for name, p in parts.items()}
        description += ", central {}x{}".format(*parts["train"].images.shape[1:3])
    if design.validation == "test":
        both = parts["train"], parts["validation"]
        x, y = ([getattr(p, key) for p in both] for key in ("images", "labels"))
        parts["train"] = Split(np.concatenate(x), np.concatenate(y))
        parts["validation"] = parts["test"]
        description += ", validated on the test images"
    kind = Data if design.recipe == "sgd" else _NotCentred
    return kind(data.name, description, data.class_names, **parts)


def _centre(x: np.ndarray) -> np.ndarray:
    """As tf.image.central_crop(x, 0.75): (N, 32, 32, C) -> (N, 24, 24, C)."""
    top, left = (int((side - side * 0.75) / 2) for side in x.shape[1:3])
    return x[:, top : x.shape[1] - top, left : x.shape[2] - left]


def recipe(design: Design, epochs: int = EPOCHS) -> Recipe:
    """The recipe of a design over `epochs` of 195 steps of 64 images.

    The published notebook measures after each of these. A repaired one is measured after
    every third, which changes nothing in the training and takes less time.

    The published pipeline's last batch of a pass is smaller, 16 of 50,000 images. Our
    batches are whole: those 16 are never seen while batches are shuffled.
    """
    steps = epochs * STEPS_PER_EPOCH
    every = STEPS_PER_EPOCH * (1 if design.validation == "test" else MEASURED_EVERY)
    tags = ["adam" if design.recipe == "adam" else recipes.HE2015_CIFAR10.name, f"{steps}steps"]
    tags += [f"by{every}", design.shuffle, "randomcrop" if design.crop == "random" else "nocrop"]
    both = {"batch_size": BATCH_SIZE, "steps_per_epoch": every, "name": "-".join(tags)}
    both |= {"shuffle": design.shuffle, "padding": 4 if design.crop == "random" else 0}
    if design.recipe == "sgd":
        return dataclasses.replace(recipes.HE2015_CIFAR10.scaled(steps), **both)
    both |= {"source": "a published notebook, see the chapter Repairing a notebook"}
    adam = {"optimizer": "adam", "learning_rate": 0.001, "weight_decay": 0.0}
    return Recipe(steps=steps, **adam, **both)


def record(
    step: str,
    data: str = "cifar10",
    *,
    seed: int = 0,
    precision: str = "float32",
    epochs: int = EPOCHS,
) -> str:
    """The name of a step's record, `cifar10-repair-published-seed0`.

    A number of epochs other than 30 stands in it, and a precision other than float32.
    """
    length = "" if epochs == EPOCHS else f"-{epochs}epochs"
    arithmetic = "" if precision == "float32" else f"-{precision}"
    return f"{data}-repair-{step}{length}{arithmetic}-seed{seed}"


def recorded(step: str, *, seed: int = 0, precision: str = "mixed_bfloat16") -> Run:
    """The book's recorded run of a step on CIFAR-10.

    In bfloat16, as all steps were trained; the published one in "float32", too. Raises
    FileNotFoundError where there is none.
    """
    return runs.load(record(step, seed=seed, precision=precision))


def readings(step: str, *, seed: int = 0) -> dict[str, float]:
    """The recorded errors of a step at the end of its training, in per cent.

    "test" and "training" are those of the finished net as it stands, in inference mode.
    "anew" and "training anew" are those with its moving averages estimated anew
    (`renew_averages`): of seed 1 for every step, of others for those that were so measured.
    "logged" is the training error in training mode, as logged between the last two
    measurements. Of the ten measurements on the way, one after every third epoch, "jump" is
    how far apart the last three test errors are, "best" the lowest of all.
    """
    run = recorded(step, seed=seed)
    # The published notebook's validation images are the test images.
    seen = run.history.get("test_error", run.history["validation_error"])
    every = MEASURED_EVERY * STEPS_PER_EPOCH
    third = [e for e, at in zip(seen, run.history["step"], strict=True) if at % every == 0]
    errors = {
        "test": run.final["test"]["error"],
        "training": run.final["train"]["error"],
        "logged": run.history["error"][-1],
        "jump": max(third[-3:]) - min(third[-3:]),
        "best": min(third),
    }
    if anew := run.extra.get("renewed"):
        errors |= {"anew": anew["test"]["error"], "training anew": anew["train"]["error"]}
    return {what: 100 * error for what, error in errors.items()}


def compare() -> list[dict[str, Any]]:
    """A row for each of `DESIGNS`, from its recorded runs. For `runs.table`.

    "test 0" and "test 1" are the `readings` of two seeds. "anew" is that of seed 1, "change"
    what it changed from the step before, for "plain" from the published one; "training" is
    the training error with averages estimated anew, of seed 1, too.
    """
    before = {after: step for step, after in itertools.pairwise(STEPS)} | {"plain": "published"}
    rows, anew = [], {}
    for step, design in DESIGNS.items():
        first, read = readings(step, seed=0), readings(step, seed=1)
        anew[step] = read["anew"]
        row: dict[str, Any] = {"step": step, "test 0": first["test"], "test 1": read["test"]}
        row |= {"anew": read["anew"], "change": read["anew"] - anew[before.get(step, step)]}
        row |= {"training": read["training anew"], "parameters": recorded(step).parameters}
        rows.append(row | {"M multiply-adds": multiply_adds(build(design)) / 1e6})
    return rows


def train(
    step: str,
    data: Data,
    *,
    seed: int,
    precision: str = "float32",
    epochs: int = EPOCHS,
    **arguments: Any,
) -> Run:
    """Trains one of `DESIGNS` and records it under its `record` name.

    `data` are the images as `datasets.load` returns them, `precision` is "float32" or
    "mixed_bfloat16"; `arguments` go to `training.train`. The test error is followed where
    the validation images are others, and the run is saved, unless they say otherwise.

    `extra["renewed"]` of the run is loss and error of the training and the test images after
    the moving averages are estimated anew (`renew_averages`); the returned model keeps its own.

    Raises ValueError for an unknown step or precision.
    """
    design = DESIGNS[expect.one_of("step", step, DESIGNS)]
    given = {
        "name": record(step, data.name, seed=seed, precision=precision, epochs=epochs),
        "follow_test": design.validation != "test",
        "save": True,
        **arguments,
    }
    how = recipe(design, epochs).in_precision(precision)
    seen = images(design, data)
    if save := given.pop("save"):
        runs.check_free(given["name"])
    keras.utils.set_random_seed(seed)
    with training.precision_scope(how.precision):
        model = build(design, seen.image_shape, seen.num_classes)

    def finish(run: Run) -> None:
        run.extra = {"renewed": _renewed(run.model, seen)}

    return training.train(model, seen, how, seed=seed, save=save, finish=finish, **given)


def _renewed(model: keras.Model, seen: Data) -> dict[str, dict[str, float]]:
    own = model.get_weights()
    size = min(BATCH_SIZE, len(seen.train.images))
    renew_averages(model, seen, batch_size=size, batches=RENEWED_ON)
    found = {split: training.evaluate(model, seen, split) for split in ("train", "test")}
    model.set_weights(own)
    return found

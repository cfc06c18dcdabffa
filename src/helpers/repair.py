"""The published notebook of the chapter "Repairing a notebook", and its repairs.

A notebook in wide use trains a residual net on CIFAR-10. Everything that it chose is
a field of `Design`, so a repair is one changed field; `STEPS` are the repairs, one after
the other, from the notebook as it stands to ResNet-20 by the paper's recipe, at the same
number of steps and images. `python -m helpers repair published --data cifar10 --seed 0`
trains one of them and records it.

Source: He et al. 2015, sections 3.3, 3.4 and 4.2. Book: "Repairing a notebook".
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, get_args, get_type_hints

import keras
import numpy as np
from keras import layers

from helpers import recipes, runs, training
from helpers.data import Data, Split
from helpers.layers import BatchNormalization, ZeroPadShortcut
from helpers.recipes import Recipe
from helpers.runs import Run

EPOCHS = 30  # as the published notebook counts them
STEPS_PER_EPOCH = 195  # of 64 images each: a quarter of the training images
BATCH_SIZE = 64


@dataclass(frozen=True)
class Design:
    """What the published notebook chose, one field each; the defaults are its own.

    - `validation`: on the "test" images, after training on all 50,000 others, or on a
      "split" of 5,000 training images;
    - `shuffle`: "batches" after they were made, or "images" before;
    - `order`: "relu-bn", in a block convolution, ReLU, batch normalization, and none of
      the latter outside the blocks; or "bn-relu", as in the paper, after every convolution;
    - `biases`: whether a convolution has one although batch normalization follows at
      once (where something else follows it has one in any case);
    - `head`: "hidden", one more 3x3 convolution, then global average pooling, 256 hidden
      units, dropout and the classifier; or "pooling", only pooling and the classifier;
    - `downsampling`: whether the first block of each later stage has stride 2;
    - `filters`: the "same" in all blocks, or "doubled" where the maps are halved;
    - `stem`: "pooling", two convolutions and a 3x3 max pooling, then ten blocks on maps a
      quarter as wide as the image; or "convolution", one, then nine blocks from full
      resolution on, with a quarter of the filters: such a convolution costs the same;
    - `crop`: the "central" three quarters of height and width; "none"; or "random", from
      the whole image with a border of 4 pixels;
    - `defaults`: of Keras, Glorot's initial kernels, batch normalization with
      momentum 0.99 and epsilon 1e-3; or the paper's family's, He's, 0.9 and 1e-5;
    - `recipe`: "adam" at its default rate on images divided by 255, or "sgd", the paper's
      with its schedule and weight decay, on images minus their mean;
    - `shortcut`: whether a block adds its input.

    Raises ValueError for another value.
    """

    validation: Literal["test", "split"] = "test"
    shuffle: Literal["batches", "images"] = "batches"
    order: Literal["relu-bn", "bn-relu"] = "relu-bn"
    biases: Literal[True, False] = True
    head: Literal["hidden", "pooling"] = "hidden"
    downsampling: Literal[False, True] = False
    filters: Literal["same", "doubled"] = "same"
    stem: Literal["pooling", "convolution"] = "pooling"
    crop: Literal["central", "none", "random"] = "central"
    defaults: Literal["keras", "paper"] = "keras"
    recipe: Literal["adam", "sgd"] = "adam"
    shortcut: Literal[True, False] = True

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            choices, value = get_args(hints[field.name]), getattr(self, field.name)
            if value not in choices:
                choices = " or ".join(map(repr, choices))
                raise ValueError(
                    f"`{field.name}` must be {choices}. Received: {field.name}={value!r}"
                )

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """(blocks, filters) of each stage. A stage has maps half as wide as the one before."""
        small = self.stem == "pooling"
        repeats = (10 if small else 9,)
        if self.downsampling:
            repeats = (5, 5) if small else (3, 3, 3)
        first, factor = 64 if small else 16, 2 if self.filters == "doubled" else 1
        return tuple((n, first * factor**i) for i, n in enumerate(repeats))


PUBLISHED = Design()

# Each step is one repair away from the one before.
STEPS: dict[str, Design] = {"published": PUBLISHED}
for _name, _repair in {
    "validation": {"validation": "split"},
    "shuffled": {"shuffle": "images"},
    "order": {"order": "bn-relu"},
    "biases": {"biases": False},
    "head": {"head": "pooling"},
    "downsampling": {"downsampling": True},
    "filters": {"filters": "doubled"},
    "stem": {"stem": "convolution"},
    "crop": {"crop": "random"},
    "defaults": {"defaults": "paper"},
    "recipe": {"recipe": "sgd"},
}.items():
    STEPS[_name] = dataclasses.replace(list(STEPS.values())[-1], **_repair)

DESIGNS = {**STEPS, "plain": dataclasses.replace(PUBLISHED, shortcut=False)}  # never trained there


# --- the network -------------------------------------------------------------------


def build(
    design: Design, input_shape: tuple[int, int, int] | None = None, num_classes: int = 10
) -> keras.Model:
    """The network of a design, by default for the images that `images` makes of CIFAR-10's.

    With the last of `STEPS` it is `networks.build("resnet20")`, layer for layer.
    """
    side = 24 if design.crop == "central" else 32
    inputs = x = keras.Input(input_shape or (side, side, 3), name="image")
    if design.recipe == "adam":
        x = layers.Rescaling(1 / 255, name="rescaling")(x)
    if design.stem == "pooling":
        x = _convolution(x, 32, design, "conv1_1", padding="valid")  # (N, 22, 22, 32)
        x = _convolution(x, 64, design, "conv1_2", padding="valid")  # (N, 20, 20, 64)
        x = layers.MaxPooling2D(3, name="pool1")(x)  # (N, 6, 6, 64)
    else:
        x = _convolution(x, design.stages[0][1], design, "conv1")  # (N, H, W, 16)
    for stage, (blocks, filters) in enumerate(design.stages, start=2):
        for i in range(1, blocks + 1):
            stride = 2 if i == 1 and stage > 2 else 1
            x = block(x, filters, stride, design, name=f"conv{stage}_{i}")
    if design.head == "hidden":
        x = _convolution(x, x.shape[-1], design, "last", padding="valid")  # (N, 4, 4, 64)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    kernels = {"kernel_initializer": _initializer(design)}
    if design.head == "hidden":
        x = layers.Dense(256, "relu", name="fc1", **kernels)(x)
        x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.Dense(num_classes, "softmax", name="fc", **kernels)(x)
    return keras.Model(inputs, x, name="published" if design == PUBLISHED else "repaired")


def block(x, filters: int, stride: int, design: Design, *, name: str):
    """Two 3x3 convolutions and, if the design has it, the shortcut, of option A.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    """
    fx = _convolution(x, filters, design, f"{name}_1", stride=stride, in_block=True)
    fx = _convolution(fx, filters, design, f"{name}_2", in_block=True, relu=False)
    if design.shortcut:
        if fx.shape[1:] != x.shape[1:]:
            x = ZeroPadShortcut(filters, stride, name=f"{name}_zero_pad")(x)
        fx = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(fx)


def _convolution(x, filters, design, name, *, stride=1, padding="same", in_block=False, relu=True):
    """A 3x3 convolution, its ReLU and its batch normalization, in the design's order."""
    bn_at_once = design.order == "bn-relu" or (in_block and not relu)
    if stride > 1:  # symmetric padding, as in `blocks`
        x, padding = layers.ZeroPadding2D(1, name=f"{name}_pad")(x), "valid"
    options = {"use_bias": design.biases or not bn_at_once, "name": f"{name}_conv"}
    options |= {"kernel_initializer": _initializer(design)}
    x = layers.Conv2D(filters, 3, stride, padding, **options)(x)
    momentum, epsilon = (0.9, 1e-5) if design.defaults == "paper" else (0.99, 1e-3)
    bn = BatchNormalization(momentum=momentum, epsilon=epsilon, name=f"{name}_bn")
    if bn_at_once:
        x = bn(x)
    if relu:
        x = layers.ReLU(name=f"{name}_relu")(x)
    return bn(x) if in_block and not bn_at_once else x


def _initializer(design):
    return "he_normal" if design.defaults == "paper" else "glorot_uniform"


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of a model's convolutions and Dense layers for one image.

    As `counting.multiply_adds` counts them, from a model in place of a spec.
    """
    return sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in model.layers
        if isinstance(layer, layers.Conv2D | layers.Dense)
    )


# --- images and recipe ---------------------------------------------------------------


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
    every = STEPS_PER_EPOCH * (1 if design.validation == "test" else 3)
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
    step: str, data: str = "cifar10", *, seed: int = 0, precision="float32", epochs=EPOCHS
) -> str:
    """The name of a step's record, `cifar10-repair-published-seed0`.

    A number of epochs other than 30 stands in it, and a precision other than float32.
    """
    length = "" if epochs == EPOCHS else f"-{epochs}epochs"
    arithmetic = "" if precision == "float32" else f"-{precision}"
    return f"{data}-repair-{step}{length}{arithmetic}-seed{seed}"


def recorded(step: str, *, seed: int = 0, precision="mixed_bfloat16") -> Run:
    """The book's recorded run of a step on CIFAR-10.

    In bfloat16, as all steps were trained; the published one in "float32", too. Raises
    FileNotFoundError where there is none.
    """
    return runs.load(record(step, seed=seed, precision=precision))


def train(
    step: str, data: Data, *, seed: int, precision="float32", epochs=EPOCHS, **arguments: Any
) -> Run:
    """Trains one of `DESIGNS` and records it under its `record` name.

    `data` are the images as `datasets.load` returns them, `precision` is "float32" or
    "mixed_bfloat16"; `arguments` go to `training.train`. The test error is followed where
    the validation images are others, and the run is saved, unless they say otherwise.

    Raises ValueError for an unknown step or precision.
    """
    if step not in DESIGNS:
        raise ValueError(f"`step` must be one of {', '.join(DESIGNS)}. Received: step={step!r}")
    design = DESIGNS[step]
    given = {
        "name": record(step, data.name, seed=seed, precision=precision, epochs=epochs),
        "follow_test": design.validation != "test",
        "save": True,
        **arguments,
    }
    how = recipe(design, epochs).in_precision(precision)
    seen = images(design, data)
    keras.utils.set_random_seed(seed)
    with training.in_precision(how.precision):
        model = build(design, seen.image_shape, seen.num_classes)
    return training.train(model, seen, how, seed=seed, **given)

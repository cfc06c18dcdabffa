"""The nets that chapters 8 and 9 look into, each with what its images need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from helpers import networks, runs, specs, weights
from helpers.datasets import Data
from helpers.support import expect

# 20 epochs of CIFAR-10 (JPEG) at full size, one seed: the study `depth` keeps their weights.
OURS = ("plain20", "resnet20", "plain56", "resnet56")
# What the book calls those that a-martyn trained for the whole schedule and published.
LABELS = {"a-martyn/plainnet56": "plain56, in full", "a-martyn/resnet56": "resnet56, in full"}
# Before training: the order of layers at depths that He et al. 2016 reach, as narrow nets at
# 16x16; their 1,001 layers are in bottlenecks. UNTRAINED/kind of block/layers/seed.
UNTRAINED = "untrained"
NARROW, SMALL = 8, 16
DEEP = {"": (110, 500), "bottleneck": (110, 1001)}
SEEDS = (0, 1, 2)


def deep_names() -> tuple[str, ...]:
    """The names of all nets before training, for `get`."""
    kinds = {"": ("basic", "preactivation")}
    kinds["bottleneck"] = ("bottleneck", "preactivation-bottleneck")
    return tuple(
        f"{UNTRAINED}/{kind}/{depth}/{seed}"
        for family, depths in DEEP.items()
        for depth in depths
        for kind in kinds[family]
        for seed in SEEDS
    )


@dataclass(frozen=True)
class Net:
    """A net, and `prepare`, which makes images (N, 32, 32, 3) of bytes ready for it."""

    name: str
    model: keras.Model
    prepare: Callable[[np.ndarray], np.ndarray]
    sha256: str | None


def get(name: str, data: Data) -> Net:
    """One of `OURS`, or a published net such as `a-martyn/resnet56`, for images of `data`.

    Raises ValueError for another name, and what `weights.load` raises where a published net
    cannot be had.
    """
    if name.startswith(UNTRAINED + "/"):
        return _untrained(name, data)
    if "/" in name:
        source = weights.get(name)
        model = networks.build(source.network, initializer="zeros")
        loaded = weights.load(model, name)
        return Net(name, model, source.preprocessing, loaded.sha256)
    expect.one_of("name", name, OURS)
    model = networks.build(name, initializer="zeros")
    file = runs.directory() / "weights" / f"cifar10-{name}-late-drops-seed0.safetensors"
    loaded = weights.load(model, file)
    return Net(name, model, lambda images: (images - data.mean).astype("float32"), loaded.sha256)


def _untrained(name, data):
    _, kind, depth, seed = expect.one_of("name", name, deep_names()).split("/")
    keras.utils.set_random_seed(int(seed))
    spec = specs.narrowed(specs.cifar(int(depth), kind), NARROW)
    model = networks.build(spec, input_shape=(SMALL, SMALL, 3))

    def prepare(images):  # the means of 2x2 pixels; no batch normalization follows every stem
        images = (images - data.mean) / networks.IMAGES_BY
        means = images.reshape(len(images), SMALL, 2, SMALL, 2, 3).mean(axis=(2, 4))
        return means.astype("float32")

    return Net(name, model, prepare, None)

"""The trained nets that chapter 8 looks into, each with what its images need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from helpers import expect, networks, runs, weights
from helpers.datasets import Data

# 20 epochs of CIFAR-10 (JPEG) at full size, one seed: the study `depth` keeps their weights.
OURS = ("plain20", "resnet20", "plain56", "resnet56")
# What the book calls those that a-martyn trained for the whole schedule and published.
LABELS = {"a-martyn/plainnet56": "plain56, in full", "a-martyn/resnet56": "resnet56, in full"}


@dataclass(frozen=True)
class Net:
    """A trained net, and `prepare`, which makes images (N, 32, 32, 3) of bytes ready for it."""

    name: str
    model: keras.Model
    prepare: Callable[[np.ndarray], np.ndarray]
    sha256: str | None


def get(name: str, data: Data) -> Net:
    """One of `OURS`, or a published net such as `a-martyn/resnet56`, for images of `data`.

    Raises ValueError for another name, and what `weights.load` raises where a published net
    cannot be had.
    """
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

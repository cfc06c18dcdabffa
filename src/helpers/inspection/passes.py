"""What every measurement of a model on a batch of images needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import ModuleType

import keras
import numpy as np

from helpers.layers import StochasticDepth


def check_batch(model: keras.Model, images: np.ndarray, labels: np.ndarray | None = None) -> None:
    """Raises ValueError unless images, and labels if there are any, fit the model.

    There is at least one image, all its numbers are finite, and a label is the place of a class
    of the model's: a loss of anything else would be NaN, or a number that means nothing.
    """
    expected = tuple(model.input_shape[1:])
    fits = labels is None or np.shape(labels) == (len(images),)
    if tuple(np.shape(images)[1:]) != expected or not fits:
        of_labels = "" if labels is None else f" and {np.shape(labels)}"
        raise ValueError(
            f"Expected images (N, {', '.join(map(str, expected))})"
            f"{'' if labels is None else ' and one label each'}. "
            f"Received: {np.shape(images)}{of_labels}"
        )
    if not len(images):
        raise ValueError("Expected at least one image. Received: none")
    if not np.isfinite(images).all():
        raise ValueError(f"Expected images of finite numbers. Received: {_odd(images)}")
    if labels is None:
        return
    labels, classes = np.asarray(labels), model.output_shape[-1]
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"Expected labels of {model.name} as integers in 0..{classes - 1}. Received: "
            f"{labels.dtype} from {labels.min()} to {labels.max()}"
        )


def _odd(images: np.ndarray) -> str:
    bad = ~np.isfinite(images)
    where = np.unique(np.nonzero(bad)[0])
    return f"{bad.sum():,} that are NaN or infinite, the first in image {where[0]}"


def tensorflow(function: str) -> ModuleType:
    """TensorFlow, for the function of this name. Raises RuntimeError on another backend."""
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"inspection.{function} runs on the TensorFlow backend. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    import tensorflow as tf

    return tf


@contextlib.contextmanager
def left_as_it_was(model: keras.Model) -> Iterator[None]:
    """What a forward pass changes is put back: moving statistics, states of generators."""
    before = [variable.numpy() for variable in model.non_trainable_variables]
    try:
        yield
    finally:
        for variable, old in zip(model.non_trainable_variables, before, strict=True):
            variable.assign(old)


@contextlib.contextmanager
def nothing_left_out(model: keras.Model) -> Iterator[None]:
    """In training mode dropout and stochastic depth act as they do later.

    For averages that are estimated anew: batch normalization has to see what it will see.
    """
    drops = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    depths = [layer for layer in model.layers if isinstance(layer, StochasticDepth)]
    rates = [layer.rate for layer in drops]
    try:
        for layer in drops:
            layer.rate = 0.0
        for layer in depths:
            layer.as_later = True
        yield
    finally:
        for layer, rate in zip(drops, rates, strict=True):
            layer.rate = rate
        for layer in depths:
            layer.as_later = False

"""The layers and the constraint that only these interventions have.

Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from helpers.layers import MadeConv2D


def identity_kernel(size: int, channels: int, filters: int) -> np.ndarray:
    """The kernel of a convolution that returns its input, (size, size, channels, filters).

    1 in the middle from each channel to the filter of the same number, else 0. With more
    filters than channels the others give 0, with fewer the last channels are lost; with a
    stride every so many pixels are taken. That is what option A's shortcut does.
    """
    kernel = np.zeros((size, size, channels, filters), "float32")
    same = np.arange(min(channels, filters))
    kernel[size // 2, size // 2, same, same] = 1
    return kernel


@keras.saving.register_keras_serializable(package="helpers")
class DiracConv2D(MadeConv2D):
    """A convolution whose kernel is the identity plus what is learned: I + W'.

    `scaled=False`: W' is the layer's `kernel`, with the initial values of any other.
    `scaled=True`: the kernel is a I + b W' / |W'|, as Zagoruyko and Komodakis 2017 have it
    (DiracNets): every filter of W' divided by its norm, and a learned a and b for each
    filter, which start at 1 and 0.1. They replace ReLU in their deepest nets, halve the maps
    by pooling, and do not decay a and b; here all else is as in the plain net.

    The identity is that of `identity_kernel`, also where the channels or the stride change.
    """

    def __init__(self, filters: int, kernel_size: int, *, scaled: bool = False, **kwargs: Any):
        super().__init__(filters, kernel_size, **kwargs)
        self.scaled = scaled

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        size, _, channels, filters = self.kernel.shape
        self.identity = identity_kernel(size, channels, filters)
        if self.scaled:
            start = keras.initializers.Constant
            self.a = self.add_weight(shape=(filters,), initializer=start(1.0), name="a")
            self.b = self.add_weight(shape=(filters,), initializer=start(0.1), name="b")

    def whole_kernel(self) -> keras.KerasTensor:
        """The kernel that the convolution uses, (size, size, channels, filters)."""
        identity = ops.convert_to_tensor(self.identity, self.kernel.dtype)
        if not self.scaled:
            return identity + self.kernel
        norms = ops.sqrt(ops.sum(ops.square(self.kernel), axis=(0, 1, 2)) + 1e-12)
        return self.a * identity + self.b / norms * self.kernel

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scaled": self.scaled}


@keras.saving.register_keras_serializable(package="helpers")
class ScaledAdd(keras.layers.Layer):
    """F(x) + shortcut * x, called with [F(x), x], with a fixed number `shortcut`."""

    def __init__(self, shortcut: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.shortcut = shortcut

    def call(self, inputs):
        fx, x = inputs
        return fx + self.shortcut * x

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "shortcut": self.shortcut}


class FixedNorm(keras.constraints.Constraint):
    """Brings a kernel back to one norm; Keras applies it inside each training step."""

    def __init__(self, norm: float):
        self.norm = norm

    def __call__(self, kernel):
        return kernel * (self.norm / ops.sqrt(ops.sum(ops.square(kernel)) + 1e-12))

    def get_config(self):
        return {"norm": self.norm}


class Clip(keras.callbacks.Callback):
    """The gradient of all weights together is scaled down to `norm` where it is longer.

    The optimizer does so before it adds weight decay and momentum (`training.SGD`).
    """

    def __init__(self, norm: float):
        super().__init__()
        self.norm = norm

    def on_train_begin(self, logs=None):
        self.model.optimizer.global_clipnorm = self.norm

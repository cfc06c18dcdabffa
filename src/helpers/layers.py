"""The two layers that Keras does not have in the form this book needs.

Source: Ioffe and Szegedy 2015 (batch normalization); He et al. 2015,
section 3.3 (option A). Book: chapters 1 and 2.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from helpers import expect


@keras.saving.register_keras_serializable(package="helpers")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalization, computed by TensorFlow's fused kernel.

    Same name, arguments, weights and results as `keras.layers.BatchNormalization`,
    and faster in training; `benchmarks/batch_norm.py` measures by how much. Where
    the kernel does not apply (another backend, float64, a mask, an input that is
    not a batch of feature maps with the channels last) Keras' own code runs, which
    computes the same thing.

    The defaults are the paper's family's: momentum 0.9 and epsilon 1e-5, where
    Keras has 0.99 and 1e-3.
    """

    def __init__(self, axis: int = -1, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(axis=axis, momentum=momentum, epsilon=epsilon, **kwargs)

    def call(self, inputs, training=None, mask=None):
        fused = (
            keras.backend.backend() == "tensorflow"
            and mask is None
            and not self.synchronized
            and self.scale
            and self.center
            and self.compute_dtype in ("float32", "bfloat16", "float16")
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
        )
        if not fused:
            return super().call(inputs, training=training, mask=mask)
        return self._fused(inputs, training=bool(training) and self.trainable)

    def _fused(self, inputs, training):
        import tensorflow as tf

        # The raw op, because tf.nn's wrapper silently raises epsilon to 1.001e-5.
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.cast(inputs, self.compute_dtype),  # (N, H, W, C)
            scale=tf.cast(self.gamma, "float32"),
            offset=tf.cast(self.beta, "float32"),
            mean=tf.zeros(0) if training else tf.cast(self.moving_mean, "float32"),
            variance=tf.zeros(0) if training else tf.cast(self.moving_variance, "float32"),
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # The kernel divides by n - 1, Keras by n.
            n = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], "float32")
            variance = variance * (tf.maximum(n, 2.0) - 1.0) / tf.maximum(n, 2.0)
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance)
        return y

    def _move(self, statistic, batch_value):
        batch_value = ops.stop_gradient(ops.cast(batch_value, statistic.dtype))
        statistic.assign(statistic * self.momentum + batch_value * (1.0 - self.momentum))


@keras.saving.register_keras_serializable(package="helpers")
class ZeroPadShortcut(keras.layers.Layer):
    """Option A: the identity across a change of shape, without parameters.

    Takes every `stride`-th pixel and appends channels of zeros:
    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).

    Source: He et al. 2015, section 3.3 (A). Book: chapter 2.
    """

    def __init__(self, filters: int, stride: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = filters
        self.stride = stride

    def build(self, input_shape):
        if input_shape[-1] > self.filters:
            least = f"at least the {input_shape[-1]} channels of the input"
            why = "option A appends channels and cannot remove them, option B can"
            expect.fail("filters", f"{least}: {why}", self.filters)
        super().build(input_shape)

    def call(self, x):
        x = x[:, :: self.stride, :: self.stride, :]
        return ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, self.filters - x.shape[-1]]])

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        sides = [None if n is None else -(-n // self.stride) for n in sides]
        return (batch, *sides, self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "stride": self.stride}

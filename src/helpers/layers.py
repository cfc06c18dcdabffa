"""The layers that Keras does not have in the form this book needs.

Source: Ioffe and Szegedy 2015 (batch normalization); He et al. 2015,
section 3.3 (option A); the papers of chapter 9, each with its layer. Book: chapters 1, 2 and 9.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from helpers.support import expect


@keras.saving.register_keras_serializable(package="helpers")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalization, computed by TensorFlow's fused kernel.

    Same name, arguments, weights and results as `keras.layers.BatchNormalization`,
    and faster in training; `make bench` measures by how much. Where
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
    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). `blocks.shortcut` puts it in.

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


@keras.saving.register_keras_serializable(package="helpers")
class Scale(keras.layers.Layer):
    """All maps times one learned number, which starts at `start`.

    At 0 a block starts as its shortcut (SkipInit: De and Smith 2020). Book: chapter 9.
    """

    def __init__(self, start: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        start = keras.initializers.Constant(self.start)
        self.scale = self.add_weight(shape=(), initializer=start, name="scale")

    def call(self, x):
        return ops.cast(self.scale, x.dtype) * x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable(package="helpers")
class Shift(keras.layers.Layer):
    """One learned number added to all maps, which starts at 0.

    Source: Zhang et al. 2019, section 3.2 (Fixup). Book: chapter 9.
    """

    def build(self, input_shape):
        self.shift = self.add_weight(shape=(), initializer="zeros", name="shift")

    def call(self, x):
        return x + ops.cast(self.shift, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="helpers")
class StochasticDepth(keras.layers.Layer):
    """F in training with probability `survival`, else zeros; later F times `survival`.

    One draw for a whole batch, as in the paper. F is computed all the same and then left out, so
    this costs what the whole net costs; its batch normalization goes on moving its averages.

    Source: Huang et al. 2016, equations 2, 3 and 5. Book: chapter 9.
    """

    def __init__(self, survival: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.survival = survival
        self.as_later = False  # in training, too: for averages that are estimated anew
        self.seeds = keras.random.SeedGenerator()

    def call(self, fx, training=None):
        if not training or self.as_later:
            return fx * self.survival
        kept = keras.random.uniform((), seed=self.seeds) < self.survival
        return fx * ops.cast(kept, fx.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "survival": self.survival}


class MadeConv2D(keras.layers.Conv2D):
    """A convolution with a kernel that `whole_kernel` makes of its weights, for a subclass.

    It is saved with all of them: Keras' own saves `kernel` and `bias` and nothing else.
    """

    def whole_kernel(self) -> keras.KerasTensor:
        """The kernel that the convolution uses, (size, size, channels, filters)."""
        raise NotImplementedError

    def call(self, inputs):
        outputs = self.convolution_op(inputs, ops.cast(self.whole_kernel(), self.compute_dtype))
        return outputs + ops.cast(self.bias, self.compute_dtype) if self.use_bias else outputs

    def save_own_variables(self, store: dict) -> None:
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: dict) -> None:
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable(package="helpers")
class NormalizedConv2D(MadeConv2D):
    """A convolution whose kernel is normalized, so that it keeps the variance of its input.

    Each filter has its mean subtracted and is divided by the root of its sum of squares, then
    multiplied by `input_gain`, a fixed number, and by a learned number that starts at 1. Behind
    a ReLU of unit Gaussians an `input_gain` of sqrt(2 / (1 - 1 / pi)) makes the variance 1 again.

    Source: Brock et al. 2021a, section 4.1 (scaled weight standardization). Book: chapter 9.
    """

    def __init__(self, filters: int, kernel_size: int, *, input_gain: float = 1.0, **kwargs: Any):
        super().__init__(filters, kernel_size, **kwargs)
        self.input_gain = input_gain

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.gain = self.add_weight(shape=(self.filters,), initializer="ones", name="gain")

    def whole_kernel(self) -> keras.KerasTensor:
        kernel = self.kernel - ops.mean(self.kernel, axis=(0, 1, 2))
        norms = ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1, 2)) + 1e-12)
        return self.input_gain * self.gain / norms * kernel

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "input_gain": self.input_gain}


@keras.saving.register_keras_serializable(package="helpers")
class LowestPadding2D(keras.layers.Layer):
    """Pads by `padding` pixels that no maximum takes: minus infinity.

    (N, H, W, C) -> (N, H + 2 padding, W + 2 padding, C). For a max pooling of maps that have
    not been through a ReLU. Book: chapter 9.
    """

    def __init__(self, padding: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, x):
        n = (self.padding, self.padding)
        return ops.pad(x, [(0, 0), n, n, (0, 0)], constant_values=float("-inf"))

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        return (batch, *(None if n is None else n + 2 * self.padding for n in sides), channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}

"""The mean cross-entropy as a function of the weights, compiled once for many weights.

Derivatives are taken by TensorFlow, and losses computed by it.

Book: chapter 8.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
from keras import ops

from helpers.inspection.passes import check_batch, left_as_it_was, tensorflow
from helpers.support import expect

Direction = Sequence[np.ndarray]  # an array for each of `model.trainable_variables`


class MeanLoss:
    """The mean cross-entropy of a model on these images, and its derivatives.

    `images` (N, H, W, C) and `labels` (N,) are taken in batches of `batch_size`; with
    `training` batch normalization uses the statistics of each. The head is computed in
    float64 from the features, so that a probability that rounds to 0 has its loss yet.

    Raises ValueError if images and labels do not fit the model, or if that does not end in a
    softmax or in a Dense layer that gives logits; RuntimeError on another backend.
    """

    def __init__(
        self,
        model: keras.Model,
        images: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        *,
        training: bool = False,
    ):
        self._tf = tf = tensorflow("MeanLoss")
        check_batch(model, images, labels)
        expect.integer("batch_size", batch_size)
        self._model = model
        self._variables = [variable.value for variable in model.trainable_variables]
        self._batches = [
            (
                tf.constant(images[start : start + batch_size], "float32"),
                tf.constant(labels[start : start + batch_size], "int32"),
            )
            for start in range(0, len(images), batch_size)
        ]
        self._logits, self._training = _logits(model), training
        # One trace for all sizes: the last batch may be smaller.
        batch = [
            tf.TensorSpec([None, *images.shape[1:]], "float32"),
            tf.TensorSpec([None], "int32"),
        ]
        v = [tf.TensorSpec(variable.shape, "float32") for variable in self._variables]
        self._loss = tf.function(self._sum, input_signature=batch, autograph=False)
        self._slope = tf.function(self._sum_gradient, input_signature=batch, autograph=False)
        self._bend = tf.function(self._sum_bend, input_signature=[*batch, v], autograph=False)

    def gradient(self) -> list[np.ndarray]:
        """The gradient in the trainable weights, one float64 array for each variable."""
        return self._mean(self._slope)

    def hessian_product(self, v: Direction) -> list[np.ndarray]:
        """The Hessian in the trainable weights times `v`: arrays as in `gradient`."""
        return self._mean(self._bend, [np.asarray(each, "float32") for each in v])

    @contextlib.contextmanager
    def around(self, *directions: Direction) -> Iterator[Callable[..., float]]:
        """A function of one number for each direction: the loss at weights + a d1 + b d2.

        What float32 cannot hold is `inf`, never NaN. At the end the weights are put back.
        """
        middle = trained_weights(self._model)
        moving = [i for i in range(len(middle)) if any(np.any(d[i]) for d in directions)]

        def loss_at(*point: float) -> float:
            for i in moving:
                step = sum(float(a) * d[i] for a, d in zip(point, directions, strict=True))
                self._variables[i].assign((middle[i] + step).astype(middle[i].dtype))
            (loss,) = self._mean(self._loss)
            return np.inf if np.isnan(loss) else float(loss)

        try:
            yield loss_at
        finally:
            for variable, old in zip(self._variables, middle, strict=True):
                variable.assign(old)

    def _mean(self, function, *also):
        """Over all images, of a function that has the sum for a batch: float64 arrays."""
        with left_as_it_was(self._model):
            sums = [function(x, y, *also) for x, y in self._batches]
        images = sum(len(y) for _, y in self._batches)
        parts = zip(*(out if isinstance(out, list) else [out] for out in sums), strict=True)
        return [sum(part.numpy().astype("float64") for part in each) / images for each in parts]

    def _sum(self, x, y):
        tf = self._tf
        said = tf.nn.log_softmax(tf.cast(self._logits(x, self._training), "float64"))
        # By hand: TensorFlow's ready-made losses do not have derivatives of every order.
        return -tf.reduce_sum(tf.gather(said, y, axis=1, batch_dims=1))

    def _sum_gradient(self, x, y):
        with self._tf.GradientTape() as tape:
            loss = self._sum(x, y)
        return tape.gradient(loss, self._variables, unconnected_gradients="zero")

    def _sum_bend(self, x, y, v):
        with self._tf.GradientTape() as tape:
            gradients = self._sum_gradient(x, y)
            slope = sum(
                self._tf.reduce_sum(each * along) for each, along in zip(gradients, v, strict=True)
            )
        return tape.gradient(slope, self._variables, unconnected_gradients="zero")


def trained_weights(model: keras.Model) -> list[np.ndarray]:
    """Copies of `model.trainable_variables` as arrays. Raises ValueError if there are none."""
    if not model.trainable_variables:
        raise ValueError(f"Expected a model with weights to train. Received: {model.name}")
    return [np.array(ops.convert_to_numpy(variable)) for variable in model.trainable_variables]


def twice_differentiable(model: keras.Model) -> keras.Model:
    """A copy that has the same loss in training mode, and the right second derivatives of it.

    Keras' batch normalization has its moments from `tf.nn.moments`, which holds the mean fast
    within the variance, by `tf.stop_gradient`. The first derivatives are right all the same,
    since the variance is smallest there; the second ones lack a term, and nothing says so.
    TensorFlow's fused kernel, which `helpers.layers.BatchNormalization` uses, has them right.
    In the copy every batch normalization computes its moments plainly.
    """

    def own(layer):
        plain = isinstance(layer, keras.layers.BatchNormalization)
        return (_PlainMoments if plain else type(layer)).from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=own)
    copy.set_weights(model.get_weights())
    return copy


class _PlainMoments(keras.layers.BatchNormalization):
    """Batch normalization as it is written on paper; no moving averages are updated."""

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable):
            return super().call(inputs, training=False, mask=mask)
        x = ops.cast(inputs, "float32")
        at = self.axis % len(x.shape)
        others = [axis for axis in range(len(x.shape)) if axis != at]
        away = x - ops.mean(x, others, keepdims=True)
        x = away / ops.sqrt(ops.mean(ops.square(away), others, keepdims=True) + self.epsilon)
        shape = [-1 if axis == at else 1 for axis in range(len(x.shape))]
        x = x * ops.reshape(self.gamma, shape) if self.scale else x
        x = x + ops.reshape(self.beta, shape) if self.center else x
        return ops.cast(x, self.compute_dtype)


def _logits(model):
    """A function of (images, training): what the model has before its softmax."""
    head = model.layers[-1]
    dense = isinstance(head, keras.layers.Dense)
    activation = getattr(head, "activation", None)
    softmax = isinstance(head, keras.layers.Softmax) or (
        isinstance(head, keras.layers.Dense | keras.layers.Activation)
        and activation is keras.activations.softmax
    )
    if not softmax and not (dense and activation is keras.activations.linear):
        raise ValueError(
            "Expected a model that ends in a softmax, or in a Dense layer that gives logits. "
            f"Received: {model.name}, which ends in {type(head).__name__}"
        )
    before = keras.Model(model.inputs, head.input)
    if not dense:
        return lambda x, training: before(x, training=training)

    def logits(x, training):
        features = ops.cast(before(x, training=training), "float64")
        out = ops.matmul(features, ops.cast(head.kernel, "float64"))
        return out + ops.cast(head.bias, "float64") if head.use_bias else out

    return logits

"""What a training makes small, and by which steps: the loss, the error, the paper's SGD.

Source: He et al. 2015, section 3.4. Book: chapters 2, 5 and 7.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="helpers")
class SGD(keras.optimizers.SGD):
    """Momentum SGD with weight decay as the paper's time knew it: L2 in the loss.

    The gradient of lambda / 2 * |w|^2 is added to that of the loss before the
    momentum: v <- m v - rate (g + lambda w); w <- w + v. Keras' own `weight_decay`
    shrinks the weights beside the momentum, which is another method.

    Every trainable variable decays, gamma, beta and biases too. The paper does not say
    which do. fb.resnet.torch does the same and names it a difference from the paper, whose
    decay it takes to be of the convolutions' weights alone. Goyal et al. 2017, who share an
    author with the paper, leave gamma and beta out and say that they follow it there.

    Source: He et al. 2015, section 3.4; Loshchilov and Hutter 2019 on the
    difference; fb.resnet.torch, README; Goyal et al. 2017, section 5.1. Book: chapters 2,
    5 and 7.
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.1,
        momentum: float = 0.9,
        l2: float = 1e-4,
        name: str = "sgd_l2",
        **kwargs: Any,
    ):
        super().__init__(learning_rate, momentum=momentum, name=name, **kwargs)
        self.l2 = l2

    def update_step(self, gradient, variable, learning_rate):
        decay = ops.multiply(ops.cast(self.l2, variable.dtype), variable)
        gradient = ops.add(gradient, decay)
        if keras.backend.backend() == "tensorflow" and self.momentum and not self.nesterov:
            self._at_once(gradient, variable, learning_rate)
        else:
            super().update_step(gradient, variable, learning_rate)

    def _at_once(self, gradient, variable, learning_rate):
        """What Keras' step computes, to the last bit, in one operation of TensorFlow's for six.

        A net of 56 layers has 167 variables: a tenth of the wait for its first step.
        """
        import tensorflow as tf

        velocity = self.momentums[self._get_variable_index(variable)].value
        if isinstance(variable, keras.Variable):
            variable = variable.value
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=tf.cast(self.momentum, variable.dtype),
        )

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}


@keras.saving.register_keras_serializable(package="helpers")
def error(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """1 where the most probable class is not the label, else 0; (N,).

    The label of a row of shares is the class with the largest (see `datasets.mixing`).
    """
    if len(y_true.shape) == len(y_pred.shape):
        y_true = ops.argmax(y_true, axis=-1)
    likeliest = ops.argmax(y_pred, axis=-1)
    wrong = ops.not_equal(likeliest, ops.cast(y_true, likeliest.dtype))
    return ops.cast(wrong, "float32")


@keras.saving.register_keras_serializable(package="helpers")
class SoftCrossEntropy(keras.losses.Loss):
    """The mean cross-entropy, of labels (N,) or of rows of shares (N, classes).

    A training with smoothed or mixed labels has the rows; what measures it has the labels.
    """

    def __init__(self, from_logits: bool = True, name: str = "cross_entropy", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        if len(y_true.shape) == len(y_pred.shape):
            return ops.categorical_crossentropy(y_true, y_pred, from_logits=self.from_logits)
        labels = ops.cast(y_true, "int32")
        return ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=self.from_logits)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}


def cross_entropy(model: keras.Model, *, soft: bool = False) -> keras.losses.Loss:
    """The mean cross-entropy for a model that returns logits or probabilities.

    If `soft`, it takes rows of shares in place of labels, too (`SoftCrossEntropy`).

    Which of the two is seen from its answer to two images of noise: probabilities
    are at least 0 and sum to 1.
    """
    noise = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
    outputs = ops.convert_to_numpy(ops.cast(model(noise, training=False), "float32"))
    probabilities = outputs.min() >= 0 and np.allclose(outputs.sum(-1), 1, atol=1e-2)
    if soft:
        return SoftCrossEntropy(from_logits=not probabilities)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=not probabilities)

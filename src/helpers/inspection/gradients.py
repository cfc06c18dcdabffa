"""The kernels of a network, and the gradients in them: measured, not assumed.

Gradients are taken by TensorFlow; the rest runs on any backend.

Source: He et al. 2015, section 4.1 (gradient norms). Book: chapter 1.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from helpers.inspection import passes
from helpers.optimizer import cross_entropy


def gradient_norms(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, *, training: bool = True
) -> dict[str, float]:
    """The norm of the loss's gradient in each convolution kernel, first layer first.

    `images` are one batch as the network is trained on, (N, H, W, C) with the
    mean subtracted; `labels` (N,). The loss is the mean cross-entropy. With
    `training` batch normalization uses the batch's statistics, as in training;
    the model is left as it was, its moving statistics included.

    Returns {layer name: L2 norm}. Raises ValueError if images and labels do not
    fit the model, or if it has no convolution; RuntimeError on another backend.

    Source: He et al. 2015, section 4.1. Book: chapter 1.
    """
    tf = passes.tensorflow("gradient_norms")
    kernels = _kernels(model)
    passes.check_batch(model, images, labels)
    loss = cross_entropy(model)
    with passes.left_as_it_was(model), tf.GradientTape() as tape:
        value = loss(labels, model(images, training=training))
    gradients = tape.gradient(value, [kernel.value for kernel in kernels.values()])
    return {
        name: float(tf.norm(gradient)) for name, gradient in zip(kernels, gradients, strict=True)
    }


def kernel_norms(model: keras.Model) -> dict[str, float]:
    """The L2 norm of every convolution kernel, first layer first: {layer name: norm}.

    Batch normalization divides the size of the kernel before it out again: a
    kernel c times as large gives the same output and a gradient 1 / c times as
    large. So where kernels differ in size, gradient norm times kernel norm is
    what can be compared.

    Source: van Laarhoven 2017. Book: chapter 1.
    """
    return {
        name: float(np.linalg.norm(ops.convert_to_numpy(kernel)))
        for name, kernel in _kernels(model).items()
    }


class KernelNorm(keras.callbacks.Callback):
    """Notes one layer's kernel norm while a model is trained.

    `norms[0]` is the norm before the first step, `norms[n]` that after n steps,
    up to `steps`. Pass it to `training.train(..., callbacks=(watch,))`.
    """

    def __init__(self, layer: str, steps: int):
        super().__init__()
        self.layer, self.steps = layer, steps
        self.norms: list[float] = []

    def on_train_begin(self, logs=None):
        self._note()

    def on_train_batch_end(self, batch, logs=None):
        if len(self.norms) <= self.steps:
            self._note()

    def _note(self):
        self.norms.append(kernel_norms(self.model)[self.layer])


def _kernels(model):
    kernels = {
        layer.name: layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Conv2D)
    }
    if not kernels:
        raise ValueError(f"Expected a model with convolutions. Received: {model.name}")
    return kernels

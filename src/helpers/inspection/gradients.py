"""What goes on inside a network: measured, not assumed.

Gradients are taken by TensorFlow; the rest runs on any backend.

Source: He et al. 2015, section 4.1 (gradient norms). Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from helpers.training import cross_entropy


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
    tf = _tensorflow("gradient_norms")
    kernels = _kernels(model)
    _check_batch(model, images, labels)
    loss = cross_entropy(model)
    with _left_as_it_was(model), tf.GradientTape() as tape:
        value = loss(labels, model(images, training=training))
    gradients = tape.gradient(value, [kernel.value for kernel in kernels.values()])
    return {
        name: float(tf.norm(gradient)) for name, gradient in zip(kernels, gradients, strict=True)
    }


def activation_gradients(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, *, training: bool = True
) -> dict[str, float]:
    """The norm of the loss's gradient in each block's output, x of the paper, stem first.

    The gradient of the mean cross-entropy in a whole batch of feature maps, (N, H, W, C),
    and its L2 norm over all four axes. A block's output is that of the last layer that
    bears its name: `conv2_1` is what comes after its last ReLU, `conv1` the stem's before a
    pooling. Images, labels and `training` are as in `gradient_norms`.

    The chain rule runs through these and not through the kernels: how much a gradient grows
    on its way back is read from here. `gradient_norms` has kernels and maps of other sizes
    in every stage, and differs.

    Returns {block name: L2 norm}. Raises ValueError if images and labels do not fit the
    model, or if none of its layers is named after a block; RuntimeError on another backend.

    Source: He et al. 2016, equation 5; Yang et al. 2019. Book: chapters 1, 2 and 8.
    """
    tf = _tensorflow("activation_gradients")
    outputs = _block_outputs(model)
    _check_batch(model, images, labels)
    with_blocks = keras.Model(model.input, [*outputs.values(), model.output])
    loss = cross_entropy(model)
    images = tf.convert_to_tensor(images)
    with _left_as_it_was(model), tf.GradientTape() as tape:
        tape.watch(images)  # so that all that follows is recorded, frozen layers too
        *x, predicted = with_blocks(images, training=training)
        value = loss(labels, predicted)
    gradients = tape.gradient(value, x)
    norms = [float(tf.norm(tf.cast(gradient, "float32"))) for gradient in gradients]
    return dict(zip(outputs, norms, strict=True))


def activation_sizes(
    model: keras.Model, images: np.ndarray, *, training: bool = True
) -> dict[str, float]:
    """How large the numbers in each block's output are, stem first.

    The root of the mean square over the whole batch of feature maps, (N, H, W, C). Blocks,
    images and `training` are as in `activation_gradients`; the model is left as it was.

    Returns {block name: root mean square}. Raises ValueError for images that do not fit
    the model, or if none of its layers is named after a block.

    Book: chapters 2 and 8.
    """
    outputs = _block_outputs(model)
    _check_batch(model, images)
    with_blocks = keras.Model(model.input, list(outputs.values()))
    with _left_as_it_was(model):
        x = with_blocks(images, training=training)
    x = x if isinstance(x, list) else [x]
    sizes = [float(ops.sqrt(ops.mean(ops.square(ops.cast(maps, "float32"))))) for maps in x]
    return dict(zip(outputs, sizes, strict=True))


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


def _block_outputs(model):
    """{block name: what its last layer puts out}, in the order of the layers."""
    outputs = {}
    for layer in model.layers:
        if named := re.match(r"(conv\d+(?:_\d+)?)_", layer.name):
            outputs[named[1]] = layer.output
    if not outputs:
        raise ValueError(
            "Expected a model whose layers are named after their blocks, `conv2_1_1_conv`, as "
            f"networks.build names them. Received: {model.name}"
        )
    return outputs


def _check_batch(model, images, labels=None):
    expected = tuple(model.input_shape[1:])
    fits = labels is None or np.shape(labels) == (len(images),)
    if tuple(np.shape(images)[1:]) != expected or not fits:
        of_labels = "" if labels is None else f" and {np.shape(labels)}"
        raise ValueError(
            f"Expected images (N, {', '.join(map(str, expected))})"
            f"{'' if labels is None else ' and one label each'}. "
            f"Received: {np.shape(images)}{of_labels}"
        )


def _tensorflow(function):
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"inspection.{function} runs on the TensorFlow backend. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    import tensorflow as tf

    return tf


@contextlib.contextmanager
def _left_as_it_was(model) -> Iterator[None]:
    """What a forward pass changes is put back: moving statistics, states of generators."""
    before = [variable.numpy() for variable in model.non_trainable_variables]
    try:
        yield
    finally:
        for variable, old in zip(model.non_trainable_variables, before, strict=True):
            variable.assign(old)

"""The network of a design, built from Keras' layers."""

from __future__ import annotations

import math

import keras
from keras import layers

from helpers.layers import BatchNormalization, ZeroPadShortcut
from helpers.studies.repair.designs import PUBLISHED, Design


def build(
    design: Design, input_shape: tuple[int, int, int] | None = None, num_classes: int = 10
) -> keras.Model:
    """The network of a design, by default for the images that `images` makes of CIFAR-10's.

    With the last of `STEPS` it is `networks.build("resnet20")`, layer for layer.
    """
    side = 24 if design.crop == "central" else 32
    inputs = x = keras.Input(input_shape or (side, side, 3), name="image")
    if design.recipe == "adam":
        x = layers.Rescaling(1 / 255, name="rescaling")(x)
    if design.stem == "pooling":
        x = _convolution(x, 32, design, "conv1_1", padding="valid")  # (N, 22, 22, 32)
        x = _convolution(x, 64, design, "conv1_2", padding="valid")  # (N, 20, 20, 64)
        x = layers.MaxPooling2D(3, name="pool1")(x)  # (N, 6, 6, 64)
    else:
        x = _convolution(x, design.stages[0][1], design, "conv1")  # (N, H, W, 16)
    for stage, (blocks, filters) in enumerate(design.stages, start=2):
        for i in range(1, blocks + 1):
            stride = 2 if i == 1 and stage > 2 else 1
            x = block(x, filters, stride, design, name=f"conv{stage}_{i}")
    if design.head == "hidden":
        x = _convolution(x, x.shape[-1], design, "last", padding="valid")  # (N, 4, 4, 64)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    kernels = {"kernel_initializer": _initializer(design)}
    if design.head == "hidden":
        x = layers.Dense(256, "relu", name="fc1", **kernels)(x)
        x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.Dense(num_classes, "softmax", name="fc", **kernels)(x)
    return keras.Model(inputs, x, name="published" if design == PUBLISHED else "repaired")


def block(
    x: keras.KerasTensor, filters: int, stride: int, design: Design, *, name: str
) -> keras.KerasTensor:
    """Two 3x3 convolutions and, if the design has it, the shortcut, of option A.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    """
    fx = _convolution(x, filters, design, f"{name}_1", stride=stride, in_block=True)
    fx = _convolution(fx, filters, design, f"{name}_2", in_block=True, relu=False)
    if design.shortcut:
        if fx.shape[1:] != x.shape[1:]:
            x = ZeroPadShortcut(filters, stride, name=f"{name}_zero_pad")(x)
        fx = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(fx)


def _convolution(x, filters, design, name, *, stride=1, padding="same", in_block=False, relu=True):
    """A 3x3 convolution, its ReLU and its batch normalization, in the design's order."""
    bn_at_once = design.order == "bn-relu" or (in_block and not relu)
    if stride > 1:  # symmetric padding, as in `blocks`
        x, padding = layers.ZeroPadding2D(1, name=f"{name}_pad")(x), "valid"
    options = {"use_bias": design.biases or not bn_at_once, "name": f"{name}_conv"}
    options |= {"kernel_initializer": _initializer(design)}
    x = layers.Conv2D(filters, 3, stride, padding, **options)(x)
    momentum, epsilon = (0.9, 1e-5) if design.defaults == "paper" else (0.99, 1e-3)
    bn = BatchNormalization(momentum=momentum, epsilon=epsilon, name=f"{name}_bn")
    if bn_at_once:
        x = bn(x)
    if relu:
        x = layers.ReLU(name=f"{name}_relu")(x)
    return bn(x) if in_block and not bn_at_once else x


def _initializer(design):
    return "he_normal" if design.defaults == "paper" else "glorot_uniform"


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of a model's convolutions and Dense layers for one image.

    As `counting.multiply_adds` counts them, from a model in place of a spec.
    """
    return sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in model.layers
        if isinstance(layer, layers.Conv2D | layers.Dense)
    )

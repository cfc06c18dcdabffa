"""From a spec to a `keras.Model`.

Source: He et al. 2015, Table 1 and section 4.2; Simonyan and Zisserman 2015, Table
1. Book: chapters 1, 3 and 4.
"""

from __future__ import annotations

import keras
from keras import layers

from helpers import blocks, specs
from helpers.specs import BottleneckStride, Network, Option, Stage, Stem


def build(
    name_or_spec: str | Network,
    *,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    classifier_activation: str | None = "softmax",
    shortcut: Option | None = None,
    bottleneck_stride: BottleneckStride | None = None,
    initializer: str = "he_normal",
) -> keras.Model:
    """The network as a functional model: (N, H, W, 3) -> (N, num_classes).

    What is None stays as the spec has it. `classifier_activation=None` gives
    logits. `bottleneck_stride` is "1x1" as in the paper, or "3x3", "v1.5".
    `initializer` names that of the convolutions; the paper's is He normal.
    Layers are named after Table 1: `conv3_1_2_bn` is the batch normalization
    after the second convolution of the first block of conv3_x.

    Raises ValueError if the arguments do not make a network, such as a shortcut
    for a plain net or an input smaller than the strides allow.

    Source: He et al. 2015, Table 1 and section 4.2. Book: chapter 3.
    """
    spec = specs.resolve(
        name_or_spec,
        input_shape=input_shape,
        num_classes=num_classes,
        shortcut=shortcut,
        bottleneck_stride=bottleneck_stride,
    )
    conv = {"batch_norm": spec.batch_norm, "initializer": initializer}
    inputs = x = keras.Input(spec.input_shape, name="image")
    if spec.stem:
        x = _stem(x, spec.stem, **conv)
    for number, stage in enumerate(spec.stages, start=1):
        for i in range(1, stage.repeats + 1):
            x = _block(x, spec, stage, i, **conv)
        if stage.pooling:
            x = layers.MaxPooling2D(2, strides=2, name=f"pool{number}")(x)
    x = _head(x, spec.hidden) if spec.hidden else layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(
        spec.num_classes,
        activation=classifier_activation,
        kernel_initializer="he_normal",
        dtype="float32",  # probabilities in full precision, also in mixed_bfloat16
        name="fc",
    )(x)
    return keras.Model(inputs, x, name=spec.name)


def _stem(x, stem: Stem, **conv):
    """(N, 224, 224, 3) -> (N, 56, 56, 64) for ImageNet, (N, 32, 32, 16) for CIFAR-10."""
    x = blocks.conv_bn_relu(x, stem.filters, stem.kernel_size, stem.stride, name="conv1", **conv)
    if stem.max_pooling:
        # Zeros and not minus infinity: nothing after a ReLU is below zero.
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    return x


def _block(x, spec: Network, stage: Stage, i: int, **conv):
    """The i-th block of a stage, counted from 1."""
    name = f"{stage.name.removesuffix('x')}{i}"
    stride = stage.stride if i == 1 else 1
    match stage.block:
        case "convolution":
            return blocks.conv_bn_relu(x, stage.filters, 3, stride, name=name, **conv)
        case "plain":
            return blocks.plain_block(x, stage.filters, stride, name=name, **conv)
        case "basic":
            return blocks.basic_block(
                x, stage.filters, stride, name=name, shortcut=spec.shortcut, **conv
            )
        case "bottleneck":
            return blocks.bottleneck_block(
                x,
                stage.filters,
                stride,
                name=name,
                shortcut=spec.shortcut,
                bottleneck_stride=spec.bottleneck_stride,
                **conv,
            )


def _head(x, hidden: tuple[int, ...]):
    """VGG's fully connected layers before the last one, with its dropout of one half."""
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate(hidden, start=6):  # as VGG counts, after five stages
        x = layers.Dense(
            units, activation="relu", kernel_initializer="he_normal", name=f"fc{number}"
        )(x)
        x = layers.Dropout(0.5, name=f"fc{number}_dropout")(x)
    return x

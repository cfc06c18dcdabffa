"""Builds the network of a spec: its stem, its blocks, its end.

Source: He et al. 2015, Table 1 and section 4.2; Simonyan and Zisserman 2015, Table
1; for later nets the papers that `specs` names. Book: chapters 1, 3, 4 and 9.
"""

from __future__ import annotations

import sys

import keras
from keras import layers

from helpers import blocks, specs
from helpers.counting import propagation
from helpers.layers import BatchNormalization, LowestPadding2D, NormalizedConv2D, Shift
from helpers.specs import BottleneckStride, Network, Option, Stage

# Bytes less their mean are divided by this where no batch normalization sees to their size.
IMAGES_BY = 64.0


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
    _let_keras_walk(spec)
    conv = {"batch_norm": spec.batch_norm, "initializer": initializer}
    inputs = x = keras.Input(spec.input_shape, name="image")
    if spec.stem:
        x = _stem(x, spec, **conv)
    number = 0
    for index, stage in enumerate(spec.stages, start=1 + spec.pools):
        for i in range(1, stage.repeats + 1):
            number += 1
            x = _block(x, spec, stage, i, number, **conv)
        if stage.pooling:
            x = layers.MaxPooling2D(2, strides=2, name=f"pool{index}")(x)
    x = _head(x, spec)
    x = layers.Dense(
        spec.num_classes,
        activation=classifier_activation,
        kernel_initializer="zeros" if spec.start == "fixup" else "he_normal",
        dtype="float32",  # probabilities in full precision, also in mixed_bfloat16
        name="fc",
    )(x)
    return keras.Model(inputs, x, name=spec.name)


def _let_keras_walk(spec: Network) -> None:
    """Keras goes through a graph by recursion, a call for each layer, and Python stops it after
    1,000. The limit stays up, since whoever makes a model of this one's tensors meets it again."""
    needed = 1000 + 8 * spec.depth  # up to four layers for a convolution, twice for safety
    sys.setrecursionlimit(max(sys.getrecursionlimit(), needed))


def _stem(x, spec: Network, **conv):
    """(N, 224, 224, 3) -> (N, 56, 56, 64) for ImageNet, (N, 32, 32, 16) for CIFAR-10."""
    stem = spec.stem
    if spec.start in specs.NORMALIZER_FREE:
        x = layers.Rescaling(1 / IMAGES_BY, name="image_scale")(x)
    for name, filters, stride in stem.windows:
        window = (filters, stem.kernel_size, stride)
        if not spec.preactivation or name != stem.windows[-1][0]:
            if spec.start != "fixup":
                x = blocks.conv_bn_relu(x, *window, name=name, **conv)
                continue
            x = blocks.convolution(x, *window, name=name, initializer=conv["initializer"])
            x = layers.ReLU(name=f"{name}_relu")(Shift(name=f"{name}_shift")(x))
        elif spec.start == "nf":
            how = {"layer": NormalizedConv2D, "bias": True, "initializer": conv["initializer"]}
            x = blocks.convolution(x, *window, name=name, **how)
        else:
            how = {"bias": not spec.batch_norm, "initializer": conv["initializer"]}
            x = blocks.convolution(x, *window, name=name, **how)
    if stem.max_pooling:
        # Zeros do where a ReLU came before: nothing is below them.
        padding = LowestPadding2D if spec.preactivation else layers.ZeroPadding2D
        x = padding(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    return x


def _block(x, spec: Network, stage: Stage, i: int, number: int, **conv):
    """The i-th block of a stage, counted from 1; `number` is its own in the whole net."""
    name = f"{stage.name.removesuffix('x')}{i}"
    window = (stage.filters, stage.stride if i == 1 else 1)
    if stage.block == "convolution":
        return blocks.conv_bn_relu(x, window[0], 3, window[1], name=name, **conv)
    if stage.block == "plain":
        return blocks.plain_block(x, *window, name=name, **conv)
    if stage.block == "repvgg":
        return blocks.repvgg_block(x, *window, name=name, **conv)
    conv |= {"shortcut": spec.shortcut, "pooled_shortcut": spec.pooled_shortcut}
    conv |= {"start": spec.start, "squeeze": spec.squeeze, "survival": spec.survival_of(number)}
    if stage.block in specs.BOTTLENECK_BLOCKS:
        conv |= {"bottleneck_stride": spec.bottleneck_stride}
        conv |= {"groups": stage.groups, "expansion": stage.expansion}
    if spec.start == "nf":
        conv |= {"size": propagation.normalizer_free_sizes(spec)[number - 1]}
    elif stage.block == "basic":
        conv |= {"of_blocks": spec.blocks}
    block = {
        "basic": blocks.basic_block,
        "bottleneck": blocks.bottleneck_block,
        "preactivation": blocks.preactivation_block,
        "preactivation-bottleneck": blocks.preactivation_bottleneck_block,
    }[stage.block]
    return block(x, *window, name=name, **conv)


def _head(x, spec: Network):
    """From the last maps to the features: the mean of each, or VGG's fully connected layers,
    with its dropout of one half. Pre-activation is finished first."""
    if spec.preactivation:
        if spec.batch_norm:
            x = BatchNormalization(name="post_bn")(x)
        x = layers.ReLU(name="post_relu")(x)
    if not spec.hidden:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        return Shift(name="fc_shift")(x) if spec.start == "fixup" else x
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate(spec.hidden, start=6):  # as VGG counts, after five stages
        x = layers.Dense(
            units, activation="relu", kernel_initializer="he_normal", name=f"fc{number}"
        )(x)
        x = layers.Dropout(0.5, name=f"fc{number}_dropout")(x)
    return x

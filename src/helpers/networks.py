"""From a spec to a `keras.Model`.

Source: He et al. 2015, Table 1 and section 4.2. Book: chapters 1 and 3.
"""

from __future__ import annotations

import keras
from keras import layers

from helpers import blocks, specs
from helpers.specs import Network, Option


def build(
    name_or_spec: str | Network,
    *,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    classifier_activation: str | None = "softmax",
    shortcut: Option | None = None,
    initializer: str = "he_normal",
) -> keras.Model:
    """The network as a functional model: (N, H, W, 3) -> (N, num_classes).

    What is None stays as the spec has it. `classifier_activation=None` gives
    logits. `initializer` names that of the convolutions; the paper's is He normal.
    Layers are named after Table 1: `conv3_1_2_bn` is the batch normalization
    after the second convolution of the first block of conv3_x.

    Raises ValueError if the arguments do not make a network, such as a shortcut
    for a plain net or an input smaller than the strides allow.

    Source: He et al. 2015, Table 1 and section 4.2. Book: chapter 3.
    """
    spec = specs.resolve(
        name_or_spec, input_shape=input_shape, num_classes=num_classes, shortcut=shortcut
    )
    options = {"batch_norm": spec.batch_norm, "initializer": initializer}
    inputs = keras.Input(spec.input_shape, name="image")
    stem = spec.stem
    x = blocks.conv_bn(inputs, stem.filters, stem.kernel_size, stem.stride, name="conv1", **options)
    x = layers.ReLU(name="conv1_relu")(x)
    if stem.max_pooling:
        # Zeros and not minus infinity: nothing after a ReLU is below zero.
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage in spec.stages:
        for i in range(1, stage.repeats + 1):
            name = f"{stage.name.removesuffix('x')}{i}"
            stride = stage.stride if i == 1 else 1
            if stage.block == "plain":
                x = blocks.plain_block(x, stage.filters, stride, name=name, **options)
            else:
                x = blocks.basic_block(
                    x, stage.filters, stride, name=name, option=spec.shortcut, **options
                )
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(
        spec.num_classes,
        activation=classifier_activation,
        kernel_initializer="he_normal",
        dtype="float32",  # probabilities in full precision, also in mixed_bfloat16
        name="fc",
    )(x)
    return keras.Model(inputs, x, name=spec.name)

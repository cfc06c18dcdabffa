"""A convolution with what belongs to it: padding, batch normalization, ReLU.

Book: chapters 1 to 4.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor, layers

from helpers.layers import BatchNormalization


def conv_bn(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    stride: int = 1,
    *,
    name: str,
    batch_norm: bool = True,
    initializer: Any = "he_normal",
    groups: int = 1,
    zero_gamma: bool = False,
) -> KerasTensor:
    """A convolution with symmetric padding and the batch normalization after it.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). Without
    batch normalization the convolution has a bias. `groups` of channels may be convolved apart;
    with `zero_gamma` the batch normalization puts out zeros before training.
    """
    check(x, filters, stride, name)
    how = {"bias": not batch_norm, "initializer": initializer, "groups": groups}
    x = convolution(x, filters, kernel_size, stride, name=name, **how)
    if not batch_norm:
        return x
    gamma = "zeros" if zero_gamma else "ones"
    return BatchNormalization(gamma_initializer=gamma, name=f"{name}_bn")(x)


def conv_bn_relu(
    x: KerasTensor, filters: int, kernel_size: int, stride: int = 1, *, name: str, **conv: Any
) -> KerasTensor:
    """`conv_bn` and a ReLU: the stem of a ResNet and, without bn, a layer of VGG.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    """
    x = conv_bn(x, filters, kernel_size, stride, name=name, **conv)
    return layers.ReLU(name=f"{name}_relu")(x)


def convolution(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    stride: int = 1,
    *,
    name: str,
    bias: bool = False,
    initializer: Any = "he_normal",
    groups: int = 1,
    layer: type[layers.Conv2D] = layers.Conv2D,
    **more: Any,
) -> KerasTensor:
    """The bare convolution, padded by (kernel_size - 1) / 2 on every side.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). `layer` is its class, `more`
    what that takes besides.
    """
    padding = "same"  # symmetric for an odd kernel at stride 1
    if kernel_size > 1 and stride > 1:
        x = layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")(x)
        padding = "valid"
    return layer(
        filters,
        kernel_size,
        strides=stride,
        padding=padding,
        use_bias=bias,
        kernel_initializer=initializer,
        groups=groups,
        name=f"{name}_conv",
        **more,
    )(x)


def check(x: KerasTensor, filters: int, stride: int, name: str) -> None:
    """Raises ValueError for what is no batch of feature maps, or no size of a block."""
    if len(getattr(x, "shape", ())) != 4:
        raise ValueError(
            f"{name}: expected a batch of feature maps (N, H, W, C). "
            f"Received: {getattr(x, 'shape', x)!r}"
        )
    for key, value in (("filters", filters), ("stride", stride)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(
                f"{name}: `{key}` must be a positive integer. Received: {key}={value!r}"
            )
    if keras.backend.image_data_format() != "channels_last":
        raise ValueError(
            "The book's networks put the channels last. Set "
            "keras.config.set_image_data_format('channels_last')."
        )

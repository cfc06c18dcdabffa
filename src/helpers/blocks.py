"""One function per box of the paper's figures.

Each takes a batch of feature maps (N, H, W, C) and returns one. `name` is the
prefix of every layer in the block, `conv3_1` for the first block of conv3_x.

A departure from Keras' defaults, each with its reason:
- He-normal kernels, as the paper (Keras: Glorot uniform);
- no bias before a batch normalization, whose beta makes it redundant;
- padding (k - 1) / 2 on every side also at stride 2, as Caffe and PyTorch do;
  TensorFlow's "same" would pad right and bottom only.

Source: He et al. 2015, Figures 2, 3 and 5, section 3.3. Book: chapters 1 to 4, 8 and 9.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor, layers

from helpers import expect
from helpers.layers import BatchNormalization, ZeroPadShortcut
from helpers.specs import BOTTLENECK_STRIDES, EXPANSION, OPTIONS, BottleneckStride, Option


def conv_bn(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    stride: int = 1,
    *,
    name: str,
    batch_norm: bool = True,
    initializer: str = "he_normal",
) -> KerasTensor:
    """A convolution with symmetric padding and the batch normalization after it.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). Without
    batch normalization the convolution has a bias.
    """
    _check(x, filters, stride, name)
    conv = {"name": name, "bias": not batch_norm, "initializer": initializer}
    x = _conv(x, filters, kernel_size, stride, **conv)
    return BatchNormalization(name=f"{name}_bn")(x) if batch_norm else x


def conv_bn_relu(
    x: KerasTensor, filters: int, kernel_size: int, stride: int = 1, *, name: str, **conv: Any
) -> KerasTensor:
    """`conv_bn` and a ReLU: the stem of a ResNet and, without bn, a layer of VGG.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    """
    x = conv_bn(x, filters, kernel_size, stride, name=name, **conv)
    return layers.ReLU(name=f"{name}_relu")(x)


def residual_function(
    x: KerasTensor, filters: int, stride: int = 1, *, name: str, **conv: Any
) -> KerasTensor:
    """F(x): conv, bn, relu, conv, bn; what a basic block adds to its shortcut."""
    x = conv_bn_relu(x, filters, 3, stride, name=f"{name}_1", **conv)
    return conv_bn(x, filters, 3, name=f"{name}_2", **conv)


def plain_block(
    x: KerasTensor, filters: int, stride: int = 1, *, name: str, **conv: Any
) -> KerasTensor:
    """Two 3x3 convolutions, each with bn and relu, and nothing around them.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    `conv` are `batch_norm` and `initializer`, as in `conv_bn`.

    Source: He et al. 2015, Figure 3, middle. Book: chapter 1.
    """
    x = residual_function(x, filters, stride, name=name, **conv)
    return layers.ReLU(name=f"{name}_2_relu")(x)


def basic_block(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    **conv: Any,
) -> KerasTensor:
    """relu(F(x) + shortcut(x)) with two 3x3 convolutions in F.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    `shortcut` is the paper's option: A, B or C.

    Source: He et al. 2015, Figure 2; Figure 5, left. Book: chapter 2.
    """
    fx = residual_function(x, filters, stride, name=name, **conv)
    x = _shortcut(x, filters, stride, name=name, shortcut=shortcut, **conv)
    x = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(x)


def bottleneck_block(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    bottleneck_stride: BottleneckStride = "1x1",
    **conv: Any,
) -> KerasTensor:
    """relu(F(x) + shortcut(x)) with three convolutions in F: 1x1, 3x3, 1x1.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), 4 * filters): the first
    1x1 brings the channels down to `filters`, the last one up to four times that.
    `bottleneck_stride` says which convolution has the stride: "1x1", the first, is
    the paper's and Caffe's; "3x3" is torchvision's and timm's "v1.5", which reads
    every position of its input, for 6 % more multiply-adds in ResNet-50.

    Source: He et al. 2015, Figure 5, right. Book: chapter 4.
    """
    expect.one_of("bottleneck_stride", bottleneck_stride, BOTTLENECK_STRIDES)
    first, second = (stride, 1) if bottleneck_stride == "1x1" else (1, stride)
    fx = conv_bn_relu(x, filters, 1, first, name=f"{name}_1", **conv)
    fx = conv_bn_relu(fx, filters, 3, second, name=f"{name}_2", **conv)
    fx = conv_bn(fx, EXPANSION * filters, 1, name=f"{name}_3", **conv)
    x = _shortcut(x, EXPANSION * filters, stride, name=name, shortcut=shortcut, **conv)
    x = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(x)


def preactivation_block(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    initializer: str = "he_normal",
) -> KerasTensor:
    """F(x) + shortcut(x) and nothing after it; F is bn, relu, conv, bn, relu, conv.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). What is added may be
    negative, and x comes through unchanged; a net of such blocks ends with a batch normalization
    and a ReLU of its own. A projection, where `shortcut` has one, reads what F's first ReLU puts
    out, and has no batch normalization.

    Source: He et al. 2016, Figure 4 (e). Book: chapters 8 and 9.
    """
    _check(x, filters, stride, name)
    expect.one_of("shortcut", shortcut, OPTIONS)
    conv = {"bias": False, "initializer": initializer}
    active = layers.ReLU(name=f"{name}_1_relu")(BatchNormalization(name=f"{name}_1_bn")(x))
    fx = _conv(active, filters, 3, stride, name=f"{name}_1", **conv)
    fx = layers.ReLU(name=f"{name}_2_relu")(BatchNormalization(name=f"{name}_2_bn")(fx))
    fx = _conv(fx, filters, 3, 1, name=f"{name}_2", **conv)
    same_shape = stride == 1 and x.shape[-1] == filters
    if shortcut == "C" or (shortcut == "B" and not same_shape):
        x = _conv(active, filters, 1, stride, name=f"{name}_proj", **conv)
    elif not same_shape:
        x = ZeroPadShortcut(filters, stride, name=f"{name}_zero_pad")(x)
    return layers.Add(name=f"{name}_add")([fx, x])


def shortcut(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    **conv: Any,
) -> KerasTensor:
    """x in the shape of F(x), by one of the paper's three options.

    A: the identity; zeros for new channels. No parameters.
    B: the identity; a 1x1 projection with bn where the shape changes.
    C: a projection everywhere.
    The shape changes where the stride is not 1 or the channels differ.

    Source: He et al. 2015, section 3.3 and equation 2. Book: chapter 2.
    """
    _check(x, filters, stride, name)
    expect.one_of("shortcut", shortcut, OPTIONS)
    same_shape = stride == 1 and x.shape[-1] == filters
    if shortcut == "C" or (shortcut == "B" and not same_shape):
        return conv_bn(x, filters, 1, stride, name=f"{name}_proj", **conv)
    if same_shape:
        return x
    return ZeroPadShortcut(filters, stride, name=f"{name}_zero_pad")(x)


_shortcut = shortcut  # for the blocks, which have an argument of the same name


def _conv(x, filters, kernel_size, stride, *, name, bias, initializer):
    padding = "same"  # symmetric for an odd kernel at stride 1
    if kernel_size > 1 and stride > 1:
        x = layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_pad")(x)
        padding = "valid"
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        padding=padding,
        use_bias=bias,
        kernel_initializer=initializer,
        name=f"{name}_conv",
    )(x)


def _check(x, filters, stride, name):
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

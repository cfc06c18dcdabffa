"""The paper's blocks: plain, basic, bottleneck.

Source: He et al. 2015, Figures 2, 3 and 5. Book: chapters 1 to 4 and 9.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor, layers

from helpers.blocks.convolutions import check, conv_bn, conv_bn_relu, convolution
from helpers.blocks.shortcuts import ending
from helpers.blocks.shortcuts import shortcut as _shortcut
from helpers.layers import Scale, Shift
from helpers.specs import BOTTLENECK_STRIDES, EXPANSION, BottleneckStride, Option, Start
from helpers.support import expect


def residual_function(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    zero_gamma: bool = False,
    **conv: Any,
) -> KerasTensor:
    """F(x): conv, bn, relu, conv, bn; what a basic block adds to its shortcut."""
    x = conv_bn_relu(x, filters, 3, stride, name=f"{name}_1", **conv)
    return conv_bn(x, filters, 3, name=f"{name}_2", zero_gamma=zero_gamma, **conv)


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
    pooled_shortcut: bool = False,
    start: Start = "usual",
    of_blocks: int = 1,
    squeeze: int = 0,
    survival: float = 1.0,
    **conv: Any,
) -> KerasTensor:
    """relu(F(x) + shortcut(x)) with two 3x3 convolutions in F.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters).
    `shortcut` is the paper's option: A, B or C. What came after 2015 (`pooled_shortcut`, `start`,
    `squeeze`, `survival`) is as `specs.Network` has it; `of_blocks` says to Fixup in how many
    residual blocks the net's are.

    Source: He et al. 2015, Figure 2; Figure 5, left. Book: chapters 2 and 9.
    """
    if start == "fixup":
        fx = _fixup(x, filters, stride, name=name, of_blocks=of_blocks)
        conv = {**conv, "batch_norm": False}
    else:
        zero = start == "zero-gamma"
        conv = {**conv, **({"batch_norm": False} if start == "skipinit" else {})}
        fx = residual_function(x, filters, stride, name=name, zero_gamma=zero, **conv)
    fx = ending(fx, name=name, start=start, squeeze=squeeze, survival=survival)
    how = {"shortcut": shortcut, "pooled": pooled_shortcut}
    x = _shortcut(x, filters, stride, name=name, **how, **conv)
    x = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(x)


def _fixup(x, filters, stride, *, name, of_blocks):
    """F by Fixup's rules, for two convolutions: the first kernel He's by 1 / sqrt(blocks), the
    second 0, a shift before each convolution and before the ReLU, a scale and a shift at the end.
    """
    check(x, filters, stride, name)
    smaller = keras.initializers.VarianceScaling(2 / of_blocks, "fan_in", "truncated_normal")
    x = Shift(name=f"{name}_1_shift_in")(x)
    x = convolution(x, filters, 3, stride, name=f"{name}_1", initializer=smaller)
    x = layers.ReLU(name=f"{name}_1_relu")(Shift(name=f"{name}_1_shift_out")(x))
    x = Shift(name=f"{name}_2_shift_in")(x)
    x = convolution(x, filters, 3, name=f"{name}_2", initializer="zeros")
    return Shift(name=f"{name}_2_shift_out")(Scale(name=f"{name}_scale")(x))


def bottleneck_block(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    bottleneck_stride: BottleneckStride = "1x1",
    groups: int = 1,
    expansion: int = EXPANSION,
    pooled_shortcut: bool = False,
    start: Start = "usual",
    squeeze: int = 0,
    survival: float = 1.0,
    **conv: Any,
) -> KerasTensor:
    """relu(F(x) + shortcut(x)) with three convolutions in F: 1x1, 3x3, 1x1.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), 4 * filters): the first
    1x1 brings the channels down to `filters`, the last one up to four times that.
    `bottleneck_stride` says which convolution has the stride: "1x1", the first, is
    the paper's and Caffe's; "3x3" is torchvision's and timm's "v1.5", which reads
    every position of its input, for 6 % more multiply-adds in ResNet-50.
    What came after 2015 is as `specs.Stage` (`groups`, `expansion`) and `specs.Network` have it.

    Source: He et al. 2015, Figure 5, right. Book: chapters 4 and 9.
    """
    expect.one_of("bottleneck_stride", bottleneck_stride, BOTTLENECK_STRIDES)
    first, second = (stride, 1) if bottleneck_stride == "1x1" else (1, stride)
    if start == "skipinit":
        conv = {**conv, "batch_norm": False}
    zero = start == "zero-gamma"
    fx = conv_bn_relu(x, filters, 1, first, name=f"{name}_1", **conv)
    fx = conv_bn_relu(fx, filters, 3, second, name=f"{name}_2", groups=groups, **conv)
    fx = conv_bn(fx, expansion * filters, 1, name=f"{name}_3", zero_gamma=zero, **conv)
    fx = ending(fx, name=name, start=start, squeeze=squeeze, survival=survival)
    how = {"shortcut": shortcut, "pooled": pooled_shortcut}
    x = _shortcut(x, expansion * filters, stride, name=name, **how, **conv)
    x = layers.Add(name=f"{name}_add")([fx, x])
    return layers.ReLU(name=f"{name}_relu")(x)

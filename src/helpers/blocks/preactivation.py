"""Blocks that normalize and rectify before their convolutions, and leave x as it is.

Source: He et al. 2016, Figure 4 (e); Zagoruyko and Komodakis 2016, Figure 1; Brock et al. 2021a.
Book: chapters 8 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import KerasTensor, layers

from helpers.blocks.convolutions import check, convolution
from helpers.blocks.shortcuts import ending, identity, pool, projects
from helpers.layers import BatchNormalization, NormalizedConv2D
from helpers.specs import (
    BOTTLENECK_STRIDES,
    EXPANSION,
    NORMALIZER_FREE,
    BottleneckStride,
    Option,
    Start,
)
from helpers.support import expect

# Behind the ReLU of unit Gaussians the variance is (1 - 1 / pi) / 2.
RELU_GAIN = math.sqrt(2 / (1 - 1 / math.pi))


def preactivation_block(
    x: KerasTensor, filters: int, stride: int = 1, *, name: str, **options: Any
) -> KerasTensor:
    """F(x) + shortcut(x) and nothing after it; F is bn, relu, conv, bn, relu, conv.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). What is added may be
    negative, and x comes through unchanged; a net of such blocks ends with a batch normalization
    and a ReLU of its own. A projection, where `shortcut` has one, reads what F's first ReLU puts
    out, and has no batch normalization.

    `options` are `shortcut`, option B unless it says another, `batch_norm` and `initializer`;
    `pooled_shortcut`, `start`, `squeeze` and `survival`, as `specs.Network` has them; and `size`,
    for the start "nf", which divides by it: the standard deviation that x is expected to have.

    Source: He et al. 2016, Figure 4 (e). Book: chapters 8 and 9.
    """
    windows = ((filters, 3, stride, 1), (filters, 3, 1, 1))
    return _preactivated(x, windows, stride, name=name, **options)


def preactivation_bottleneck_block(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    bottleneck_stride: BottleneckStride = "1x1",
    groups: int = 1,
    expansion: int = EXPANSION,
    **options: Any,
) -> KerasTensor:
    """`preactivation_block` with 1x1, 3x3 and 1x1 in F, each behind its own bn and relu.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), expansion * filters).
    `bottleneck_stride`, `groups` and `expansion` are as in `bottleneck_block`, `options` as there.

    Source: He et al. 2016, Figure 4 (e), Table 2. Book: chapter 9.
    """
    expect.one_of("bottleneck_stride", bottleneck_stride, BOTTLENECK_STRIDES)
    first, second = (stride, 1) if bottleneck_stride == "1x1" else (1, stride)
    last = (expansion * filters, 1, 1, 1)
    windows = ((filters, 1, first, 1), (filters, 3, second, groups), last)
    return _preactivated(x, windows, stride, name=name, **options)


def _preactivated(
    x: KerasTensor,
    windows: Sequence[tuple[int, int, int, int]],
    stride: int,
    *,
    name: str,
    shortcut: Option = "B",
    pooled_shortcut: bool = False,
    batch_norm: bool = True,
    start: Start = "usual",
    size: float = 1.0,
    squeeze: int = 0,
    survival: float = 1.0,
    initializer: Any = "he_normal",
) -> KerasTensor:
    """`windows` are filters, kernel, stride and groups of each convolution in F."""
    check(x, windows[0][0], stride, name)
    filters, nf = windows[-1][0], start == "nf"
    batch_norm = batch_norm and start not in NORMALIZER_FREE
    how = {"bias": not batch_norm, "initializer": initializer}
    if nf:
        how |= {"layer": NormalizedConv2D, "input_gain": RELU_GAIN}
    fx, active = x, None
    if nf:
        fx = layers.Rescaling(1 / size, name=f"{name}_divide")(x)
    for i, (of_conv, kernel, strides, groups) in enumerate(windows, start=1):
        part = f"{name}_{i}"
        if batch_norm:
            fx = BatchNormalization(name=f"{part}_bn")(fx)
        fx = layers.ReLU(name=f"{part}_relu")(fx)
        active = fx if active is None else active
        fx = convolution(fx, of_conv, kernel, strides, name=part, groups=groups, **how)
    fx = ending(fx, name=name, start=start, squeeze=squeeze, survival=survival)
    if projects(x, filters, stride, shortcut):
        if pooled_shortcut:
            active, stride = pool(active, stride, name=name), 1
        x = convolution(active, filters, 1, stride, name=f"{name}_proj", **how)
    else:
        x = identity(x, filters, stride, name=name, pooled=pooled_shortcut)
    return layers.Add(name=f"{name}_add")([fx, x])

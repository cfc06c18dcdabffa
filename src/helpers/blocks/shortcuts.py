"""x in the shape of F(x), and what may stand between F and the addition.

Source: He et al. 2015, section 3.3; Hu et al. 2018; He et al. 2019, Figure 2 (c).
Book: chapters 2 and 9.
"""

from __future__ import annotations

from typing import Any

from keras import KerasTensor, layers

from helpers.blocks.convolutions import check, conv_bn
from helpers.layers import Scale, StochasticDepth, ZeroPadShortcut
from helpers.specs import OPTIONS, Option, Start
from helpers.support import expect

NF_ALPHA = 0.2  # by which a normalizer-free block multiplies F (Brock et al. 2021a)


def shortcut(
    x: KerasTensor,
    filters: int,
    stride: int = 1,
    *,
    name: str,
    shortcut: Option = "B",
    pooled: bool = False,
    **conv: Any,
) -> KerasTensor:
    """x in the shape of F(x), by one of the paper's three options.

    A: the identity; zeros for new channels. No parameters.
    B: the identity; a 1x1 projection with bn where the shape changes.
    C: a projection everywhere.
    The shape changes where the stride is not 1 or the channels differ. With a stride these read
    one position of `stride` x `stride`; `pooled` ones read the mean of all of them (ResNet-D).

    Source: He et al. 2015, section 3.3 and equation 2. Book: chapters 2 and 9.
    """
    check(x, filters, stride, name)
    if not projects(x, filters, stride, shortcut):
        return identity(x, filters, stride, name=name, pooled=pooled)
    if pooled:
        x, stride = pool(x, stride, name=name), 1
    return conv_bn(x, filters, 1, stride, name=f"{name}_proj", **conv)


def projects(x: KerasTensor, filters: int, stride: int, shortcut: Option) -> bool:
    """Whether a shortcut of this option is a projection here. Raises ValueError for no option."""
    expect.one_of("shortcut", shortcut, OPTIONS)
    same_shape = stride == 1 and x.shape[-1] == filters
    return shortcut == "C" or (shortcut == "B" and not same_shape)


def identity(
    x: KerasTensor, filters: int, stride: int, *, name: str, pooled: bool = False
) -> KerasTensor:
    """x, or option A's identity where the shape changes."""
    if pooled:
        x, stride = pool(x, stride, name=name), 1
    if stride == 1 and x.shape[-1] == filters:
        return x
    return ZeroPadShortcut(filters, stride, name=f"{name}_zero_pad")(x)


def pool(x: KerasTensor, stride: int, *, name: str) -> KerasTensor:
    """The means of `stride` x `stride` pixels; of what there is of them at a border."""
    if stride == 1:
        return x
    return layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)


def ending(
    fx: KerasTensor, *, name: str, start: Start = "usual", squeeze: int = 0, survival: float = 1.0
) -> KerasTensor:
    """What stands between F and the addition: a gate, a scale, stochastic depth; or nothing."""
    if squeeze:
        fx = gate(fx, squeeze, name=name)
    if start == "skipinit":
        fx = Scale(0.0, name=f"{name}_scale")(fx)
    elif start == "nf":
        fx = layers.Rescaling(NF_ALPHA, name=f"{name}_times")(fx)
    return StochasticDepth(survival, name=f"{name}_drop")(fx) if survival < 1 else fx


def gate(fx: KerasTensor, squeeze: int, *, name: str) -> KerasTensor:
    """Squeeze-and-excitation: each channel times a number between 0 and 1.

    (N, H, W, C) -> (N, H, W, C). The numbers come from the means of all channels by two fully
    connected layers, C to C / squeeze to C.

    Source: Hu et al. 2018, Figure 3, equations 2 to 4. Book: chapter 9.
    """
    expect.integer("squeeze", squeeze)
    channels, how = fx.shape[-1], {"kernel_initializer": "he_normal"}
    s = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_se_pool")(fx)
    s = layers.Dense(max(1, channels // squeeze), "relu", name=f"{name}_se_1", **how)(s)
    s = layers.Dense(channels, "sigmoid", name=f"{name}_se_2", **how)(s)
    return layers.Multiply(name=f"{name}_se")([fx, s])

"""What a network is made of: kinds of blocks, the stem, the stages. No Keras here.

Source: He et al. 2015, Table 1; He et al. 2016, Figure 4 (e); Xie et al. 2017, Table 1 (groups);
He et al. 2019, Figure 2 (the stem of ResNet-C); Ding et al. 2021, Figure 2 (RepVGG).
Book: chapters 1 to 4 and 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from helpers.support import expect

BlockKind = Literal[
    "convolution",
    "plain",
    "basic",
    "bottleneck",
    "preactivation",
    "preactivation-bottleneck",
    "repvgg",
]
Option = Literal["A", "B", "C"]
BottleneckStride = Literal["1x1", "3x3"]

# The layers of a block from its input to its output, the shortcut left out: it comes in at
# "add". "1x1" and "3x3" are convolutions; a network without batch normalization has no "bn".
# "convolution" is VGG's; at RepVGG's "sum" two more branches come in, which are the same in
# every such block and no option of the network. What a network's own fields add: `order`.
LAYERS: dict[BlockKind, tuple[str, ...]] = {
    "convolution": ("3x3", "bn", "relu"),
    "plain": ("3x3", "bn", "relu", "3x3", "bn", "relu"),
    "basic": ("3x3", "bn", "relu", "3x3", "bn", "add", "relu"),
    "bottleneck": ("1x1", "bn", "relu", "3x3", "bn", "relu", "1x1", "bn", "add", "relu"),
    "preactivation": ("bn", "relu", "3x3", "bn", "relu", "3x3", "add"),
    "preactivation-bottleneck": (
        *("bn", "relu", "1x1", "bn", "relu", "3x3", "bn", "relu", "1x1"),
        "add",
    ),
    "repvgg": ("3x3", "bn", "sum", "relu"),
}
BLOCKS: tuple[BlockKind, ...] = tuple(LAYERS)
CONVOLUTIONS = {kind: sum(n in ("1x1", "3x3") for n in LAYERS[kind]) for kind in BLOCKS}
RESIDUAL_BLOCKS = tuple(kind for kind in BLOCKS if "add" in LAYERS[kind])
PREACTIVATION_BLOCKS = tuple(kind for kind in RESIDUAL_BLOCKS if LAYERS[kind][-1] == "add")
BOTTLENECK_BLOCKS = tuple(kind for kind in BLOCKS if "1x1" in LAYERS[kind])
OPTIONS: tuple[Option, ...] = ("A", "B", "C")
BOTTLENECK_STRIDES: tuple[BottleneckStride, ...] = ("1x1", "3x3")

# A bottleneck block puts out four times the filters of its 3x3 convolution (Table 1).
EXPANSION = 4
# ResNet-1202 has 200 blocks in a stage. What stands above is a slip, and would be counted for ever.
MOST_REPEATS = 10_000


@dataclass(frozen=True)
class Stem:
    """What stands before the first stage: one convolution or several, maybe a max pooling.

    Pooling is 3x3 with stride 2 (Table 1), and padded by 1, of which the table says nothing.
    `convolutions=3` is ResNet-C's stem: the first has the stride, the last `filters`, the others
    half as many. With pre-activation the last has neither batch normalization nor ReLU.

    Raises ValueError for what is no positive integer, and for an even kernel, whose padding would
    be wider on one side.
    """

    kernel_size: int
    filters: int
    stride: int
    max_pooling: bool
    convolutions: int = 1

    def __post_init__(self) -> None:
        for key in ("kernel_size", "filters", "stride"):
            keep_integer(self, key)
        keep_integer(self, "convolutions", most=MOST_REPEATS)
        if self.kernel_size % 2 == 0:
            why = "an odd number: it is padded by the same on every side"
            expect.fail("kernel_size", why, self.kernel_size)
        if self.convolutions > 1 and self.filters < 2:
            why = f"at least 2: the first of {self.convolutions} convolutions has half of them"
            expect.fail("filters", why, self.filters)
        expect.flag("max_pooling", self.max_pooling)

    @property
    def windows(self) -> tuple[tuple[str, int, int], ...]:
        """Name, filters and stride of each convolution, first one first."""
        if self.convolutions == 1:
            return (("conv1", self.filters, self.stride),)
        last = self.convolutions
        return tuple(
            (f"conv1_{i}", self.filters if i == last else self.filters // 2, stride)
            for i, stride in enumerate((self.stride, *(last - 1) * (1,)), start=1)
        )


@dataclass(frozen=True)
class Stage:
    """Blocks that work on one feature-map size, `conv2_x` to `conv5_x` in Table 1.

    `filters` are those of the 3x3 convolutions; `stride` is that of the first
    block, the others have stride 1; `pooling` ends the stage with a 2x2 max
    pooling of stride 2, as VGG's stages end. A bottleneck's 3x3 convolution may work in
    `groups` of channels, and `expansion` times its filters are what the block puts out:
    ResNeXt-50 has twice the filters of ResNet-50, in 32 groups, and an expansion of 2.

    Raises ValueError for another name than `conv2_x` and the like, an unknown block, for what is
    no positive integer, and for groups that do not divide the filters or stand outside a
    bottleneck.
    """

    name: str
    block: BlockKind
    filters: int
    repeats: int
    stride: int
    pooling: bool = False
    groups: int = 1
    expansion: int = EXPANSION

    def __post_init__(self) -> None:
        if not re.fullmatch(r"conv[0-9]+_x", str(self.name)):
            expect.fail("name", "conv2_x, conv3_x and so on: layers are called by it", self.name)
        expect.one_of("block", self.block, BLOCKS)
        for key in ("filters", "stride", "groups", "expansion"):
            keep_integer(self, key)
        keep_integer(self, "repeats", most=MOST_REPEATS)
        expect.flag("pooling", self.pooling)
        if self.filters % self.groups:
            why = f"a divisor of the {self.filters} filters of {self.name}"
            expect.fail("groups", why, self.groups)
        for key, usual in (("groups", 1), ("expansion", EXPANSION)):
            if getattr(self, key) != usual and self.block not in BOTTLENECK_BLOCKS:
                why = f"left out: {self.name} has {self.block} blocks, no bottlenecks"
                expect.fail(key, why, getattr(self, key))

    @property
    def channels(self) -> int:
        """Channels of the stage's output: four times the filters for bottlenecks."""
        return self.filters * (self.expansion if self.block in BOTTLENECK_BLOCKS else 1)


def keep_integer(record: Any, key: str, most: int | None = None) -> None:
    """Refuses what is no positive integer; one of NumPy's becomes Python's, as files want it."""
    object.__setattr__(record, key, int(expect.integer(key, getattr(record, key), most=most)))

"""The networks that have a name, and what the families of them have in common.

Source: He et al. 2015, Table 1 and section 4.2; Simonyan and Zisserman 2015, Table 1 (VGG); He et
al. 2016 (pre-activation); Zagoruyko and Komodakis 2016, Table 1 (WRN); Xie et al. 2017, Table 1
(ResNeXt); Hu et al. 2018, Table 1 (SE); He et al. 2019, section 4.1 (ResNet-C and D); Ding et al.
2021 (RepVGG).
Book: chapters 1 to 4 and 9.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from helpers.specs.network import Network
from helpers.specs.parts import (
    CONVOLUTIONS,
    RESIDUAL_BLOCKS,
    BlockKind,
    Option,
    Stage,
    Stem,
)
from helpers.support import expect

_PREFIX: dict[BlockKind, str] = {
    "plain": "plain",
    "preactivation": "preresnet",
    "preactivation-bottleneck": "preresnet",
    "repvgg": "repvgg",
}


def cifar(depth: int, block: BlockKind, *, widen: int = 1) -> Network:
    """The net for CIFAR-10 of this depth, at 32x32: three stages of 16, 32 and 64 filters.

    One convolution, n blocks a stage and one fully connected layer: 6n + 2 layers of blocks with
    two convolutions each (section 4.2), 9n + 2 of bottlenecks (He et al. 2016), 3n + 2 of RepVGG's
    blocks, which have one. Shortcuts are
    identities, option A, but where bottlenecks or `widen` change the number of channels at full
    size: there they are projections, option B, as those papers have them. `widen` multiplies the
    filters of the blocks (Zagoruyko and Komodakis 2016).

    Raises ValueError for a depth that is none of these.
    """
    expect.one_of("block", block, [kind for kind in CONVOLUTIONS if kind != "convolution"])
    each = 3 * CONVOLUTIONS[block]
    if int(expect.integer("depth", depth)) % each != 2 or depth < each + 2:
        expect.fail("depth", f"{each} n + 2 for {block} blocks, as {each + 2}", depth)
    n = depth // each
    filters = tuple(widen * f for f in (16, 32, 64))
    option = "A" if widen == 1 and CONVOLUTIONS[block] < 3 else "B"
    family = _family(depth, block, filters, (n, n, n), option)
    stem = Stem(kernel_size=3, filters=16, stride=1, max_pooling=False)
    return Network(input_shape=(32, 32, 3), num_classes=10, stem=stem, **family)


def _family(
    depth: int, block: BlockKind, filters: tuple[int, ...], repeats: tuple[int, ...], option: Option
) -> dict[str, Any]:
    """What the plain and the residual nets of both data sets have in common."""
    return {
        "name": f"{_PREFIX.get(block, 'resnet')}{depth}",
        "stages": tuple(
            Stage(f"conv{i}_x", block, f, n, stride=1 if i == 2 else 2)
            for i, (f, n) in enumerate(zip(filters, repeats, strict=True), start=2)
        ),
        "shortcut": option if block in RESIDUAL_BLOCKS else None,
    }


def _imagenet(depth: int, block: BlockKind, repeats: tuple[int, int, int, int]) -> Network:
    stem = Stem(kernel_size=7, filters=64, stride=2, max_pooling=True)
    family = _family(depth, block, (64, 128, 256, 512), repeats, "B")
    return Network(input_shape=(224, 224, 3), num_classes=1000, stem=stem, **family)


def _vgg(depth: int, repeats: tuple[int, int, int, int, int]) -> Network:
    stages = tuple(
        Stage(f"conv{i}_x", "convolution", f, n, stride=1, pooling=True)
        for i, (f, n) in enumerate(zip((64, 128, 256, 512, 512), repeats, strict=True), start=1)
    )
    head = {"batch_norm": False, "hidden": (4096, 4096)}
    return Network(f"vgg{depth}", (224, 224, 3), 1000, stem=None, stages=stages, **head)


def _wide(depth: int, widen: int) -> Network:
    """WRN-depth-widen. Its paper counts three projections and not the classifier: 6n + 4."""
    net = cifar(depth - 2, "preactivation", widen=widen)
    return dataclasses.replace(net, name=f"wrn{depth}_{widen}")


def _resnet50(name: str, **changes: Any) -> Network:
    """ResNet-50 with its stride on the 3x3, as all its successors have it, and changes."""
    usual = _imagenet(50, "bottleneck", (3, 4, 6, 3))
    in_stages = {key: changes.pop(key) for key in ("groups", "expansion") if key in changes}
    widen = changes.pop("widen", 1)
    stages = tuple(
        dataclasses.replace(stage, filters=widen * stage.filters, **in_stages)
        for stage in usual.stages
    )
    changes = {"bottleneck_stride": "3x3", **changes, "name": name, "stages": stages}
    return dataclasses.replace(usual, **changes)


_DEEP_STEM = Stem(kernel_size=3, filters=64, stride=2, max_pooling=True, convolutions=3)
_AFTER_2015 = (
    *(cifar(depth, "preactivation") for depth in (20, 56, 110)),
    *(cifar(depth, "preactivation-bottleneck") for depth in (164, 1001)),
    *(_wide(depth, widen) for depth, widen in ((16, 4), (28, 10), (40, 4))),
    cifar(20, "repvgg"),
    _imagenet(50, "preactivation-bottleneck", (3, 4, 6, 3)),
    _resnet50("resnet50c", stem=_DEEP_STEM),
    _resnet50("resnet50d", stem=_DEEP_STEM, pooled_shortcut=True),
    _resnet50("resnext50_32x4d", groups=32, widen=2, expansion=2),
    _resnet50("seresnet50", squeeze=16),
)

_NETWORKS = {
    spec.name: spec
    for spec in (
        *(cifar(depth, "plain") for depth in (8, 14, 20, 32, 44, 56, 110)),
        *(cifar(depth, "basic") for depth in (8, 14, 20, 32, 44, 56, 110, 1202)),
        *(_imagenet(18, block, (2, 2, 2, 2)) for block in ("plain", "basic")),
        *(_imagenet(34, block, (3, 4, 6, 3)) for block in ("plain", "basic")),
        _imagenet(50, "bottleneck", (3, 4, 6, 3)),
        _imagenet(101, "bottleneck", (3, 4, 23, 3)),
        _imagenet(152, "bottleneck", (3, 8, 36, 3)),
        _vgg(16, (2, 2, 3, 3, 3)),
        _vgg(19, (2, 2, 4, 4, 4)),
        *_AFTER_2015,
    )
}
OF_2015 = tuple(name for name in _NETWORKS if name not in {spec.name for spec in _AFTER_2015})


def names() -> list[str]:
    """Every network that has a name of its own: plain nets, ResNets, VGG and later ones.

    `get` knows these, and each with tags behind it.
    """
    by_depth = sorted(_NETWORKS, key=lambda name: int(re.sub(r"\D", "", name)))
    by_family = sorted(by_depth, key=lambda name: re.sub(r"\d", "", name))
    return [*(n for n in by_family if n in OF_2015), *(n for n in by_family if n not in OF_2015)]

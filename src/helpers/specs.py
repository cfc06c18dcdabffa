"""Architecture as data: every network of the book as one frozen record.

The builder (`networks`), the counter (`counting`) and the drawings all read
these records, so a number on a page and a layer in a model come from one place.
No Keras here.

Source: He et al. 2015, Table 1 (ImageNet) and section 4.2 (CIFAR-10); Simonyan
and Zisserman 2015, Table 1 (VGG). Book: chapters 1 to 4.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal

BlockKind = Literal["convolution", "plain", "basic", "bottleneck"]
Option = Literal["A", "B", "C"]
BottleneckStride = Literal["1x1", "3x3"]

# The layers of a block from its input to its output, the shortcut left out: it comes in at
# "add". "1x1" and "3x3" are convolutions; a network without batch normalization has no "bn".
# "convolution" is VGG's.
LAYERS: dict[BlockKind, tuple[str, ...]] = {
    "convolution": ("3x3", "bn", "relu"),
    "plain": ("3x3", "bn", "relu", "3x3", "bn", "relu"),
    "basic": ("3x3", "bn", "relu", "3x3", "bn", "add", "relu"),
    "bottleneck": ("1x1", "bn", "relu", "3x3", "bn", "relu", "1x1", "bn", "add", "relu"),
}
BLOCKS: tuple[BlockKind, ...] = tuple(LAYERS)
CONVOLUTIONS = {kind: sum(n in ("1x1", "3x3") for n in LAYERS[kind]) for kind in BLOCKS}
RESIDUAL_BLOCKS = tuple(kind for kind in BLOCKS if "add" in LAYERS[kind])
OPTIONS: tuple[Option, ...] = ("A", "B", "C")
BOTTLENECK_STRIDES: tuple[BottleneckStride, ...] = ("1x1", "3x3")

# A bottleneck block puts out four times the filters of its 3x3 convolution (Table 1).
EXPANSION = 4


@dataclass(frozen=True)
class Stem:
    """What stands before the first stage: one convolution, maybe a max pooling.

    Pooling is 3x3 with stride 2, padded by 1 (Table 1).
    """

    kernel_size: int
    filters: int
    stride: int
    max_pooling: bool


@dataclass(frozen=True)
class Stage:
    """Blocks that work on one feature-map size, `conv2_x` to `conv5_x` in Table 1.

    `filters` are those of the 3x3 convolutions; `stride` is that of the first
    block, the others have stride 1; `pooling` ends the stage with a 2x2 max
    pooling of stride 2, as VGG's stages end.
    """

    name: str
    block: BlockKind
    filters: int
    repeats: int
    stride: int
    pooling: bool = False

    def __post_init__(self) -> None:
        if self.block not in BLOCKS:
            raise ValueError(
                f"`block` must be one of {', '.join(BLOCKS)}. Received: block={self.block!r}"
            )
        for key in ("filters", "repeats", "stride"):
            value = getattr(self, key)
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"{self.name}: `{key}` must be a positive integer. Received: {key}={value!r}"
                )

    @property
    def channels(self) -> int:
        """Channels of the stage's output: four times the filters for bottlenecks."""
        return self.filters * (EXPANSION if self.block == "bottleneck" else 1)


@dataclass(frozen=True)
class Network:
    """One network, whole: input, stem, stages, classes, shortcut option.

    - `stem`: None for VGG, whose stages begin at the image;
    - `shortcut`: None for a plain net, else the paper's option A, B or C;
    - `batch_norm=False` leaves every batch normalization out and gives the
      convolutions the bias that it made redundant, as in VGG and chapter 1;
    - `hidden`: units of the fully connected layers before the last one. With any,
      the feature maps are flattened, without any they are averaged;
    - `bottleneck_stride`: which convolution of a bottleneck block has the stride,
      the first 1x1 (the paper) or the 3x3 ("v1.5").

    Raises ValueError if the parts contradict each other.
    """

    name: str
    input_shape: tuple[int, int, int]
    num_classes: int
    stem: Stem | None
    stages: tuple[Stage, ...]
    shortcut: Option | None = None
    batch_norm: bool = True
    hidden: tuple[int, ...] = ()
    bottleneck_stride: BottleneckStride = "1x1"

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError(f"{self.name}: expected at least one stage. Received: stages=()")
        residual = any(stage.block in RESIDUAL_BLOCKS for stage in self.stages)
        if self.shortcut is not None and not residual:
            raise ValueError(
                f"{self.name} is a plain net and has no shortcuts: leave `shortcut` out "
                f"or take the residual net of that depth. Received: shortcut={self.shortcut!r}"
            )
        if residual and self.shortcut not in OPTIONS:
            raise ValueError(
                f"`shortcut` must be one of {', '.join(OPTIONS)} for the residual net "
                f"{self.name}. Received: shortcut={self.shortcut!r}"
            )
        if self.bottleneck_stride not in BOTTLENECK_STRIDES:
            raise ValueError(
                f"`bottleneck_stride` must be one of {', '.join(BOTTLENECK_STRIDES)}. "
                f"Received: bottleneck_stride={self.bottleneck_stride!r}"
            )
        bottleneck = any(stage.block == "bottleneck" for stage in self.stages)
        if self.bottleneck_stride != "1x1" and not bottleneck:
            raise ValueError(
                f"{self.name} has no bottleneck blocks: leave `bottleneck_stride` out. "
                f"Received: bottleneck_stride={self.bottleneck_stride!r}"
            )
        if not all(isinstance(n, int) and n > 0 for n in self.hidden):
            raise ValueError(
                f"{self.name}: `hidden` must be positive integers. Received: hidden={self.hidden!r}"
            )
        shape = self.input_shape
        sides = shape if isinstance(shape, tuple) else ()
        if len(sides) != 3 or not all(isinstance(n, int) and n > 0 for n in sides):
            raise ValueError(
                "`input_shape` must be three positive integers (height, width, channels), "
                f"without the batch. Received: input_shape={shape!r}"
            )
        if not isinstance(self.num_classes, int) or self.num_classes < 1:
            raise ValueError(
                "`num_classes` must be a positive integer. "
                f"Received: num_classes={self.num_classes!r}"
            )
        if min(shape[:2]) < self.total_stride:
            raise ValueError(
                f"{self.name} halves its feature maps until one pixel stands for "
                f"{self.total_stride}: height and width must be at least {self.total_stride}. "
                f"Received: input_shape={shape!r}"
            )

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Network:
        """The network of a record, as it reads back from a file.

        A field that the record lacks means its default: what every network was before
        there was a choice.
        """
        stem = record["stem"]
        parts = {
            "input_shape": tuple(record["input_shape"]),
            "stem": stem if stem is None else Stem(**stem),
            "stages": tuple(Stage(**stage) for stage in record["stages"]),
            "hidden": tuple(record.get("hidden", ())),
        }
        return cls(**{**record, **parts})

    @property
    def total_stride(self) -> int:
        """Input pixels per pixel of the last feature map, along one side."""
        total = 1
        if self.stem is not None:
            total = self.stem.stride * (2 if self.stem.max_pooling else 1)
        for stage in self.stages:
            total *= stage.stride * (2 if stage.pooling else 1)
        return total

    @property
    def depth(self) -> int:
        """Weighted layers as the paper counts them: convolutions of the main
        path and the fully connected layers, projections left out."""
        convolutions = sum(CONVOLUTIONS[s.block] * s.repeats for s in self.stages)
        return (self.stem is not None) + convolutions + len(self.hidden) + 1


def _cifar(depth: int, block: BlockKind) -> Network:
    n, rest = divmod(depth - 2, 6)
    assert rest == 0, depth
    return Network(
        name=f"{'plain' if block == 'plain' else 'resnet'}{depth}",
        input_shape=(32, 32, 3),
        num_classes=10,
        stem=Stem(kernel_size=3, filters=16, stride=1, max_pooling=False),
        stages=(
            Stage("conv2_x", block, 16, n, stride=1),
            Stage("conv3_x", block, 32, n, stride=2),
            Stage("conv4_x", block, 64, n, stride=2),
        ),
        shortcut=None if block == "plain" else "A",
    )


def _imagenet(depth: int, block: BlockKind, repeats: tuple[int, int, int, int]) -> Network:
    filters = (64, 128, 256, 512)
    stages = tuple(
        Stage(f"conv{i}_x", block, f, n, stride=1 if i == 2 else 2)
        for i, f, n in zip(range(2, 6), filters, repeats, strict=True)
    )
    return Network(
        name=f"{'plain' if block == 'plain' else 'resnet'}{depth}",
        input_shape=(224, 224, 3),
        num_classes=1000,
        stem=Stem(kernel_size=7, filters=64, stride=2, max_pooling=True),
        stages=stages,
        shortcut=None if block == "plain" else "B",
    )


def _vgg(depth: int, repeats: tuple[int, int, int, int, int]) -> Network:
    filters = (64, 128, 256, 512, 512)
    return Network(
        name=f"vgg{depth}",
        input_shape=(224, 224, 3),
        num_classes=1000,
        stem=None,
        stages=tuple(
            Stage(f"conv{i}_x", "convolution", f, n, stride=1, pooling=True)
            for i, f, n in zip(range(1, 6), filters, repeats, strict=True)
        ),
        batch_norm=False,
        hidden=(4096, 4096),
    )


_NETWORKS = {
    spec.name: spec
    for spec in (
        *(_cifar(depth, "plain") for depth in (8, 14, 20, 32, 44, 56, 110)),
        *(_cifar(depth, "basic") for depth in (8, 14, 20, 32, 44, 56, 110, 1202)),
        _imagenet(18, "plain", (2, 2, 2, 2)),
        _imagenet(34, "plain", (3, 4, 6, 3)),
        _imagenet(18, "basic", (2, 2, 2, 2)),
        _imagenet(34, "basic", (3, 4, 6, 3)),
        _imagenet(50, "bottleneck", (3, 4, 6, 3)),
        _imagenet(101, "bottleneck", (3, 4, 23, 3)),
        _imagenet(152, "bottleneck", (3, 8, 36, 3)),
        _vgg(16, (2, 2, 3, 3, 3)),
        _vgg(19, (2, 2, 4, 4, 4)),
    )
}


def names() -> list[str]:
    """Every network that `get` knows: plain nets, ResNets, VGG, each by depth."""
    by_depth = sorted(_NETWORKS, key=lambda name: int(re.sub(r"\D", "", name)))
    return sorted(by_depth, key=lambda name: re.sub(r"\d", "", name))


def get(name: str) -> Network:
    """The record of one network, such as `get("resnet34")`.

    CIFAR-10 nets have option A, as in section 4.2; ImageNet nets have option B,
    as the deeper nets of Table 3 do. Raises ValueError for an unknown name.
    """
    if name not in _NETWORKS:
        raise ValueError(f"`name` must be one of {', '.join(names())}. Received: name={name!r}")
    return _NETWORKS[name]


def resolve(
    name_or_spec: str | Network,
    *,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    shortcut: Option | None = None,
    bottleneck_stride: BottleneckStride | None = None,
) -> Network:
    """A record with some of its parts exchanged; None keeps what the record has.

    Another shortcut option than the record's is put into the name, `resnet20-B`,
    and so is a stride on the 3x3, `resnet50-v1.5`: two nets that differ in their
    layers do not share a name.

    Raises ValueError if the result is not a network, TypeError if
    `name_or_spec` is neither a name nor a `Network`.
    """
    spec = get(name_or_spec) if isinstance(name_or_spec, str) else name_or_spec
    if not isinstance(spec, Network):
        raise TypeError(
            "Expected the name of a network or a specs.Network. "
            f"Received: {name_or_spec!r} of type {type(name_or_spec).__name__}"
        )
    changes = {
        "input_shape": tuple(input_shape) if isinstance(input_shape, list) else input_shape,
        "num_classes": num_classes,
        "shortcut": shortcut,
        "bottleneck_stride": bottleneck_stride,
    }
    changed = dataclasses.replace(spec, **{k: v for k, v in changes.items() if v is not None})
    return dataclasses.replace(changed, name=_renamed(spec, changed))


def _renamed(old: Network, new: Network) -> str:
    """The name with its tags for the shortcut option and the stride brought up to date."""
    base = _TAG.sub("", old.name)
    usual = _NETWORKS.get(base.split("-")[0])
    option = new.shortcut if new.shortcut != (usual or old).shortcut else None
    if usual is None and option is None and (tag := re.search(r"-([ABC])(?=-|$)", old.name)):
        option = tag[1]  # a spec of the reader's own keeps the tag that it has
    stride = "v1.5" if new.bottleneck_stride == "3x3" else None
    return "-".join(filter(None, (base, option, stride)))


_TAG = re.compile(r"-(?:[ABC]|v1\.5)(?=-|$)")


def narrowed(spec: Network, filters: int) -> Network:
    """The same network with `filters` in its first stage, the others in proportion.

    For experiments that must fit a laptop's minute; the name says so.
    """
    if not isinstance(filters, int) or filters < 1:
        raise ValueError(f"`filters` must be a positive integer. Received: filters={filters!r}")
    first = spec.stages[0].filters
    stages = tuple(
        dataclasses.replace(stage, filters=stage.filters * filters // first)
        for stage in spec.stages
    )
    return dataclasses.replace(
        spec,
        name=f"{spec.name}-{filters}filters",
        stem=spec.stem and dataclasses.replace(spec.stem, filters=filters),
        stages=stages,
    )

"""Architecture as data: every network of the book as one frozen record.

The builder (`networks`), the counter (`counting`) and the drawings all read these records,
so a number on a page and a layer in a model come from one place. No Keras here.

Source: He et al. 2015, Table 1 (ImageNet) and section 4.2 (CIFAR-10); Simonyan and
Zisserman 2015, Table 1 (VGG). Book: chapters 1 to 4.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal

from helpers import expect

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

    Pooling is 3x3 with stride 2 (Table 1), and padded by 1, of which the table says nothing.
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
        expect.one_of("block", self.block, BLOCKS)
        for key in ("filters", "repeats", "stride"):
            _keep_integer(self, key)

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
            expect.fail("stages", f"at least one stage of {self.name}", self.stages)
        kinds = {stage.block for stage in self.stages}
        if not kinds.isdisjoint(RESIDUAL_BLOCKS):
            expect.one_of("shortcut", self.shortcut, OPTIONS)
        elif self.shortcut is not None:
            why = f"left out: {self.name} is a plain net and has no shortcuts"
            expect.fail("shortcut", why, self.shortcut)
        expect.one_of("bottleneck_stride", self.bottleneck_stride, BOTTLENECK_STRIDES)
        if self.bottleneck_stride != "1x1" and "bottleneck" not in kinds:
            why = f"left out: {self.name} has no bottleneck blocks"
            expect.fail("bottleneck_stride", why, self.bottleneck_stride)
        if not _are_positive(self.hidden):
            expect.fail("hidden", f"positive integers, the units of {self.name}", self.hidden)
        _keep_integer(self, "num_classes")
        shape = self.input_shape
        if not (isinstance(shape, tuple) and len(shape) == 3 and _are_positive(shape)):
            expect.fail("input_shape", "three positive integers: height, width, channels", shape)
        if min(shape[:2]) < (n := self.total_stride):
            why = f"at least {n} high and wide: {self.name} makes {n} pixels one"
            expect.fail("input_shape", why, shape)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Network:
        """The network of a record, as it reads back from a file.

        A field that the record lacks means its default: what every network was before
        there was a choice.
        """
        parts = {
            "input_shape": tuple(record["input_shape"]),
            "stem": record["stem"] and Stem(**record["stem"]),
            "stages": tuple(Stage(**stage) for stage in record["stages"]),
            "hidden": tuple(record.get("hidden", ())),
        }
        return cls(**{**record, **parts})

    @property
    def total_stride(self) -> int:
        """Input pixels per pixel of the last feature map, along one side."""
        total = self.stem.stride * (2 if self.stem.max_pooling else 1) if self.stem else 1
        for stage in self.stages:
            total *= stage.stride * (2 if stage.pooling else 1)
        return total

    @property
    def depth(self) -> int:
        """Weighted layers as the paper counts them: convolutions of the main
        path and the fully connected layers, projections left out."""
        convolutions = sum(CONVOLUTIONS[s.block] * s.repeats for s in self.stages)
        return (self.stem is not None) + convolutions + len(self.hidden) + 1


def _keep_integer(record: Stage | Network, key: str) -> None:
    """Refuses what is no positive integer; one of NumPy's becomes Python's, as files want it."""
    object.__setattr__(record, key, int(expect.integer(key, getattr(record, key))))


def _are_positive(values: tuple[Any, ...]) -> bool:
    return all(isinstance(n, int) and n > 0 for n in values)


def _family(
    depth: int, block: BlockKind, filters: tuple[int, ...], repeats: tuple[int, ...], option: Option
) -> dict[str, Any]:
    """What the plain and the residual nets of both data sets have in common."""
    return {
        "name": f"{'plain' if block == 'plain' else 'resnet'}{depth}",
        "stages": tuple(
            Stage(f"conv{i}_x", block, f, n, stride=1 if i == 2 else 2)
            for i, (f, n) in enumerate(zip(filters, repeats, strict=True), start=2)
        ),
        "shortcut": None if block == "plain" else option,
    }


def _cifar(depth: int, block: BlockKind) -> Network:
    n = (depth - 2) // 6
    stem = Stem(kernel_size=3, filters=16, stride=1, max_pooling=False)
    family = _family(depth, block, (16, 32, 64), (n, n, n), "A")
    return Network(input_shape=(32, 32, 3), num_classes=10, stem=stem, **family)


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


_NETWORKS = {
    spec.name: spec
    for spec in (
        *(_cifar(depth, "plain") for depth in (8, 14, 20, 32, 44, 56, 110)),
        *(_cifar(depth, "basic") for depth in (8, 14, 20, 32, 44, 56, 110, 1202)),
        *(_imagenet(18, block, (2, 2, 2, 2)) for block in ("plain", "basic")),
        *(_imagenet(34, block, (3, 4, 6, 3)) for block in ("plain", "basic")),
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
    return _NETWORKS[expect.one_of("name", name, names())]


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

    For experiments that must fit a laptop's minute; the name says so. Raises ValueError
    unless `filters` is a positive integer.
    """
    filters = int(expect.integer("filters", filters))
    first = spec.stages[0].filters
    stages = tuple(
        dataclasses.replace(stage, filters=stage.filters * filters // first)
        for stage in spec.stages
    )
    name = f"{spec.name}-{filters}filters"
    stem = spec.stem and dataclasses.replace(spec.stem, filters=filters)
    return dataclasses.replace(spec, name=name, stem=stem, stages=stages)

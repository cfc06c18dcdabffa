"""One network as a frozen record, and the order of layers in its blocks.

Source: He et al. 2015, Table 1 and section 4.2; what the fields after `bottleneck_stride` name.
Book: chapters 1 to 4 and 9.
"""

from __future__ import annotations

import dataclasses
import numbers
from dataclasses import MISSING, dataclass
from typing import Any, Literal

from helpers.specs.parts import (
    BOTTLENECK_BLOCKS,
    BOTTLENECK_STRIDES,
    CONVOLUTIONS,
    LAYERS,
    OPTIONS,
    PREACTIVATION_BLOCKS,
    RESIDUAL_BLOCKS,
    BottleneckStride,
    Option,
    Stage,
    Stem,
    keep_integer,
)
from helpers.support import expect

Start = Literal["usual", "zero-gamma", "skipinit", "fixup", "nf"]
STARTS: tuple[Start, ...] = ("usual", "zero-gamma", "skipinit", "fixup", "nf")
# These have no batch normalization at all.
NORMALIZER_FREE: tuple[Start, ...] = ("skipinit", "fixup", "nf")


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
      the first 1x1 (the paper) or the 3x3 ("v1.5", ResNet-B).

    What came after 2015, of residual nets:

    - `start`: how a block starts. "usual": by He's rule. "zero-gamma": the last gamma of F is 0
      (Goyal et al. 2017, section 5.1). Without batch normalization: "skipinit", F times a learned
      number that starts at 0 (De and Smith 2020); "fixup", the last kernel of F starts at 0, the
      others smaller the deeper the net, and scalar biases (Zhang et al. 2019), of basic blocks;
      "nf", kernels normalized in place of the maps, of pre-activation blocks (Brock et al. 2021);
    - `survival`: the probability with which the last block is kept in a step of training; those
      before it are kept more often, linearly from 1 (Huang et al. 2016, section 3);
    - `squeeze`: F is gated channel by channel, by two fully connected layers with so many times
      fewer units between them (Hu et al. 2018); 0 is no gate;
    - `pooled_shortcut`: a shortcut that halves the maps averages 2x2 pixels first, in place of
      leaving three of four out (ResNet-D: He et al. 2019, Figure 2 c).

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
    start: Start = "usual"
    survival: float = 1.0
    squeeze: int = 0
    pooled_shortcut: bool = False

    def __post_init__(self) -> None:
        expect.word("name", self.name)
        self._check_stages()
        if self.residual:
            expect.one_of("shortcut", self.shortcut, OPTIONS)
        elif self.shortcut is not None:
            expect.fail("shortcut", f"left out: {self.name} {self._why_none}", self.shortcut)
        expect.flag("batch_norm", self.batch_norm)
        expect.one_of("bottleneck_stride", self.bottleneck_stride, BOTTLENECK_STRIDES)
        if self.bottleneck_stride != "1x1" and self.kinds.isdisjoint(BOTTLENECK_BLOCKS):
            why = f"left out: {self.name} has no bottleneck blocks"
            expect.fail("bottleneck_stride", why, self.bottleneck_stride)
        if not _are_positive(self.hidden):
            expect.fail("hidden", f"positive integers, the units of {self.name}", self.hidden)
        keep_integer(self, "num_classes")
        shape = self.input_shape
        if not (_are_positive(shape) and len(shape) == 3):
            expect.fail("input_shape", "three positive integers: height, width, channels", shape)
        if min(shape[:2]) < (n := self.total_stride):
            why = f"at least {n} high and wide: {self.name} makes {n} pixels one"
            expect.fail("input_shape", why, shape)
        self._check_channels()
        self._check_later_fields()

    def _check_stages(self) -> None:
        if self.stem is not None and not isinstance(self.stem, Stem):
            expect.fail("stem", "a specs.Stem, or None", self.stem)
        stages = self.stages
        if not isinstance(stages, tuple) or not all(isinstance(stage, Stage) for stage in stages):
            expect.fail("stages", f"a tuple of specs.Stage, those of {self.name}", stages)
        if not stages:
            expect.fail("stages", f"at least one stage of {self.name}", stages)
        names = [stage.name for stage in stages]
        if len(set(names)) < len(names) or (self.stem and "conv1_x" in names):
            why = "with names of their own, conv1_x where there is no stem"
            expect.fail("stages", f"stages {why}", names)
        if self.preactivation and not self.kinds <= set(PREACTIVATION_BLOCKS):
            why = "of pre-activation blocks alone, or without any: a net ends as they want it"
            expect.fail("stages", why, sorted(self.kinds))

    def _check_channels(self) -> None:
        """Option A appends channels of zeros: it cannot remove any."""
        before = self.stem.filters if self.stem else self.input_shape[2]
        for stage in self.stages:
            fewer = stage.block in RESIDUAL_BLOCKS and stage.channels < before
            if fewer and self.shortcut == "A":
                why = f"B or C: {stage.name} has {stage.channels} channels, {before} come in"
                expect.fail("shortcut", why, self.shortcut)
            before = stage.channels

    def _check_later_fields(self) -> None:
        expect.one_of("start", self.start, STARTS)
        expect.integer("squeeze", self.squeeze, least=0)
        expect.flag("pooled_shortcut", self.pooled_shortcut)
        if not _is_number(self.survival) or not 0 < self.survival <= 1:
            expect.fail("survival", "a probability, above 0 and at most 1", self.survival)
        for key, usual in LATER_FIELDS.items():
            if getattr(self, key) != usual and not self.residual:
                expect.fail(key, f"left out: {self.name} {self._why_none}", getattr(self, key))
        if self.start in NORMALIZER_FREE and self.batch_norm:
            why = f"False: {self.start} has no batch normalization"
            expect.fail("batch_norm", why, self.batch_norm)
        if self.start == "zero-gamma" and not self.batch_norm:
            expect.fail("batch_norm", "True: zero-gamma is a gamma that starts at 0", False)
        fits = {
            "zero-gamma": set(RESIDUAL_BLOCKS) - set(PREACTIVATION_BLOCKS),
            "fixup": {"basic"},
            "nf": set(PREACTIVATION_BLOCKS),
        }.get(self.start, self.kinds)
        if self.kinds - fits:
            why = f"another: {self.start} is of {', '.join(sorted(fits))} blocks"
            expect.fail("start", why, self.start)
        if self.start == "nf" and self.stem is None:
            expect.fail("stem", "a specs.Stem: nf needs to know what size of maps it gives", None)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Network:
        """The network of a record, as it reads back from a file.

        A field that the record lacks means its default: what every network was before
        there was a choice. Raises ValueError for what is no such record.
        """
        found = _fields(cls, record)
        for key in ("input_shape", "hidden", "stages"):
            if isinstance(found.get(key), list):
                found[key] = tuple(found[key])
        if found["stem"] is not None:
            found["stem"] = Stem(**_fields(Stem, found["stem"]))
        if isinstance(found["stages"], tuple):
            found["stages"] = tuple(Stage(**_fields(Stage, stage)) for stage in found["stages"])
        return cls(**found)

    @property
    def kinds(self) -> set[str]:
        """The kinds of its blocks."""
        return {stage.block for stage in self.stages}

    @property
    def residual(self) -> bool:
        """Whether any of its blocks has a shortcut."""
        return not self.kinds.isdisjoint(RESIDUAL_BLOCKS)

    @property
    def _why_none(self) -> str:
        if "repvgg" in self.kinds:
            return "has RepVGG's branches and no shortcuts to choose"
        return "is a plain net and has no shortcuts"

    @property
    def preactivation(self) -> bool:
        """Whether batch normalization and ReLU stand before the convolutions of its blocks."""
        return not self.kinds.isdisjoint(PREACTIVATION_BLOCKS)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return sum(stage.repeats for stage in self.stages)

    @property
    def pools(self) -> int:
        """How many max poolings stand before the first stage: `pool1` or none."""
        return int(self.stem is not None and self.stem.max_pooling)

    @property
    def total_stride(self) -> int:
        """Input pixels per pixel of the last feature map, along one side."""
        total = self.stem.stride * 2**self.pools if self.stem else 1
        for stage in self.stages:
            total *= stage.stride * (2 if stage.pooling else 1)
        return total

    @property
    def depth(self) -> int:
        """Weighted layers as the paper counts them: convolutions of the main path and the
        fully connected layers, projections, gates and RepVGG's 1x1 branches left out."""
        stem = self.stem.convolutions if self.stem else 0
        convolutions = sum(CONVOLUTIONS[s.block] * s.repeats for s in self.stages)
        return stem + convolutions + len(self.hidden) + 1

    def survival_of(self, block: int) -> float:
        """The probability with which a block, counted from 1, is kept in a step of training."""
        return 1 - block / self.blocks * (1 - self.survival)


LATER_FIELDS = {"start": "usual", "survival": 1.0, "squeeze": 0, "pooled_shortcut": False}


def order(spec: Network, stage: Stage) -> tuple[str, ...]:
    """The layers of one of the stage's blocks, `LAYERS` with what the network's fields change.

    Besides its words: "gate" is squeeze-and-excitation, "drop" stochastic depth, "scale" a
    learned number times the maps, "shift" a learned number added to them, "divide" and "times"
    a fixed number. Convolutions with normalized kernels are "3x3" and "1x1" as well.
    """
    layers = list(LAYERS[stage.block])
    if not spec.batch_norm:
        layers = [layer for layer in layers if layer != "bn"]
    if spec.start == "fixup":
        shifted = [["shift", n, "shift"] if n == "3x3" else [n] for n in layers]
        layers = [n for part in shifted for n in part]
        layers.insert(len(layers) - layers[::-1].index("shift") - 1, "scale")
    elif spec.start == "nf":
        layers.insert(0, "divide")
    if "add" not in layers:
        return tuple(layers)
    last = {"skipinit": ["scale"], "nf": ["times"]}.get(spec.start, [])
    last = ["gate"] * bool(spec.squeeze) + last + ["drop"] * (spec.survival < 1)
    at = layers.index("add")
    return (*layers[:at], *last, *layers[at:])


def _fields(part: type, record: Any) -> dict[str, Any]:
    """The fields of a part of a network in a record. Raises ValueError for others."""
    known = {field.name: field.default is MISSING for field in dataclasses.fields(part)}
    needed = [name for name, needed in known.items() if needed]
    if not isinstance(record, dict) or not set(needed) <= record.keys() <= known.keys():
        expected = f"a record of a {part.__name__} with {', '.join(needed)}"
        others = [name for name in known if name not in needed]
        expect.fail("record", f"{expected}, and perhaps {', '.join(others)}", record)
    return dict(record)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _are_positive(values: Any) -> bool:
    """Whether it is a tuple of whole numbers above 0 that a tensor can have as sides."""
    return isinstance(values, tuple) and all(
        isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**31 for n in values
    )

"""From ResNet-50 to ConvNeXt-T: the steps as data, and what each of them costs, by counting.

Every step is the net before it with a field or two changed. Nothing is built and Keras is not
imported: as in `counting`, work is that of convolutions and fully connected layers, for one
image, and parameters are those that are trained.

What the paper leaves open is settled so. A convolution has a bias unless batch normalization
follows, which would take it away. A projection keeps its normalization until there is none, and
the stem its own throughout. None of it changes the work, and all of it together is less than
0.2 % of the parameters; at both ends, ResNet-50 and ConvNeXt-T, nothing is open.

Source: Liu et al. 2022, section 2. Book: chapter 9.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any, Literal

from helpers.support import expect

EXPANSION = 4  # the wide end of a block by its narrow one, in both kinds of bottleneck
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Net:
    """A net between ResNet-50, which the defaults are, and ConvNeXt-T.

    - `repeats`: blocks in each stage;
    - `filters`: of the first stage's narrow layers; each later stage has twice as many;
    - `patches`: a stem of 4x4 with stride 4, in place of 7x7 and max pooling;
    - `depthwise`: the k x k convolution of a block works on each channel alone;
    - `inverted`: a block is narrow at its ends and wide within, not the other way round;
    - `depthwise_first`: the k x k convolution opens the block;
    - `kernel_size`: k;
    - `activation`: "relu" or "gelu"; `one_activation`: only between the two 1x1;
    - `norm`: "batch" or "layer"; `one_norm`: only before the first 1x1;
    - `separate`: 2x2 convolutions with stride 2 between the stages, a normalization before each
      and one after the last pooling; no block changes the shape and no shortcut has weights;
    - `layer_scale`: a learned factor for each channel at the end of F.

    Raises ValueError for values and combinations that no step has a meaning for.
    """

    repeats: tuple[int, ...] = (3, 4, 6, 3)
    filters: int = 64
    patches: bool = False
    depthwise: bool = False
    inverted: bool = False
    depthwise_first: bool = False
    kernel_size: int = 3
    activation: Literal["relu", "gelu"] = "relu"
    one_activation: bool = False
    one_norm: bool = False
    norm: Literal["batch", "layer"] = "batch"
    separate: bool = False
    layer_scale: bool = False
    input_shape: Shape = (224, 224, 3)
    num_classes: int = 1000

    def __post_init__(self) -> None:
        for repeats in self.repeats:
            expect.integer("repeats", repeats)
        for name in ("filters", "kernel_size", "num_classes"):
            expect.integer(name, getattr(self, name))
        expect.one_of("activation", self.activation, ("relu", "gelu"))
        expect.one_of("norm", self.norm, ("batch", "layer"))
        if self.kernel_size % 2 == 0:
            expect.fail("kernel_size", "an odd number", self.kernel_size)
        step = 2 ** (len(self.repeats) + 1)
        if any(side % step for side in self.input_shape[:2]):
            expect.fail("input_shape", f"sides that {step} divides", self.input_shape)
        needs = {
            "depthwise_first": ("depthwise", "inverted"),
            "one_activation": ("depthwise_first",),
            "one_norm": ("one_activation",),
            "separate": ("depthwise_first", "patches"),
        }
        for name, others in needs.items():
            if getattr(self, name) and not all(getattr(self, other) for other in others):
                expect.fail(name, f"False without {' and '.join(others)}", True)


@dataclass(frozen=True)
class Step:
    """One step of the paper.

    - `name`, and `what` in words;
    - `accuracy`: top-1 on ImageNet, in per cent, as the paper reports it: its steps are means
      of three trainings; the last one has averaged weights, too;
    - `changes`: the fields of `Net` that differ from the step before, with their values;
    - `net`: all changes up to here.
    """

    name: str
    what: str
    accuracy: float
    changes: Mapping[str, Any]
    net: Net


@dataclass(frozen=True)
class Row:
    """A layer: its kind as Keras calls it, its output, what it learns and what it costs."""

    stage: str
    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int = 0
    multiply_adds: int = 0


# The numbers behind are the paper's sections.
_PAPER: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
    ("resnet50", "ResNet-50, its usual recipe", 76.1, {}),
    ("recipe", "a new recipe, 300 epochs", 78.8, {}),  # 2.1
    ("ratio", "blocks 3, 4, 6, 3 to 3, 3, 9, 3", 79.4, {"repeats": (3, 3, 9, 3)}),  # 2.2
    ("patches", "stem 4x4, stride 4", 79.5, {"patches": True}),
    ("depthwise", "depthwise 3x3, width 64 to 96", 80.5, {"depthwise": True, "filters": 96}),
    ("inverted", "inverted bottleneck", 80.6, {"inverted": True}),  # 2.4
    ("first", "depthwise convolution first", 79.9, {"depthwise_first": True}),  # 2.5
    ("kernel", "3x3 to 7x7", 80.6, {"kernel_size": 7}),
    ("gelu", "GELU for ReLU", 80.6, {"activation": "gelu"}),  # 2.6
    ("activation", "one activation a block", 81.3, {"one_activation": True}),
    ("norm", "one normalisation a block", 81.4, {"one_norm": True}),
    ("layernorm", "layer for batch normalisation", 81.5, {"norm": "layer"}),
    ("separate", "halving between the stages", 82.0, {"separate": True}),
    ("convnext_t", "ConvNeXt-T: layer scale", 82.1, {"layer_scale": True}),  # 3.1
)


def _steps() -> Iterator[Step]:
    net = Net()
    for name, what, accuracy, changes in _PAPER:
        net = dataclasses.replace(net, **changes)
        yield Step(name, what, accuracy, MappingProxyType(changes), net)


STEPS = tuple(_steps())


def step(name: str) -> Step:
    """The step of that name. Raises ValueError, with the names, for another."""
    names = [found.name for found in STEPS]
    return STEPS[names.index(expect.one_of("step", name, names))]


def order(net: Net) -> tuple[str, ...]:
    """A block's layers as they follow one another; "act" behind "add" is the last of 2015.

    `kxk` is the convolution with the large kernel.
    """
    if not net.depthwise_first:
        return ("1x1", "norm", "act", "kxk", "norm", "act", "1x1", "norm", "add", "act")
    places = ["kxk", "norm", "act", "1x1", "norm", "act", "1x1", "norm", "add", "act"]
    if net.one_activation:
        del places[-1], places[2]
    if net.one_norm:
        places = [p for n, p in enumerate(places) if p != "norm" or n == places.index("norm")]
    if net.layer_scale:
        places.insert(places.index("add"), "scale")
    return tuple(places)


def layers(net: Net) -> list[Row]:
    """A row per layer from the image to the classes, F before the shortcut."""
    return list(_of_net(net))


def parameters(net: Net) -> int:
    """Numbers that are trained: kernels, biases, norms, layer scales."""
    return sum(row.parameters for row in layers(net))


def multiply_adds(net: Net) -> int:
    """Products that are added up in a forward pass of one image."""
    return sum(row.multiply_adds for row in layers(net))


def _of_net(net: Net) -> Iterator[Row]:
    kernel, stride = (4, 4) if net.patches else (7, 2)
    shape = yield from _convolution(
        net, "conv1", "conv1", net.input_shape, net.filters, kernel, stride, normed=True
    )
    yield _norm(net, "conv1", "conv1", shape)
    if not net.separate:
        yield _activation(net, "conv1", "conv1", shape)
    if not net.patches:
        shape = (shape[0] // 2, shape[1] // 2, shape[2])
        yield Row("conv2_x", "pool1", "MaxPooling2D", shape)
    for number, repeats in enumerate(net.repeats):
        stage, filters = f"conv{number + 2}_x", net.filters * 2**number
        stride = 2 if number else 1
        if net.separate and number:
            yield _norm(net, stage, f"{stage}_down", shape)
            out = (stage, f"{stage}_down", shape, filters, 2, stride)
            shape = yield from _convolution(net, *out, normed=False)
            stride = 1
        for i in range(1, repeats + 1):
            name = f"{stage.removesuffix('x')}{i}"
            shape = yield from _block(net, stage, name, shape, filters, stride if i == 1 else 1)
    yield Row("fc", "avg_pool", "GlobalAveragePooling2D", shape[2:])
    if net.separate:
        yield _norm(net, "fc", "fc", shape[2:])
    products = shape[2] * net.num_classes
    yield Row("fc", "fc", "Dense", (net.num_classes,), products + net.num_classes, products)


def _block(
    net: Net, stage: str, name: str, shape: Shape, filters: int, stride: int
) -> Generator[Row, None, Shape]:
    """The block of `order`; returns the shape that it puts out."""
    wide, places = EXPANSION * filters, order(net)
    inner, outer = (wide, filters) if net.inverted else (filters, wide)
    out, number = shape, 0
    for n, place in enumerate(places):
        number += place in ("1x1", "kxk")
        part = f"{name}_{number}"
        match place:
            case "kxk":
                groups = out[2] if net.depthwise else 1
                window = (out[2], net.kernel_size, stride)
                normed = places[n + 1] == "norm"
                how = {"groups": groups, "normed": normed}
                out = yield from _convolution(net, stage, part, out, *window, **how)
            case "1x1":
                units = outer if "1x1" not in places[n + 1 :] else inner
                normed = places[n + 1] == "norm"
                out = yield from _convolution(net, stage, part, out, units, 1, 1, normed=normed)
            case "norm":
                yield _norm(net, stage, part, out)
            case "act":
                yield _activation(net, stage, name if "add" in places[:n] else part, out)
            case "scale":
                yield Row(stage, f"{name}_scale", "LayerScale", out, out[2])
            case "add":
                if shape != out:
                    projected = (stage, f"{name}_proj", shape, out[2], 1, stride)
                    out = yield from _convolution(net, *projected, normed=True)
                    yield _norm(net, stage, f"{name}_proj", out)
                yield Row(stage, f"{name}_add", "Add", out)
    return out


def _convolution(
    net: Net,
    stage: str,
    name: str,
    shape: Shape,
    filters: int,
    kernel: int,
    stride: int,
    *,
    normed: bool,
    groups: int = 1,
) -> Generator[Row, None, Shape]:
    """A convolution that divides the sides by its stride; returns its output's shape."""
    out = (shape[0] // stride, shape[1] // stride, filters)
    weights = kernel * kernel * shape[2] // groups * filters
    bias = 0 if normed and net.norm == "batch" else filters
    work = weights * prod(out[:2])
    yield Row(stage, f"{name}_conv", "Conv2D", out, weights + bias, work)
    return out


def _norm(net: Net, stage: str, name: str, shape: tuple[int, ...]) -> Row:
    kind = {"batch": "BatchNormalization", "layer": "LayerNormalization"}[net.norm]
    return Row(stage, f"{name}_norm", kind, shape, 2 * shape[-1])


def _activation(net: Net, stage: str, name: str, shape: Shape) -> Row:
    kind = {"relu": "ReLU", "gelu": "Activation"}[net.activation]
    return Row(stage, f"{name}_{net.activation}", kind, shape)

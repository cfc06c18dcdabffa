"""The rows of one block, in the order that `specs.order` has.

Source: He et al. 2015, Figures 2, 3 and 5; for later blocks as `specs.Network` says.
Book: chapters 3, 4 and 9.
"""

from __future__ import annotations

from collections.abc import Generator
from math import prod

from helpers import specs
from helpers.counting.rows import Layer, Maps
from helpers.specs import Network, Stage


def of_block(spec: Network, stage: Stage, i: int, maps: Maps) -> Generator[Layer, None, Maps]:
    """The i-th block of a stage; returns the maps that it puts out."""
    name = f"{stage.name.removesuffix('x')}{i}"
    stride = stage.stride if i == 1 else 1
    order = specs.order(spec, stage)
    places = [n for n, layer in enumerate(order) if layer in ("1x1", "3x3")]
    strided = order.index(
        spec.bottleneck_stride if stage.block in specs.BOTTLENECK_BLOCKS else "3x3"
    )
    nf = spec.start == "nf"
    out = maps
    for n, layer in enumerate(order):
        part = name
        if len(places) > 1:  # a layer before a convolution bears its number with pre-activation
            before = sum(place < n for place in places)
            of_next = layer in ("1x1", "3x3") or spec.preactivation
            part = f"{name}_{before + 1 if of_next else before}"
        match layer:
            case "1x1" | "3x3":
                filters = stage.channels if n == places[-1] else stage.filters
                window = (filters, int(layer[0]), stride if n == strided else 1)
                last = spec.preactivation and n == places[-1]
                how = {"bias": not spec.batch_norm and spec.start != "fixup", "normalized": nf}
                how["groups"] = stage.groups if layer == "3x3" else 1
                kept = spec.batch_norm and not last
                out = yield from convolution(stage.name, part, out, *window, keeps=kept, **how)
            case "bn":
                yield bn(stage.name, part, out)
            case "relu":
                part = name if "add" in order[:n] else part
                yield out.row(stage.name, f"{part}_relu", "ReLU", keeps=True)
            case "add":
                yield from _shortcut(spec, stage, name, maps, stride)
                yield out.row(stage.name, f"{name}_add", "Add", keeps=spec.preactivation and not nf)
            case "sum":
                yield from _branches(spec, stage, name, maps, stride)
                yield out.row(stage.name, f"{name}_sum", "Add")
            case "gate":
                yield from _gate(spec, stage.name, name, out)
            case "shift":
                following = order[n + 1] in ("1x1", "3x3")
                number = sum(place < n for place in places) + following
                side = f"{name}_{number}_shift_{'in' if following else 'out'}"
                yield out.row(stage.name, side, "Shift", parameters=1)
            case "scale":
                yield out.row(stage.name, f"{name}_scale", "Scale", keeps=True, parameters=1)
            case "drop":
                yield out.row(stage.name, f"{name}_drop", "StochasticDepth")
            case "divide" | "times":
                yield out.row(stage.name, f"{name}_{layer}", "Rescaling")
    return out


def _shortcut(spec: Network, stage: Stage, name: str, maps: Maps, stride: int):
    """The layers that bring a block's input into the shape of its output, if it has any."""
    same = stride == 1 and maps.shape[-1] == stage.channels
    projects = spec.shortcut == "C" or (spec.shortcut == "B" and not same)
    if spec.pooled_shortcut and stride > 1:
        maps = maps.behind(stride, stride, maps.shape[-1])
        window = {"kernel_size": stride, "stride": stride}
        yield maps.row(stage.name, f"{name}_pool", "AveragePooling2D", keeps=projects, **window)
        stride = 1
    if projects:
        how = {"bias": not spec.batch_norm, "normalized": spec.start == "nf"}
        own_bn = spec.batch_norm and not spec.preactivation
        projection = (f"{name}_proj", maps, stage.channels, 1, stride)
        out = yield from convolution(stage.name, *projection, keeps=own_bn, **how)
        if own_bn:
            yield bn(stage.name, f"{name}_proj", out)
    elif not same and (stride > 1 or maps.shape[-1] != stage.channels):
        padded = maps.behind(1, stride, stage.channels)
        yield padded.row(stage.name, f"{name}_zero_pad", "ZeroPadShortcut")


def _branches(spec: Network, stage: Stage, name: str, maps: Maps, stride: int):
    """What a RepVGG block adds to its 3x3: a 1x1, and the identity where the shape stays."""
    window = (f"{name}_1x1", maps, stage.filters, 1, stride)
    how = {"keeps": spec.batch_norm, "bias": not spec.batch_norm}
    out = yield from convolution(stage.name, *window, **how)
    if spec.batch_norm:
        yield bn(stage.name, f"{name}_1x1", out)
        if stride == 1 and maps.shape[-1] == stage.filters:
            yield bn(stage.name, f"{name}_identity", maps)


def _gate(spec: Network, stage: str, name: str, maps: Maps):
    """Squeeze-and-excitation: two fully connected layers for each image, and their product."""
    channels = maps.shape[-1]
    squeezed = max(1, channels // spec.squeeze)
    shape = (1, 1, channels)
    yield Layer(stage, f"{name}_se_pool", "GlobalAveragePooling2D", shape, activations=channels)
    for number, (inputs, units) in enumerate(((channels, squeezed), (squeezed, channels)), start=1):
        products = inputs * units
        numbers = {"parameters": products + units, "multiply_adds": products, "activations": units}
        yield Layer(stage, f"{name}_se_{number}", "Dense", (1, 1, units), **numbers)
    yield maps.row(stage, f"{name}_se", "Multiply", keeps=True)


def convolution(
    stage: str,
    name: str,
    maps: Maps,
    filters: int,
    kernel: int,
    stride: int,
    *,
    keeps: bool,
    bias: bool,
    groups: int = 1,
    normalized: bool = False,
) -> Generator[Layer, None, Maps]:
    """A convolution with padding (kernel - 1) / 2 on every side; returns its output."""
    if kernel > 1 and stride > 1:  # padded by a layer of its own: symmetric
        border = (kernel - 1) // 2
        yield maps.padded(border).row(stage, f"{name}_pad", "ZeroPadding2D", keeps=True)
    out = maps.behind(kernel, stride, filters)
    weights = kernel * kernel * maps.shape[-1] // groups * filters
    yield out.row(
        stage,
        f"{name}_conv",
        "NormalizedConv2D" if normalized else "Conv2D",
        keeps=keeps,
        parameters=weights + filters * (bias + normalized),  # a gain for each filter
        multiply_adds=weights * prod(out.shape[:2]),
        kernel_size=kernel,
        stride=stride,
    )
    return out


def bn(stage: str, name: str, maps: Maps) -> Layer:
    """A batch normalization: gamma and beta, mean and variance of each channel."""
    channels = maps.shape[-1]
    numbers = {"parameters": 2 * channels, "moving_statistics": 2 * channels}
    return maps.row(stage, f"{name}_bn", "BatchNormalization", **numbers)

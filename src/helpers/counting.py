"""Numbers that follow from a spec alone: shapes, parameters, multiply-adds.

Nothing is built and Keras is not imported: this is the arithmetic of Table 1.
One multiply-add is one product added to a sum; the paper calls these FLOPs,
many tools print twice as many. Only convolutions and the fully connected layer
are counted as work, as the paper does.

Source: He et al. 2015, Table 1. Book: chapters 3 and 4.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from helpers import specs
from helpers.specs import Network, Stage


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    - `stage`: `conv1`, `conv2_x` ... or `fc`, the rows of Table 1; the first max
      pooling of a ResNet belongs to conv2_x, as there;
    - `output_shape`: without the batch;
    - `parameters`: the trainable ones; `moving_statistics`: the means and variances
      that batch normalization keeps and does not train;
    - `multiply_adds`: for one image;
    - `activations`: numbers per image that this layer leaves in memory for the
      backward pass. A convolution before a batch normalization leaves its output,
      so do ReLU, padding and pooling; batch normalization and addition leave
      nothing, since what follows them keeps enough;
    - `receptive_field`: the side, in pixels of the image, of the square that one
      number of the output can depend on, borders aside; None where that is the
      whole image, from the average pooling or the flattening on;
    - `kernel_size`, `stride`: of a convolution's or a max pooling's window, along
      one side; None for the other layers.
    """

    stage: str
    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int = 0
    moving_statistics: int = 0
    multiply_adds: int = 0
    activations: int = 0
    receptive_field: int | None = None
    kernel_size: int | None = None
    stride: int | None = None


@dataclass(frozen=True)
class StageTotal:
    """The sums over a stage's layers, and the shape of its last output."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activations: int


def layers(name_or_spec: str | Network, **changes: Any) -> list[Layer]:
    """A row per layer, with the names that the layers of the built model have.

    The order is that of the forward pass, the main path before the shortcut.

    `changes` are `input_shape`, `num_classes`, `shortcut` and `bottleneck_stride`,
    as in `networks.build`. Raises ValueError as `specs.resolve` does.
    """
    return list(_network(specs.resolve(name_or_spec, **changes)))


def by_stage(name_or_spec: str | Network, **changes: Any) -> list[StageTotal]:
    """Where parameters and work sit: a row per row of Table 1, `conv1` to `fc`."""
    totals = []
    for stage, rows in itertools.groupby(layers(name_or_spec, **changes), lambda row: row.stage):
        of_stage = list(rows)
        totals.append(
            StageTotal(
                stage,
                of_stage[-1].output_shape,
                *(
                    sum(getattr(row, quantity) for row in of_stage)
                    for quantity in ("parameters", "multiply_adds", "activations")
                ),
            )
        )
    return totals


def parameters(name_or_spec: str | Network, **changes: Any) -> int:
    """Trainable parameters: kernels, biases, gammas and betas."""
    return sum(layer.parameters for layer in layers(name_or_spec, **changes))


def moving_statistics(name_or_spec: str | Network, **changes: Any) -> int:
    """Numbers that batch normalization keeps without training them.

    Keras' `count_params()` is `parameters` plus these.
    """
    return sum(layer.moving_statistics for layer in layers(name_or_spec, **changes))


def multiply_adds(name_or_spec: str | Network, **changes: Any) -> int:
    """Multiply-adds of one image's forward pass; the paper's "FLOPs"."""
    return sum(layer.multiply_adds for layer in layers(name_or_spec, **changes))


def activations(name_or_spec: str | Network, **changes: Any) -> int:
    """Numbers that training keeps per image for the backward pass, the image included.

    Times four bytes in float32: the part of the memory that grows with the batch.
    """
    spec = specs.resolve(name_or_spec, **changes)
    return prod(spec.input_shape) + sum(layer.activations for layer in layers(spec))


@dataclass(frozen=True)
class _Maps:
    """Feature maps on their way: shape, receptive field, pixels of the image per step."""

    shape: tuple[int, int, int]
    field: int = 1
    step: int = 1

    def behind(self, kernel: int, stride: int, filters: int) -> _Maps:
        """After a window of `kernel` pixels, padded by (kernel - 1) / 2 at both ends."""
        height, width, _ = self.shape
        shape = ((height - 1) // stride + 1, (width - 1) // stride + 1, filters)
        return _Maps(shape, self.field + (kernel - 1) * self.step, self.step * stride)

    def row(self, stage: str, name: str, kind: str, keeps: bool = False, **numbers) -> Layer:
        """The layer that puts these maps out; `keeps` if they stay in memory."""
        numbers["activations"] = prod(self.shape) if keeps else 0
        return Layer(stage, name, kind, self.shape, receptive_field=self.field, **numbers)


def _network(spec: Network) -> Iterator[Layer]:
    maps = _Maps(spec.input_shape)
    if spec.stem:
        maps = yield from _stem(spec, maps)
    for number, stage in enumerate(spec.stages, start=1):
        for i in range(1, stage.repeats + 1):
            maps = yield from _block(spec, stage, i, maps)
        if stage.pooling:
            height, width, channels = maps.shape
            halved = (height // 2, width // 2, channels)
            maps = _Maps(halved, maps.field + maps.step, 2 * maps.step)
            window = {"kernel_size": 2, "stride": 2}
            yield maps.row(stage.name, f"pool{number}", "MaxPooling2D", keeps=True, **window)
    yield from _head(spec, maps.shape)


def _stem(spec: Network, maps: _Maps):
    stem = spec.stem
    maps = yield from _conv_bn(
        "conv1", "conv1", maps, stem.filters, stem.kernel_size, stem.stride, spec.batch_norm
    )
    yield maps.row("conv1", "conv1_relu", "ReLU", keeps=True)
    if stem.max_pooling:
        first = spec.stages[0].name
        yield _padded(maps, 1).row(first, "pool1_pad", "ZeroPadding2D", keeps=True)
        maps = maps.behind(3, 2, maps.shape[-1])
        yield maps.row(first, "pool1", "MaxPooling2D", keeps=True, kernel_size=3, stride=2)
    return maps


def _block(spec: Network, stage: Stage, i: int, maps: _Maps):
    """The i-th block of a stage, its layers in the order that `specs.LAYERS` has."""
    name = f"{stage.name.removesuffix('x')}{i}"
    stride = stage.stride if i == 1 else 1
    order = specs.LAYERS[stage.block]
    convolutions = [n for n, layer in enumerate(order) if layer in ("1x1", "3x3")]
    strided = order.index(spec.bottleneck_stride if stage.block == "bottleneck" else "3x3")
    out, part = maps, name
    for n, layer in enumerate(order):
        match layer:
            case "1x1" | "3x3":
                if len(convolutions) > 1:
                    part = f"{name}_{convolutions.index(n) + 1}"
                filters = stage.channels if n == convolutions[-1] else stage.filters
                window = (filters, int(layer[0]), stride if n == strided else 1)
                out = yield from _conv(stage.name, part, out, *window, spec.batch_norm)
            case "bn" if spec.batch_norm:
                yield _bn(stage.name, part, out)
            case "relu":
                yield out.row(stage.name, f"{part}_relu", "ReLU", keeps=True)
            case "add":
                part = name
                yield from _shortcut(spec, stage, name, maps, stride)
                yield out.row(stage.name, f"{name}_add", "Add")
    return out


def _shortcut(spec: Network, stage: Stage, name: str, maps: _Maps, stride: int):
    """The layers that bring a block's input into the shape of its output, if it has any."""
    same = stride == 1 and maps.shape[-1] == stage.channels
    if spec.shortcut == "C" or (spec.shortcut == "B" and not same):
        projection = (f"{name}_proj", maps, stage.channels, 1, stride, spec.batch_norm)
        yield from _conv_bn(stage.name, *projection)
    elif not same:
        padded = maps.behind(1, stride, stage.channels)
        yield padded.row(stage.name, f"{name}_zero_pad", "ZeroPadShortcut")


def _conv_bn(stage: str, name: str, maps: _Maps, filters, kernel, stride, bn):
    out = yield from _conv(stage, name, maps, filters, kernel, stride, bn)
    if bn:
        yield _bn(stage, name, out)
    return out


def _conv(stage: str, name: str, maps: _Maps, filters, kernel, stride, bn):
    """A convolution with padding (kernel - 1) / 2 on every side, with a bias unless bn follows."""
    if kernel > 1 and stride > 1:  # padded by a layer of its own: symmetric
        border = (kernel - 1) // 2
        yield _padded(maps, border).row(stage, f"{name}_pad", "ZeroPadding2D", keeps=True)
    out = maps.behind(kernel, stride, filters)
    weights = kernel * kernel * maps.shape[-1] * filters
    yield out.row(
        stage,
        f"{name}_conv",
        "Conv2D",
        keeps=bn,
        parameters=weights if bn else weights + filters,  # the bias that BN makes redundant
        multiply_adds=weights * prod(out.shape[:2]),
        kernel_size=kernel,
        stride=stride,
    )
    return out


def _bn(stage: str, name: str, maps: _Maps) -> Layer:
    channels = maps.shape[-1]
    numbers = {"parameters": 2 * channels, "moving_statistics": 2 * channels}
    return maps.row(stage, f"{name}_bn", "BatchNormalization", **numbers)


def _padded(maps: _Maps, border: int) -> _Maps:
    height, width, channels = maps.shape
    shape = (height + 2 * border, width + 2 * border, channels)
    return dataclasses.replace(maps, shape=shape)


def _head(spec: Network, shape: tuple[int, int, int]) -> Iterator[Layer]:
    features = prod(shape) if spec.hidden else shape[-1]
    if spec.hidden:
        yield Layer("fc", "flatten", "Flatten", (features,))
    else:
        yield Layer("fc", "avg_pool", "GlobalAveragePooling2D", (features,), activations=features)
    for number, units in enumerate(spec.hidden, start=6):
        yield _dense(f"fc{number}", features, units)
        yield Layer("fc", f"fc{number}_dropout", "Dropout", (units,), activations=units)
        features = units
    yield _dense("fc", features, spec.num_classes)


def _dense(name: str, inputs: int, units: int) -> Layer:
    products = inputs * units
    return Layer(
        "fc",
        name,
        "Dense",
        (units,),
        parameters=products + units,
        multiply_adds=products,
        activations=units,
    )

"""Numbers that follow from a spec alone: shapes, parameters, multiply-adds.

Nothing is built and Keras is not imported: this is the arithmetic of Table 1.
One multiply-add is one product added to a sum; the paper calls these FLOPs,
many tools print twice as many. Only convolutions and the fully connected layer
are counted as work, as the paper does.

Source: He et al. 2015, Table 1. Book: chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from helpers import specs
from helpers.specs import Network


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    `output_shape` is without the batch; `parameters` are the trainable ones;
    `moving_statistics` are the means and variances that batch normalization
    keeps and does not train; `multiply_adds` are for one image.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int = 0
    moving_statistics: int = 0
    multiply_adds: int = 0


Shape = tuple[int, int, int]


def layers(name_or_spec: str | Network, **changes) -> list[Layer]:
    """A row per layer, with the names that the layers of the built model have.

    The order is that of the forward pass, the main path before the shortcut.

    `changes` are `input_shape`, `num_classes` and `shortcut`, as in
    `networks.build`. Raises ValueError as `specs.resolve` does.
    """
    return list(_network(specs.resolve(name_or_spec, **changes)))


def parameters(name_or_spec: str | Network, **changes) -> int:
    """Trainable parameters: kernels, biases, gammas and betas."""
    return sum(layer.parameters for layer in layers(name_or_spec, **changes))


def moving_statistics(name_or_spec: str | Network, **changes) -> int:
    """Numbers that batch normalization keeps without training them.

    Keras' `count_params()` is `parameters` plus these.
    """
    return sum(layer.moving_statistics for layer in layers(name_or_spec, **changes))


def multiply_adds(name_or_spec: str | Network, **changes) -> int:
    """Multiply-adds of one image's forward pass; the paper's "FLOPs"."""
    return sum(layer.multiply_adds for layer in layers(name_or_spec, **changes))


def _network(spec: Network) -> Iterator[Layer]:
    stem, bn = spec.stem, spec.batch_norm
    shape = yield from _conv_bn(
        "conv1", spec.input_shape, stem.filters, stem.kernel_size, stem.stride, bn
    )
    yield Layer("conv1_relu", "ReLU", shape)
    if stem.max_pooling:
        height, width, channels = shape
        yield Layer("pool1_pad", "ZeroPadding2D", (height + 2, width + 2, channels))
        shape = (_positions(height, 2), _positions(width, 2), channels)
        yield Layer("pool1", "MaxPooling2D", shape)
    for stage in spec.stages:
        for i in range(1, stage.repeats + 1):
            name = f"{stage.name.removesuffix('x')}{i}"
            stride = stage.stride if i == 1 else 1
            option = spec.shortcut if stage.block in specs.RESIDUAL_BLOCKS else None
            shape = yield from _block(name, shape, stage.filters, stride, option, bn)
    features = shape[-1]
    yield Layer("avg_pool", "GlobalAveragePooling2D", (features,))
    products = features * spec.num_classes
    yield Layer(
        "fc", "Dense", (spec.num_classes,), products + spec.num_classes, multiply_adds=products
    )


def _block(name: str, shape: Shape, filters: int, stride: int, option: str | None, bn: bool):
    """Two 3x3 convolutions; with an option also the shortcut and the addition."""
    out = yield from _conv_bn(f"{name}_1", shape, filters, 3, stride, bn)
    yield Layer(f"{name}_1_relu", "ReLU", out)
    out = yield from _conv_bn(f"{name}_2", out, filters, 3, 1, bn)
    if option is None:
        yield Layer(f"{name}_2_relu", "ReLU", out)
        return out
    same = stride == 1 and shape[-1] == filters
    if option == "C" or (option == "B" and not same):
        yield from _conv_bn(f"{name}_proj", shape, filters, 1, stride, bn)
    elif not same:
        yield Layer(f"{name}_zero_pad", "ZeroPadShortcut", out)
    yield Layer(f"{name}_add", "Add", out)
    yield Layer(f"{name}_relu", "ReLU", out)
    return out


def _conv_bn(name: str, shape: Shape, filters: int, kernel: int, stride: int, bn: bool):
    """A convolution with padding (kernel - 1) / 2 on every side, and its BN."""
    height, width, channels = shape
    if kernel > 1 and stride > 1:  # padded by a layer of its own: symmetric
        border = kernel - 1
        yield Layer(f"{name}_pad", "ZeroPadding2D", (height + border, width + border, channels))
    out = (_positions(height, stride), _positions(width, stride), filters)
    weights = kernel * kernel * channels * filters
    yield Layer(
        f"{name}_conv",
        "Conv2D",
        out,
        weights if bn else weights + filters,  # the bias that BN makes redundant
        multiply_adds=weights * prod(out[:2]),
    )
    if bn:
        yield Layer(f"{name}_bn", "BatchNormalization", out, 2 * filters, 2 * filters)
    return out


def _positions(size: int, stride: int) -> int:
    """Positions along a side for an odd kernel k, padded by (k - 1) / 2 at both ends."""
    return (size - 1) // stride + 1

"""The rows of a network, from the image to the classes: stem, blocks, head.

Source: He et al. 2015, Table 1. Book: chapters 3, 4 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from helpers import specs
from helpers.counting.block import bn, convolution, of_block
from helpers.counting.rows import Layer, Maps
from helpers.specs import Network


def of_network(spec: Network) -> Iterator[Layer]:
    """A row per layer in the order of the forward pass, the main path before the shortcut."""
    maps = Maps(spec.input_shape)
    if spec.stem:
        maps = yield from _stem(spec, maps)
    for number, stage in enumerate(spec.stages, start=1 + spec.pools):
        for i in range(1, stage.repeats + 1):
            maps = yield from of_block(spec, stage, i, maps)
        if stage.pooling:
            height, width, channels = maps.shape
            halved = (height // 2, width // 2, channels)
            maps = Maps(halved, maps.field + maps.step, 2 * maps.step)
            window = {"kernel_size": 2, "stride": 2}
            yield maps.row(stage.name, f"pool{number}", "MaxPooling2D", keeps=True, **window)
    if spec.preactivation:
        if spec.batch_norm:
            yield bn("fc", "post", maps)
        yield maps.row("fc", "post_relu", "ReLU", keeps=True)
    yield from _head(spec, maps.shape)


def _stem(spec: Network, maps: Maps):
    stem = spec.stem
    if spec.start in specs.NORMALIZER_FREE:
        yield maps.row("conv1", "image_scale", "Rescaling")
    for name, filters, stride in stem.windows:
        bare = spec.preactivation and name == stem.windows[-1][0]
        how = {"normalized": bare and spec.start == "nf", "bias": not spec.batch_norm}
        how["bias"] = how["bias"] and spec.start != "fixup"
        window = (filters, stem.kernel_size, stride)
        kept = spec.batch_norm and not (bare and stem.max_pooling)
        maps = yield from convolution("conv1", name, maps, *window, keeps=kept, **how)
        if bare:
            continue
        if spec.batch_norm:
            yield bn("conv1", name, maps)
        elif spec.start == "fixup":
            yield maps.row("conv1", f"{name}_shift", "Shift", parameters=1)
        yield maps.row("conv1", f"{name}_relu", "ReLU", keeps=True)
    if stem.max_pooling:
        first = spec.stages[0].name
        kind = "LowestPadding2D" if spec.preactivation else "ZeroPadding2D"
        yield maps.padded(1).row(first, "pool1_pad", kind, keeps=True)
        maps = maps.behind(3, 2, maps.shape[-1])
        yield maps.row(first, "pool1", "MaxPooling2D", keeps=True, kernel_size=3, stride=2)
    return maps


def _head(spec: Network, shape: tuple[int, int, int]) -> Iterator[Layer]:
    features = prod(shape) if spec.hidden else shape[-1]
    if spec.hidden:
        yield Layer("fc", "flatten", "Flatten", (features,))
    else:
        yield Layer("fc", "avg_pool", "GlobalAveragePooling2D", (features,), activations=features)
    if spec.start == "fixup" and not spec.hidden:
        yield Layer("fc", "fc_shift", "Shift", (features,), parameters=1)
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

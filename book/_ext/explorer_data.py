"""Writes what the explorer's page reads: every network of `specs`, as layers to be counted.

The page lets a reader choose input size and classes, so its JavaScript has to compute shapes.
It knows nothing of networks: it gets every layer's window (kernel, stride, padding), channels,
weights and what it reads, as they follow here from `counting.layers`, and does the sums.
`tests/book/test_explorer.py` holds its numbers against those of `counting`.
"""

from __future__ import annotations

import itertools
import re
from math import prod

from helpers import counting, specs
from helpers.counting import Layer
from helpers.specs import Network

_IN_A_BLOCK = re.compile(r"(?P<stem>conv\d+_)(?P<number>\d+)_(?P<suffix>.+)")
_WINDOWS = ("Conv2D", "MaxPooling2D", "AveragePooling2D")
_PADDINGS = ("ZeroPadding2D", "LowestPadding2D")
# What a layer is unless its record says otherwise, as counting.js has it, too.
_USUAL = {
    **{"kernel": 1, "stride": 1, "padding": 0, "weights": 0, "others": 0, "moving": 0},
    **{"keeps": False, "of_gate": False, "reads": 0},
}
_BEGIN_A_BRANCH = ("_proj_conv", "_zero_pad", "_pool", "_1x1_conv", "_identity_bn")


def data() -> dict[str, object]:
    """All networks with all options and strides, in the explorer's format.

    - `layers`: every layer once. Its `reads` says how far before the last one that is whose
      output it takes, as a negative number; a field that is as usual (`_USUAL`) is left out;
    - `blocks`: lists of places in `layers`. Blocks that are alike stand here once;
    - `networks`: name to its record; `variants` has, by option and stride, the name
      and the runs of blocks `[stage, stem, first, count, block]`. The layers' names are
      the stem, a number from `first` on and `_suffix`, or the suffix alone without a stem.
    """
    blocks: list[list[dict]] = []
    networks = {name: _network(specs.get(name), blocks) for name in specs.names()}
    layers: list[dict] = []
    numbers = []
    for block in blocks:
        layers += [layer for layer in block if layer not in layers]
        numbers.append([layers.index(layer) for layer in block])
    return {"layers": layers, "blocks": numbers, "networks": networks}


def _network(spec: Network, blocks: list) -> dict[str, object]:
    residual = spec.shortcut is not None
    bottleneck = not spec.kinds.isdisjoint(specs.BOTTLENECK_BLOCKS)
    options = specs.OPTIONS if residual else (None,)
    strides = specs.BOTTLENECK_STRIDES if bottleneck else (None,)
    variants = {}
    for option, stride in itertools.product(options, strides):
        variant = specs.resolve(spec, shortcut=option, bottleneck_stride=stride)
        key = f"{option or '-'} {stride or '-'}"
        variants[key] = {"name": variant.name, "runs": _runs(variant, blocks)}
    return {
        "after2015": spec.name not in specs.OF_2015,
        "inputShape": spec.input_shape,
        "classes": spec.num_classes,
        "depth": spec.depth,
        "totalStride": spec.total_stride,
        "option": spec.shortcut,
        "options": specs.OPTIONS if residual else [],
        "stride": spec.bottleneck_stride if bottleneck else None,
        "strides": specs.BOTTLENECK_STRIDES if bottleneck else [],
        "variants": variants,
    }


def _runs(spec: Network, blocks: list) -> list[list]:
    """The network as runs of like blocks; blocks that are new are added to `blocks`."""
    runs: list[list] = []
    shape = spec.input_shape
    for (stage, stem, number), group in itertools.groupby(counting.layers(spec), _place):
        rows = list(group)
        block = _block(rows, shape)
        shape = rows[-1].output_shape
        if block not in blocks:
            blocks.append(block)
        index = blocks.index(block)
        if runs and stem and runs[-1][:2] == [stage, stem] and runs[-1][4] == index:
            runs[-1][3] += 1
        else:
            runs.append([stage, stem, number, 1, index])
    return runs


def _place(row: Layer) -> tuple[str, str | None, int]:
    """Stage, stem and number of the block that a layer belongs to; no stem outside blocks."""
    match = _IN_A_BLOCK.fullmatch(row.name)
    return (row.stage, match["stem"], int(match["number"])) if match else (row.stage, None, 0)


def _block(rows: list[Layer], input_shape: tuple[int, ...]) -> list[dict]:
    """The layers of a block, each with what it reads and how its window moves."""
    layers = []
    for i, (row, reads) in enumerate(zip(rows, _reads(rows), strict=True)):
        source = rows[reads] if reads >= 0 else None
        layer = _layer(row, source, source.output_shape if source else input_shape)
        layer["reads"] = reads - (i - 1)
        layers.append({key: value for key, value in layer.items() if value != _USUAL.get(key)})
    return layers


def _reads(rows: list[Layer]) -> list[int]:
    """For each layer of a block the place of the one that it reads, -1 for the block's input.

    A layer reads the one before it, but for those that begin another branch, and those where
    branches meet: they have the shape of the main path, the first one.
    """
    found, active, end_of_main, before_gate = [], -1, None, None
    for i, row in enumerate(rows):
        reads = i - 1
        if row.name.endswith("_se_pool"):
            before_gate = i - 1
        elif row.name.endswith(_BEGIN_A_BRANCH) and not _is_pooling(rows[i - 1] if i else None):
            end_of_main = i - 1 if end_of_main is None else end_of_main
            reads = active
        elif row.kind == "Add" and end_of_main is not None:
            reads = end_of_main
        elif row.kind == "Multiply":
            reads = before_gate
        elif row.name.endswith("_1_relu") and not any(r.kind == "Conv2D" for r in rows[:i]):
            active = i  # pre-activation: a projection reads what the first ReLU puts out
        found.append(reads)
    return found


def _is_pooling(row: Layer | None) -> bool:
    return row is not None and row.kind == "AveragePooling2D"


def _layer(row: Layer, source: Layer | None, shape: tuple[int, ...]) -> dict[str, object]:
    """One layer that reads feature maps of `shape` from the layer `source`."""
    match = _IN_A_BLOCK.fullmatch(row.name)
    layer = {"suffix": match["suffix"] if match else row.name, "kind": row.kind}
    if row.kind == "Dense":
        # The last one has as many units as there are classes.
        layer["units"] = None if row.name == "fc" else row.output_shape[-1]
        return layer | {"keeps": row.activations > 0}
    if row.kind == "GlobalAveragePooling2D":
        # A gate's keeps its three axes, so that it can be multiplied with the maps again.
        layer |= {"of_gate": len(row.output_shape) == 3, "weights": 0, "others": 0}
        return layer | {"keeps": row.activations > 0}
    kernel, stride, padding = 1, 1, 0
    if row.kind in _WINDOWS:
        kernel, stride = row.kernel_size, row.stride
        padded = source is not None and source.kind in _PADDINGS
        padding = 0 if padded or row.kind == "MaxPooling2D" else (kernel - 1) / 2  # 2x2: a half
    elif row.kind in _PADDINGS:
        padding = (row.output_shape[0] - shape[0]) // 2
    elif row.kind == "ZeroPadShortcut":
        stride = shape[0] // row.output_shape[0]
    weights = row.multiply_adds // prod(row.output_shape[:2])
    layer |= {"kernel": kernel, "stride": stride, "padding": padding}
    layer |= {"channels": row.output_shape[-1], "weights": weights}
    layer |= {"others": row.parameters - weights, "moving": row.moving_statistics}
    return layer | {"keeps": row.activations > 0}

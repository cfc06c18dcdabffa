"""Whole networks as columns of layers, beside each other, from their specs.

Source: He et al. 2015, Figure 3. Book: chapters 3, 4 and 9.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from helpers import counting
from helpers.diagrams.canvas import GREY, INK, Sheet, height, tint, width
from helpers.specs import Network, Stage, titles
from helpers.support.palette import COLOURS

_POINTS = 7.5
_ROW = 1.75  # from one box to the next
_BOX = 1.35  # a box's height
_BAND = 1.0  # more room where the output size changes
_REACH = 1.7  # of the curves
_NAME = 0.85  # letters of the stages' names
_CONVOLUTIONS = ("Conv2D", "NormalizedConv2D")
_IN_A_BLOCK = re.compile(r"(conv\d+_\d+)_")
# What is drawn as a curve, and what a gate is made of.
_BESIDE = re.compile(r"_(proj_conv|1x1_conv|se_pool|se_\d)$")


@dataclass(frozen=True)
class _Entry:
    """One line of a column: a box for a layer with weights, else text alone.

    `block` is the name of the block that it belongs to, where there is a shortcut or a branch.
    """

    stage: str
    text: str
    shape: tuple[int, ...]
    weighted: bool
    block: str | None = None

    @property
    def side(self) -> tuple[int, ...]:
        """Height and width of the output, (1, 1) behind the last feature map."""
        return self.shape[:2] if len(self.shape) == 3 else (1, 1)


def architectures(specs: Sequence[Network], ax: Axes | None = None) -> Axes:
    """Networks as in the paper's Figure 3: a column each, a box per weighted layer.

    Layers whose outputs have the same size stand at the same height, with the size
    at the left. A box has the colour of its stage's number of filters; the bracket
    beside it bears the stage's name in Table 1. Curves are shortcuts, dashed where
    the shape changes; the branches beside a RepVGG's 3x3 convolutions are one curve.
    What is on the curves, batch normalization, ReLU and layers of single numbers are
    not drawn; a gate is one box, and it is no layer of the depth. At the head stand
    name, multiply-adds and parameters, as `counting` has them.

    Raises ValueError without a spec.

    Source: He et al. 2015, Figure 3. Book: chapters 3 and 4.
    """
    specs = list(specs)
    if not specs:
        raise ValueError("Expected at least one network. Received: none")
    columns = [_entries(spec) for spec in specs]
    filters = sorted({stage.filters for spec in specs for stage in spec.stages})
    colours = {n: COLOURS[i % len(COLOURS)] for i, n in enumerate(filters)}
    across = max(width(entry.text) for column in columns for entry in column) + 0.7
    heads = [_head(spec) for spec in specs]
    wide = max(across, *map(width, heads))

    sheet = Sheet()
    below = -max(map(height, heads)) - 1.1
    sheet.text(0, below + height("output\nsize") / 2, "output\nsize", ha="left", color=GREY)
    tops, bands = _heights(columns, below)
    x = width("output") + 2.4 + wide / 2
    for spec, column, top, head in zip(specs, columns, tops, heads, strict=True):
        sheet.text(x, -0.65, _over(spec.name), 1.15, weight="bold")
        sheet.text(x, -1.6 - height(head) / 2, head)
        _column(sheet, spec, column, top, x, across, colours)
        _shortcuts(sheet, column, top, x + across / 2)
        x += wide + 2.4 + (_REACH if any(entry.block for entry in column) else 0)
    for side, top in bands.items():
        sheet.text(0, top - _BOX / 2, _side(side), ha="left", weight="bold")
        y = top + (_ROW - _BOX + _BAND) / 2
        sheet.line([(0, y), (sheet.right, y)], 0.06, color=GREY, linestyle=":")
    return sheet.draw(ax, _POINTS)


def _entries(spec: Network) -> list[_Entry]:
    """The image and the layers of the main path that have weights or pool."""
    entries = [_Entry("", "image", spec.input_shape, False)]
    stages = {stage.name: stage for stage in spec.stages}
    for row in counting.layers(spec):
        text = None if _BESIDE.search(row.name) else _text(row, stages.get(row.stage))
        if text is None:
            continue
        named = _IN_A_BLOCK.match(row.name) if row.stage in stages else None
        curved = spec.residual or "repvgg" in spec.kinds
        block = named[1] if named and curved else None
        weighted = row.kind in (*_CONVOLUTIONS, "Dense", "Multiply")
        entries.append(_Entry(row.stage, text, row.output_shape, weighted, block))
    return entries


def _text(row: counting.Layer, stage: Stage | None) -> str | None:
    """What stands in a layer's line; None for what is not drawn."""
    size = f"{row.kernel_size}x{row.kernel_size}"
    stride = f", /{row.stride}" if row.stride != 1 else ""
    if row.kind in _CONVOLUTIONS:
        groups = stage.groups if stage and row.kernel_size > 1 else 1
        groups = f", {groups} groups" if groups > 1 else ""
        return f"{size} conv, {row.output_shape[-1]}{stride}{groups}"
    if row.kind == "MaxPooling2D":
        return f"{size} pool{stride}"
    if row.kind == "Dense":
        return f"fc {row.output_shape[-1]}"
    return {"GlobalAveragePooling2D": "avg pool", "Multiply": "gate"}.get(row.kind)


def _heights(columns, below):
    """The upper edge of every entry, column by column, and that of every output size."""
    sides = {entry.side for column in columns for entry in column}
    tops, bands, y = [{} for _ in columns], {}, below - (_ROW - _BOX) - _BAND
    for side in sorted(sides, key=lambda side: (side[0] * side[1], side), reverse=True):
        bands[side] = y
        rows = [[i for i, entry in enumerate(c) if entry.side == side] for c in columns]
        for top, of_column in zip(tops, rows, strict=True):
            top.update({i: y - row * _ROW for row, i in enumerate(of_column)})
        y -= max(map(len, rows)) * _ROW + _BAND
    return tops, bands


def _column(sheet, spec, column, top, x, across, colours):
    """The boxes of a network, the line through them, a bracket per stage."""
    filters = {stage.name: stage.filters for stage in spec.stages}
    if spec.stem:
        filters["conv1"] = spec.stem.filters
    for i, entry in enumerate(column):
        if i:
            sheet.line([(x, top[i - 1] - _BOX), (x, top[i])])
        if entry.weighted:
            colour = colours.get(filters.get(entry.stage))
            look = {"facecolor": tint(colour, 0.3), "edgecolor": colour} if colour else {}
            sheet.box(x, top[i], across, _BOX, entry.text, **look)
        else:
            sheet.text(x, top[i] - _BOX / 2, entry.text)
    weighted = [i for i, entry in enumerate(column) if entry.weighted]
    for stage, group in itertools.groupby(weighted, lambda i: column[i].stage):
        first, *_, last = [*(of_stage := list(group)), of_stage[-1]]
        high, low, left = top[first], top[last] - _BOX, x - across / 2 - 0.35
        colour = colours.get(filters.get(stage), INK)
        sheet.line([(left, high), (left, low)], 0.2, color=colour)
        sheet.text(left - 0.75, (high + low) / 2, stage, _NAME, rotation=90)


def _shortcuts(sheet, column, top, x):
    """A curve around each block that has one, dashed where it changes the shape."""
    behind = [top[i] - _BOX - (_ROW - _BOX) / 2 for i in range(len(column))]
    for block, group in itertools.groupby(range(len(column)), lambda i: column[i].block):
        if block is None:
            continue
        first, *_, last = [*(of_block := list(group)), of_block[-1]]
        start, end = behind[first - 1], behind[last]
        same = column[first - 1].shape == column[last].shape
        out = x + _REACH / 0.75  # a Bézier curve reaches three quarters of the way
        curve = [(x, start), (out, start), (out, end), (x, end)]
        sheet.arrow(curve, curved=True, color=INK, linestyle="-" if same else "--")


def _head(spec: Network) -> str:
    work, parameters = counting.multiply_adds(spec), counting.parameters(spec)
    return f"{_short(work)}\nmultiply-adds\n{_short(parameters)}\nparameters"


def _short(number: int) -> str:
    if number >= 1e9:
        return f"{number / 1e9:.2f} billion"
    return f"{number / 1e6:.1f} million" if number >= 1e6 else f"{number:,}"


def _side(side):
    return str(side[0]) if side[0] == side[1] else "x".join(map(str, side))


def _over(name):
    """What stands over a column; names with tags, as resnet20-fixup-se16, fit as they are."""
    return name if "-" in name else titles([name])[name]

"""A block as boxes and a line around them, drawn from the model that it makes.

Source: He et al. 2015, Figures 2 and 5. Book: chapters 2, 4 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
from matplotlib.axes import Axes

from helpers.diagrams.canvas import GREY, INK, Sheet, height, tint, width
from helpers.diagrams.reading import Block, Step, read
from helpers.support import expect
from helpers.support.palette import COLOURS

_POINTS = 9.0
_GAP = 1.3  # between boxes: an arrow, and a shape beside it
_PAD = 0.5  # between a box and its text
_RADIUS = 0.8  # of the circle where the paths meet
_SMALL = 0.85  # letters of shapes
_BESIDE = 0.45  # from a line to the shape beside it
_LOOKS = {
    "conv": {"facecolor": tint(COLOURS[0]), "edgecolor": COLOURS[0], "thickness": 0.15},
    "zeros": {"facecolor": tint(COLOURS[2]), "edgecolor": COLOURS[2], "linestyle": "--"},
    "activation": {"facecolor": tint(COLOURS[5]), "edgecolor": COLOURS[5], "rounded": True},
    "norm": {"edgecolor": GREY},
    "gate": {"facecolor": tint(COLOURS[3]), "edgecolor": COLOURS[3], "thickness": 0.15},
    "other": {"edgecolor": INK, "linestyle": ":"},
}
_SIGNS = {"Add": "+", "Multiply": "\N{MULTIPLICATION SIGN}"}
_SHORTCUT = {"color": COLOURS[1], "thickness": 0.2}


def block(
    model: keras.Model, ax: Axes | None = None, *, weights: bool = False, folded: bool = False
) -> Axes:
    """A plain or residual block as the paper's figures show it, from its code.

    `model` is a `keras.Model` around one block: `x = keras.Input((56, 56, 64))`,
    `keras.Model(x, blocks.basic_block(x, 64, name="conv2_1"))`; the block may be
    the reader's own. What is drawn is the model's graph, layer by layer: if the
    addition is missing or a ReLU stands before it, the picture shows it.

    Shapes (height x width x channels) stand at both ends and where they change.
    Padding that belongs to a convolution is not drawn, and a gate, maps times what is
    computed from them, is one box. Where a projection reads what F's first activation
    puts out, F(x) begins before the path divides. `weights=True` adds the
    numbers in the kernels, and their sum; `folded=True` draws F(x) as one box that
    names its convolutions.

    Raises TypeError and ValueError as `reading.read` does: for what is no model,
    and for a model that is not one block with at most one shortcut.

    Source: He et al. 2015, Figures 2 and 5. Book: chapters 2 and 4.
    """
    return blocks({"": model}, ax, weights=weights, folded=folded)


def blocks(
    models: Mapping[str, keras.Model],
    ax: Axes | None = None,
    *,
    columns: int | None = None,
    weights: bool = False,
    folded: bool = False,
) -> Axes:
    """Several blocks as `block` draws each, {title: model}, on one `ax`.

    `columns` is how many stand side by side, by default all. Raises ValueError
    without a model, and whatever `block` raises.

    Source: He et al. 2015, Figures 2 and 5. Book: chapters 2 and 4.
    """
    if not models:
        raise ValueError("Expected at least one model. Received: none")
    if columns is not None:
        expect.integer("columns", columns)
    pictures = [_picture(read(model), title, weights, folded) for title, model in models.items()]
    columns = min(columns or len(pictures), len(pictures))
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    sheet, x = Sheet(), 0.0
    for column in range(columns):
        of_column = [row[column] for row in rows if column < len(row)]
        x -= min(picture.left for picture in of_column)
        y = 0.0
        for row, picture in zip(rows, of_column, strict=False):
            y -= max(picture.top for picture in row)
            sheet.place(picture, x, y)
            y += min(picture.bottom for picture in row) - 1.2
        x += max(picture.right for picture in of_column) + 1.8
    return sheet.draw(ax, _POINTS)


def _picture(block: Block, title: str, weights: bool, folded: bool) -> Sheet:
    """One block; the main path goes down at x = 0, and the title stands above y = 0."""
    sheet = Sheet()
    main = (_folded(block),) if folded and block.main else block.main
    texts = [_text(step, weights) for step in (*block.before, *main, *block.after)]
    across = max(width(text) for text in ("batch norm", *texts)) + 2 * _PAD
    if title:
        sheet.text(0, 1.2, title, 1.1, weight="bold")
    sheet.text(0, -0.6, "x", 1.1, weight="bold")
    path = _Path(sheet, 0, -1.3, across, block.input_shape, weights=weights)
    path.follow(block.before)
    if block.merge:
        path.go(_GAP)
    fork = path.y
    path.follow(main)
    if main and not folded:
        top = -1.3 if block.preactivated else fork
        _bracket(sheet, block, top - _GAP, path.y, across, weights)
    if block.merge:
        _merge(sheet, block, path, fork)
    path.follow(block.after)
    path.shown = None
    path.go(_GAP, head=True)
    return sheet


class _Path:
    """A pen that goes down the sheet through the boxes of a path."""

    def __init__(self, sheet, x, y, across, shape, *, weights, shown=None, **look):
        self.sheet, self.x, self.y, self.across = sheet, x, y, across
        self.shape, self.shown = shape, shown
        self.weights, self.look = weights, look

    def follow(self, steps: tuple[Step, ...]) -> None:
        """An arrow and a box for each step."""
        for step in steps:
            self.go(_GAP, head=True)
            text = _text(step, self.weights)
            down = height(text) + _PAD
            self.sheet.box(self.x, self.y, self.across, down, text, **_LOOKS[step.kind])
            self.y -= down
            self.shape = step.shape

    def go(self, length: float, *, head: bool = False, then=()) -> None:
        """A line down, on through the points `then`; the shape beside it if it is new."""
        points = [(self.x, self.y), (self.x, self.y - length), *then]
        (self.sheet.arrow if head else self.sheet.line)(points, **self.look)
        if self.shape != self.shown:
            middle = self.y - length / 2
            text = {"scale": _SMALL, "ha": "left", "color": GREY}
            self.sheet.text(self.x + _BESIDE, middle, _size(self.shape), **text)
            self.shown = self.shape
        self.y -= length


def _merge(sheet: Sheet, block: Block, path: _Path, fork: float) -> None:
    """The shortcut from the fork around the main path, and where the two meet."""
    sign = _SIGNS.get(block.merge.text)
    reach, half = (_RADIUS, _RADIUS) if sign else (path.across / 2, (1.25 + _PAD) / 2)
    texts = [_text(step, path.weights) for step in block.shortcut]
    needed = sum(height(text) + _PAD + _GAP for text in texts)
    meet = min(path.y - _GAP - half, fork - needed - _GAP)
    path.go(path.y - meet - half, head=True)
    if sign:
        sheet.circle(0, meet, _RADIUS)
        sheet.text(0, meet, sign, 1.3)
    else:
        sheet.box(0, meet + half, path.across, 2 * half, block.merge.text, **_LOOKS["other"])
    path.y, path.shape = meet - half, block.merge.shape

    around = max((width(text) for text in texts), default=0) + 2 * _PAD * bool(texts)
    shapes = [step.shape for step in (*block.before, *block.main)] + [block.input_shape]
    labels = _BESIDE + _SMALL * max(width(_size(shape)) for shape in shapes)
    x = max(path.across / 2, labels) + 1.0 + around / 2
    sheet.line([(0, fork), (x, fork)], **_SHORTCUT)
    start = block.before[-1].shape if block.before else block.input_shape
    side = _Path(sheet, x, fork, around, start, shown=start, weights=path.weights, **_SHORTCUT)
    if texts:
        side.go((fork - meet - needed + _GAP) / 2 - _GAP)
        side.follow(block.shortcut)
    else:
        name = "identity" if block.before else "x\nidentity"
        sheet.text(x + 0.5, (fork + meet) / 2, name, ha="left")
    side.go(side.y - meet, head=True, then=[(reach, meet)])
    if sign and block.main and (block.preactivated or not block.before):
        name = f"F(x) {sign}\nshortcut(x)" if texts else f"F(x) {sign} x"
        sheet.text(-_RADIUS - 0.5, meet, name, ha="right")


def _bracket(sheet, block, top, bottom, across, weights):
    """Beside the main path: its name and, on request, its weights."""
    x = -across / 2 - 0.9
    sheet.line([(x + 0.4, top), (x, top), (x, bottom), (x + 0.4, bottom)], color=GREY)
    text = _name(block)
    if weights:
        text += f"\n{sum(step.weights for step in block.main):,}\nweights"
    sheet.text(x - 0.5, (top + bottom) / 2, text, ha="right")


def _name(block: Block) -> str:
    """What the main path computes: F(x) beside a shortcut, else H(x), as in section 3.1."""
    return "F(x)" if block.merge else "H(x)"


def _folded(block: Block) -> Step:
    steps = block.main
    name = "the rest of F(x)" if block.preactivated else _name(block)
    lines = [name, *(step.text for step in steps if step.kind in ("conv", "gate"))]
    return Step("\n".join(lines), "conv", steps[-1].shape, sum(step.weights for step in steps))


def _text(step: Step, weights: bool) -> str:
    return f"{step.text}\n{step.weights:,} weights" if weights and step.weights else step.text


def _size(shape):
    return "x".join("?" if side is None else str(side) for side in shape)

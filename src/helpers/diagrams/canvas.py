"""A sheet that is measured in ems: one unit is the size of the letters on it.

A drawing is put together first and brought onto an `ax` last, when its size is
known. So a box that is as wide as its text stays so at every size of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

INK, GREY = "#1a1a1a", "#5f5f5f"
LINE = 1.25  # from one line of text to the next
Points = Sequence[tuple[float, float]]


def tint(colour: str, share: float = 0.2) -> str:
    """The colour mixed with white; `share` is what is left of it."""
    return to_hex([1 - share * (1 - part) for part in to_rgb(colour)])


def width(text: str) -> float:
    """The width of a text in ems, that of its longest line."""
    lines = [line for line in text.split("\n") if line.strip()]
    return max((TextPath((0, 0), line, size=1).get_extents().x1 for line in lines), default=0)


def height(text: str) -> float:
    """The height of a text in ems."""
    return LINE * (text.count("\n") + 1)


class Sheet:
    """Texts, boxes and lines with their places, and the room that they take."""

    def __init__(self):
        self._items = []
        self.left = self.right = self.bottom = self.top = 0.0

    def _add(self, points: Points, paint, margin: tuple[float, ...] = (0, 0, 0, 0)) -> None:
        """`paint(ax, em, points)` draws; `margin` is left, right, below and above."""
        self._items.append((points, paint))
        xs, ys = zip(*points, strict=True)
        self.left = min(self.left, min(xs) - margin[0])
        self.right = max(self.right, max(xs) + margin[1])
        self.bottom = min(self.bottom, min(ys) - margin[2])
        self.top = max(self.top, max(ys) + margin[3])

    def text(self, x: float, y: float, text: str, scale: float = 1.0, **options: Any) -> None:
        """A text with its middle at `y`; `ha` says what stands at `x`, else its middle."""
        options = {"ha": "center", "va": "center", "color": INK, "linespacing": LINE} | options
        across, down = scale * width(text), scale * height(text)
        if options.get("rotation") == 90:
            across, down = down, across
        share = {"left": 0, "center": 0.5, "right": 1}[options["ha"]]
        margin = (share * across, (1 - share) * across, down / 2, down / 2)
        self._add(
            [(x, y)],
            lambda ax, em, xy: ax.text(*xy[0], text, fontsize=scale * em, **options),
            margin,
        )

    def box(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        text: str = "",
        *,
        rounded: bool = False,
        thickness: float = 0.1,
        **options: Any,
    ) -> None:
        """A box with `x` at its middle and `y` at its upper edge, and its text inside."""
        options = {"facecolor": "white", "edgecolor": INK} | options
        style = "round,pad=0,rounding_size=0.6" if rounded else "square,pad=0"

        def paint(ax, em, xy):
            options["linewidth"] = thickness * em
            ax.add_patch(FancyBboxPatch(xy[0], across, down, boxstyle=style, **options))

        self._add([(x - across / 2, y - down)], paint, (0, across, 0, down))
        self.text(x, y - down / 2, text)

    def circle(self, x: float, y: float, radius: float, thickness: float = 0.13) -> None:
        self._add(
            [(x, y)],
            lambda ax, em, xy: ax.add_patch(
                Circle(xy[0], radius, facecolor="white", edgecolor=INK, linewidth=thickness * em)
            ),
            (radius,) * 4,
        )

    def line(self, points: Points, thickness: float = 0.1, **options: Any) -> None:
        options = {"color": INK, "solid_capstyle": "butt"} | options
        self._add(
            points,
            lambda ax, em, xy: ax.plot(*zip(*xy, strict=True), linewidth=thickness * em, **options),
        )

    def arrow(
        self, points: Points, thickness: float = 0.1, *, curved: bool = False, **options: Any
    ) -> None:
        """A line with a head at its end; `curved` takes the four points of a Bézier curve."""
        codes = [Path.MOVETO, *[Path.CURVE4 if curved else Path.LINETO] * (len(points) - 1)]
        options = {"color": INK, "arrowstyle": "-|>", "joinstyle": "miter"} | options

        def paint(ax, em, xy):
            sizes = {"linewidth": thickness * em, "mutation_scale": 0.8 * em}
            ax.add_patch(FancyArrowPatch(path=Path(xy, codes), **options, **sizes))

        self._add(points, paint)

    def place(self, other: Sheet, x: float, y: float) -> None:
        """Everything on the other sheet, its origin at (x, y)."""
        corners = [(x + other.left, y + other.bottom), (x + other.right, y + other.top)]
        self._add(corners, lambda ax, em, xy: None)
        self._items += [([(a + x, b + y) for a, b in xy], paint) for xy, paint in other._items]

    def draw(self, ax: Axes | None, points: float, margin: float = 0.4) -> Axes:
        """On an `ax` as large as it is; without one, on a figure with letters of `points`."""
        across = self.right - self.left + 2 * margin
        down = self.top - self.bottom + 2 * margin
        if ax is None:
            figure = plt.figure(figsize=(across * points / 72, down * points / 72))
            ax = figure.add_axes((0, 0, 1, 1))
        else:
            room = ax.get_window_extent()
            points = min(room.width / across, room.height / down) * 72 / ax.figure.dpi
        ax.set_xlim(self.left - margin, self.right + margin)
        ax.set_ylim(self.bottom - margin, self.top + margin)
        ax.set_aspect("equal", anchor="N")
        ax.set_axis_off()
        for xy, paint in self._items:
            paint(ax, points, xy)
        return ax

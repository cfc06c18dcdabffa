"""One picture: what a net has learned against what was measured of it before.

Book: chapters 1 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from helpers.plots import COLOURS

MARKERS = "os^Dv<>pPX*hd8H"
# Names that are the nets as they are, drawn black and larger than the rest.
REFERENCES = ("plain20", "resnet20", "plain56", "resnet56")


def growth_and_error(
    rows: Sequence[Mapping[str, Any]],
    ax: Axes | None = None,
    *,
    error: str = "training error",
    residual: Sequence[str] = (),
    images: str = "",
) -> Axes:
    """Final error against the growth of the gradient before training, a marker per run.

    `rows` are those of `causes.points`. Every intervention has a marker of its own and its
    name beside it, moved away from where it would cover another, with a line to its points.
    Those in `residual` are drawn hollow and in another colour than the nets without
    shortcuts. `images` names the images in the title.

    Raises ValueError without rows.

    Book: chapters 1 and 8.
    """
    if not rows:
        raise ValueError("Expected at least one run. Received: none")
    if ax is None:
        ax = plt.subplots(figsize=(7, 4.6), layout="constrained")[1]
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(row["intervention"], []).append((row["growth"], row[error]))
    for i, (name, points) in enumerate(groups.items()):
        colour = COLOURS[0] if name in residual else COLOURS[1]
        face = "none" if name in residual else colour
        size = 55 if name in REFERENCES else 30
        look = {"marker": MARKERS[i % len(MARKERS)], "s": size, "zorder": 3, "linewidths": 1.2}
        ax.scatter(
            *zip(*points, strict=True), label=name, edgecolors=colour, facecolors=face, **look
        )
    ax.set_xscale("log")
    ax.set_xlabel("growth of the gradient in x before training, last block to first")
    ax.set_ylabel(f"final {error} (%)" if "error" in error else f"final training error {error} (%)")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.12)
    if images:
        ax.set_title(images, fontsize="medium")
    kinds = {name in residual for name in groups}
    if len(kinds) == 2:
        for colour, face, what in (
            (COLOURS[1], COLOURS[1], "no shortcuts"),
            (COLOURS[0], "none", "shortcuts"),
        ):
            ax.scatter([], [], edgecolors=colour, facecolors=face, label=f"_{what}")
        handles = ax.collections[-2:]
        ax.legend(handles, ["no shortcuts", "shortcuts"], loc="upper left")
    _name(ax, groups)
    return ax


def _name(ax: Axes, groups: Mapping[str, list]) -> None:
    """A name beside each group of points, at the first free place around it.

    Places are tried from near to far; what they must not cover are the points, the legend
    and the names before. Sizes are those of the figure as it is now.
    """
    figure = ax.get_figure()
    figure.canvas.draw()  # the layout, without which no size is known
    renderer = figure.canvas.get_renderer()
    inside = ax.get_window_extent(renderer)
    taken = [
        Bbox.from_extents(x - 5, y - 5, x + 5, y + 5)
        for points in groups.values()
        for x, y in ax.transData.transform(points)
    ]
    if ax.get_legend():
        taken.append(ax.get_legend().get_window_extent(renderer))
    points_per_pixel = 72 / figure.dpi
    for name, points in sorted(groups.items(), key=lambda item: -np.mean(item[1], axis=0)[1]):
        centre = ax.transData.transform(points).mean(axis=0)
        for radius in np.arange(9, 160, 4):
            for angle in np.deg2rad([0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90]):
                x, y = radius * np.cos(angle), radius * np.sin(angle)
                side = "left" if x > 1 else "right" if x < -1 else "center"
                text = ax.annotate(
                    name,
                    centre,
                    xytext=(x * points_per_pixel, y * points_per_pixel),
                    xycoords="figure pixels",
                    textcoords="offset points",
                    fontsize="small",
                    ha=side,
                    va="center",
                )
                box = text.get_window_extent(renderer)
                free = inside.x0 <= box.x0 and box.x1 <= inside.x1
                free = free and inside.y0 <= box.y0 and box.y1 <= inside.y1
                if free and not any(box.overlaps(other) for other in taken):
                    break
                text.remove()
            else:
                continue
            break
        else:
            raise ValueError(f"No room for the name {name}: take a larger figure.")
        text.xy = tuple(np.mean([(np.log(a), b) for a, b in points], axis=0))
        text.xy = (float(np.exp(text.xy[0])), float(text.xy[1]))
        text.xycoords = "data"
        if radius > 13:
            text.arrowprops = None
            ax.annotate(
                "",
                text.xy,
                xytext=(x * points_per_pixel, y * points_per_pixel),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": "#8f8f8f", "linewidth": 0.6},
            )
        taken.append(box)

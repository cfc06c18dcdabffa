"""One picture: what a net has learned against what was measured of it before.

Book: chapters 1 and 8.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from helpers import specs
from helpers.support.palette import KINDS

MARKERS = "os^Dv<>pPX*hdP^vhX"  # again for the last ones, which are filled or hollow
# Where a name may stand around a point: in pixels from it, beside it first.
RADII = range(9, 160, 4)
ANGLES = np.deg2rad([0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90])
# Names that are the nets as they are, drawn black and larger than the rest.
REFERENCES = ("plain20", "resnet20", "plain56", "resnet56")


def growth_and_error(
    rows: Sequence[Mapping[str, Any]],
    ax: Axes | None = None,
    *,
    error: str = "training error",
    residual: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    images: str = "",
) -> Axes:
    """Final error against the growth of the gradient before training, a marker per run.

    `rows` are those of `causes.points`. Every intervention has a marker of its own and its
    name beside it, moved away from where it would cover another, with a line to its points.
    Those in `residual` are drawn hollow and in another colour than the nets without
    shortcuts. `names` is what the picture calls them, in place of the names of the code;
    `images` names the images in the title.

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
        colour = KINDS["residual" if name in residual else "plain"]
        face = "none" if name in residual else colour
        size = 55 if name in REFERENCES else 30
        look = {"marker": MARKERS[i % len(MARKERS)], "s": size, "zorder": 3, "linewidths": 1.2}
        ax.scatter(
            *zip(*points, strict=True), label=name, edgecolors=colour, facecolors=face, **look
        )
    ax.set_xscale("log")
    ax.set_xlabel("growth of the gradient in x before training, last block to stem")
    ax.set_ylabel(f"final {error} (%)" if "error" in error else f"final training error {error} (%)")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.12)
    if images:
        ax.set_title(images, fontsize="medium")
    kinds = {name in residual for name in groups}
    if len(kinds) == 2:
        for colour, face, what in (
            (KINDS["plain"], KINDS["plain"], "no shortcuts"),
            (KINDS["residual"], "none", "shortcuts"),
        ):
            ax.scatter([], [], edgecolors=colour, facecolors=face, label=f"_{what}")
        handles = ax.collections[-2:]
        ax.legend(handles, ["no shortcuts", "shortcuts"], loc="best")
    _name(ax, groups, names or specs.titles(groups))
    return ax


def _name(ax: Axes, groups: Mapping[str, list], written: Mapping[str, str]) -> None:
    """A name beside one of the points of each group, at the first free place around them.

    Places are tried from near to far; what they must not cover are the points, the legend
    and the names before. Sizes are those of the figure as it is now.
    """
    figure = ax.get_figure()
    figure.canvas.draw()  # the layout, without which no size is known
    ax.autoscale(False)
    renderer = figure.canvas.get_renderer()
    pixels = {name: ax.transData.transform(points) for name, points in groups.items()}
    taken = [
        Bbox.from_extents(x - 5, y - 5, x + 5, y + 5)
        for points in pixels.values()
        for x, y in points
    ]
    if ax.get_legend():
        taken.append(ax.get_legend().get_window_extent(renderer))
    inside = ax.get_window_extent(renderer)
    for name in sorted(groups, key=lambda name: -pixels[name][:, 1].mean()):
        text = ax.text(0, 0, written[name], fontsize="small", va="center")
        for radius, point, angle in itertools.product(RADII, pixels[name], ANGLES):
            x, y = point + radius * np.array([np.cos(angle), np.sin(angle)])
            text.set_ha("left" if x > point[0] + 1 else "right" if x < point[0] - 1 else "center")
            text.set_position(ax.transData.inverted().transform((x, y)))
            box = text.get_window_extent(renderer)
            within = inside.x0 <= box.x0 and box.x1 <= inside.x1
            within = within and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if within and not any(box.overlaps(other) for other in taken):
                break
        else:
            raise ValueError(f"No room for the name {name}: take a larger figure.")
        taken.append(box)
        if radius > RADII[0]:
            ends = ax.transData.inverted().transform([point, (x, y)])
            ax.plot(*ends.T, color="#8f8f8f", linewidth=0.6, zorder=1)

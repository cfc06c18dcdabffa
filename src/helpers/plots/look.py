"""How the book's plots look: colours, lines, hatches, axes; shared by all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from helpers.palette import COLOURS
from helpers.runs import Run

STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
HATCHES = ("", "////", "....", "xxxx", "----", "oooo")


def images_of(runs: Sequence[Run]) -> str:
    """The images of all runs. Raises ValueError without runs, or for different images."""
    if not runs:
        raise ValueError("Expected at least one run. Received: none")
    images = {run.images for run in runs}
    if len(images) > 1:
        raise ValueError(f"Expected runs on the same images. Received: {sorted(images)}")
    return images.pop()


def axes_or_new(ax: Axes | None) -> Axes:
    """The `ax` that was given, or one in a figure of its own."""
    return ax if ax is not None else plt.subplots(figsize=(6, 3.6), layout="constrained")[1]


def light(colour: str) -> tuple[float, ...]:
    """The colour mixed with white, for surfaces under hatches."""
    return tuple(1 - 0.45 * (1 - part) for part in to_rgb(colour))


def line_look(i: int) -> dict[str, Any]:
    """Colour and style of the line number `i`, from 0: told apart in grey, too."""
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i % len(STYLES)]}

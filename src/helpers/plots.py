"""Pictures from records and measurements.

Every function draws on an `ax` and returns it; none trains, none saves. Runs
are told apart by line style and label as well as by colour. The images a plot
was made from stand in its title.

Book: all chapters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from helpers.runs import Run

# Okabe and Ito's palette: distinguishable without colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def curves(runs: Sequence[Run], ax: Axes | None = None, quantity: str = "error") -> Axes:
    """One line per run over the steps: a quantity of `Run.history`, errors in %.

    Raises ValueError if there are no runs, if they were not made from the same
    images, or if a run has no such quantity.
    """
    if not runs:
        raise ValueError("Expected at least one run. Received: none")
    images = {run.images for run in runs}
    if len(images) > 1:
        raise ValueError(f"Expected runs on the same images. Received: {sorted(images)}")
    for run in runs:
        if quantity not in run.history:
            raise ValueError(
                f"`quantity` must be one of {', '.join(run.history)}. Received: {quantity!r}"
            )
    ax = _axes(ax)
    of_errors = quantity.endswith("error")
    for i, run in enumerate(runs):
        values = np.array(run.history[quantity]) * (100 if of_errors else 1)
        ax.plot(run.history["step"], values, marker="o", ms=3, label=run.network, **_look(i))
    ax.set_title(images.pop(), fontsize="medium")
    ax.set_xlabel("steps")
    name = quantity.replace("_", " ")
    if quantity == "error":
        name = "training error"
    ax.set_ylabel(f"{name} (%)" if of_errors else name)
    if of_errors:
        ax.set_ylim(0, 100)
    ax.legend()
    return ax


def gradient_norms(norms: Mapping[str, Mapping[str, float]], ax: Axes | None = None) -> Axes:
    """One line per network over its convolutions, first layer left, on a log scale.

    `norms` maps a label to what `inspection.gradient_norms` returned; depths may
    differ, so the axis is the layer's place in its net, from 0 to 1.
    """
    ax = _axes(ax)
    for i, (label, values) in enumerate(norms.items()):
        place = np.linspace(0, 1, len(values))
        ax.semilogy(place, list(values.values()), label=label, **_look(i))
    ax.set_xlabel("convolution, from the input (0) to the classifier (1)")
    ax.set_ylabel("norm of the loss's gradient")
    ax.legend()
    return ax


def images(
    pictures: np.ndarray, labels: np.ndarray, class_names: Sequence[str], axes: np.ndarray
) -> np.ndarray:
    """Pictures (N, H, W, 3), uint8, one per axis of an array of axes, named."""
    if len(pictures) < axes.size:
        raise ValueError(f"Expected {axes.size} pictures for as many axes. Got {len(pictures)}")
    for ax, picture, label in zip(axes.flat, pictures, labels, strict=False):
        ax.imshow(picture, interpolation="nearest")
        ax.set_title(class_names[label], fontsize="small")
        ax.set_axis_off()
    return axes


def _axes(ax):
    return ax if ax is not None else plt.subplots(figsize=(6, 3.6), layout="constrained")[1]


def _look(i):
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i % len(STYLES)]}

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

from helpers.data import Split
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
    ax.set_xlim(left=0)
    name = quantity.replace("_", " ")
    if quantity == "error":
        name = "training error"
    ax.set_ylabel(f"{name} (%)" if of_errors else name)
    if of_errors:
        ax.set_ylim(0, 100)
    ax.legend()
    return ax


def by_layer(
    values: Mapping[str, Mapping[str, float]],
    ax: Axes | None = None,
    *,
    what: str,
    legend: bool = True,
) -> Axes:
    """One line per network over its convolutions, first layer left, on a log scale.

    `values` maps a label to what a function of `inspection` returned, {layer:
    value}; `what` names the quantity. Depths may differ, so the axis is the
    layer's place in its net, from 0 to 1.
    """
    ax = _axes(ax)
    for i, (label, of_layers) in enumerate(values.items()):
        place = np.linspace(0, 1, len(of_layers))
        ax.semilogy(place, list(of_layers.values()), label=label, **_look(i))
    ax.set_xlabel("place: input 0, output 1")
    ax.set_ylabel(what)
    if legend:
        ax.legend()
    return ax


def one_per_class(split: Split, class_names: Sequence[str], axes: np.ndarray) -> np.ndarray:
    """The first images of each class: a class per axis, again from the start, named.

    `axes` is an array of axes; with classes times r of them each class shows its
    first r images.
    """
    for i, ax in enumerate(axes.flat):
        label, nth = i % len(class_names), i // len(class_names)
        of_class = np.flatnonzero(split.labels == label)
        if nth >= len(of_class):
            raise ValueError(
                f"Expected at least {nth + 1} images of {class_names[label]}. "
                f"Received: {len(of_class)}"
            )
        ax.imshow(split.images[of_class[nth]], interpolation="nearest")
        ax.set_axis_off()
        if nth == 0:
            ax.set_title(class_names[label], fontsize="small")
    return axes


def _axes(ax):
    return ax if ax is not None else plt.subplots(figsize=(6, 3.6), layout="constrained")[1]


def _look(i):
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i % len(STYLES)]}

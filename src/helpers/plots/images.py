"""Pictures of images, and of how often which was taken for which.

Book: chapters 1 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers.datasets import Split
from helpers.plots.look import axes_or_new


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


def confusion(
    matrix: np.ndarray, class_names: Sequence[str], ax: Axes | None = None, *, title: str
) -> Axes:
    """What `inspection.confusion` counted, as a map: true classes down, answers across.

    Up to ten classes have their numbers written in. `title` names the images.

    Book: chapter 6.
    """
    ax = axes_or_new(ax)
    ax.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues", vmax=1)
    small = {"fontsize": "small" if len(matrix) <= 10 else 5}
    ax.set_xticks(range(len(matrix)), class_names, rotation=0 if len(matrix) <= 4 else 90, **small)
    ax.set_yticks(range(len(matrix)), class_names, **small)
    if len(matrix) <= 10:
        for (i, j), number in np.ndenumerate(matrix):
            dark = 2 * number > matrix[i].sum()
            ax.text(j, i, number, ha="center", va="center", color="white" if dark else "black")
    ax.set_xlabel("answer")
    ax.set_ylabel("breed")
    ax.set_title(title, fontsize="medium")
    return ax

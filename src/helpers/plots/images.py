"""Pictures of images, and of how often which was taken for which.

Book: chapters 1 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

    Up to ten classes have their numbers written in; the colour is the share of the class, as
    the bar at the right says. `title` names the images.

    Book: chapter 6.
    """
    ax = axes_or_new(ax)
    share = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shown = ax.imshow(share, cmap="Blues", vmin=0, vmax=100)
    bar = ax.figure.colorbar(shown, ax=ax, shrink=0.8)
    bar.set_label(r"% of the breed's photographs")
    bar.solids.set_rasterized(True)  # as the map is: a dark page leaves pictures as they are
    small = {"fontsize": "small" if len(matrix) <= 10 else 5}
    ax.set_xticks(range(len(matrix)), class_names, rotation=0 if len(matrix) <= 4 else 90, **small)
    ax.set_yticks(range(len(matrix)), class_names, **small)
    if len(matrix) <= 10:
        for (i, j), number in np.ndenumerate(matrix):
            dark = 2 * number > matrix[i].sum()
            written = ax.text(j, i, number, ha="center", va="center")
            written.set(color="white" if dark else "black", rasterized=True)  # as the map is
    ax.set_xlabel("answer")
    ax.set_ylabel("breed")
    ax.set_title(title, fontsize="medium")
    return ax


def activation_maps(
    image: np.ndarray | None, maps: np.ndarray, titles: Sequence[str], axes: np.ndarray
) -> np.ndarray:
    """An image and its class activation maps side by side, all maps on one scale.

    `maps` (h, w, n) may come from `inspection.activation_maps`; `titles` name the image and
    each map, and `axes` are n + 1. Without an image there is one title and one axis fewer. Light
    squares speak for a class and dark ones against it; grey is zero.

    Raises ValueError if the numbers do not fit.

    Book: chapter 6.
    """
    count = maps.shape[-1] + (image is not None)
    if len(titles) != count or len(axes) != count:
        raise ValueError(
            f"Expected {count} titles and {count} axes. Received: {len(titles)} and {len(axes)}"
        )
    if image is not None:
        axes[0].imshow(image, interpolation="nearest")
    most = np.abs(maps).max()
    for ax, shown in zip(axes[count - maps.shape[-1] :], np.moveaxis(maps, -1, 0), strict=True):
        ax.imshow(shown, cmap="cividis", vmin=-most, vmax=most)
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize="small")
        ax.set_axis_off()
    return axes


def neighbours(
    images: np.ndarray, order: Mapping[int, Sequence[int]], axes: np.ndarray
) -> np.ndarray:
    """A row for each image asked about: the image itself, then those found nearest to it.

    `order` is {index of an image: indices of its neighbours}, for instance of
    `inspection.nearest`; `axes` (rows, 1 + neighbours). Raises ValueError if they do not fit.

    Book: chapter 6.
    """
    rows = [[asked, *found] for asked, found in order.items()]
    if np.shape(axes) != np.shape(rows):
        raise ValueError(f"Expected axes {np.shape(rows)}. Received: {np.shape(axes)}")
    for ax, index in zip(np.ravel(axes), np.ravel(rows), strict=True):
        ax.imshow(images[index], interpolation="nearest")
        ax.set_xticks([])
        ax.set_yticks([])
    for ax in axes[:, 0]:  # a frame around what was asked about
        for spine in ax.spines.values():
            spine.set_linewidth(3)
    return axes

"""The picture that is computed from the weights of a trained net: what the page of it shows."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))

import look_inside  # noqa: E402
import whole_numbers  # noqa: E402

IMAGE = "ring"
SHOWN = ("conv2_1", "conv3_1", "conv4_3")  # the first block, one that changes the shape, the last
ACROSS = {8: 4, 16: 4, 32: 8}  # channels: columns
CMAP = plt.get_cmap("cividis", 9)  # few colours: a page has the picture twice
BEYOND = 0.99  # of the numbers of a block lie on its scale


def inside():
    """Look inside: x, F(x) and their sum in three blocks of the narrow ResNet-20, for one image."""
    classes, pictures, mean = look_inside.images()
    seen = pictures[classes.index(IMAGE)]
    found = whole_numbers.forward(look_inside.net(ROOT / "results"), seen - mean)
    figure = plt.figure(figsize=(7.2, 5.2), layout="constrained")
    wide = {"width_ratios": (1, 1, 1, 0.045), "height_ratios": (1, 2, 1)}
    axes = figure.subplots(len(SHOWN), 4, gridspec_kw=wide)
    for row, name in zip(axes, SHOWN, strict=True):
        maps = found.blocks[name]
        limit = np.quantile(np.abs(np.concatenate([m.ravel() for m in maps])), BEYOND)
        for ax, one, what in zip(row[:3], maps, ("$x$", "$F(x)$", "relu$(x + F(x))$"), strict=True):
            look = {"vmin": -limit, "vmax": limit, "cmap": CMAP, "interpolation": "none"}
            picture = ax.imshow(_grid(one), **look)
            ax.set_title(f"{what}, size {np.sqrt(np.mean(one**2)):.2f}", fontsize="medium")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(name)
        if name.endswith("_1") and name != "conv2_1":
            place = {"ha": "center", "va": "center", "transform": row[0].transAxes}
            row[0].text(0.37, 0.365, "zeros", color="white", **place)
        bar = figure.colorbar(picture, cax=row[3], ticks=[-limit, 0, limit], format="%.1f")
        bar.solids.set_rasterized(True)
        bar.outline.set_visible(False)
    return figure


def _grid(maps):
    """(H, W, C) as one picture of all channels in rows, with gaps of nothing between them."""
    side, channels = maps.shape[0], maps.shape[-1]
    across, step = ACROSS[channels], side + side // 8
    whole = np.full((channels // across * step - side // 8, across * step - side // 8), np.nan)
    for i in range(channels):
        row, column = (n * step for n in divmod(i, across))
        whole[row : row + side, column : column + side] = maps[..., i]
    return whole

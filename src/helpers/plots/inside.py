"""Pictures of what was found inside trained nets, from the records of `studies.inside`.

Book: chapter 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from helpers import specs
from helpers.plots.look import MARKERS, axes_or_new, light, net_looks
from helpers.support.palette import COLOURS

CHANCE = 90.0  # per cent of ten classes


def along(
    values: Mapping[str, Sequence[float]], ax: Axes | None = None, *, what: str, legend: bool = True
) -> Axes:
    """One line per net over its blocks or layers, from the input at 0 to the output at 1.

    `values` maps a label to one number for each of them; `what` names the quantity.
    """
    ax = axes_or_new(ax)
    for row, look in zip(values.values(), net_looks(values), strict=True):
        place = (np.arange(len(row)) + 0.5) / len(row)
        ax.plot(place, row, label=look.title, **look.line)
    ax.set_xlim(0, 1)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("from input (0) to output (1)")
    ax.set_ylabel(what)
    if legend:
        ax.legend()
    return ax


def responses(
    nets: Mapping[str, Mapping[str, Any]], axes: Sequence[Axes], *, labels: Mapping[str, str]
) -> Sequence[Axes]:
    """Three panels of a record of `responses`: |gamma|, |F(x)| / |x| and the angle.

    The first, by layer, has the nets that are not in `labels`; the others, by block, every
    residual net, which `labels` may call something else.
    """
    own = {name: net["gammas"] for name, net in nets.items() if name not in labels}
    along(own, axes[0], what="response, |gamma|")
    for ax, key, what in (
        (axes[1], "ratios", "|F(x)| / |x|"),
        (axes[2], "angles", "angle (degrees)"),
    ):
        lines = {labels.get(name, name): net[key] for name, net in nets.items() if key in net}
        along(lines, ax, what=what, legend=key == "ratios")
    return axes


def removed_blocks(net: Mapping[str, Any], ax: Axes | None = None, *, title: str = "") -> Axes:
    """The test error with one block removed, block by block: a record of `lesions`.

    Filled: with the moving averages of training. Hollow: estimated anew for the net that is
    left. The line is the whole net's error; grey lines stand where a stage begins.
    """
    ax = axes_or_new(ax)
    blocks = net["blocks"]
    for i in range(1, len(blocks)):
        if blocks[i].split("_")[0] != blocks[i - 1].split("_")[0]:
            ax.axvline(i + 0.5, color="#b0b0b0", linewidth=0.8, zorder=0)
    ax.axhline(net["errors"]["whole"], color="#707070", linewidth=0.8, label="the whole net")
    places = np.arange(1, len(blocks) + 1)
    look = {"linestyle": "none", "marker": "o", "ms": 4.5}
    for key, face, colour, label in (
        ("errors", COLOURS[2], COLOURS[2], "averages of training"),
        ("renewed", "none", COLOURS[3], "estimated anew"),
    ):
        look |= {"color": colour, "mfc": face, "label": label}
        ax.plot(places, net[key]["without"], **look)
    ax.axhline(CHANCE, color="#b0b0b0", linewidth=0.8, linestyle=":", zorder=0)
    ax.set_ylim(0, 100)
    ax.set_xlabel("block removed")
    ax.set_ylabel("test error (%)")
    ax.set_title(specs.titles([title])[title], fontsize="medium")
    return ax


def removed_at_random(
    nets: Mapping[str, tuple[Mapping[str, Any], str]], ax: Axes | None = None
) -> Axes:
    """The test error by the number of blocks removed at random: the mean, and least to most.

    `nets` maps a label to a record of `lesions` and which errors of it: "errors" or "renewed".
    """
    ax = axes_or_new(ax)
    for (net, key), look in zip(nets.values(), net_looks(nets), strict=True):
        rows = np.array(net[key]["random"])
        number = [0, *net["removed"]]
        mean = [net[key]["whole"], *rows.mean(axis=1)]
        ax.plot(number, mean, label=look.title, **look.line)
        surface = {"color": light(look.colour), "alpha": 0.35, "linewidth": 0}
        ax.fill_between(net["removed"], rows.min(axis=1), rows.max(axis=1), **surface)
    ax.set_ylim(0, 100)
    ax.set_xlim(left=0)
    ax.set_xlabel("blocks removed")
    ax.set_ylabel("test error (%)")
    ax.legend()
    return ax


def reordered(nets: Mapping[str, tuple[Mapping[str, Any], str]], ax: Axes | None = None) -> Axes:
    """The test error with blocks out of order, by Kendall's rank correlation with the right one.

    `nets` are as in `removed_at_random`, beside whose legend this stands: the same colours in the
    same order, and a marker of its own for each.
    """
    ax = axes_or_new(ax)
    for i, ((net, key), look) in enumerate(zip(nets.values(), net_looks(nets), strict=True)):
        points = {"marker": MARKERS[i % len(MARKERS)], "linestyle": "none", "ms": 4, "mfc": "none"}
        points |= {"color": look.colour, "label": look.title}
        ax.plot(net["tau"], net[key]["reordered"], **points)
    ax.set_xlabel("rank correlation with the right order")
    ax.set_ylim(0, 100)
    ax.invert_xaxis()
    return ax


def all_subsets(
    board: Mapping[str, Any], ax: Axes | None = None, *, key: str = "errors", title: str = ""
) -> Axes:
    """The test error by the number of blocks removed, over every subset: median, least and most.

    `board` is the nets of the record `board`; `key` "errors" or "renewed".
    """
    ax = axes_or_new(ax)
    for i, (net, look) in enumerate(zip(board.values(), net_looks(board), strict=True)):
        errors = np.array(net[key])
        removed = np.array([number.bit_count() for number in range(len(errors))])
        groups = [errors[removed == k] for k in range(removed.max() + 1)]
        low, middle, high = (
            np.array([part(group) for group in groups]) for part in (np.min, np.median, np.max)
        )
        ax.errorbar(
            np.arange(len(groups)) + 0.12 * i,
            middle,
            [middle - low, high - middle],
            label=look.title,
            capsize=2,
            marker=MARKERS[i % len(MARKERS)],
            ms=4,
            **look.line,
        )
    ax.axhline(CHANCE, color="#b0b0b0", linewidth=0.8, linestyle=":", zorder=0)
    ax.set_ylim(0, 100)
    ax.set_xlabel("blocks removed")
    ax.set_ylabel("test error (%)")
    ax.set_title(title, fontsize="medium")
    ax.legend()
    return ax


def path_lengths(net: Mapping[str, Any], ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """The share of paths of each length, and the share of the gradient they bring: a record of
    `paths`."""
    ax = axes_or_new(ax)
    place = np.arange(len(net["share"]))
    ax.bar(place, net["share"], color=light(COLOURS[0]), edgecolor=COLOURS[0], label="paths")
    ax.plot(place, net["contribution"], color=COLOURS[2], marker="o", ms=3, label="gradient")
    ax.set_xlabel("length: blocks that a path goes through")
    ax.set_ylabel("share")
    ax.set_ylim(bottom=0)
    if legend:
        ax.legend()
    return ax


def loss_slices(
    record: Mapping[str, Any], axes: Sequence[Axes], nets: Sequence[str], names: Sequence[str]
) -> Sequence[Axes]:
    """Slices of the loss as contours, one net an `ax`, all with the same levels.

    `record` is that of `slices`. Levels are powers of ten and their parts, dark is low; each
    title has the loss at the middle and the leading eigenvalue.
    """
    at = record["coordinates"]
    levels = np.array([0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000])
    for ax, net, name in zip(axes, nets, names, strict=True):
        found = record["nets"][net]
        losses = np.clip(np.array(found["losses"]).T, levels[0] * 1.001, levels[-1] * 0.999)
        ax.contourf(at, at, losses, levels=levels, norm=LogNorm(0.01, 1000), cmap="cividis")
        lines = ax.contour(at, at, losses, levels=levels, colors="white", linewidths=0.6)
        labels = ax.clabel(lines, fmt="%g", fontsize=6)
        for artist in (*ax.collections, *labels):  # one map, whose colours belong together
            artist.set_rasterized(True)
        ax.set_aspect("equal")
        ax.set_title(name, fontsize="medium")
        ax.set_xlabel("first direction")
    axes[0].set_ylabel("second direction")
    return axes


def similarity(
    matrix: Sequence[Sequence[float]], ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """The similarity of each block's output with each other's, from 0, dark, to 1."""
    ax = axes_or_new(ax)
    n = len(matrix)
    picture = ax.imshow(
        np.array(matrix), vmin=0, vmax=1, cmap="cividis", origin="lower", extent=(0, n, 0, n)
    )
    ax.set_xlabel("block, 0 the stem")
    ax.set_title(title, fontsize="medium")
    plt.colorbar(picture, ax=ax, shrink=0.8).solids.set_rasterized(True)
    return ax

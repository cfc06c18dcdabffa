"""Runs side by side in rows: a dot for each seed, no bars. Book: chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from helpers import expect, specs
from helpers.palette import COLOURS
from helpers.plots.look import axes_or_new
from helpers.runs import Run

# No colour of a kind of net: a row may be either.
_LOOKS = {
    "train": {"label": "training", "marker": "o", "facecolor": "none", "edgecolor": COLOURS[3]},
    "test": {"label": "test", "marker": "o", "color": COLOURS[2]},
}


def strips(
    groups: Mapping[str, Sequence[Run]],
    ax: Axes | None = None,
    *,
    splits: Sequence[str] = ("test",),
) -> Axes:
    """Final errors in %, {name: runs of all its seeds}: a row for each name, a dot for each run.

    `splits` are "train", hollow dots, and "test", filled ones. The first row's mean is drawn
    through all rows, dotted, for each split. Raises ValueError without a group, for a group
    without a run, or for another split.
    """
    if not groups or not all(groups.values()):
        given = {name: len(runs) for name, runs in groups.items()}
        raise ValueError(f"Expected at least one run for each name. Received: {given}")
    ax = axes_or_new(ax)
    names = list(groups)
    for split in splits:
        look = _LOOKS[expect.one_of("split", split, _LOOKS)]
        for row, name in enumerate(names):
            errors = [100 * run.final[split]["error"] for run in groups[name]]
            label = {} if row else {"label": look["label"]}
            style = {key: value for key, value in look.items() if key != "label"}
            ax.scatter(errors, [row] * len(errors), s=26, zorder=3, **style, **label)
            if row == 0:
                colour = look.get("color", look.get("edgecolor"))
                mean = sum(errors) / len(errors)
                ax.axvline(mean, linestyle=":", linewidth=1, color=colour)
    ax.set_yticks(range(len(names)), specs.titles(names).values())
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel("error (%)")
    return ax

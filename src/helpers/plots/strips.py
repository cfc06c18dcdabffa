"""Runs side by side in rows: a dot for each seed, no bars. Book: chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from helpers import specs
from helpers.plots.look import axes_or_new, kind_of
from helpers.runs import Run
from helpers.support import expect
from helpers.support.palette import COLOURS, KINDS

_SPLITS = {"train": "training", "test": "test"}


def strips(
    groups: Mapping[str, Sequence[Run]],
    ax: Axes | None = None,
    *,
    splits: Sequence[str] = ("test",),
) -> Axes:
    """Final errors in %, {name: runs of all its seeds}: a row for each name, a dot for each run.

    `splits` are "train", hollow dots, and "test", filled ones. Residual and plain nets have
    their colours. The first row's mean is drawn through all rows, dotted, for each split.

    Raises ValueError without a group, for a group without a run, or for another split.
    """
    if not groups or not all(groups.values()):
        given = {name: len(runs) for name, runs in groups.items()}
        raise ValueError(f"Expected at least one run for each name. Received: {given}")
    ax = axes_or_new(ax)
    names = list(groups)
    colours = [KINDS.get(kind_of(name), COLOURS[2]) for name in names]
    for split in splits:
        words = _SPLITS[expect.one_of("split", split, _SPLITS)]
        for row, (name, colour) in enumerate(zip(names, colours, strict=True)):
            errors = [100 * run.final[split]["error"] for run in groups[name]]
            look = {"edgecolor": colour, "facecolor": colour if split == "test" else "none"}
            label = {} if row else {"label": words}
            ax.scatter(errors, [row] * len(errors), s=26, marker="o", zorder=3, **look, **label)
            if row == 0:
                mean = sum(errors) / len(errors)
                ax.axvline(mean, linestyle=":", linewidth=1, color="0.4")
    ax.set_yticks(range(len(names)), specs.titles(names).values())
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel("error (%)")
    return ax

"""Pictures of records of training, and of errors that others report.

Book: all chapters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers import specs
from helpers.paper import Reported
from helpers.plots.look import axes_or_new, images_of, net_looks
from helpers.runs import Run, standard_error
from helpers.support import expect
from helpers.support.palette import COLOURS


def curves(runs: Sequence[Run], ax: Axes | None = None, quantity: str = "error") -> Axes:
    """One line per run over the steps: a quantity of `Run.history`, errors in %.

    Raises ValueError if there are no runs, if they were not made from the same
    images, or if a run has no such quantity.
    """
    images = images_of(runs)
    for run in runs:
        expect.one_of("quantity", quantity, run.history)
    ax = axes_or_new(ax)
    of_errors = quantity.endswith("error")
    for run, look in zip(runs, net_looks(run.network for run in runs), strict=True):
        values = np.array(run.history[quantity]) * (100 if of_errors else 1)
        marked = {"marker": look.marker, "ms": 3, "label": look.title}
        marked["markevery"] = max(1, len(values) // 6)  # between them the dashes show
        ax.plot(run.history["step"], values, **marked, **look.line)
    ax.set_title(images, fontsize="medium")
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


def training_and_test(
    runs: Sequence[Run], ax: Axes | None = None, *, marks: Mapping[str, float] | None = None
) -> Axes:
    """The paper's Figure 6: training error dashed and thin, test error solid and bold.

    One shade per run. `marks` are errors in % by network, drawn as lines at the right
    edge in the shade of that network's run, and written above them: what the paper reports.

    Raises ValueError without runs, for different images, or for a run whose test
    error was not followed.

    Book: chapter 5.
    """
    images, reported = images_of(runs), []
    ax = axes_or_new(ax)
    for run, net in zip(runs, net_looks(run.network for run in runs), strict=True):
        if "test_error" not in run.history:
            raise ValueError(
                f"Expected runs with a test error by epoch. Received: {run.name}. Train with "
                "follow_test=True, or --follow-test."
            )
        steps = run.history["step"]
        for quantity, look in (
            ("error", {"linestyle": "--", "linewidth": 0.9}),
            ("test_error", {}),
        ):
            label = net.title if quantity == "test_error" else None
            values = 100 * np.array(run.history[quantity])
            marker = {"marker": net.marker, "ms": 4} if label else {}
            ax.plot(steps, values, color=net.colour, label=label, **look, **marker)
        if marks and run.network in marks:
            at = marks[run.network]
            reported.append(at)
            ax.plot(
                [0.9, 1], [at, at], color=net.colour, lw=1.5, transform=ax.get_yaxis_transform()
            )
    if reported:  # on the axis of all errors they lie within a line's width of each other
        words = f"the paper: {', '.join(f'{at:.1f}' for at in reported)} %"
        place = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
        look = {"ha": "right", "va": "bottom", "fontsize": "small"}
        ax.annotate(words, (0.98, max(reported)), (0, 3), **place, **look)
    ax.set_title(images, fontsize="medium")
    ax.set_xlabel("steps")
    ax.set_xlim(left=0)
    ax.set_ylabel("error (%)")
    ax.set_ylim(0, 100)
    ax.legend()
    return ax


def error_by_depth(runs: Sequence[Run], ax: Axes | None = None, *, split: str = "train") -> Axes:
    """Error against the number of weighted layers, plain and residual nets apart.

    A line joins the means over seeds, and every seed has its point. The error is that of
    the finished net on the images as they are, in %: of `split`, "train", "validation" or
    "test". Raises ValueError without runs, for different images, or for a run of no
    network of `specs`.

    Book: chapters 1 and 5.
    """
    images = images_of(runs)
    ax = axes_or_new(ax)
    errors: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        if run.architecture is None:
            raise ValueError(f"Expected runs of networks of `specs`. Received: {run.name}")
        kind = "plain" if run.architecture.shortcut is None else "residual"
        depths = errors.setdefault(kind, {})
        depths.setdefault(run.architecture.depth, []).append(100 * run.final[split]["error"])
    kinds = [kind for kind in ("plain", "residual") if kind in errors]
    for kind, look in zip(kinds, net_looks(kinds), strict=True):
        depths = sorted(errors[kind])
        means = [np.mean(errors[kind][depth]) for depth in depths]
        ax.plot(depths, means, label=f"{kind} nets", **look.line)
        every = [(depth, error) for depth in depths for error in errors[kind][depth]]
        points = {"marker": look.marker, "color": look.colour, "s": 18, "alpha": 0.7}
        ax.scatter(*zip(*every, strict=True), **points)
    ax.set_title(images, fontsize="medium")
    ax.set_xlabel("weighted layers")
    ax.set_xticks(sorted({depth for depths in errors.values() for depth in depths}))
    ax.set_xlim(left=0)
    ax.set_ylabel(f"{'training' if split == 'train' else split} error (%)")
    ax.set_ylim(bottom=0)
    ax.legend()
    return ax


def reported_errors(
    reported: Mapping[str, Reported], ax: Axes | None = None, *, images: int = 10_000
) -> Axes:
    """Test errors that a paper reports, one place each, with their 95 % intervals.

    The bar is what the choice of so many test images does to the number (see
    `runs.standard_error`). Where there are several runs, their mean stands beside it
    with its standard deviation as a thick bar. Raises ValueError without a net.

    Book: "How to read an error".
    """
    if not reported:
        raise ValueError("Expected at least one net. Received: none")
    ax = axes_or_new(ax)
    errors = [r.error for r in reported.values()]
    bars = [1.96 * standard_error(error, images) for error in errors]
    look = {"capsize": 4, "color": COLOURS[0], "linestyle": "none"}
    ax.errorbar(range(len(errors)), errors, bars, marker="o", label="as reported", **look)
    several = {i: r for i, r in enumerate(reported.values()) if r.mean is not None}
    if several:
        places = [i + 0.18 for i in several]
        look = {"color": COLOURS[2], "linestyle": "none", "elinewidth": 4, "marker": "D"}
        means, spreads = zip(*((r.mean, r.spread) for r in several.values()), strict=True)
        ax.errorbar(places, means, spreads, label="mean and spread of its runs", **look)
    ax.set_xticks(range(len(errors)), specs.titles(reported).values())
    ax.set_ylabel("test error (%)")
    ax.set_xlim(-0.5, len(errors) - 0.3)
    ax.legend()
    return ax


def by_depth(
    values: Mapping[str, Mapping[int, float]],
    ax: Axes | None = None,
    *,
    what: str,
    title: str | None = None,
    log: bool = False,
) -> Axes:
    """One line per kind of net over its depth, such as what `published.by_depth` returns.

    `values` maps a label to {weighted layers: value}; `what` names the quantity with its
    unit, `title` the images. With `log` the values have a logarithmic scale. Raises
    ValueError without a line.

    Book: chapters 1, 2 and 5.
    """
    if not values:
        raise ValueError("Expected at least one kind of net. Received: none")
    ax = axes_or_new(ax)
    for line, look in zip(values.values(), net_looks(values), strict=True):
        depths = sorted(line)
        marked = {"marker": look.marker, "label": look.title}
        ax.plot(depths, [line[n] for n in depths], **marked, **look.line)
    ax.set_xticks(sorted({depth for line in values.values() for depth in line}))
    ax.set_xlabel("weighted layers")
    ax.set_ylabel(what)
    if log:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    if title:
        ax.set_title(title, fontsize="medium")
    ax.legend()
    return ax

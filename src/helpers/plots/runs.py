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
from matplotlib.colors import to_rgb

from helpers import specs
from helpers.counting import Layer, StageTotal
from helpers.datasets import Split
from helpers.inspection import propagation
from helpers.paper import Reported
from helpers.runs import Run, standard_error

# Okabe and Ito's palette: distinguishable without colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
HATCHES = ("", "////", "....", "xxxx", "----", "oooo")

SHARED = ("parameters", "multiply_adds", "activations")


def curves(runs: Sequence[Run], ax: Axes | None = None, quantity: str = "error") -> Axes:
    """One line per run over the steps: a quantity of `Run.history`, errors in %.

    Raises ValueError if there are no runs, if they were not made from the same
    images, or if a run has no such quantity.
    """
    images = _images(runs)
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

    One colour per run. `marks` are errors in % by network, drawn as lines at the right
    edge in the colour of that network's run: what somebody else reports.

    Raises ValueError without runs, for different images, or for a run whose test
    error was not followed.

    Book: chapter 5.
    """
    images = _images(runs)
    ax = _axes(ax)
    for i, run in enumerate(runs):
        if "test_error" not in run.history:
            raise ValueError(
                f"Expected runs with a test error by epoch. Received: {run.name}. Train with "
                "follow_test=True, or --follow-test."
            )
        steps, colour = run.history["step"], COLOURS[i % len(COLOURS)]
        for quantity, look in (
            ("error", {"linestyle": "--", "linewidth": 0.9}),
            ("test_error", {}),
        ):
            label = run.network if quantity == "test_error" else None
            values = 100 * np.array(run.history[quantity])
            marker = {"marker": "osD^vP"[i % 6], "ms": 4} if label else {}
            ax.plot(steps, values, color=colour, label=label, **look, **marker)
        if marks and run.network in marks:
            at = marks[run.network]
            ax.plot([0.97, 1], [at, at], color=colour, lw=2.5, transform=ax.get_yaxis_transform())
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
    images = _images(runs)
    ax = _axes(ax)
    errors: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        if run.architecture is None:
            raise ValueError(f"Expected runs of networks of `specs`. Received: {run.name}")
        kind = "plain" if run.architecture.shortcut is None else "residual"
        depths = errors.setdefault(kind, {})
        depths.setdefault(run.architecture.depth, []).append(100 * run.final[split]["error"])
    for i, kind in enumerate(("plain", "residual")):
        if kind not in errors:
            continue
        depths = sorted(errors[kind])
        means = [np.mean(errors[kind][depth]) for depth in depths]
        ax.plot(depths, means, label=f"{kind} nets", **_look(i))
        every = [(depth, error) for depth in depths for error in errors[kind][depth]]
        colour = COLOURS[i % len(COLOURS)]
        ax.scatter(*zip(*every, strict=True), marker="os"[i], s=18, color=colour, alpha=0.7)
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
    ax = _axes(ax)
    errors = [r.error for r in reported.values()]
    bars = [1.96 * standard_error(error, images) for error in errors]
    look = {"capsize": 4, "color": COLOURS[0], "linestyle": "none"}
    ax.errorbar(range(len(errors)), errors, bars, marker="o", label="as reported", **look)
    several = {i: r for i, r in enumerate(reported.values()) if r.mean is not None}
    if several:
        places = [i + 0.18 for i in several]
        look = {"color": COLOURS[1], "linestyle": "none", "elinewidth": 4, "marker": "D"}
        means, spreads = zip(*((r.mean, r.spread) for r in several.values()), strict=True)
        ax.errorbar(places, means, spreads, label="mean and spread of its runs", **look)
    ax.set_xticks(range(len(errors)), list(reported))
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
    unit, `title` the images. Plain nets, whose label begins so, are dashed. With `log` the
    values have a logarithmic scale. Raises ValueError without a line.

    Book: chapters 1, 2 and 5.
    """
    if not values:
        raise ValueError("Expected at least one kind of net. Received: none")
    ax = _axes(ax)
    for i, (label, line) in enumerate(values.items()):
        depths = sorted(line)
        look = {"color": COLOURS[i % 6], "linestyle": "--" if label.startswith("plain") else "-"}
        ax.plot(depths, [line[n] for n in depths], marker="osD^vP"[i % 6], label=label, **look)
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


def by_block(
    values: Mapping[str, Mapping[str, float]],
    ax: Axes | None = None,
    *,
    what: str,
    predicted: Mapping[str, Sequence[float]] | None = None,
    legend: bool = True,
) -> Axes:
    """One line per network over its blocks on a log scale, the stem at 0.

    `values` maps a label to {block: value}, as functions of `inspection` return it.
    `predicted` has a value for each of a net's blocks: a thin line with small circles, in the
    net's colour. Where a stage of the first net begins, a grey line stands.

    Book: chapter 2.
    """
    ax = _axes(ax)
    first = next(iter(values.values()))
    stages = [name.split("_")[0] for name in first]
    for i in range(2, len(stages)):
        if stages[i] != stages[i - 1]:
            ax.axvline(i - 0.5, color="#b0b0b0", linewidth=0.8, zorder=0)
    for i, (label, of_blocks) in enumerate(values.items()):
        ax.plot(list(of_blocks.values()), label=label, **_look(i))
        if predicted and label in predicted:
            dots = {"marker": "o", "ms": 3, "mfc": "none", "linewidth": 0.5}
            ax.plot(predicted[label], label=f"{label}, predicted", color=COLOURS[i % 6], **dots)
    ax.set_yscale("log")
    ax.set_xlabel("block, counted from the input")
    ax.set_ylabel(what)
    if legend:
        ax.legend()
    return ax


def propagation_by_block(
    gradients: Mapping[str, Mapping[str, float]],
    sizes: Mapping[str, Mapping[str, float]],
    axes: Sequence[Axes] | None = None,
    *,
    a: float,
    depth: int,
) -> Sequence[Axes]:
    """Chapter 2's two panels: gradient with respect to x, and size of x, by block.

    Of the networks of one depth among those measured, with what the argument predicts from
    `a` alone (see `propagation`): the gradient from the last block's back, and the size.

    Book: chapter 2.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7.6, 3.8), layout="constrained")[1]
    networks = [network for network in gradients if specs.get(network).depth == depth]
    back, forth = {}, {}
    for network in networks:
        last = list(gradients[network].values())[-1]
        back[network] = last * propagation.growth(propagation.rule(network, a))
        forth[network] = propagation.sizes(network)
    for ax, values, predicted, what in (
        (axes[0], gradients, back, "norm of the gradient in x"),
        (axes[1], sizes, forth, "root mean square of x"),
    ):
        measured = {network: values[network] for network in networks}
        by_block(measured, ax, what=what, predicted=predicted, legend=False)
    axes[1].set_yscale("linear")
    axes[1].set_ylim(bottom=0)
    axes[0].legend()
    return axes


def stage_shares(
    totals_by_network: Mapping[str, Sequence[StageTotal]],
    ax: Axes | None = None,
    quantity: str = "multiply_adds",
    *,
    legend: bool = True,
) -> Axes:
    """Where in a network something sits: the share of each stage, in %, as bars.

    `totals_by_network` maps a name to what `counting.by_stage` returned; `quantity`
    is parameters, multiply_adds or activations. Stages stand from the input, at the
    top, to the output; VGG's conv1_x stands beside conv1.

    Raises ValueError without a network, or for another quantity.

    Book: chapters 3 and 4.
    """
    if not totals_by_network:
        raise ValueError("Expected at least one network. Received: none")
    if quantity not in SHARED:
        raise ValueError(
            f"`quantity` must be one of {', '.join(SHARED)}. Received: quantity={quantity!r}"
        )
    ax = _axes(ax)
    names = {}  # conv1 and conv1_x are one row
    for totals in totals_by_network.values():
        for total in totals:
            names.setdefault(total.name.removesuffix("_x"), set()).add(total.name)
    order = sorted(names, key=lambda name: (name == "fc", name))
    height = 0.8 / len(totals_by_network)
    for i, (network, totals) in enumerate(totals_by_network.items()):
        numbers = [getattr(total, quantity) for total in totals]
        shares = 100 * np.array(numbers) / sum(numbers)
        rows = [order.index(total.name.removesuffix("_x")) for total in totals]
        places = np.array(rows) - 0.4 + (i + 0.5) * height
        look = {"facecolor": _light(COLOURS[i % 6]), "edgecolor": COLOURS[i % 6]}
        bars = ax.barh(places, shares, 0.9 * height, label=network, hatch=HATCHES[i % 6], **look)
        written = ["< 1" if 0 < share < 0.5 else f"{share:.0f}" for share in shares]
        ax.bar_label(bars, written, padding=2, fontsize="small")
    labels = [names[key].pop() if len(names[key]) == 1 else key for key in order]
    ax.set_yticks(range(len(order)), labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xticks([])
    ax.set_xlim(0, 110)  # one scale for all quantities, and room for a number
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.set_title(f"{quantity.replace('_', '-')}, %", fontsize="medium", loc="left")
    if legend:
        ax.legend()
    return ax


def receptive_fields(
    layers_by_network: Mapping[str, Sequence[Layer]], ax: Axes | None = None, *, side: int = 224
) -> Axes:
    """The receptive field of each convolution of the main path, first layer left.

    `layers_by_network` maps a name to what `counting.layers` returned. The field is
    the side in pixels of the square of the image that one number of the layer's
    output can depend on; a level line marks the `side` of the image. Raises
    ValueError without a network, or for one without convolutions.

    Book: chapter 3.
    """
    if not layers_by_network:
        raise ValueError("Expected at least one network. Received: none")
    ax = _axes(ax)
    for i, (network, layers) in enumerate(layers_by_network.items()):
        fields = [
            layer.receptive_field
            for layer in layers
            if layer.kind == "Conv2D" and not layer.name.endswith("_proj_conv")
        ]
        if not fields:
            raise ValueError(f"Expected layers with convolutions. Received: none in {network}")
        numbers = range(1, len(fields) + 1)
        ax.plot(numbers, fields, marker="osD^vP"[i % 6], ms=3, label=network, **_look(i))
    ax.axhline(side, color="#5f5f5f", linewidth=1, zorder=0)
    place = {"xytext": (4, 3), "textcoords": "offset points", "fontsize": "small"}
    ax.annotate(f"side of the image: {side}", (0, side), color="#5f5f5f", **place)
    ax.set_xlabel("convolution, counted from the input")
    ax.set_ylabel("receptive field (pixels)")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left")
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


def confusion(
    matrix: np.ndarray, class_names: Sequence[str], ax: Axes | None = None, *, title: str
) -> Axes:
    """What `inspection.confusion` counted, as a map: true classes down, answers across.

    Up to ten classes have their numbers written in. `title` names the images.

    Book: chapter 6.
    """
    ax = _axes(ax)
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


def _images(runs):
    """The images of all runs, which must be the same."""
    if not runs:
        raise ValueError("Expected at least one run. Received: none")
    images = {run.images for run in runs}
    if len(images) > 1:
        raise ValueError(f"Expected runs on the same images. Received: {sorted(images)}")
    return images.pop()


def _axes(ax):
    return ax if ax is not None else plt.subplots(figsize=(6, 3.6), layout="constrained")[1]


def _light(colour):
    """The colour mixed with white, for surfaces under hatches."""
    return tuple(1 - 0.45 * (1 - part) for part in to_rgb(colour))


def _look(i):
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i % len(STYLES)]}

"""Pictures of what was measured or counted in networks, by layer, block or stage.

Book: chapters 1 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from helpers import specs
from helpers.counting import Layer, StageTotal, propagation
from helpers.plots.look import HATCHES, axes_or_new, light, net_looks
from helpers.support import expect

SHARED = ("parameters", "multiply_adds", "activations")


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
    ax = axes_or_new(ax)
    for of_layers, look in zip(values.values(), net_looks(values), strict=True):
        row = list(of_layers.values())
        ax.semilogy(np.linspace(0, 1, len(row)), row, label=look.title, **look.line)
    ax.set_xlabel("from input (0) to output (1)")
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
    ax = axes_or_new(ax)
    first = next(iter(values.values()))
    stages = [name.split("_")[0] for name in first]
    for i in range(2, len(stages)):
        if stages[i] != stages[i - 1]:
            ax.axvline(i - 0.5, color="#b0b0b0", linewidth=0.8, zorder=0)
    for (label, of_blocks), look in zip(values.items(), net_looks(values), strict=True):
        ax.plot(list(of_blocks.values()), label=look.title, **look.line)
        if predicted and label in predicted:
            dots = {"marker": "o", "ms": 3, "mfc": "none", "linewidth": 0.5}
            said = f"{look.title}, predicted"
            ax.plot(predicted[label], label=said, color=look.colour, **dots)
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
    expect.one_of("quantity", quantity, SHARED)
    ax = axes_or_new(ax)
    names = {}  # conv1 and conv1_x are one row
    for totals in totals_by_network.values():
        for total in totals:
            names.setdefault(total.name.removesuffix("_x"), set()).add(total.name)
    order = sorted(names, key=lambda name: (name == "fc", name))
    height = 0.8 / len(totals_by_network)
    looks = net_looks(totals_by_network)
    for i, totals in enumerate(totals_by_network.values()):
        numbers = [getattr(total, quantity) for total in totals]
        shares = 100 * np.array(numbers) / sum(numbers)
        rows = [order.index(total.name.removesuffix("_x")) for total in totals]
        places = np.array(rows) - 0.4 + (i + 0.5) * height
        colour = looks[i].colour
        look = {"facecolor": light(colour), "edgecolor": colour, "hatch": HATCHES[i % 6]}
        bars = ax.barh(places, shares, 0.9 * height, label=looks[i].title, **look)
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
    ax = axes_or_new(ax)
    looks = net_looks(layers_by_network)
    for (network, layers), look in zip(layers_by_network.items(), looks, strict=True):
        fields = [
            layer.receptive_field
            for layer in layers
            if layer.kind == "Conv2D" and not layer.name.endswith("_proj_conv")
        ]
        if not fields:
            raise ValueError(f"Expected layers with convolutions. Received: none in {network}")
        numbers = range(1, len(fields) + 1)
        ax.plot(numbers, fields, marker=look.marker, ms=3, label=look.title, **look.line)
    ax.axhline(side, color="#5f5f5f", linewidth=1, zorder=0)
    place = {"xytext": (4, 3), "textcoords": "offset points", "fontsize": "small"}
    ax.annotate(f"side of the image: {side}", (0, side), color="#5f5f5f", **place)
    ax.set_xlabel("convolution, counted from the input")
    ax.set_ylabel("receptive field (pixels)")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left")
    return ax


def positions_read(
    masks: Mapping[str, np.ndarray], axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Which positions of feature maps are read: a panel for each mask, {title: (H, W)}.

    Filled squares are read; their share stands in the title. Raises ValueError without a mask,
    or unless there are as many axes.

    Book: chapter 9.
    """
    if not masks or (axes is not None and len(axes) != len(masks)):
        given = "none given" if axes is None else len(axes)
        raise ValueError(f"Expected axes for {len(masks)} masks, one at least. Received: {given}")
    if axes is None:
        look = {"figsize": (1.9 * len(masks), 2.2), "layout": "constrained"}
        axes = np.atleast_1d(plt.subplots(1, len(masks), **look)[1])
    for ax, (title, mask) in zip(axes, masks.items(), strict=True):
        ax.pcolormesh(mask, cmap="Blues", vmin=0, vmax=1.5, edgecolors="white", linewidth=1)
        ax.set(aspect="equal", xticks=[], yticks=[])
        ax.invert_yaxis()
        ax.set_title(f"{title}: {np.mean(mask):.0%}", fontsize="medium")
    return axes

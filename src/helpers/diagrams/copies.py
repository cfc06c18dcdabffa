"""A deep net as a copy of a shallow one. Book: chapter 1."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.specs import CONVOLUTIONS, Network, titles
from helpers.support.palette import KINDS

_LAYER, _GAP = 0.8, 0.5


def copied_layers(shallow: Network, deep: Network, ax: Axes | None = None) -> Axes:
    """Two nets as rows of layers: where the deeper one copies the shallower one.

    A filled box is a layer with weights of the shallow net, or its copy; a
    hatched one is a layer that must do nothing for the nets to be equal. Raises
    ValueError unless the deep net is the shallow one with more blocks per stage.
    """
    if (kinds := [[stage.block for stage in net.stages] for net in (shallow, deep)])[0] != kinds[1]:
        raise ValueError(
            f"{deep.name} is not {shallow.name} with more blocks in its stages: "
            f"their blocks are {kinds[1]} and {kinds[0]}"
        )
    pairs = list(zip(shallow.stages, deep.stages, strict=True))
    if any(s.filters != d.filters or s.repeats > d.repeats for s, d in pairs):
        raise ValueError(
            f"{deep.name} is not {shallow.name} with more blocks in its stages: "
            f"{[(s.filters, s.repeats, d.repeats) for s, d in pairs]} (filters, blocks, blocks)"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(7.2, 1.9), layout="constrained")
    places, x = [], 2.5  # of each stage's first layer in the deep net
    for _, stage in pairs:
        places.append(x)
        x += CONVOLUTIONS[stage.block] * stage.repeats + _GAP
    colour = KINDS["plain" if shallow.shortcut is None else "residual"]
    written = titles([shallow.name, deep.name])
    for row, spec in ((1.7, shallow), (0.0, deep)):
        _layer(ax, 0, row, colour, copied=True)
        for place, kept, stage in zip(places, shallow.stages, spec.stages, strict=True):
            layers = CONVOLUTIONS[stage.block]
            for i in range(layers * stage.repeats):
                _layer(ax, place + i, row, colour, copied=i < layers * kept.repeats)
        _layer(ax, x, row, colour, copied=True)
        ax.text(-1, row + 0.5, written[spec.name], ha="right", va="center")
    for place, stage in zip(places, shallow.stages, strict=True):
        ax.text(place, 2.85, f"{stage.name}, {stage.filters} filters", fontsize="small")
    ax.text(_LAYER, 2.85, "conv1", fontsize="small", ha="right")
    ax.text(x + 1, 2.85, "fc", fontsize="small", ha="right")
    ax.set_xlim(-7, x + 1.5)
    ax.set_ylim(-0.3, 3.5)
    ax.set_axis_off()
    return ax


def _layer(ax, x, y, colour, *, copied):
    look = {"facecolor": colour} if copied else {"facecolor": "white", "hatch": "////"}
    ax.add_patch(Rectangle((x, y), _LAYER, 1, edgecolor=colour, linewidth=0.6, **look))

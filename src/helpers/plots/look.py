"""How the book's plots look: colours, lines, hatches, axes; shared by all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from helpers import specs
from helpers.runs import Run
from helpers.support.palette import COLOURS, KINDS

STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = "osD^vP"
STYLES_OF = {"residual": ("-", "-.", (0, (1, 1))), "plain": ((0, (3, 1.5)), ":")}
NET = re.compile(
    r"([\w-]+/)?(?P<kind>plain|(pre)?resnet|residual)(net)?-?(?P<depth>\d*)", re.IGNORECASE
)
HATCHES = ("", "////", "....", "xxxx", "----", "oooo")


def images_of(runs: Sequence[Run]) -> str:
    """The images of all runs. Raises ValueError without runs, or for different images."""
    if not runs:
        raise ValueError("Expected at least one run. Received: none")
    images = {run.images for run in runs}
    if len(images) > 1:
        raise ValueError(f"Expected runs on the same images. Received: {sorted(images)}")
    return images.pop()


def axes_or_new(ax: Axes | None) -> Axes:
    """The `ax` that was given, or one in a figure of its own."""
    return ax if ax is not None else plt.subplots(figsize=(6, 3.6), layout="constrained")[1]


def light(colour: str) -> tuple[float, ...]:
    """The colour mixed with white, for surfaces under hatches."""
    return tuple(1 - 0.45 * (1 - part) for part in to_rgb(colour))


def line_look(i: int) -> dict[str, Any]:
    """Colour and style of the line number `i`, from 0: told apart in grey, too."""
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i % len(STYLES)]}


@dataclass(frozen=True)
class NetLook:
    """How one net is drawn wherever it is: `line` is its colour, style and width."""

    title: str
    line: dict[str, Any]
    marker: str

    @property
    def colour(self) -> str | tuple[float, ...]:
        """The colour alone."""
        return self.line["color"]


def net_looks(labels: Iterable[str]) -> list[NetLook]:
    """The looks of all nets of one picture, by their names in the code or in the text.

    The kind has the colour and the style: residual nets are blue and solid, plain ones orange
    and dashed. The depth has the shade, the width and the marker: the deeper, the darker and
    the wider. What is neither, as VGG-19, has the colours that are left; where no net has a
    kind, all look as `line_look` says. Titles are those of `specs.titles`.
    """
    labels = list(labels)
    kinds = [_parts(label) for label in labels]
    depths = sorted({depth for _, depth in kinds if depth is not None})
    left = 2 if any(kind for kind, _ in kinds) else 0  # the colours before are taken
    written, seen, looks = specs.titles(labels), Counter(), []
    for i, (label, (kind, depth)) in enumerate(zip(labels, kinds, strict=True)):
        if kind is None:
            looks.append(NetLook(written[label], line_look(left), MARKERS[-1 - i % len(MARKERS)]))
            left += 1
            continue
        rank = 0 if depth is None else depths.index(depth)
        part = rank / max(1, len(depths) - 1)
        line = {"color": _dark(KINDS[kind], 0.38 * part), "linewidth": 1.3 + 0.7 * part}
        line["linestyle"] = STYLES_OF[kind][seen[kind, depth] % len(STYLES_OF[kind])]
        marker = MARKERS[(rank + len(depths) * seen[kind, depth] if depths else i) % len(MARKERS)]
        seen[kind, depth] += 1
        looks.append(NetLook(written[label], line, marker))
    return looks


def kind_of(label: str) -> str | None:
    """What a net is by its name: plain, residual, or None for neither."""
    return _parts(label)[0]


def _parts(label: str) -> tuple[str | None, int | None]:
    """plain, residual or None, and the depth where the label says it."""
    match = NET.match(label)
    if match is None:
        return None, None
    kind = "plain" if match["kind"].lower() == "plain" else "residual"
    return kind, int(match["depth"]) if match["depth"] else None


def _dark(colour: str, part: float) -> tuple[float, ...]:
    """The colour mixed with black."""
    return tuple((1 - part) * value for value in to_rgb(colour))

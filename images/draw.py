"""Draws every picture of the book's pages anew: `make figures`.

From specs and records, or taken from the stored output of a notebook; the same
bytes each time. `draw.py FOLDER` writes to another folder.
"""

from __future__ import annotations

import functools
import json
import sys
import tomllib
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import of_records
import of_weights

from helpers import blocks, counting, diagrams, plots, specs
from helpers.studies import repair

ROOT = Path(__file__).resolve().parents[1]
SHARP = 200  # of the maps and images in a drawing


def nested():
    """Chapter 1: plain-56 as plain-20 and 36 layers that do nothing."""
    return diagrams.copied_layers(specs.get("plain20"), specs.get("plain56")).figure


def plain_path():
    """Chapter 9: the block of 2015 beside that of 2016."""
    pair = {"2015": blocks.basic_block, "2016": blocks.preactivation_block}
    made = {year: around(block, (16, 16, 16), 16) for year, block in pair.items()}
    return diagrams.blocks(made).figure


def around(block, shape, *arguments, **options):
    """A model with nothing in it but one block, for maps of this shape."""
    x = keras.Input(shape)
    return keras.Model(x, block(x, *arguments, name="block", **options))


def plain_and_basic():
    """Chapter 2: a plain block, and the same layers with an identity shortcut."""
    shape = (56, 56, 64)
    models = {
        "plain block": around(blocks.plain_block, shape, 64),
        "basic block": around(blocks.basic_block, shape, 64),
    }
    return diagrams.blocks(models).figure


def options():
    """Chapter 2: options A, B and C where the shape changes and where it does not."""
    models = {}
    for option in specs.OPTIONS:
        for name, shape, stride in (("conv3_1", (56, 56, 64), 2), ("conv3_2", (28, 28, 128), 1)):
            block = around(blocks.basic_block, shape, 128, stride, shortcut=option)
            models[f"{option}: {name}"] = block
    return diagrams.blocks(models, columns=2, folded=True).figure


def bottleneck():
    """Chapter 4: the two blocks of the paper's Figure 5, with their weights."""
    models = {
        "basic block": around(blocks.basic_block, (56, 56, 64), 64),
        "bottleneck": around(blocks.bottleneck_block, (56, 56, 256), 64),
    }
    return diagrams.blocks(models, weights=True).figure


def architectures():
    """Chapter 3: the paper's Figure 3."""
    return diagrams.architectures(map(specs.get, ("vgg19", "plain34", "resnet34"))).figure


def where(*nets):
    """The share of each stage in parameters, multiply-adds and activations."""
    totals = {net: counting.by_stage(net) for net in nets}
    with plt.rc_context({"font.size": 9.5}):
        figure, axes = plt.subplots(1, 3, figsize=(5.4, 3.6), layout="constrained", sharey=True)
        for ax, quantity in zip(axes, plots.SHARED, strict=True):
            plots.stage_shares(totals, ax, quantity, legend=False)
        of_nets = axes[0].get_legend_handles_labels()
        figure.legend(*of_nets, loc="outside lower center", ncols=len(nets), frameon=False)
    return figure


def where_in_resnet34():
    """Chapter 3: where numbers and work sit in VGG-19 and in ResNet-34."""
    return where("vgg19", "resnet34")


def where_in_resnet50():
    """Chapter 4: the same in ResNet-34 and in ResNet-50."""
    return where("resnet34", "resnet50")


def receptive_fields():
    """Chapter 3: how far the convolutions of three nets can see."""
    rows = {net: counting.layers(net) for net in ("vgg19", "resnet34", "resnet50")}
    with plt.rc_context({"font.size": 9}):
        figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
        plots.receptive_fields(rows, ax)
    return figure


def published_block():
    """Repairing a notebook: the published block and the paper's."""
    shape = (6, 6, 64)
    models = {
        "published block": around(repair.block, shape, 64, 1, repair.PUBLISHED),
        "basic block": around(blocks.basic_block, shape, 64),
    }
    return diagrams.blocks(models).figure


DRAWN = {
    "01-nested": nested,
    "01-recorded": of_records.degradation,
    "02-recorded": of_records.residual,
    "02-block": plain_and_basic,
    "02-options": options,
    "03-architectures": architectures,
    "03-receptive-field": receptive_fields,
    "03-where": where_in_resnet34,
    "04-bottleneck": bottleneck,
    "04-where": where_in_resnet50,
    "05-depth": of_records.error_by_depth,
    "05-curves": of_records.study,
    "05-runs": of_records.every_epoch,
    "08-board": of_records.board,
    "08-random": of_records.several_removed,
    "08-responses": of_records.responses,
    "09-blocks": plain_path,
    "09-ablations": of_records.ablations,
    "look-inside": of_weights.inside,
    "causes-growth": functools.partial(of_records.growth_and_error, "cold", "warm"),
    "causes-growth-warm": functools.partial(of_records.growth_and_error, "warm"),
    "reading-error-bars": of_records.error_bars,
    "repair-block": published_block,
    "repair-steps": of_records.repairs,
}

TAKEN = tomllib.loads((ROOT / "images" / "taken.toml").read_text(encoding="utf-8"))


def stored_figure(notebook: str, name: str) -> str:
    """The SVG that a notebook's cell has stored. Raises LookupError without one."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    for cell in cells:
        if cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == name:
            for output in cell["outputs"]:
                if "image/svg+xml" in output.get("data", {}):
                    return "".join(output["data"]["image/svg+xml"])
    raise LookupError(f"{notebook}.ipynb has no stored figure {name}: run `make notebooks`.")


def main(folder: Path) -> None:
    """Writes all pictures into `folder`."""
    plt.switch_backend("Agg")
    plt.rcdefaults()  # whatever the reader's own settings are
    plt.rcParams.update({"svg.hashsalt": "resnet-book", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWN.items():
        figure = draw()
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=SHARP)
        plt.close(figure)
    for name, source in TAKEN.items():
        (folder / f"{name}.svg").write_text(stored_figure(*source), encoding="utf-8")
    print(f"{len(DRAWN) + len(TAKEN)} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "images")

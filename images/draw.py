"""Draws every picture of the book's pages anew: `make figures`.

From specs and records, or taken from the stored output of a notebook; the same
bytes each time. `draw.py FOLDER` writes to another folder.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt

from helpers import diagrams, plots, runs, specs

ROOT = Path(__file__).resolve().parents[1]


def nested():
    """Chapter 1: plain-56 as plain-20 and 36 layers that do nothing."""
    return diagrams.copied_layers(specs.get("plain20"), specs.get("plain56")).figure


def recorded():
    """Chapter 1 and README: the degradation problem on CIFAR-10 (JPEG)."""
    both = [
        runs.load(f"cifar10-{net}-he2015-cifar10-3510steps-mixed_bfloat16-seed0")
        for net in ("plain20", "plain56")
    ]
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.2), layout="constrained", sharey=True)
    plots.curves(both, axes[0])
    plots.curves(both, axes[1], "validation_error")
    return figure


DRAWN = {"01-nested": nested, "01-recorded": recorded}

# (notebook, name of the figure in its cell's metadata) -> picture
TAKEN = {
    "01-live": ("01-degradation", "fig-01-live"),
    "01-gradients": ("01-degradation", "fig-01-gradients"),
    "01-trained": ("01-degradation", "fig-01-trained"),
    "shapes": ("shapes", "fig-shapes-images"),
}


def stored_figure(notebook: str, name: str) -> bytes:
    """The PNG that a notebook's cell has stored. Raises LookupError without one."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    for cell in cells:
        figure = cell["metadata"].get("mystnb", {}).get("figure", {})
        if figure.get("name") == name:
            for output in cell["outputs"]:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output["data"]["image/png"])
    raise LookupError(f"{notebook}.ipynb has no stored figure {name}: run `make notebooks`.")


def main(folder: Path) -> None:
    """Writes all pictures into `folder`."""
    plt.switch_backend("Agg")
    plt.rcdefaults()  # whatever the reader's own settings are
    plt.rcParams.update({"svg.hashsalt": "resnet-book", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWN.items():
        figure = draw()
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)
    for name, source in TAKEN.items():
        (folder / f"{name}.png").write_bytes(stored_figure(*source))
    print(f"{len(DRAWN) + len(TAKEN)} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "images")

"""Records of `results/inside/` as they could be: their exact form, with numbers that are made up.

They let the figures of "Looking inside" be tested without any training. As a program it writes
them into a folder: `python tests/support/inside_records.py FOLDER`.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

IMAGES = 1000
BLOCKS = [f"conv{stage}_{i}" for stage in (2, 3, 4) for i in (1, 2, 3)]
SIDE = 21


def board() -> dict:
    """Errors that grow with the blocks removed, fast without shortcuts."""
    rng = np.random.default_rng(0)
    removed = (np.arange(2 ** len(BLOCKS))[:, None] >> np.arange(len(BLOCKS))) & 1
    nets = {}
    for name, whole, harm in (("resnet20", 8.6, 0.3), ("plain20", 9.8, 2.2)):
        damage = removed @ (harm * rng.uniform(0.2, 1.8, len(BLOCKS)))
        net = {"blocks": list(BLOCKS)}
        for key, less in (("errors", 1), ("renewed", 0.6)):
            errors = whole + (90 - whole) * (1 - np.exp(-less * damage))
            net[key] = [round(float(error), 1) for error in errors]
        nets[name] = net
    return {"command": "made up", "images": IMAGES, "nets": nets}


def paths() -> dict:
    """Binomial shares; gradients that shrink by a constant factor with every block."""
    nets = {}
    for name, n in (("resnet56", 27), ("resnet20", 9)):
        share = [math.comb(n, k) / 2**n for k in range(n + 1)]
        gradient = [0.03 * 0.31**k for k in range(n + 1)]
        product = np.multiply(share, gradient)
        contribution = (product / product.sum()).tolist()
        nets[name] = {"blocks": n, "share": share}
        nets[name] |= {"gradient": gradient, "contribution": contribution}
    return {"command": "made up", "nets": nets}


def slices() -> dict:
    """Bowls, none of them symmetric, and one rough and beyond all numbers in a corner."""
    coordinates = np.linspace(-1, 1, SIDE)
    first, second = np.meshgrid(coordinates, coordinates, indexing="ij")
    rng = np.random.default_rng(0)
    nets = {}
    for name, least, width, rough, eigenvalue in (
        ("plain20", 0.03, 4, 0.05, 31.4159),
        ("resnet20", 0.015, 4, 0.03, 12.718),
        ("plain56", 0.4, 3, 0.6, 842.5),
        ("resnet56", 0.008, 4.5, 0.04, 18.25),
    ):
        bowl = width * (first**2 + 0.5 * second**2 + 0.3 * first * second + 0.1 * first)
        noise = rough * rng.standard_normal(bowl.shape) * np.hypot(first, second)
        losses = least * np.exp(np.maximum(bowl + noise, -1))
        if name == "plain56":
            losses[0, -1] = np.inf
        nets[name] = {"losses": losses.tolist(), "eigenvalue": eigenvalue}
    return {
        **{"command": "made up", "images": 500, "coordinates": coordinates.tolist()},
        "nets": nets,
    }


EVERY = {"board": board, "paths": paths, "slices": slices}


def write(folder: Path) -> None:
    """All records, under the names that they have in `results/inside/`."""
    for name, make in EVERY.items():
        (folder / f"{name}.json").write_text(json.dumps(make()), "utf-8")


def run_of_the_sweep(net, seed, **more):
    """A record as far as the figure of the sweep wants it."""
    history = {"error": [0.5, 0.25], "validation_error": [0.5544, 0.3]}
    record = {"network": net, "seed": seed, "history": history}
    record |= {"recipe": {"name": "late-drops-padding2"}, "spec": {"input_shape": [16, 16, 3]}}
    return record | {"data": {"description": "noise"}} | more


def write_sweep(folder: Path) -> None:
    """Three runs of the sweep by depth, of two nets."""
    for net, seed in (("plain8", 0), ("resnet8", 0), ("resnet8", 1)):
        (folder / f"{net}-{seed}.json").write_text(json.dumps(run_of_the_sweep(net, seed)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))

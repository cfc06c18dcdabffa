"""What is measured of a trained net, each as plain numbers for a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from helpers import inspection
from helpers.datasets import Data
from helpers.studies.inside.nets import OURS, Net, deep_names

SHALLOW = ("plain20", "resnet20")
PUBLISHED = ("a-martyn/plainnet56", "a-martyn/resnet56")
TEST, RENEW = 1_000, 500  # images that errors are of, and those for the moving averages
FEWER = 250  # of each, where hundreds of nets are measured
DRAWS = 5  # at random, of each number of blocks and of each length of path
SWAPS = (1, 2, 4, 8, 16, 32)
COORDINATES = [round(k / 10, 1) for k in range(-10, 11)]
BATCH = 32  # training images, for nets of a thousand layers
GRADIENTS = 128  # training images that gradients and curvatures are of
ITERATIONS = 12  # of the power method
MOST = 1e6  # losses beyond it are recorded as this
PROBED = 5_000  # training images for the linear probes


@dataclass(frozen=True)
class Measure:
    """A measurement: its function, the nets it is made for, and the settings of the record."""

    measure: Callable[[Net, Data], dict[str, Any]]
    nets: tuple[str, ...] = OURS
    settings: dict[str, Any] = field(default_factory=dict)


def responses(net: Net, data: Data) -> dict[str, Any]:
    """Deviations and |gamma| by layer, and |F| / |x| and the angle by residual block."""
    x = net.prepare(data.test.images[:RENEW])
    deviations, gammas = inspection.layer_responses(net.model, x), inspection.gammas(net.model)
    found = {
        "layers": list(deviations),
        "deviations": _numbers(_rms(v) for v in deviations.values()),
        "gammas": _numbers(_rms(v) for v in gammas.values()),
    }
    if any(block.residual is not None for block in inspection.find_blocks(net.model)):
        blocks = inspection.residual_ratios(net.model, net.prepare(data.test.images[:TEST]))
        found["blocks"] = list(blocks)
        found["ratios"] = _numbers(block.ratio for block in blocks.values())
        found["angles"] = _numbers(block.angle for block in blocks.values())
    return found


def lesions(net: Net, data: Data) -> dict[str, Any]:
    """The error with each block removed, with some at random, and with blocks out of order.

    A plain net is at chance after a few, so fewer are removed from it.
    """
    blocks = inspection.find_blocks(net.model)
    names, most = [b.name for b in blocks], 20 if blocks[0].residual is not None else 5
    images = net.prepare(data.test.images[:TEST]), data.test.labels[:TEST]
    fewer = tuple(v[:FEWER] for v in images)
    renew = net.prepare(data.train.images[:RENEW])
    singles = [()] + [(name,) for name in names]
    numbers = list(range(1, 1 + min(most, len(names) - 1)))
    sets = [s for k in numbers for s in inspection.random_sets(names, k, DRAWS, seed=0)]
    orders = [inspection.shuffled(net.model, k, seed=s) for k in SWAPS for s in range(DRAWS)]
    tau = _numbers(inspection.kendall_tau(order, names) for order in orders)
    found = {"blocks": names, "removed": numbers, "swaps": list(SWAPS), "tau": tau}
    for key, on in (("errors", None), ("renewed", renew)):
        whole, *each = inspection.errors_without(net.model, *images, singles, renew_on=on)
        on = on if on is None else on[:FEWER]
        random = inspection.errors_without(net.model, *fewer, sets, renew_on=on)
        reordered = inspection.errors_reordered(net.model, *fewer, orders, renew_on=on)
        found[key] = {
            "whole": _number(whole),
            "without": _numbers(each),
            "random": [_numbers(row) for row in random.reshape(len(numbers), DRAWS)],
            "reordered": _numbers(reordered),
        }
    return found


def board(net: Net, data: Data) -> dict[str, Any]:
    """The error of every subset of a net's blocks: bit i of the place says that i is removed."""
    names = inspection.take_apart(net.model).names
    images = net.prepare(data.test.images[:TEST]), data.test.labels[:TEST]
    renew = net.prepare(data.train.images[:RENEW])
    sets = [inspection.subset(names, i) for i in range(2 ** len(names))]
    return {
        "blocks": list(names),
        "errors": _numbers(inspection.errors_without(net.model, *images, sets)),
        "renewed": _numbers(inspection.errors_without(net.model, *images, sets, renew_on=renew)),
    }


def paths(net: Net, data: Data) -> dict[str, Any]:
    """The gradient along single paths, by length; its mean times the share of such paths."""
    images = net.prepare(data.train.images[:GRADIENTS]), data.train.labels[:GRADIENTS]
    norms = inspection.gradient_by_length(net.model, *images, draws=DRAWS)
    share, gradient = inspection.lengths(len(norms) - 1), norms.mean(axis=1)
    return {
        "blocks": len(norms) - 1,
        "share": _numbers(share),
        "norms": [_numbers(row) for row in norms],
        "gradient": _numbers(gradient),
        "contribution": _numbers(share * gradient / (share @ gradient)),
    }


def slices(net: Net, data: Data) -> dict[str, Any]:
    """The loss in a plane of two filter-normalized directions, the sharpest curvature at its
    middle, and the loss after one step along the gradient."""
    images = net.prepare(data.train.images[:RENEW]), data.train.labels[:RENEW]
    fewer = tuple(v[:GRADIENTS] for v in images)
    directions = [inspection.filter_normalized_direction(net.model, seed) for seed in (0, 1)]
    losses = inspection.loss_slice(net.model, *images, directions, COORDINATES)
    sharpest = inspection.leading_eigenvalue(net.model, *fewer, iterations=ITERATIONS)
    steps = [0.0, *(2.0**-k for k in range(10, -3, -1))]
    along = inspection.loss_along_gradient(net.model, *fewer, steps)
    return {
        "losses": [_numbers(row) for row in np.minimum(losses, MOST)],
        "eigenvalue": _number(sharpest.value),
        "eigenvalues": _numbers(sharpest.history),
        "residual": _number(sharpest.residual),
        "steps": steps,
        "along_gradient": _numbers(np.minimum(along, MOST)),
    }


def refinement(net: Net, data: Data) -> dict[str, Any]:
    """The classifier after each block, linear probes, and how alike the blocks' outputs are."""
    images = net.prepare(data.test.images[:TEST]), data.test.labels[:TEST]
    train = net.prepare(data.train.images[:PROBED]), data.train.labels[:PROBED]
    exits = inspection.early_exits(net.model, *images)
    probes = inspection.linear_probes(net.model, *train, *images)
    maps = inspection.block_features(net.model, images[0][:RENEW], pooled=False)
    alike = inspection.cka_matrix(maps)
    return {
        "blocks": list(maps),
        "exits": {name: _number(error) for name, error in exits.items()},
        "probes": {name: _number(error) for name, error in probes.items()},
        "cka": [[round(float(value), 4) for value in row] for row in alike],
    }


def growth(net: Net, data: Data) -> dict[str, Any]:
    """The size of x and of its gradient behind the stem and each block, before training."""
    images = net.prepare(data.train.images[:BATCH]), data.train.labels[:BATCH]
    gradients = inspection.activation_gradients(net.model, *images)
    sizes = inspection.activation_sizes(net.model, images[0])
    return {
        "blocks": list(gradients),
        "gradients": _numbers(gradients.values()),
        "sizes": _numbers(sizes.values()),
    }


def _number(value):
    return float(f"{value:.6g}")


def _numbers(values):
    return [_number(value) for value in values]


def _rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


_LESIONS = {"test": TEST, "renewed_on": RENEW, "random_test": FEWER, "draws": DRAWS}
MEASURES = {
    "responses": Measure(responses, (*OURS, *PUBLISHED), {"test": TEST, "batch": RENEW}),
    "lesions": Measure(lesions, (*OURS, *PUBLISHED), _LESIONS),
    "board": Measure(board, SHALLOW, {"images": TEST, "renewed_on": RENEW}),
    "slices": Measure(
        slices,
        settings={"coordinates": COORDINATES, "images": RENEW, "of_eigenvalue": GRADIENTS},
    ),
    "refinement": Measure(
        refinement,
        (*OURS, *PUBLISHED),
        {"test": TEST, "probes_trained_on": PROBED, "alike_on": RENEW},
    ),
    "paths": Measure(paths, ("resnet20", "resnet56"), {"training": GRADIENTS, "draws": DRAWS}),
    "growth": Measure(growth, deep_names(), {"batch": BATCH}),
}

"""A network counted: its layers, the rows of Table 1, sums.

Source: He et al. 2015, Table 1. Book: chapters 3, 4 and 9.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod
from typing import Any

from helpers import specs
from helpers.counting.network import of_network
from helpers.counting.rows import Layer
from helpers.specs import Network


@dataclass(frozen=True)
class StageTotal:
    """The sums over a stage's layers, and the shape of its last output."""

    name: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activations: int


def layers(name_or_spec: str | Network, **changes: Any) -> list[Layer]:
    """A row per layer, with the names that the layers of the built model have.

    The order is that of the forward pass, the main path before the shortcut.

    `changes` are `input_shape`, `num_classes`, `shortcut` and `bottleneck_stride`,
    as in `networks.build`. Raises ValueError as `specs.resolve` does.
    """
    return list(of_network(specs.resolve(name_or_spec, **changes)))


def by_stage(name_or_spec: str | Network, **changes: Any) -> list[StageTotal]:
    """Where parameters and work sit: a row per row of Table 1, `conv1` to `fc`."""
    totals = []
    for stage, rows in itertools.groupby(layers(name_or_spec, **changes), lambda row: row.stage):
        of_stage = list(rows)
        totals.append(
            StageTotal(
                stage,
                of_stage[-1].output_shape,
                *(
                    sum(getattr(row, quantity) for row in of_stage)
                    for quantity in ("parameters", "multiply_adds", "activations")
                ),
            )
        )
    return totals


def parameters(name_or_spec: str | Network, **changes: Any) -> int:
    """Trainable parameters: kernels, biases, gammas and betas."""
    return sum(layer.parameters for layer in layers(name_or_spec, **changes))


def moving_statistics(name_or_spec: str | Network, **changes: Any) -> int:
    """Numbers that batch normalization keeps without training them.

    Keras' `count_params()` is `parameters` plus these.
    """
    return sum(layer.moving_statistics for layer in layers(name_or_spec, **changes))


def multiply_adds(name_or_spec: str | Network, **changes: Any) -> int:
    """Multiply-adds of one image's forward pass; the paper's "FLOPs"."""
    return sum(layer.multiply_adds for layer in layers(name_or_spec, **changes))


def activations(name_or_spec: str | Network, **changes: Any) -> int:
    """Numbers that training keeps per image for the backward pass, the image included.

    Times four bytes in float32: the part of the memory that grows with the batch.
    """
    spec = specs.resolve(name_or_spec, **changes)
    return prod(spec.input_shape) + sum(layer.activations for layer in layers(spec))

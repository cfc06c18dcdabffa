"""Numbers that follow from a spec alone: shapes, parameters, multiply-adds.

Nothing is built and Keras is not imported: this is the arithmetic of Table 1.
One multiply-add is one product added to a sum; the paper calls these FLOPs,
many tools print twice as many. Only convolutions and fully connected layers
are counted as work, as the paper does.

Two modules count what is no row of Table 1: `propagation`, by how much a gradient grows on its way
back; `convnext`, the steps from ResNet-50 to ConvNeXt.

Source: He et al. 2015, Table 1. Book: chapters 1 to 4, 8 and 9.
"""

from helpers.counting.rows import Layer
from helpers.counting.totals import (
    StageTotal,
    activations,
    by_stage,
    layers,
    moving_statistics,
    multiply_adds,
    parameters,
)

__all__ = [
    "Layer",
    "StageTotal",
    "activations",
    "by_stage",
    "layers",
    "moving_statistics",
    "multiply_adds",
    "parameters",
]

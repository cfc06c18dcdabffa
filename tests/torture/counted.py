"""Whether a network's count, which is arithmetic, is that of the network as it is built."""

from __future__ import annotations

import math

import keras

from helpers import counting, networks
from helpers.specs import Network
from torture.fault import Lost


def counted_as_built(spec: Network) -> None:
    """Raises Lost where a layer, a shape, a parameter or a multiply-add differs."""
    rows = {row.name: row for row in counting.layers(spec)}
    model = networks.build(spec, initializer="zeros")
    built = {x.name: x for x in model.layers if not isinstance(x, keras.layers.InputLayer)}
    if set(rows) != set(built):
        raise Lost(f"{spec} counts the layers {set(rows) ^ set(built)} that it has not, or not it")
    for name, layer in built.items():
        row, shape = rows[name], tuple(layer.output.shape[1:])
        came = {
            "kind": type(layer).__name__,
            "shape": shape,
            "parameters": _numbers(layer.trainable_weights),
            "moving_statistics": _numbers(layer.non_trainable_weights),
            "multiply_adds": _work(layer, shape),
        }
        expected = {
            "kind": row.kind,
            # A layer of the head, and a gate's, may have a shape without height and width.
            "shape": row.output_shape[-len(shape) :],
            "parameters": row.parameters,
            "moving_statistics": row.moving_statistics,
            "multiply_adds": row.multiply_adds,
        }
        if came != expected:
            raise Lost(f"{name} of {spec}: built {came}, counted {expected}")
    count = counting.parameters(spec) + counting.moving_statistics(spec)
    if model.count_params() != count:
        raise Lost(f"{spec}: built {model.count_params()}, counted {count} numbers")


def _numbers(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _work(layer: keras.Layer, shape: tuple[int, ...]) -> int:
    if not isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
        return 0
    return math.prod(layer.kernel.shape[:-1]) * math.prod(shape)

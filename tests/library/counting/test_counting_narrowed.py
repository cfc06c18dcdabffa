"""counting: the nets that are too large for every run, with a sixteenth of their filters."""

import dataclasses

import pytest
from test_counting import LARGE, kept, trainable, work

from helpers import counting, networks, specs

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("name", LARGE)
def test_three_counts_of_narrow_nets_are_one(name):
    spec = specs.narrowed(specs.resolve(name, num_classes=10, input_shape=(64, 96, 3)), 4)
    spec = dataclasses.replace(spec, hidden=(20, 30) if spec.hidden else ())
    model = networks.build(spec, initializer="zeros")
    counted = (
        counting.parameters(spec),
        counting.moving_statistics(spec),
        counting.multiply_adds(spec),
    )
    assert counted == (trainable(model), kept(model), work(model))
    built = {layer.name: layer for layer in model.layers[1:]}  # the first is the input
    rows = {row.name: row for row in counting.layers(spec)}
    assert set(rows) == set(built)
    assert {n: row.output_shape for n, row in rows.items()} == {
        n: layer.output.shape[1:] for n, layer in built.items()
    }

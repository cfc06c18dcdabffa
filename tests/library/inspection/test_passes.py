"""passes: what is put back after a measurement, and what does not happen during one."""

import keras
import numpy as np
import pytest

from helpers import networks, specs
from helpers.inspection import passes

pytestmark = pytest.mark.quick


def test_nothing_is_left_out_where_averages_are_estimated_anew():
    """Stochastic depth and dropout act as later; batch normalization goes on averaging."""
    spec = specs.narrowed(specs.get("resnet8-survive0.5"), 4)
    net = networks.build(spec, input_shape=(8, 8, 3))
    dropped = keras.layers.Dropout(0.5)(net.output)
    model = keras.Model(net.input, dropped)
    x = np.random.default_rng(0).normal(size=(16, 8, 8, 3)).astype("float32")
    norm = model.get_layer("conv4_1_2_bn")
    with passes.nothing_left_out(model):
        first, before = model(x, training=True).numpy(), norm.moving_mean.numpy()
        again, after = model(x, training=True).numpy(), norm.moving_mean.numpy()
    np.testing.assert_array_equal(first, again)
    assert (before != after).any()
    drawn = [model(x, training=True).numpy() for _ in range(8)]
    assert len({draw.tobytes() for draw in drawn}) > 1
    assert model.layers[-1].rate == 0.5

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


@pytest.fixture(scope="module")
def net():
    return networks.build(specs.narrowed(specs.get("resnet8"), 4), input_shape=(8, 8, 3))


@pytest.mark.parametrize(
    ("images", "labels", "match"),
    [
        (np.full((3, 8, 8, 3), np.nan), [0, 1, 2], r"finite numbers.*576 that are NaN.*image 0"),
        (np.eye(8)[None, ..., None] * [1, 1, np.inf], [0], r"finite numbers.*first in image 0"),
        (np.zeros((0, 8, 8, 3)), [], "at least one image"),
        (np.zeros((2, 8, 8, 3)), [0, 10], r"integers in 0\.\.9\. Received: int64 from 0 to 10"),
        (np.zeros((2, 8, 8, 3)), [-1, 1], r"integers in 0\.\.9\. Received: int64 from -1 to 1"),
        (np.zeros((2, 8, 8, 3)), [0.0, 0.5], r"integers in 0\.\.9\. Received: float64"),
    ],
)
def test_a_batch_of_which_no_number_would_mean_anything_is_refused(net, images, labels, match):
    with pytest.raises(ValueError, match=match):
        passes.check_batch(net, images, np.array(labels))

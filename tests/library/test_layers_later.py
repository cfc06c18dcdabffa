"""layers: those of chapter 9, one by one, on every backend."""

import dataclasses

import keras
import numpy as np
import pytest

from backend import backward, forward
from helpers import networks, specs
from helpers.layers import LowestPadding2D, NormalizedConv2D, Scale, Shift, StochasticDepth

pytestmark = [pytest.mark.backends, pytest.mark.quick]

X = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")


def test_scale_and_shift_and_their_gradients():
    x = keras.Input(X.shape[1:])
    net = keras.Model(x, Shift(name="shift")(Scale(0.5, name="scale")(x)))
    net.get_layer("shift").set_weights([np.float32(2)])
    factors = np.random.default_rng(1).normal(size=X.shape)
    y, dx, (dscale, dshift) = backward(net, X, factors, True)
    np.testing.assert_allclose(y, 0.5 * X + 2, rtol=1e-5)
    np.testing.assert_allclose(dx, 0.5 * factors, rtol=1e-5)
    np.testing.assert_allclose([dscale, dshift], [(factors * X).sum(), factors.sum()], rtol=1e-4)
    assert Scale().start == 1


def test_stochastic_depth_keeps_all_or_nothing_and_later_the_share():
    keras.utils.set_random_seed(0)
    drop = StochasticDepth(0.7)
    np.testing.assert_allclose(forward(drop, X), 0.7 * X, rtol=1e-6)
    kept = []
    for _ in range(200):
        y = forward(drop, X, training=True)
        kept.append(bool(y.any()))
        np.testing.assert_array_equal(y, X if kept[-1] else 0 * X)
    assert abs(np.mean(kept) - 0.7) < 4 * np.sqrt(0.7 * 0.3 / 200)


def test_draws_differ_from_layer_to_layer():
    keras.utils.set_random_seed(0)
    layers = [StochasticDepth(0.5) for _ in range(2)]
    a, b = ([bool(forward(d, X, True).any()) for _ in range(40)] for d in layers)
    assert a != b


def test_a_normalized_kernel_has_mean_0_and_the_gains_length():
    conv = NormalizedConv2D(6, 3, input_gain=1.5, padding="same")
    conv.build((None, 5, 4, 3))
    kernel = keras.ops.convert_to_numpy(conv.whole_kernel())
    np.testing.assert_allclose(kernel.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose((kernel**2).sum(axis=(0, 1, 2)), 1.5**2, rtol=1e-5)
    usual = keras.layers.Conv2D(6, 3, padding="same")
    usual.build((None, 5, 4, 3))
    usual.set_weights([kernel, np.zeros(6)])
    np.testing.assert_allclose(forward(conv, X), forward(usual, X), rtol=1e-4, atol=1e-5)


def test_no_maximum_takes_the_lowest_padding():
    y = forward(LowestPadding2D(1), X)
    assert y.shape == (2, 7, 6, 3)
    np.testing.assert_array_equal(y[:, 1:-1, 1:-1], X)
    border = np.ones(y.shape, bool)
    border[:, 1:-1, 1:-1] = False
    assert (y[border] == -np.inf).all()
    assert LowestPadding2D(2).compute_output_shape((None, None, 4, 3)) == (None, None, 8, 3)


@pytest.mark.parametrize(
    "name", ["resnet8-skipinit-survive0.5-se4", "resnet8-fixup", "preresnet20-nf", "preresnet50"]
)
def test_a_saved_model_comes_back(name, tmp_path):
    """The file holds the book's layers with what they were made of."""
    spec = specs.narrowed(specs.resolve(name, input_shape=(32, 32, 3)), 4)
    stages = tuple(dataclasses.replace(stage, repeats=1) for stage in spec.stages)
    spec = dataclasses.replace(spec, stages=stages)
    net = networks.build(spec)
    random = np.random.default_rng(0)
    net.set_weights([random.uniform(0.5, 1, a.shape) for a in net.get_weights()])
    net.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    for found, expected in zip(again.get_weights(), net.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    x = random.normal(size=(2, 32, 32, 3)).astype("float32")
    np.testing.assert_array_equal(forward(again, x), forward(net, x))
    kinds = [[type(layer).__name__ for layer in model.layers] for model in (net, again)]
    assert kinds[0] == kinds[1]

"""Wide nets in NumPy: growth by the theorem, and gradients that shatter by the laws."""

import numpy as np
import pytest

from helpers import inspection
from helpers.counting import propagation
from helpers.inspection import shattering


def test_a_layer_multiplies_by_pi_over_pi_minus_one():
    factors = inspection.gradient_factors(6, width=600, batch=600)
    assert len(factors) == 6
    np.testing.assert_allclose(factors[1:], propagation.RELU_AND_BATCH_NORM, rtol=0.03)


def test_the_backward_pass_is_that_of_tensorflow():
    import tensorflow as tf

    rng = np.random.default_rng(7)
    x, kernel = rng.normal(size=(12, 9)), rng.normal(scale=np.sqrt(2 / 9), size=(9, 9))
    g = rng.normal(size=(12, 9))
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        z = inputs @ kernel
        mean, variance = tf.nn.moments(z, 0)
        out = tf.nn.relu((z - mean) / tf.sqrt(variance))
    gradient = tape.gradient(out, inputs, output_gradients=tf.constant(g)).numpy()
    found = inspection.gradient_factors(1, width=9, batch=12, seed=7)
    assert found[0] == pytest.approx((gradient**2).sum() / (g**2).sum(), rel=1e-9)


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_slopes_are_straight_between_kinks(kind):
    """Without batch normalization a net of ReLUs is made of straight lines."""
    slope, _ = inspection.slopes(kind, 3, np.linspace(-2, 2, 4001), width=20, seed=1)
    assert slope.shape == (4001, 20)
    kinks = np.abs(np.diff(slope, axis=0)).max(axis=1) > 1e-12
    assert 3 < kinks.sum() < 200


@pytest.mark.parametrize("kind", shattering.KINDS)
def test_the_first_layers_follow_the_law(kind):
    """Inputs that are nothing alike; the mean over five nets of 400 units."""
    points = np.random.default_rng(0).normal(size=(128, 400))
    for depth in (0, 1, 2):
        found = [
            inspection.correlations(inspection.slopes(kind, depth, points, width=400, seed=s)[0])
            for s in range(5)
        ]
        expected = inspection.law(kind, depth)
        assert np.mean(found, axis=0)[1:100].mean() == pytest.approx(expected, abs=0.08)


def test_with_batch_normalization_the_law_holds_at_depth():
    points = np.random.default_rng(0).normal(size=(128, 400))
    for kind, least, most in (
        ("plain, batch norm", -0.01, 0.01),
        ("residual, batch norm", 0.1, 0.3),
    ):
        slope, together = inspection.slopes(kind, 16, points, width=400)
        found = inspection.correlations(slope)[1:100].mean()
        assert least < found < most
        assert found == pytest.approx(inspection.law(kind, 16), abs=0.06)
        assert together == pytest.approx(0.25, abs=0.04)


def test_without_it_two_inputs_become_alike_and_the_law_fails():
    points = np.random.default_rng(0).normal(size=(128, 200))
    slope, together = inspection.slopes("plain", 20, points)
    assert together[0] == pytest.approx(0.25, abs=0.02) and together[-1] > 0.4
    assert inspection.correlations(slope)[1:100].mean() > 1000 * inspection.law("plain", 20)


def test_the_laws_themselves():
    assert inspection.law("plain", 3) == 1 / 8
    assert inspection.law("residual", 3) == pytest.approx((3 / 4) ** 3)
    assert inspection.law("residual, batch norm", 1) == pytest.approx(3 / 4)
    ratio = inspection.law("residual, batch norm", 4000) / inspection.law(
        "residual, batch norm", 1000
    )
    assert inspection.law("residual", 5, beta=0.0) == 1
    assert 0.3 < ratio < 0.6  # a power of the depth near -1/2, no exponential


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`kind` must be"):
        inspection.slopes("dense", 2, np.linspace(0, 1, 9))
    with pytest.raises(ValueError, match="`points` must be at least 4 inputs"):
        inspection.slopes("plain", 2, np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="`batch` must be"):
        inspection.gradient_factors(2, width=4, batch=1)

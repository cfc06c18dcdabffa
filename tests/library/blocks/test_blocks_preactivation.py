"""preactivation_block: Figure 4 (e) of the second paper against NumPy, on every backend."""

import keras
import numpy as np
import pytest

import reference
from backend import backward, forward
from helpers import blocks

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SHAPE = (6, 7, 4)


def block(filters, stride, shortcut):
    x = keras.Input(SHAPE)
    options = {"name": "conv3_1", "shortcut": shortcut}
    return keras.Model(x, blocks.preactivation_block(x, filters, stride, **options))


def images(seed=1):
    return np.random.default_rng(seed).normal(size=(3, *SHAPE))


def by_hand(x, weights, filters, stride, shortcut, training):
    def active(x, name):
        return reference.relu(reference.batch_norm(x, *weights[name], training=training))

    first = active(x, "conv3_1_1_bn")
    fx = reference.conv(first, *weights["conv3_1_1_conv"], stride=stride, padding=1)
    fx = reference.conv(active(fx, "conv3_1_2_bn"), *weights["conv3_1_2_conv"], padding=1)
    if "conv3_1_proj_conv" in weights:
        return fx + reference.conv(first, *weights["conv3_1_proj_conv"], stride=stride)
    carried = x[:, ::stride, ::stride]
    fx[..., : x.shape[-1]] += carried
    return fx


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("filters", "stride", "shortcut"),
    [(4, 1, "A"), (4, 1, "B"), (4, 1, "C"), (6, 2, "A"), (6, 2, "B"), (6, 1, "B"), (4, 2, "A")],
)
def test_against_numpy(filters, stride, shortcut, training):
    model = block(filters, stride, shortcut)
    weights = reference.random_weights(model)
    expected = by_hand(images(), weights, filters, stride, shortcut, training)
    found = forward(model, images(), training)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert found.min() < 0  # no ReLU after the sum


def test_x_and_its_gradient_come_through_unchanged():
    """Where F is nothing the block is the identity, below zero, too, and so is its gradient."""
    model = block(4, 1, "A")
    reference.random_weights(model)
    kernel = model.get_layer("conv3_1_2_conv").kernel
    kernel.assign(np.zeros(kernel.shape))
    factors = np.random.default_rng(2).normal(size=(3, *SHAPE))
    y, dx, _ = backward(model, images().astype("float32"), factors, True)
    np.testing.assert_allclose(y, images(), atol=1e-6)
    np.testing.assert_allclose(dx, factors, atol=1e-6)


def test_it_has_the_weights_of_a_basic_block_and_another_order():
    x = keras.Input(SHAPE)
    basic = keras.Model(x, blocks.basic_block(x, 4, name="conv3_1", shortcut="A"))
    before = block(4, 1, "A")
    assert before.count_params() == basic.count_params()
    kinds = [type(layer).__name__ for layer in before.layers[1:]]
    half = ["BatchNormalization", "ReLU", "Conv2D"]
    assert kinds == [*half, *half, "Add"]


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="`shortcut` must be one of A, B, C"):
        block(4, 1, "D")

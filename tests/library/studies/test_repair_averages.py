"""The moving averages of batch normalization, estimated anew, against NumPy."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.datasets import Data, Split
from helpers.studies import repair


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (12, 4, 4, 3)).astype("uint8")
    split = Split(x, np.arange(12) % 10)
    return Data("noise", "noise", tuple("abcdefghij"), split, split, split)


def net():
    inputs = keras.Input((4, 4, 3))
    x = layers.BatchNormalization(name="first", momentum=0.99)(inputs)
    x = layers.BatchNormalization(momentum=0.8)(layers.Conv2D(5, 3)(x))
    return keras.Model(inputs, x)


def test_the_averages_become_those_of_the_batches(data):
    """Three batches share all images: their mean is that of the images, not so the variance."""
    model = net()
    first = model.get_layer("first")
    repair.renew_averages(model, data, batch_size=4, batches=3)
    x = data.train.images - data.mean
    order = np.random.default_rng(0).permutation(12).reshape(3, 4)
    np.testing.assert_allclose(first.moving_mean, x.mean((0, 1, 2)), atol=1e-3)
    variances = [x[of_batch].var((0, 1, 2)) for of_batch in order]
    np.testing.assert_allclose(first.moving_variance, np.mean(variances, 0), rtol=1e-4)


def test_with_one_whole_batch_both_modes_agree(data):
    """And all other weights, and the momentum, are as they were."""
    model = net()
    before = [w.numpy() for w in model.trainable_weights]
    x = data.train.images - data.mean
    assert abs(np.asarray(model(x) - model(x, training=True))).max() > 1
    repair.renew_averages(model, data, batch_size=12, batches=2)
    np.testing.assert_allclose(model(x), model(x, training=True), atol=1e-3)
    for was, now in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(was, now)
    momenta = [x.momentum for x in model.layers if hasattr(x, "moving_mean")]
    assert momenta == [0.99, 0.8]


def test_what_cannot_be_renewed_is_named(data):
    bare = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten()], name="bare")
    with pytest.raises(ValueError, match="Received: 'bare', which has none"):
        repair.renew_averages(bare, data)
    for wrong in ({"batches": 0}, {"batch_size": 13}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="at least 1 batch of 1 to 12 images"):
            repair.renew_averages(net(), data, **wrong)

"""training: one seed twice is one training, to the bit, on every backend."""

import keras
import numpy as np
import pytest

from helpers import recipes, training

pytestmark = pytest.mark.backends


def trained(spec, data, seed):
    """The history, the measured errors and the weights of a short training."""
    recipe = recipes.HE2015_CIFAR10.scaled(6)
    run = training.train(spec, data, recipe, seed=seed, verbose=0)
    weights = [keras.ops.convert_to_numpy(weight.value) for weight in run.model.weights]
    history = {key: values for key, values in run.history.items() if key != "seconds"}
    return history, run.final, weights


def same(one, other):
    histories = one[:2] == other[:2]
    return histories, [np.array_equal(a, b) for a, b in zip(one[2], other[2], strict=True)]


def test_the_same_seed_twice_gives_the_same_to_the_bit(tiny_spec, tiny_data):
    histories, weights = same(*(trained(tiny_spec, tiny_data, seed=5) for _ in range(2)))
    assert histories and all(weights)


def test_another_seed_gives_another_training(tiny_spec, tiny_data):
    histories, weights = same(*(trained(tiny_spec, tiny_data, seed) for seed in (5, 6)))
    assert not histories and not all(weights)

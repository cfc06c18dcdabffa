"""What makes a training fast changes no result: the losses of the fast and the plain path."""

import functools
import json
import os
import subprocess
import sys
from unittest import mock

import keras
import numpy as np
import pytest

from helpers import recipes, training
from helpers.blocks import convolutions

EPOCHS = 12


def losses(spec, data):
    recipe = recipes.HE2015_CIFAR10.scaled(EPOCHS)
    return training.train(spec, data, recipe, seed=3, verbose=0).history["loss"]


@pytest.mark.backends
def test_keras_own_batch_normalization_gives_the_same_losses(tiny_spec, tiny_data):
    fast = losses(tiny_spec, tiny_data)
    own = functools.partial(keras.layers.BatchNormalization, momentum=0.9, epsilon=1e-5)
    with mock.patch.object(convolutions, "BatchNormalization", own):
        plain = losses(tiny_spec, tiny_data)
    assert len(fast) == EPOCHS and fast[-1] < fast[0]
    np.testing.assert_allclose(fast, plain, rtol=2e-4)


def test_another_momentum_or_epsilon_is_noticed(tiny_spec, tiny_data):
    fast = losses(tiny_spec, tiny_data)
    other = functools.partial(keras.layers.BatchNormalization, momentum=0.9, epsilon=1e-3)
    with mock.patch.object(convolutions, "BatchNormalization", other):
        assert not np.allclose(fast, losses(tiny_spec, tiny_data), rtol=2e-4)


PROGRAM = """
import dataclasses, json, sys
import helpers
import numpy as np
from helpers import recipes, specs, training
from helpers.datasets import Data, Split
def split(n):
    rng = np.random.default_rng(n)
    return Split(rng.integers(0, 256, (n, 8, 8, 3), "uint8"), rng.integers(0, 4, n))
data = Data("noise", "noise", tuple("abcd"), split(256), split(8), split(8))
spec = specs.narrowed(specs.resolve("resnet20", **data.build_arguments), 8)
run = training.train(spec, data, recipes.HE2015_CIFAR10.scaled(6), seed=0, verbose=0)
print("::" + json.dumps(run.history["loss"]))
"""


def test_tensorflow_s_own_kernels_give_the_same_losses():
    found = []
    for switch in "01":
        environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": switch}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout.rpartition("::")[2]))
    np.testing.assert_allclose(*found, rtol=1e-3)

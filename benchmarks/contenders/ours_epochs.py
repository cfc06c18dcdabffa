"""Epochs of a few steps, as `training.train` has them, validation and record included.

ours_epochs.py NETWORK STEPS-AN-EPOCH EPOCHS

Prints training images per second of all epochs but the first, in which TensorFlow traces.
"""

import helpers  # noqa: F401, I001  before Keras: for TensorFlow's fast kernels

import argparse

import numpy as np
import serving

from helpers import datasets, recipes, training
from helpers.datasets import Data, Split

parser = argparse.ArgumentParser()
parser.add_argument("network")
parser.add_argument("steps", type=int)
parser.add_argument("epochs", type=int)
options = parser.parse_args()


def split(n):
    rng = np.random.default_rng(n)
    return Split(rng.integers(0, 256, (n, 32, 32, 3), "uint8"), rng.integers(0, 10, n))


names = tuple("abcdefghij")
data = Data("noise", "noise", names, split(128 * options.steps), split(10), split(10))
recipe = recipes.HE2015_CIFAR10.scaled(options.steps * options.epochs)
assert datasets.steps_per_epoch(data, recipe.batch_size) == options.steps


def turn():
    run = training.train(options.network, data, recipe, seed=0, verbose=0)
    seconds = run.history["seconds"][1:]
    return len(seconds) * options.steps * recipe.batch_size / sum(seconds)


serving.serve(turn)

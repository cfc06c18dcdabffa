"""To the first training batch of CIFAR-10: first_batch.py ours|published seconds|memory.

The images are in memory before either begins. `published` is the pipeline of the notebook that
chapter "Repairing a notebook" repairs: batches of 64 are made first, and 10,000 of them shuffled.
`memory`: by how many MB the process has grown at most, after three batches.
"""

import helpers  # noqa: F401, I001  before Keras: for TensorFlow's fast kernels

import itertools
import resource
import sys
import time

import numpy as np
import serving
import tensorflow as tf

from helpers import datasets
from helpers.datasets import Data, Split

which, what = sys.argv[1:]
rng = np.random.default_rng(0)
images = rng.integers(0, 256, (50_000, 32, 32, 3), "uint8")
labels = rng.integers(0, 10, len(images))
tf.constant(0)  # TensorFlow is awake


def ours():
    part, few = Split(images, labels), Split(images[:10], labels[:10])
    data = Data("noise", "noise", tuple("abcdefghij"), part, few, few)
    return datasets.training_batches(data, 128, seed=0, padding=4, flip=True)


def published():
    def prepared(x, y):
        x = tf.image.central_crop(tf.cast(x, tf.float32) / 255, 0.75)
        return tf.image.random_flip_left_right(x), y

    made = tf.data.Dataset.from_tensor_slices((images, labels)).map(prepared)
    return made.batch(64).shuffle(10_000).repeat()


def grown():
    """The most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def turn():
    before, start = grown(), time.perf_counter()
    batches = iter({"ours": ours, "published": published}[which]())
    next(batches)
    seconds = time.perf_counter() - start
    for _ in itertools.islice(batches, 2):
        pass
    return seconds if what == "seconds" else grown() - before


serving.serve(turn)

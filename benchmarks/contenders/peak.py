"""What the cores can do at most: peak.py products|copies.

`products`: float32 operations of one large matrix product, in GFLOP/s, by oneDNN through
TensorFlow. `copies`: bytes that are read and written while a large array is copied, in GB/s.
"""

import helpers  # noqa: F401, I001  before TensorFlow: for its fast kernels

import sys

import serving
import tensorflow as tf

SIDE, FLOATS, TIMES = 3072, 64_000_000, 4


def products():
    for _ in range(TIMES):
        tf.linalg.matmul(one, other).numpy()
    return TIMES * 2 * SIDE**3 / 1e9


def copies():
    for _ in range(TIMES):
        negated(array)
    return TIMES * 2 * 4 * FLOATS / 1e9


one, other = tf.random.normal((2, SIDE, SIDE))
array = tf.random.normal((FLOATS,))
negated = tf.function(tf.negative)  # on all cores, as TensorFlow's own operations are
serving.serve(serving.rate({"products": products, "copies": copies}[sys.argv[1]]))

"""Training steps of a net of ours, by `fit`, on one batch again and again.

ours_training.py NETWORK SIDE BATCH STEPS [--bfloat16] [--xla] [--tuner] [--keras-norm]
    [--keras-sgd] [--gflops] [--narrow]
"""

import helpers  # noqa: F401, I001  before Keras: for TensorFlow's fast kernels

import functools

import numpy as np
import serving

options = serving.training_arguments(
    bfloat16="mixed precision",
    xla="compiled with XLA",
    keras_norm="Keras' own batch normalization",
    keras_sgd="Keras' own step of SGD",
    tuner="leave tf.data's tuner on",
    gflops="operations of float32 in place of images",
    narrow="8 filters in the first stage",
)
precision = "mixed_bfloat16" if options.bfloat16 else "float32"

import keras  # noqa: E402

from helpers import counting, networks, optimizer, recipes, specs, training  # noqa: E402
from helpers.blocks import convolutions  # noqa: E402
from helpers.training.compiling import build_optimizer  # noqa: E402
from helpers.training.loop import precision_scope  # noqa: E402

rng = np.random.default_rng(0)
images = rng.normal(size=(options.batch, options.side, options.side, 3)).astype("float32")
labels = rng.integers(0, 10, options.batch).astype("int32")
recipe = recipes.HE2015_CIFAR10.in_precision(precision).with_xla(options.xla)
if options.keras_norm:
    convolutions.BatchNormalization = functools.partial(
        keras.layers.BatchNormalization, momentum=0.9, epsilon=1e-5
    )
if options.keras_sgd:
    optimizer.SGD._at_once = keras.optimizers.SGD.update_step
with precision_scope(precision):
    spec = specs.resolve(options.network, input_shape=images.shape[1:], num_classes=10)
    model = networks.build(specs.narrowed(spec, 8) if options.narrow else spec)
training.compile_model(model, recipe)
build_optimizer(model)


class Same(keras.utils.PyDataset):
    """The one batch, as often as it is asked for."""

    def __len__(self):
        return options.steps

    def __getitem__(self, i):
        return images, labels


if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensors((images, labels)).repeat()
    untuned = tf.data.Options()
    untuned.autotune.enabled = options.tuner  # the book's batches have none
    batches = batches.with_options(untuned)
else:
    batches = Same()


def work():
    model.fit(batches, steps_per_epoch=options.steps, epochs=1, verbose=0)
    return options.steps * options.batch * (operations() if options.gflops else 1)


def operations():
    """GFLOP of a training step for one image: a multiply-add is two, backward is twice forward."""
    return 3 * 2 * counting.multiply_adds(options.network) / 1e9


serving.serve(serving.rate(work))

"""Training steps of the same net of Keras' own layers, compiled as Keras' guides do.

keras_training.py NETWORK SIDE BATCH STEPS

Nothing is asked of TensorFlow: what it does by itself on this processor is what a reader gets.
`resnet50` is `keras.applications.ResNet50(weights=None)`.
"""

from unittest import mock

import keras
import numpy as np

import serving

options = serving.training_arguments()
shape = (options.side, options.side, 3)

if options.network == "resnet50":
    model = keras.applications.ResNet50(weights=None, input_shape=shape, classes=10)
    from_logits = False
else:
    from helpers import networks  # behind Keras: too late to ask TensorFlow for anything
    from helpers.blocks import convolutions

    def own(**how):
        return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **how)

    with mock.patch.object(convolutions, "BatchNormalization", own):
        model = networks.build(options.network, input_shape=shape, num_classes=10)
    from_logits = True
model.compile(
    optimizer=keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=1e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits),
    metrics=["accuracy"],
)
rng = np.random.default_rng(0)
images = rng.normal(size=(options.steps * options.batch, *shape)).astype("float32")
labels = rng.integers(0, 10, len(images)).astype("int32")


def work():
    model.fit(images, labels, batch_size=options.batch, epochs=1, verbose=0)
    return len(images)


serving.serve(serving.rate(work))

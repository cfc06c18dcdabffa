"""Answers of ResNet-50: `predict_on_batch` on one batch again and again.

inference.py built|folded|applications BATCH TIMES

`applications` is `keras.applications.ResNet50`, with what TensorFlow does by itself.
"""

import sys

import numpy as np

import serving

which, batch, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if which == "applications":
    import keras

    model = keras.applications.ResNet50(weights=None)
else:  # `helpers` first, for TensorFlow's fast kernels
    from helpers import networks
    from helpers.networks import reparameterisation

    model = networks.build("resnet50")
    if which == "folded":
        model = reparameterisation.fold(model, "resnet50")
images = np.random.default_rng(0).normal(size=(batch, 224, 224, 3)).astype("float32")


def work():
    for _ in range(times):
        model.predict_on_batch(images)
    return times * batch


serving.serve(serving.rate(work))

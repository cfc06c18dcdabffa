"""The nets of `studies.causes` on images of 8x8, for its tests."""

import dataclasses
import itertools

import keras
import numpy as np

from helpers import specs
from helpers.studies import causes

SHAPE = {"input_shape": (8, 8, 3), "num_classes": 4}
BLOCKS = [f"conv{stage}_{block}" for stage in (2, 3, 4) for block in (1, 2)]


def shorten(monkeypatch):
    """Nets of 8 and 14 layers under the names of those of 20 and 56."""
    for kind, (name, depth) in itertools.product(("plain", "resnet"), (("20", 8), ("56", 14))):
        spec = dataclasses.replace(specs.get(f"{kind}{depth}"), name=kind + name)
        monkeypatch.setitem(specs._NETWORKS, kind + name, spec)


def noise():
    """A batch of images, less their mean, and labels."""
    rng = np.random.default_rng(0)
    return rng.normal(0, 50, (32, 8, 8, 3)).astype("float32"), rng.integers(0, 4, 32)


def build(name, seed=0):
    return causes.build(name, seed=seed, **SHAPE)


def outputs(model, layer, images, training=False):
    """What a layer puts out, and what went in, as NumPy arrays; the model stays as it was."""
    before, layer = model.get_weights(), model.get_layer(layer)
    watched = keras.Model(model.input, [layer.output, *keras.tree.flatten(layer.input)])
    found = [keras.ops.convert_to_numpy(x) for x in watched(images, training=training)]
    model.set_weights(before)
    return found

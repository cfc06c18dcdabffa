"""Training speed with the fused batch normalization against Keras' own.

    python benchmarks/batch_norm.py [--network resnet20] [--batches 20] [--rounds 3]

Both networks are the same but for that layer; they are timed in turns, in one
process, so that other work on the machine hits both. Prints images per second
of each round and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from unittest import mock

import keras
import numpy as np

from helpers import blocks, networks, recipes, training


def main() -> None:
    """Builds both networks, times them in turns, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="resnet20")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    models = {"fused": _compiled(options.network)}
    with mock.patch.object(blocks, "BatchNormalization", _keras_own):
        models["Keras"] = _compiled(options.network)

    rng = np.random.default_rng(0)
    shape = (128, *models["fused"].input_shape[1:])
    images = rng.normal(size=shape).astype("float32")
    labels = rng.integers(0, models["fused"].output_shape[-1], 128)
    for model in models.values():
        model.train_on_batch(images, labels)

    speeds = {name: [] for name in models}
    for _ in range(options.rounds):
        for name, model in models.items():
            start = time.perf_counter()
            for _ in range(options.batches):
                model.train_on_batch(images, labels)
            speeds[name].append(128 * options.batches / (time.perf_counter() - start))
    for name, values in speeds.items():
        print(f"{name:6} images/s: {'  '.join(f'{v:.0f}' for v in values)}")
    fused, own = (statistics.median(speeds[name]) for name in ("fused", "Keras"))
    print(f"{options.network}: fused / Keras = {fused / own:.2f}")


def _compiled(network):
    return training.compile_model(networks.build(network), recipes.HE2015_CIFAR10)


def _keras_own(name):
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


if __name__ == "__main__":
    main()

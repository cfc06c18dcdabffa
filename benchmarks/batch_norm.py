"""Training speed with the fused batch normalization against Keras' own.

    python benchmarks/batch_norm.py [--network resnet20] [--batches 20] [--rounds 3]

Both networks are the same but for that layer; they are timed in turns, in one
process, so that other work on the machine hits both. Prints images per second
of each round and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics
from unittest import mock

import keras
from turns import images_per_second

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

    speeds = images_per_second(models, batches=options.batches, rounds=options.rounds)
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

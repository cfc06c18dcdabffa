"""Training speed in float32 and in mixed bfloat16, with XLA and without.

    python benchmarks/precision.py [--network resnet20] [--side 32] [--batches 10] [--rounds 3]

The same network four times, timed in turns, in one process, so that other work on the
machine hits all. Prints images per second of each round, and the ratio of each median
to float32's without XLA. `KERAS_BACKEND=jax` measures JAX.
"""

from __future__ import annotations

import argparse
import statistics

import keras

from helpers import networks, recipes, training
from turns import images_per_second


def main() -> None:
    """Builds the networks, times them in turns, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="resnet20")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    models = {
        (precision, xla): _compiled(options.network, options.side, precision, xla)
        for precision in ("float32", "mixed_bfloat16")
        for xla in (False, True)
    }
    speeds = images_per_second(models, batches=options.batches, rounds=options.rounds)
    usual = statistics.median(speeds["float32", False])
    print(f"{options.network}, {options.side}x{options.side}, {keras.backend.backend()}")
    for (precision, xla), values in speeds.items():
        ratio = statistics.median(values) / usual
        rounds = "  ".join(f"{v:.0f}" for v in values)
        print(f"{precision:15} {'XLA' if xla else '':4} images/s: {rounds}, ratio {ratio:.2f}")


def _compiled(network: str, side: int, precision: str, xla: bool) -> keras.Model:
    recipe = recipes.HE2015_CIFAR10.in_precision(precision).with_xla(xla)
    keras.config.set_dtype_policy(precision)
    model = networks.build(network, input_shape=(side, side, 3), num_classes=10)
    return training.compile_model(model, recipe)


if __name__ == "__main__":
    main()

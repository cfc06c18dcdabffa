"""Models timed in turns, in one process, so that other work on the machine hits all."""

from __future__ import annotations

import time
from collections.abc import Hashable

import keras
import numpy as np


def images_per_second(
    models: dict[Hashable, keras.Model],
    *,
    batches: int,
    rounds: int,
    batch_sizes: dict[Hashable, int] | None = None,
) -> dict[Hashable, list[float]]:
    """Training speed of each compiled model in each round, on batches of noise.

    A batch has 128 images, or what `batch_sizes` says for a model.
    """
    data = {}
    for key, model in models.items():
        size, rng = (batch_sizes or {}).get(key, 128), np.random.default_rng(0)
        images = rng.normal(size=(size, *model.input_shape[1:])).astype("float32")
        data[key] = images, rng.integers(0, model.output_shape[-1], size)
        model.train_on_batch(*data[key])  # traces it
    speeds = {key: [] for key in models}
    for _ in range(rounds):
        for key, model in models.items():
            start = time.perf_counter()
            for _ in range(batches):
                model.train_on_batch(*data[key])
            seconds = time.perf_counter() - start
            speeds[key].append(len(data[key][1]) * batches / seconds)
    return speeds

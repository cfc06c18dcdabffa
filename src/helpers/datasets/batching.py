"""Images of a data set as batches: for evaluation in their order, for training shuffled and cut.

Each function asks the data set, whatever its kind. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from helpers.datasets.protocol import DataSet


def batches(
    data: DataSet, split: str, batch_size: int, *, chosen: slice | np.ndarray = slice(None)
) -> tf.data.Dataset | keras.utils.PyDataset:
    """The images of one split in their order, the mean subtracted.

    Elements are (N, H, W, C) float32 and (N,) int32; the last batch may be
    smaller. For evaluation: single view, no augmentation. A `tf.data.Dataset`
    where Keras runs on TensorFlow, else for images in memory a `keras.utils.PyDataset`.
    `chosen` are places in the split, by default all.
    """
    return data.batches(split, batch_size, chosen=chosen)


def training_batches(
    data: DataSet, batch_size: int, *, seed: int, **how: Any
) -> tf.data.Dataset | keras.utils.PyDataset:
    """The training images for ever, epoch after epoch, shuffled and augmented.

    Elements are (batch_size, H, W, C) float32, the mean subtracted, and (batch_size,)
    int32. Order and augmentation depend on `seed` and the step alone. `how` is what the data
    set's own method takes: `memory.Data.training_batches`, `photos.Photos.training_batches`.
    """
    return data.training_batches(batch_size, seed=seed, **how)

"""Images of a data set as batches: for evaluation in their order, for training shuffled and cut.

Source: He et al. 2015, section 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import keras

from helpers.datasets import sampling
from helpers.datasets.memory import Data, Split
from helpers.datasets.photos import Photos

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf


def batches(
    data: Data | Photos, split: str, batch_size: int, *, chosen: slice | np.ndarray = slice(None)
) -> tf.data.Dataset | keras.utils.PyDataset:
    """The images of one split in their order, the per-pixel mean subtracted.

    Elements are (N, H, W, C) float32 and (N,) int32; the last batch may be
    smaller. For evaluation: single view, no augmentation. A `tf.data.Dataset`
    where Keras runs on TensorFlow, else a `keras.utils.PyDataset`. `chosen` are places
    in the split, by default all. Of photographs it is what `Photos.batches` makes.
    """
    size(data, split)  # raises for what is none
    if isinstance(data, Photos):
        part = dataclasses.replace(data, **{split: getattr(data, split)[chosen]})
        return part.batches(split, batch_size)
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size!r}")
    part = getattr(data, split)
    part = Split(part.images[chosen], part.labels[chosen])
    if keras.backend.backend() != "tensorflow":
        return sampling.Batches(part, data.mean, batch_size)
    import tensorflow as tf

    mean = tf.constant(data.mean)
    return _plain(
        tf.data.Dataset.from_tensor_slices((part.images, part.labels))
        .batch(batch_size)
        .map(lambda x, y: (tf.cast(x, "float32") - mean, y), num_parallel_calls=2)
        .prefetch(2)
    )


def training_batches(
    data: Data | Photos,
    batch_size: int,
    *,
    seed: int,
    first_step: int = 0,
    padding: int = 4,
    flip: bool = True,
    shuffle: str = "images",
    shard: tuple[int, int] = (0, 1),
) -> tf.data.Dataset | keras.utils.PyDataset:
    """The training images for ever, epoch after epoch, shuffled and augmented.

    Elements are (batch_size, H, W, C) float32, the per-pixel mean subtracted,
    and (batch_size,) int32; what does not fill a batch waits for another epoch.
    Order and augmentation depend on `seed` and the step alone, so a training
    that goes on at `first_step` sees what it would have seen without the stop.

    A `tf.data.Dataset` where Keras runs on TensorFlow, else a `keras.utils.PyDataset`, with
    the same crops of the same images in the same order.
    `shuffle`, "images" or "batches", is explained at `recipes.Recipe`. Process i of n with
    `shard=(i, n)` gets its share of each batch; of images in memory not on TensorFlow.

    Of photographs it is what `Photos.training_batches` makes, cut as `Photos.view` says.
    """
    steps_per_epoch(data, batch_size)  # raises for what is no batch size
    how = {"seed": seed, "first_step": first_step, "shuffle": shuffle}
    if isinstance(data, Photos):
        view = dataclasses.replace(data.view, flip=flip and data.view.flip)
        part = dataclasses.replace(data, view=view)
        return part.training_batches(batch_size, shard=shard, **how)
    if keras.backend.backend() != "tensorflow":
        how |= {"padding": padding, "flip": flip, "shard": shard}
        return sampling.TrainingBatches(data, batch_size, **how)
    if shard != (0, 1):
        raise ValueError(f"On TensorFlow one process gets all. Received: shard={shard!r}")
    import tensorflow as tf

    # Constants outside the graph: one copy in memory, however many batches.
    images, labels = tf.constant(data.train.images), tf.constant(data.train.labels)
    mean = tf.constant(data.mean)

    # `Dataset.from_generator` would set glibc's M_TRIM_THRESHOLD for the whole process: from
    # then on the memory of every tensor is mapped and unmapped.
    order = sampling.Order(len(data.train), batch_size, seed=seed, shuffle=shuffle)

    def drawn(step):
        cuts = {"seed": seed, "step": int(step), "padding": padding, "flip": flip}
        return order(step), *sampling.draws(batch_size, **cuts)

    def batch(step):
        parts = tf.numpy_function(drawn, [step], ("int64", "int64", "int64", "bool"))
        indices, *cuts = (tf.ensure_shape(each, batch_size) for each in parts)
        x = tf.cast(tf.gather(images, indices), "float32") - mean  # (N, H, W, C)
        return augment(x, *cuts, padding=padding), tf.gather(labels, indices)

    steps = tf.data.Dataset.range(first_step, tf.int64.max)
    return _plain(steps.map(batch, num_parallel_calls=2).prefetch(4))


def _plain(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Without autotuning. Every number is given here, and an iterator that autotunes sleeps at
    its end until its tuner wakes up: for up to as long as it has lived."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def size(data: Data | Photos, split: str) -> int:
    """How many images a split has. Raises ValueError for an unknown one."""
    if split not in data.splits:
        raise ValueError(f"`split` must be one of {data.splits}. Received: split={split!r}")
    return len(getattr(data, split))


def steps_per_epoch(data: Data | Photos, batch_size: int) -> int:
    """Whole batches in the training split. Raises ValueError if there is none."""
    if not isinstance(batch_size, int) or not 1 <= batch_size <= len(data.train):
        raise ValueError(
            f"`batch_size` must be at least 1 and at most the {len(data.train)} training images of "
            f"{data.description}. Received: batch_size={batch_size}"
        )
    return len(data.train) // batch_size


def augment(
    x: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor, mirrored: tf.Tensor, *, padding: int = 4
) -> tf.Tensor:
    """Crops of the zero-padded images, some mirrored, where `sampling.draws` says.

    (N, H, W, C) -> (N, H, W, C), one whole batch at once: rows and columns are
    gathered by index, and a mirrored image is one whose columns run backwards.
    After the mean is subtracted a padded zero is the mean grey.

    Source: He et al. 2015, section 4.2.
    """
    import tensorflow as tf

    height, width = x.shape[1:3]
    rows = rows[:, None] + tf.range(height, dtype=rows.dtype)  # (N, H)
    columns = columns[:, None] + tf.range(width, dtype=columns.dtype)  # (N, W)
    columns = tf.where(mirrored[:, None], columns[:, ::-1], columns)
    x = tf.pad(x, [[0, 0], [padding, padding], [padding, padding], [0, 0]])
    x = tf.gather(x, rows, axis=1, batch_dims=1)
    return tf.gather(x, columns, axis=2, batch_dims=1)

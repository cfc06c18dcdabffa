"""Images held as arrays, as batches: for evaluation in their order, for training shuffled and cut.

What `memory.Data` makes its batches with: `tf.data` where Keras runs on TensorFlow, else NumPy.

Source: He et al. 2015, section 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from helpers.datasets import at_exit, sampling

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from helpers.datasets.split import Split


def in_order(
    part: Split, mean: np.ndarray, batch_size: int
) -> tf.data.Dataset | keras.utils.PyDataset:
    """All images of a split in their order, the mean subtracted."""
    if keras.backend.backend() != "tensorflow":
        return sampling.Batches(part, mean, batch_size)
    import tensorflow as tf

    mean = tf.constant(mean)
    return _plain(
        tf.data.Dataset.from_tensor_slices((part.images, part.labels))
        .batch(batch_size)
        .map(lambda x, y: (tf.cast(x, "float32") - mean, y), num_parallel_calls=2)
        .prefetch(2)
    )


def for_training(
    part: Split,
    mean: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    first_step: int,
    padding: int,
    flip: bool,
    shuffle: str,
    shard: tuple[int, int],
) -> tf.data.Dataset | keras.utils.PyDataset:
    """The images of a split for ever, shuffled and augmented, the mean subtracted.

    Raises ValueError on TensorFlow for one process of several.
    """
    if keras.backend.backend() != "tensorflow":
        return sampling.TrainingBatches(
            part,
            mean,
            batch_size,
            seed=seed,
            first_step=first_step,
            padding=padding,
            flip=flip,
            shuffle=shuffle,
            shard=shard,
        )
    if shard != (0, 1):
        raise ValueError(f"On TensorFlow one process gets all. Received: shard={shard!r}")
    import tensorflow as tf

    # `Dataset.from_generator` would set glibc's M_TRIM_THRESHOLD for the whole process: from
    # then on the memory of every tensor is mapped and unmapped.
    order = sampling.Order(len(part), batch_size, seed=seed, shuffle=shuffle)

    at_exit.close_iterators()
    mean = tf.constant(mean)

    # NumPy takes the images out of their array, so there is no copy of the whole in TensorFlow.
    def drawn(step):
        cuts = {"seed": seed, "step": int(step), "padding": padding, "flip": flip}
        chosen = order(step)
        return part.images[chosen], part.labels[chosen], *sampling.draws(batch_size, **cuts)

    kinds = (part.images.dtype, part.labels.dtype, "int64", "int64", "bool")

    def batch(step):
        x, y, *cuts = tf.numpy_function(drawn, [step], kinds)
        x = tf.ensure_shape(x, (batch_size, *part.images.shape[1:]))
        y, *cuts = (tf.ensure_shape(each, batch_size) for each in (y, *cuts))
        return augment(tf.cast(x, "float32") - mean, *cuts, padding=padding), y

    as_it_is = tf.autograph.experimental.do_not_convert  # there is no Python to translate
    steps = tf.data.Dataset.range(first_step, tf.int64.max)
    return _plain(steps.map(as_it_is(batch), num_parallel_calls=2).prefetch(4))


def _plain(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Without autotuning. Every number is given here, and an iterator that autotunes sleeps at
    its end until its tuner wakes up: for up to as long as it has lived."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


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

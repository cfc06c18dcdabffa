"""Labels that are shared out: label smoothing, and images mixed in pairs.

A label becomes a row of shares that sum to 1, one share for each class. Smoothing gives the
part s of it to all K classes alike: (1 - s) y + s / K. Mixup then averages each image of a
batch, and its row, with those of a partner: w x + (1 - w) x'. The partners are the same batch
in another order, and w is one number for the whole batch, from Beta(alpha, alpha): so does the
paper's code. With such rows the cross-entropy is what the paper writes as w times the loss of
one label and 1 - w times that of the other.

A mixed image has two labels. Its error is counted against the one with the larger share, the
partner's where w is below one half: a net that names the stronger image makes none. So the
training error by epoch is of mixed images, and not to be compared with that of a training
without mixup. Smoothing alone moves no label: the error is the usual one.

Source: Szegedy et al. 2016, section 7; Zhang et al. 2018, section 2 and their code
(facebookresearch/mixup-cifar10). Book: chapter 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def draws(batch_size: int, *, seed: int, step: int, mixup: float) -> tuple[np.ndarray, np.float32]:
    """Each image's partner, (batch_size,) places in the batch, and the weight w of a step.

    They depend on seed and step alone, on every backend. Without mixup everyone is its own
    partner, with a weight of 1.
    """
    if not mixup:
        return np.arange(batch_size), np.float32(1)
    random = np.random.default_rng((seed, 3, step))
    return random.permutation(batch_size), np.float32(random.beta(mixup, mixup))


def targets(labels: Any, classes: int, smoothing: float, xp: Any = np) -> Any:
    """Labels (N,) as rows (N, classes) of shares, smoothed. `xp` is NumPy or `jax.numpy`."""
    rows = (labels[:, None] == xp.arange(classes)).astype("float32")
    return (1 - smoothing) * rows + smoothing / classes


def mixed(x: Any, partners: Any, weight: Any) -> Any:
    """Images or rows of shares, each averaged with its partner's; of NumPy or JAX."""
    return weight * x + (1 - weight) * x[partners]


def soft(
    batches: tf.data.Dataset | keras.utils.PyDataset,
    classes: int,
    batch_size: int,
    *,
    seed: int,
    first_step: int,
    smoothing: float,
    mixup: float,
) -> tf.data.Dataset | keras.utils.PyDataset:
    """Batches for training, from `first_step` on, with smoothed labels and mixed images.

    Elements are (N, H, W, C) float32 and (N, classes) float32. Raises TypeError for batches
    that are neither a `tf.data.Dataset` nor a `keras.utils.PyDataset`.
    """
    how = {"seed": seed, "mixup": mixup}
    if isinstance(batches, keras.utils.PyDataset):
        return _SoftBatches(batches, classes, batch_size, first_step, smoothing, how)
    if not hasattr(batches, "element_spec"):
        raise TypeError(
            "Label smoothing and mixup need batches that are a tf.data.Dataset or a "
            f"keras.utils.PyDataset. Received: {type(batches).__name__}"
        )
    import tensorflow as tf

    def drawn(step):
        return draws(batch_size, step=int(step), **how)

    def change(step, now):
        x, labels = now
        rows = (1 - smoothing) * tf.one_hot(labels, classes) + smoothing / classes
        if not mixup:
            return x, rows
        partners, weight = tf.numpy_function(drawn, [step], ("int64", "float32"))
        partners, weight = tf.ensure_shape(partners, batch_size), tf.ensure_shape(weight, ())
        return tuple(weight * a + (1 - weight) * tf.gather(a, partners) for a in (x, rows))

    steps = tf.data.Dataset.range(first_step, tf.int64.max)
    return tf.data.Dataset.zip((steps, batches)).map(change, num_parallel_calls=2).prefetch(4)


class _SoftBatches(keras.utils.PyDataset):
    def __init__(self, batches, classes, batch_size, first_step, smoothing, how):
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=16)
        self.batches, self.classes, self.batch_size = batches, classes, batch_size
        self.first_step, self.smoothing, self.how = first_step, smoothing, how

    @property
    def num_batches(self):
        return self.batches.num_batches

    def __getitem__(self, index):
        x, labels = self.batches[index]
        rows = targets(labels, self.classes, self.smoothing)
        if not self.how["mixup"]:
            return x, rows
        pair = draws(self.batch_size, step=self.first_step + index, **self.how)
        return mixed(x, *pair), mixed(rows, *pair)

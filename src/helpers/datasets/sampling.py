"""What a training is fed with: the order of the images, and batches in NumPy.

`arrays` makes batches with `tf.data` where Keras runs on TensorFlow. On another
backend it takes the ones from here, which need NumPy and Keras alone.

Source: He et al. 2015, section 4.2 (augmentation). Book: chapters 1 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    from helpers.datasets.split import Split


def epoch_order(
    n: int, batch_size: int, *, seed: int, epoch: int, shuffle: str = "images"
) -> np.ndarray:
    """Which images the batches of an epoch hold: (n // batch_size, batch_size) indices.

    It depends on `seed` and `epoch` alone. `shuffle` is "images", or "batches":
    neighbours stay together, and only the batches change their places.
    """
    steps = n // batch_size
    random = np.random.default_rng((seed, epoch))
    if shuffle == "batches":
        return np.arange(steps * batch_size).reshape(steps, batch_size)[random.permutation(steps)]
    return random.permutation(n)[: steps * batch_size].reshape(steps, batch_size)


class Order:
    """The indices of the batch of any step, counted from 0: `epoch_order` by the step.

    The order of one epoch is kept, so that steps asked for in turn cost nothing.
    """

    def __init__(self, n: int, batch_size: int, *, seed: int, shuffle: str = "images"):
        self.n, self.batch_size, self.how = n, batch_size, {"seed": seed, "shuffle": shuffle}
        self.kept: tuple[int, np.ndarray] = (-1, np.empty(0))

    def __call__(self, step: int) -> np.ndarray:
        epoch, place = divmod(int(step), self.n // self.batch_size)
        kept, order = self.kept
        if kept != epoch:
            order = epoch_order(self.n, self.batch_size, epoch=epoch, **self.how)
            self.kept = epoch, order
        return order[place]


def check_shard(shard: tuple[int, int]) -> None:
    """Raises ValueError if `shard` is not (i, n), process i of n, with 0 <= i < n."""
    whole = isinstance(shard, tuple) and [type(number) for number in shard] == [int, int]
    if not whole or not 0 <= shard[0] < shard[1]:
        raise ValueError(
            "`shard` must be (i, n), process i of n processes, counted from 0. "
            f"Received: shard={shard!r}"
        )


def share(batch_size: int, shard: tuple[int, int]) -> slice:
    """The places in a batch that process i of n reads, with `shard=(i, n)`.

    All n shares have one size, so that the mean of their gradients is that of the batch.
    Raises ValueError if n does not divide the batch, and for what is no shard.

    Book: chapter 7.
    """
    check_shard(shard)
    index, count = shard
    if batch_size % count:
        raise ValueError(
            f"`batch_size`, of all {count} processes together, must be a multiple of {count}. "
            f"Received: batch_size={batch_size}"
        )
    size = batch_size // count
    return slice(index * size, (index + 1) * size)


def draws(
    batch_size: int, *, seed: int, step: int, padding: int, flip: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the images of one step are cut, from seed and step alone, on every backend.

    Rows and columns of the crops in the padded images, (batch_size,) integers in
    0..2 * padding, and whether each is mirrored, (batch_size,) of bool.

    Source: He et al. 2015, section 4.2.
    """
    random = np.random.default_rng((seed, 1, step))
    rows, columns = (random.integers(0, 2 * padding + 1, batch_size) for _ in "yx")
    mirrored = random.random(batch_size) < 0.5 if flip else np.zeros(batch_size, bool)
    return rows, columns, mirrored


def crops(
    x: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    mirrored: np.ndarray,
    *,
    padding: int,
    xp: Any = np,
) -> np.ndarray:
    """Crops of the zero-padded images as `draws` has them, some mirrored.

    (N, H, W, C) -> (N, H, W, C): rows and columns are gathered by index, and a
    mirrored image is one whose columns run backwards. `xp` computes them: NumPy, or
    `jax.numpy` on an accelerator; `datasets.augment` does the same in TensorFlow.

    Source: He et al. 2015, section 4.2.
    """
    height, width = x.shape[1:3]
    rows = rows[:, None] + xp.arange(height)  # (N, H)
    columns = columns[:, None] + xp.arange(width)  # (N, W)
    columns = xp.where(mirrored[:, None], columns[:, ::-1], columns)
    n = len(x)
    x = xp.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    return x[xp.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


class TrainingBatches(keras.utils.PyDataset):
    """The training images for ever, shuffled and augmented, the per-pixel mean subtracted.

    Batch `i` holds (batch_size, H, W, C) float32 and (batch_size,) int32. It depends
    on the seed and the step `first_step + i` alone. Process i of n with `shard=(i, n)` gets
    its share of that, batch_size / n images; `batch_size` is that of all together.
    """

    def __init__(
        self,
        part: Split,
        mean: np.ndarray,
        batch_size: int,
        *,
        seed: int,
        first_step: int,
        padding: int,
        flip: bool,
        shuffle: str,
        shard: tuple[int, int] = (0, 1),
    ):
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=16)
        self.part, self.mean, self.batch_size, self.seed = part, mean, batch_size, seed
        self.first_step = first_step
        self.padding, self.flip = padding, flip
        self.mine = share(batch_size, shard)
        self.order = Order(len(part), batch_size, seed=seed, shuffle=shuffle)

    @property
    def num_batches(self):
        """None is Keras' sign for a data set without an end."""
        return None

    def __getitem__(self, index):
        part, step = self.part, self.first_step + index
        chosen = self.order(step)[self.mine]
        x = part.images[chosen].astype("float32") - self.mean
        cuts = draws(
            self.batch_size, seed=self.seed, step=step, padding=self.padding, flip=self.flip
        )
        cuts = (each[self.mine] for each in cuts)
        return crops(x, *cuts, padding=self.padding), part.labels[chosen]


class Batches(keras.utils.PyDataset):
    """The images of a split in their order, the per-pixel mean subtracted, for evaluation."""

    def __init__(self, split: Split, mean: np.ndarray, batch_size: int):
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=16)
        self.split, self.mean, self.batch_size = split, mean, batch_size

    @property
    def num_batches(self):
        return -(-len(self.split) // self.batch_size)

    def __getitem__(self, index):
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.split.images[part].astype("float32") - self.mean, self.split.labels[part]

"""What a data set is to those who train on it, measure on it, or draw it.

`memory.Data` and `photos.Photos` fulfil it. A kind of your own needs these members and nothing
else: `training.train` asks no data set what it is.

Book: chapters 1 and 6.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from helpers.support import expect

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from helpers.datasets.photos.views import TrainingView


@runtime_checkable
class DataSet(Protocol):
    """Training, validation and test images with labels, as batches.

    - `name`, `description`: of the data set in records, and on pages and plots;
    - `class_names`: of all classes; a label is a place in it;
    - `splits`: the names of the splits, of which each is an attribute that has a length;
    - `image_shape`: (H, W, C) of every image in a batch;
    - `mean`: what is subtracted from the images, or would be, in 0..255;
    - `build_arguments`: those with which `networks.build` makes a network for these images;
    - `fingerprint`: by which a checkpoint knows its training images again.
    """

    name: str
    description: str
    class_names: tuple[str, ...]
    splits: tuple[str, ...]

    @property
    def train(self) -> Sized: ...

    @property
    def num_classes(self) -> int: ...

    @property
    def image_shape(self) -> tuple[int, int, int]: ...

    @property
    def mean(self) -> np.ndarray: ...

    @property
    def build_arguments(self) -> dict[str, Any]: ...

    @property
    def fingerprint(self) -> str: ...

    def batches(
        self, split: str, batch_size: int, *, chosen: slice | np.ndarray = slice(None)
    ) -> tf.data.Dataset | keras.utils.PyDataset:
        """The images of one split in their order, ready for a network, and their labels.

        (N, H, W, C) float32 and (N,) int32; the last batch may be smaller. `chosen` are
        places in the split. Raises ValueError for an unknown split and no batch size.
        """

    def training_batches(
        self,
        batch_size: int,
        *,
        seed: int,
        first_step: int = 0,
        padding: int = 4,
        flip: bool = True,
        shuffle: str = "images",
        shard: tuple[int, int] = (0, 1),
    ) -> tf.data.Dataset | keras.utils.PyDataset:
        """The training images for ever, shuffled and augmented, by seed and step alone.

        Every batch has `batch_size` images; process i of n with `shard=(i, n)` gets its
        share of each. Raises ValueError for what is no batch size or shard.
        """

    def seen_as(self, view: TrainingView) -> DataSet:
        """The same images, cut for training as a recipe's `view` says.

        Raises ValueError where there is nothing to cut.
        """


def size(data: DataSet, split: str) -> int:
    """How many images a split has. Raises ValueError for an unknown one."""
    return len(getattr(data, expect.one_of("split", split, data.splits)))


def steps_per_epoch(data: DataSet, batch_size: int) -> int:
    """Whole batches in the training split. Raises ValueError if there is none."""
    if not isinstance(batch_size, int) or not 1 <= batch_size <= len(data.train):
        raise ValueError(
            f"`batch_size` must be at least 1 and at most the {len(data.train)} training images of "
            f"{data.description}. Received: batch_size={batch_size!r}"
        )
    return len(data.train) // batch_size

"""A data set in memory: images, labels, and what they must be.

Source: He et al. 2015, section 4.2 (the per-pixel mean). Book: chapter 1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.datasets import arrays
from helpers.datasets.protocol import size as size_of
from helpers.datasets.protocol import steps_per_epoch
from helpers.datasets.split import Split
from helpers.support import expect

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Data:
    """A data set in memory: training, validation and test images with labels.

    `description` is the name that pages and plots show, "CIFAR-10 (JPEG)" for a
    re-encoded CIFAR-10. Raises TypeError or ValueError where images are not
    uint8 in 0..255 of one shape with the channels last, or labels are not
    integers below the number of classes.
    """

    name: str
    description: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    splits: tuple[str, ...] = field(default=("train", "validation", "test"), init=False)

    def __post_init__(self) -> None:
        for name in self.splits:
            _check_split(name, getattr(self, name), len(self.class_names))
        shapes_ = {name: getattr(self, name).images.shape[1:] for name in self.splits}
        if len(set(shapes_.values())) > 1:
            raise ValueError(f"Expected images of one shape in all splits. Received: {shapes_}")

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of every image."""
        return self.train.images.shape[1:]

    @property
    def build_arguments(self) -> dict[str, Any]:
        """The arguments with which `networks.build` makes a network for this data."""
        return {"input_shape": self.image_shape, "num_classes": self.num_classes}

    @cached_property
    def mean(self) -> np.ndarray:
        """The per-pixel mean of the training images, (H, W, C) float32 in 0..255.

        It is subtracted from every image and nothing is divided (section 4.2).
        """
        return self.train.images.mean(axis=0, dtype="float64").astype("float32")

    @cached_property
    def fingerprint(self) -> str:
        """By which a checkpoint knows its training images again: a hash of mean and labels."""
        return hashlib.sha256(self.mean.tobytes() + self.train.labels.tobytes()).hexdigest()

    def batches(
        self, split: str, batch_size: int, *, chosen: slice | np.ndarray = slice(None)
    ) -> tf.data.Dataset | keras.utils.PyDataset:
        """The images of one split in their order, the per-pixel mean subtracted.

        Elements are (N, H, W, C) float32 and (N,) int32; the last batch may be
        smaller. For evaluation: single view, no augmentation. A `tf.data.Dataset`
        where Keras runs on TensorFlow, else a `keras.utils.PyDataset`. `chosen` are places
        in the split, by default all. Raises ValueError for an unknown split, no batch size.
        """
        size_of(self, split)  # raises for what is none
        expect.integer("batch_size", batch_size)
        part = getattr(self, split)
        part = Split(part.images[chosen], part.labels[chosen])
        return arrays.in_order(part, self.mean, batch_size)

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
        """The training images for ever, epoch after epoch, shuffled and augmented.

        Elements are (batch_size, H, W, C) float32, the per-pixel mean subtracted,
        and (batch_size,) int32; what does not fill a batch waits for another epoch.
        Order and augmentation depend on `seed` and the step alone, so a training
        that goes on at `first_step` sees what it would have seen without the stop.

        A `tf.data.Dataset` where Keras runs on TensorFlow, else a `keras.utils.PyDataset`, with
        the same crops of the same images in the same order.
        `shuffle`, "images" or "batches", is explained at `recipes.Recipe`. Process i of n with
        `shard=(i, n)` gets its share of each batch; not on TensorFlow.
        """
        steps_per_epoch(self, batch_size)  # raises for what is no batch size
        return arrays.for_training(
            self.train,
            self.mean,
            batch_size,
            seed=seed,
            first_step=first_step,
            padding=padding,
            flip=flip,
            shuffle=shuffle,
            shard=shard,
        )

    def seen_as(self, view: Any) -> Data:
        """Raises ValueError: only photographs are cut as a recipe's `view` says."""
        raise ValueError(
            f"{self.description} is held in memory, and a `view`, here of {view.size} pixels, is "
            "one of photographs: take a recipe without it."
        )

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, name)):,} {name}" for name in self.splits)
        return (
            f"{self.description}\n{sizes} images of shape {self.image_shape}, "
            f"{self.num_classes} classes"
        )


REDUCED_TRAINING_IMAGES = 8_000
_CHANNELS = (1, 2, 3, 4)  # that an image has as a rule: grey, colours, and one for transparency


def reduce(
    data: Data,
    *,
    size: int = 16,
    train: int | None = REDUCED_TRAINING_IMAGES,
    test: int | None = 1_000,
) -> Data:
    """A small version for experiments of a minute: fewer and smaller images.

    Takes the first `train` training images and the first `test` of validation
    and test each, None for all of them, and averages squares of pixels down to
    `size` x `size`. The
    description says so. Raises ValueError if `size` does not divide the images'
    height and width, or if there are fewer images; TypeError for images on disk.
    """
    if not isinstance(data, Data):
        raise TypeError(
            "`data` must hold its images in memory, as shapes and cifar10 do. "
            f"Received: {getattr(data, 'description', type(data).__name__)}"
        )
    height, width, channels = data.image_shape
    if size < 1 or height % size or width % size:
        raise ValueError(
            f"`size` must divide the images' sides, {height} and {width}. Received: size={size}"
        )
    wanted = {"train": train, "validation": test, "test": test}
    parts = {}
    for name, n in wanted.items():
        split = getattr(data, name)
        n = len(split) if n is None else n
        if not 0 < n <= len(split):
            raise ValueError(
                f"Expected 1 to {len(split)} images of the {name} split. Received: {n}"
            )
        squares = (n, size, height // size, size, width // size, channels)
        images = split.images[:n].reshape(squares).mean((2, 4), dtype="float64")
        parts[name] = Split(np.round(images).astype("uint8"), split.labels[:n])
    count = len(parts["train"])
    description = f"{data.description}, {count:,} images at {size}x{size}"
    return Data(data.name, description, data.class_names, **parts)


def _check_split(name: str, split: Split, num_classes: int) -> None:
    images, labels = split.images, split.labels
    if getattr(images, "ndim", 0) != 4 or not len(images):
        raise ValueError(
            f"{name}: expected images of shape (N, H, W, C) with N > 0. "
            f"Received: {getattr(images, 'shape', type(images).__name__)}"
        )
    if images.shape[1] in _CHANNELS and images.shape[3] not in _CHANNELS:
        raise ValueError(
            f"{name}: expected the channels last, (N, H, W, C). Received: {images.shape}, where "
            "they seem to come first: images.transpose(0, 2, 3, 1) puts them last."
        )
    if images.dtype != np.uint8:
        span = f" between {images.min():.3g} and {images.max():.3g}" if images.size else ""
        raise TypeError(
            f"{name}: expected uint8 images in 0..255; the mean is subtracted later. "
            f"Received: {images.dtype}{span}. Images in 0..1 want (255 * x).astype('uint8')."
        )
    if images.max() <= 1:
        raise ValueError(
            f"{name}: expected images in 0..255. Received: none above {images.max()}. Images "
            "in 0..1 want (255 * x).astype('uint8'), in this order."
        )
    if getattr(labels, "shape", None) != (len(images),):
        raise ValueError(
            f"{name}: expected one label per image, shape {(len(images),)}. "
            f"Received: {getattr(labels, 'shape', type(labels).__name__)}"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"{name}: expected integer labels. Received: {labels.dtype}")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise ValueError(
            f"{name}: expected labels in 0..{num_classes - 1} for {num_classes} classes. "
            f"Received: labels from {low} to {high}"
        )

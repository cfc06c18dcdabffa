"""Images in, batches out: `tf.data`, or NumPy where Keras does not run on TensorFlow.

`load("shapes")` needs nothing but NumPy; the other data sets come through
TensorFlow Datasets. What could not be loaded is an error that says where it was
looked for: no data set ever takes the place of another.

Small images are held in memory, as `Data`; photographs stay on disk, as `Photos`.
Both have the same members, and the functions here take either.

Source: He et al. 2015, section 4.2 (split, mean, augmentation). Book: chapters 1, 6, 7.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from helpers.datasets import npz_file, photos, sampling, shapes, tfds_folders
from helpers.datasets.memory import Data, Split, reduce
from helpers.datasets.photos import Photos
from helpers.datasets.photos.catalogue import IMAGENET, PETS
from helpers.datasets.tfds_folders import DataUnavailableError

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

ENVIRONMENT_VARIABLE = "RESNET_BOOK_DATA"

# So that the length of an epoch is known before the images are loaded.
TRAINING_IMAGES = {"shapes": 8_000, "cifar10": 45_000}
TRAINING_IMAGES |= {facts.builder: facts.training_images for facts in (PETS, IMAGENET)}
PHOTOGRAPHS = (PETS.builder, IMAGENET.builder)  # these stay on disk, as `Photos`

__all__ = [
    "Data",
    "DataUnavailableError",
    "Photos",
    "Split",
    "augment",
    "batches",
    "chosen_name",
    "export",
    "load",
    "names",
    "reduce",
    "size",
    "steps_per_epoch",
    "training_batches",
]


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


def names() -> list[str]:
    """Every data set that `load` knows."""
    return list(LOADERS)


def chosen_name(name: str | None = None) -> str:
    """The name itself, else what the environment variable chooses, else "shapes".

    Raises ValueError for an unknown one.
    """
    name = name or os.environ.get(ENVIRONMENT_VARIABLE) or "shapes"
    if name not in LOADERS:
        raise ValueError(
            f"`name` must be one of {', '.join(names())} (an argument, or the environment "
            f"variable {ENVIRONMENT_VARIABLE}). Received: name={name!r}"
        )
    return name


def load(
    name: str | None = None,
    *,
    data_dir: str | os.PathLike | None = None,
    npz: str | os.PathLike | None = None,
    manual_dir: str | os.PathLike | None = None,
) -> Data | Photos:
    """A data set by name: "shapes", "cifar10", "oxford_iiit_pet" or "imagenet2012".

    Without a name the environment variable RESNET_BOOK_DATA chooses, and
    without that it is "shapes". `data_dir` is where TensorFlow Datasets looks;
    its default is the variable TFDS_DATA_DIR, else ~/tensorflow_datasets. `npz` is a
    file that `export` wrote, where the images are to come from that.

    cifar10 has 45,000 training, 5,000 validation and 10,000 test images; a hash
    of its id decides which training images are for validation. The pets and
    ImageNet are photographs on disk, `Photos`; see `photos.oxford_iiit_pet` and
    `photos.imagenet2012`, which is prepared from archives in `manual_dir`.

    Raises ValueError for an unknown name or a `manual_dir` of another data set,
    `DataUnavailableError` if the images are neither on this machine nor to be fetched.
    """
    name = chosen_name(name)
    if manual_dir is not None and name != "imagenet2012":
        raise ValueError(
            "`manual_dir` holds the archives of imagenet2012; no other data set has one. "
            f"Received: name={name!r}, manual_dir={os.fspath(manual_dir)!r}"
        )
    if npz is None:
        more = {} if manual_dir is None else {"manual_dir": manual_dir}
        return LOADERS[name](data_dir, **more)
    data = npz_file.read(npz)
    if data.name != name:
        raise ValueError(f"{npz} holds {data.name}. Expected: {name}")
    return data


def export(
    name: str,
    path: str | os.PathLike,
    *,
    data_dir: str | os.PathLike | None = None,
    jpeg: bool = False,
) -> Path:
    """Writes a data set to a `.npz` file, for `load(name, npz=path)` without TensorFlow.

    With `jpeg` a data set that is stored as JPEG stays so: a smaller file, whose pixels
    differ by a few levels (see `npz_file.write`).

    Raises ValueError if the images are not stored as JPEG or not held in memory, and what
    `load` and `npz_file.write` raise.
    """
    data = load(name, data_dir=data_dir)
    if isinstance(data, Photos):
        raise ValueError(f"{data.description} stays on disk: there are no arrays of it to export.")
    if not jpeg:
        return npz_file.write(data, path)
    builder = tfds_folders.prepared(_CIFAR10, data_dir) if name == "cifar10" else None
    if builder is None or not tfds_folders.is_jpeg(builder):
        raise ValueError(f"{data.description} is not stored as JPEG: leave `jpeg` out.")
    train, _ = tfds_folders.in_fixed_order(builder, "train", encoded=True)
    test, _ = tfds_folders.in_fixed_order(builder, "test", encoded=True)
    n = len(data.validation)
    files = {"train": train[n:], "validation": train[:n], "test": test}
    return npz_file.write(data, path, files)


def _shapes(_data_dir) -> Data:
    sizes = {"train": 8_000, "validation": 1_000, "test": 1_000}
    images, labels = shapes.generate(sum(sizes.values()), seed=0)
    parts, start = {}, 0
    for split, size in sizes.items():
        parts[split] = Split(images[start : start + size], labels[start : start + size])
        start += size
    return Data("shapes", "shapes (generated)", shapes.CLASS_NAMES, **parts)


def _cifar10(data_dir) -> Data:
    builder = tfds_folders.prepared(_CIFAR10, data_dir)
    train, test = (
        Split(*tfds_folders.in_fixed_order(builder, split)) for split in ("train", "test")
    )
    n = len(train) // 10
    return Data(
        "cifar10",
        "CIFAR-10 (JPEG)" if tfds_folders.is_jpeg(builder) else "CIFAR-10",
        tuple(builder.info.features["label"].names),
        train=Split(train.images[n:], train.labels[n:]),
        validation=Split(train.images[:n], train.labels[:n]),
        test=test,
    )


_CIFAR10 = "cifar10:3.*.*"
LOADERS = {
    "shapes": _shapes,
    "cifar10": _cifar10,
    "oxford_iiit_pet": photos.oxford_iiit_pet,
    "imagenet2012": photos.imagenet2012,
}

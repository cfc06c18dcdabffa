"""Data sets by name: where their images come from, and as a file for elsewhere.

`load("shapes")` needs nothing but NumPy; the other data sets come through
TensorFlow Datasets. What could not be loaded is an error that says where it was
looked for: no data set ever takes the place of another.

Small images are held in memory, as `Data`; photographs stay on disk, as `Photos`.
Both fulfil `protocol.DataSet`.

Source: He et al. 2015, section 4.2 (split). Book: chapters 1, 6, 7.
"""

from __future__ import annotations

import os
from pathlib import Path

from helpers.datasets import npz_file, photos, shapes, tfds_folders
from helpers.datasets.memory import Data
from helpers.datasets.photos import Photos
from helpers.datasets.photos.catalogue import IMAGENET, PETS
from helpers.datasets.split import Split

ENVIRONMENT_VARIABLE = "RESNET_BOOK_DATA"

# So that the length of an epoch is known before the images are loaded.
TRAINING_IMAGES = {"shapes": 8_000, "cifar10": 45_000}
TRAINING_IMAGES |= {facts.builder: facts.training_images for facts in (PETS, IMAGENET)}
PHOTOGRAPHS = (PETS.builder, IMAGENET.builder)  # these stay on disk, as `Photos`


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
    if not isinstance(data, Data):
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
    tfds_folders.check_features(builder, (32, 32, 3))
    train, test = (
        Split(*tfds_folders.in_fixed_order(builder, split)) for split in ("train", "test")
    )
    n = len(train) // 10
    return Data(
        "cifar10",
        "CIFAR-10 (JPEG)" if tfds_folders.is_jpeg(builder) else "CIFAR-10",
        tfds_folders.class_names(builder),
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

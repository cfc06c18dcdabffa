"""The two data sets of photographs, from what TensorFlow Datasets prepared.

Which photographs are for validation is decided by their file names: the same on every
machine, whatever lies there besides. Book: chapters 6 and 7.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.datasets import tfds_folders
from helpers.datasets.photos.photos import MEAN_SUBTRACTED, Photos
from helpers.datasets.photos.tfrecords import Photographs, photographs
from helpers.datasets.photos.views import PAPER, TrainingView


@dataclass(frozen=True)
class Facts:
    """What a whole data set has.

    - `builder`, `version`: what TensorFlow Datasets calls it;
    - `train`, `test`: its splits there, with their numbers of photographs;
    - `held_out`: photographs of each class that are taken from `train` for validation;
    - `archive_bytes`: the size of the archive that `train` comes in, where it is one.
    """

    builder: str
    version: str
    title: str
    classes: int
    kind: str
    train: tuple[str, int]
    test: tuple[str, int]
    held_out: int
    archive_bytes: int | None = None

    @property
    def bytes_per_image(self) -> float:
        """The mean size of a training photograph's file, the archive's own headers included.

        Raises ValueError where no archive is known.
        """
        if self.archive_bytes is None:
            raise ValueError(f"No archive of {self.title} is known by its size: ask its files.")
        return self.archive_bytes / self.train[1]

    @property
    def training_images(self) -> int:
        """How many are left for training, in the whole data set."""
        return self.train[1] - self.classes * self.held_out


# Source: Parkhi et al. 2012, "Cats and Dogs"; the lists trainval.txt and test.txt.
PETS = Facts(
    "oxford_iiit_pet",
    "4.*.*",
    "Oxford-IIIT Pet",
    classes=37,
    kind="breeds",
    train=("train", 3_680),
    test=("test", 3_669),
    held_out=20,
)

# Source: Russakovsky et al. 2015, Table 2. The labels of the official test images were never
# published: as in the paper, errors are those on the 50,000 validation images, so these are
# the test images here, and what is chosen is chosen on images that training leaves out.
# The archive's size is that of the file that image-net.org hands out.
IMAGENET = Facts(
    "imagenet2012",
    "5.*.*",
    "ImageNet 2012",
    classes=1_000,
    kind="classes",
    train=("train", 1_281_167),
    test=("validation", 50_000),
    held_out=10,
    archive_bytes=147_897_477_120,
)
ARCHIVES = ("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar")
_LARGE = 100_000  # photographs; the walk over fewer takes seconds


def oxford_iiit_pet(data_dir: str | os.PathLike | None = None) -> Photos:
    """Oxford-IIIT Pet: 37 breeds, 2,940 training, 740 validation and 3,669 test photographs.

    20 of each breed's photographs in `trainval.txt` are for validation. Training: shorter
    side 256, a random square of 224, maybe mirrored. RGB in 0..255, no preprocessing: that
    belongs to the weights (`Photos.preprocessed`).

    Where only some breeds are at hand the description says how many; labels and class
    names stay those of all 37. Raises `DataUnavailableError` if there are none.
    """
    builder = tfds_folders.prepared(f"{PETS.builder}:{PETS.version}", data_dir)
    return _photos(PETS, builder, TrainingView((256, 256), colour=0.0), None)


def imagenet2012(
    data_dir: str | os.PathLike | None = None, manual_dir: str | os.PathLike | None = None
) -> Photos:
    """ImageNet 2012: 1,271,167 training, 10,000 validation and 50,000 test photographs.

    TensorFlow Datasets prepares it, once and for hours, from the official archives
    `ILSVRC2012_img_train.tar` and `ILSVRC2012_img_val.tar` in `manual_dir`, by default
    `downloads/manual` in the data folder. The test images are the official validation
    images; 10 training images of each class are for validation. A class's label is its
    place among the sorted WordNet numbers ("n01440764" is 0), which are the class names.

    Training as in the paper (see `TrainingView`), the mean of each channel subtracted.
    Raises `DataUnavailableError` if data set and archives are missing.
    """
    name = f"{IMAGENET.builder}:{IMAGENET.version}"
    builder = tfds_folders.prepared_by_hand(name, data_dir, manual_dir, ARCHIVES)
    return _photos(IMAGENET, builder, PAPER, MEAN_SUBTRACTED)


def _photos(facts: Facts, builder, view, preprocess) -> Photos:
    found = {}
    for split in (facts.train[0], facts.test[0]):
        paths = tfds_folders.files(builder, split)
        stated = builder.info.splits[split].num_examples
        keep = Path(builder.data_path) / f"places-{split}.npz" if stated > _LARGE else None
        try:
            found[split] = photographs(paths, keep)
            if len(found[split]) != stated:
                raise ValueError(f"expected {stated:,} records, found {len(found[split]):,}")
        except ValueError as error:
            raise tfds_folders.damaged(builder, split, error) from error
    names = tfds_folders.class_names(builder)
    train, test = found[facts.train[0]], found[facts.test[0]]
    description = _description(facts, train, test)
    train, validation = hold_out(train, facts.held_out, names)
    return Photos(
        facts.builder,
        description,
        names,
        train=train,
        validation=validation,
        test=test,
        view=view,
        preprocess=preprocess,
    )


def hold_out(
    split: Photographs, count: int, class_names: tuple[str, ...]
) -> tuple[Photographs, Photographs]:
    """The split without `count` photographs of each class, and these.

    They are the first ones in the order of the SHA-256 of their file names.
    Raises ValueError if a class would have none left.
    """
    held_out = np.zeros(len(split), bool)
    for label in np.unique(split.labels):
        (members,) = np.nonzero(split.labels == label)
        if len(members) <= count:
            raise ValueError(
                f"Expected more than {count} photographs of {class_names[label]}: so many are "
                f"held out for validation. Received: {len(members)}"
            )
        held_out[members[:count]] = True
    return split[~held_out], split[held_out]


def _description(facts: Facts, train: Photographs, test: Photographs) -> str:
    """The title, and in brackets what a part of the data set has of the whole."""
    classes = len(np.union1d(train.labels, test.labels))
    part = [] if classes == facts.classes else [f"{classes} of {facts.classes:,} {facts.kind}"]
    if (len(train), len(test)) != (facts.train[1], facts.test[1]):
        whole = facts.train[1] + facts.test[1]
        part.append(f"{len(train) + len(test):,} of {whole:,} photographs")
    return facts.title + (f" ({', '.join(part)})" if part else "")

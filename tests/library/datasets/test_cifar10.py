"""The real CIFAR-10, where TFDS_DATA_DIR says that it is; skipped, with a word, elsewhere."""

import os
from pathlib import Path

import numpy as np
import pytest

from helpers import datasets
from small_images import CLASSES


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "cifar10").is_dir():
        pytest.skip("no CIFAR-10 on this machine: set TFDS_DATA_DIR to the folder of cifar10/")
    return datasets.load("cifar10", data_dir=folder)


def test_real_cifar10(real):
    assert [len(getattr(real, split)) for split in real.splits] == [45_000, 5_000, 10_000]
    assert (real.image_shape, real.class_names) == ((32, 32, 3), CLASSES)
    training = np.bincount(real.train.labels) + np.bincount(real.validation.labels)
    assert training.tolist() == [5_000] * 10
    assert np.bincount(real.test.labels).tolist() == [1_000] * 10
    # A tenth of each class, within five standard errors.
    assert abs(np.bincount(real.validation.labels, minlength=10) - 500).max() < 107


def test_real_splits_share_no_image(real):
    """By id the splits are disjoint; by content CIFAR-10 repeats a handful of images."""
    train, validation = (
        {image.tobytes() for image in part.images} for part in (real.train, real.validation)
    )
    assert len(train & validation) < 50
    assert len(train) > 44_900


def test_real_images_name_their_encoding(real):
    folder = Path(os.environ["TFDS_DATA_DIR"]) / "cifar10"
    jpeg = any('"jpeg"' in path.read_text() for path in folder.rglob("features.json"))
    assert real.description == ("CIFAR-10 (JPEG)" if jpeg else "CIFAR-10")

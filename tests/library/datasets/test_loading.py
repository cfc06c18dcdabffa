"""datasets: where images come from: generated, from a small archive, fetched, or nowhere."""

import hashlib
import io
import shutil
import socket
import urllib.error
import urllib.request

import numpy as np
import pytest

from helpers import datasets
from helpers.datasets import DataUnavailableError, shapes, tfds_folders
from small_images import CLASSES


def test_shapes_are_loaded_by_default_and_by_the_variable(monkeypatch):
    images, labels = shapes.generate(20)
    monkeypatch.setattr(
        shapes,
        "generate",
        lambda n, seed: (np.tile(images, (n // 20, 1, 1, 1)), np.tile(labels, n // 20)),
    )
    data = datasets.load()
    assert (data.name, data.class_names) == ("shapes", shapes.CLASS_NAMES)
    assert (data.num_classes, data.image_shape) == (10, (32, 32, 3))
    assert data.description in repr(data)
    monkeypatch.setenv("RESNET_BOOK_DATA", "tiny-images")
    with pytest.raises(ValueError, match=r"shapes, cifar10.*RESNET_BOOK_DATA.*name='tiny-images'"):
        datasets.load()
    assert datasets.load("shapes").name == "shapes"


def ids(split, written):
    """The ids of a split's images, by their bytes."""
    by_image = {image.tobytes(): key for key, (image, _) in written.items()}
    return [by_image[image.tobytes()] for image in split.images]


def test_cifar10_from_an_archive(tmp_path, cifar10_archive):
    written = cifar10_archive(tmp_path)
    data = datasets.load("cifar10", data_dir=tmp_path)
    assert [len(getattr(data, split)) for split in data.splits] == [45, 5, 20]
    assert (data.description, data.class_names) == ("CIFAR-10", CLASSES)
    found = {split: ids(getattr(data, split), written) for split in data.splits}
    assert set(found["test"]) == {key for key in written if key.startswith("test")}
    assert len(set(found["train"]) | set(found["validation"])) == 50
    for split in data.splits:
        part = getattr(data, split)
        assert (part.images.dtype, part.labels.dtype) == ("uint8", "int32")
        assert part.labels.tolist() == [written[key][1] for key in found[split]]
    # The members are fixed by the ids alone: those with the smallest SHA-256.
    train = [key for key in written if key.startswith("train")]
    train.sort(key=lambda key: hashlib.sha256(key.encode()).hexdigest())
    assert found["validation"] + found["train"] == train


def test_splits_do_not_depend_on_how_the_files_are_cut(tmp_path, cifar10_archive):
    cifar10_archive(tmp_path / "one")
    cifar10_archive(tmp_path / "three", shards=3)
    one, three = (datasets.load("cifar10", data_dir=tmp_path / n) for n in ("one", "three"))
    for split in one.splits:
        a, b = getattr(one, split), getattr(three, split)
        np.testing.assert_array_equal(a.images, b.images)
        np.testing.assert_array_equal(a.labels, b.labels)


def test_a_jpeg_archive_says_so(tmp_path, cifar10_archive):
    cifar10_archive(tmp_path, encoding="jpeg")
    assert datasets.load("cifar10", data_dir=tmp_path).description == "CIFAR-10 (JPEG)"


@pytest.fixture
def no_network(monkeypatch):
    """Every attempt to reach it fails and is counted."""
    tried = []

    def refuse(*arguments, **_):
        tried.append(arguments)
        raise OSError("the network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


def test_images_that_are_nowhere_are_an_error_at_once(tmp_path, no_network):
    with pytest.raises(DataUnavailableError, match=r"cifar10 was expected in") as caught:
        datasets.load("cifar10", data_dir=tmp_path)
    assert len(no_network) <= 1  # TFDS alone would try again and again, for minutes
    message = str(caught.value)
    for part in (str(tmp_path), "unreachable", "TFDS_DATA_DIR", "RESNET_BOOK_DATA=shapes"):
        assert part in message
    assert not list(tmp_path.rglob("*.tfrecord*"))


@pytest.fixture
def network(monkeypatch):
    """A network on which Google's prepared copies are; `copy` says what fetching one does."""
    from tensorflow_datasets.core.utils import gcs_utils

    def connect(copy):
        monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO())
        monkeypatch.setattr(gcs_utils, "is_dataset_on_gcs", lambda name: True)
        monkeypatch.setattr(gcs_utils, "download_gcs_dataset", copy)

    return connect


@pytest.mark.parametrize("chosen_by", ["argument", "variable"])
def test_images_are_fetched_to_where_they_are_looked_for(
    tmp_path, network, cifar10_archive, chosen_by, monkeypatch, capsys
):
    cifar10_archive(tmp_path / "bucket")
    there, here = tmp_path / "bucket" / "cifar10" / "3.0.2", tmp_path / "here"

    def copy(dataset_name, local_dataset_dir):
        assert dataset_name == "cifar10/3.0.2"
        shutil.copytree(there, local_dataset_dir, dirs_exist_ok=True)

    network(copy)
    if chosen_by == "variable":
        monkeypatch.setattr(tfds_constants(), "DATA_DIR", str(here))
    data = datasets.load("cifar10", data_dir=here if chosen_by == "argument" else None)
    assert len(data.train) == 45
    assert (here / "cifar10" / "3.0.2" / "features.json").is_file()
    assert f"Fetching cifar10 into {here}" in capsys.readouterr().err


def tfds_constants():
    from tensorflow_datasets.core import constants

    return constants


def test_a_download_that_fails_is_the_same_error(tmp_path, network):
    def fail(**_):
        raise ConnectionError("503")

    network(fail)
    with pytest.raises(DataUnavailableError, match=r"cifar10.*503"):
        datasets.load("cifar10", data_dir=tmp_path)


def test_a_host_that_answers_with_an_error_page_is_there(monkeypatch):
    def no_page(*_, **__):
        raise urllib.error.HTTPError("https://x", 404, "not found", None, None)

    monkeypatch.setattr(urllib.request, "urlopen", no_page)
    assert tfds_folders._look("https://x") is None

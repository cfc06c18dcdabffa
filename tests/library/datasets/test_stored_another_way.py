"""datasets: folders of TensorFlow Datasets that are damaged or stored in another way.

Small images and photographs are read by different readers; both say what to do.
"""

import json

import pytest

import photo_archives
from helpers import datasets
from helpers.datasets import DataUnavailableError
from photo_archives import encoded, plain

AGAIN = r"Remove that folder and have the data set prepared again"


@pytest.fixture(params=["cifar10", "oxford_iiit_pet"])
def stored(request, tmp_path, cifar10_archive):
    """The name of a data set that lies, prepared, in `tmp_path`, and its folder there."""
    if request.param == "cifar10":
        cifar10_archive(tmp_path)
    else:
        file = encoded(plain(90, 20, 24))
        entries = [(f"beagle_{i}.jpg", 4, file) for i in range(30)]
        splits = {"train": entries, "test": [(f"t{n}", label, f) for n, label, f in entries[:5]]}
        photo_archives.pets(tmp_path, splits)
    (info,) = tmp_path.rglob("dataset_info.json")
    return request.param, info.parent


def refused(stored, tmp_path, match):
    with pytest.raises(DataUnavailableError, match=match) as caught:
        datasets.load(stored[0], data_dir=tmp_path)
    assert str(stored[1]) in str(caught.value)
    assert "{{" not in str(caught.value)  # places in TensorFlow's graph


def test_another_format_is_named(stored, tmp_path):
    info = stored[1] / "dataset_info.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"fileFormat": "array_record"}))
    refused(stored, tmp_path, rf"no images in TFRecord files.*images as array_record\. {AGAIN}")


def test_a_file_that_is_cut_off_is_damaged(stored, tmp_path):
    path = sorted(stored[1].glob("*tfrecord*"))[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(stored, tmp_path, rf"is damaged: its split \w+ could not be read .*\. {AGAIN}")


def test_a_file_that_ends_after_a_whole_record_is_damaged(stored, tmp_path):
    """No record is cut off, and some are missing."""
    path = sorted(stored[1].glob("*tfrecord*"))[0]
    content = path.read_bytes()
    size = 16 + int.from_bytes(content[:8], "little")  # length, its check sum, content, the same
    path.write_bytes(content[:size])
    refused(stored, tmp_path, rf"is damaged: its split \w+ could not be read .*\. {AGAIN}")


def test_a_file_of_something_else_is_damaged(stored, tmp_path):
    path = sorted(stored[1].glob("*tfrecord*"))[0]
    path.write_bytes(b"<html>a page that says: not found</html>" * 40)
    refused(stored, tmp_path, rf"is damaged: .*\. {AGAIN}")


def test_a_file_that_is_gone_is_named(stored, tmp_path):
    path = sorted(stored[1].glob("*train*tfrecord*"))[0]
    path.unlink()
    refused(stored, tmp_path, rf"not all files of its split train\. Missing: {path.name}\. {AGAIN}")


def test_a_folder_without_a_split_says_so(stored, tmp_path):
    info = stored[1] / "dataset_info.json"
    content = json.loads(info.read_text())
    content["splits"] = [s for s in content["splits"] if s["name"] != "test"]
    info.write_text(json.dumps(content))
    refused(stored, tmp_path, rf"for its split test\. Received: none\. {AGAIN}")


@pytest.mark.parametrize("name", ["dataset_info.json", "features.json"])
def test_a_description_that_is_damaged_is_refused(stored, tmp_path, name):
    path = stored[1] / name
    path.write_bytes(path.read_bytes()[:-30] + b"\xff")
    with pytest.raises(DataUnavailableError, match=rf"does not say what it is.*\. {AGAIN}") as e:
        datasets.load(stored[0], data_dir=tmp_path)
    assert str(tmp_path / stored[0]) in str(e.value)


def test_names_of_classes_that_are_gone_are_missed(stored, tmp_path):
    """TensorFlow Datasets would count: "0", "1" and so on."""
    (stored[1] / "label.labels.txt").unlink()
    refused(stored, tmp_path, rf"no names of its classes.*label\.labels\.txt\. {AGAIN}")


def test_images_of_another_size_than_cifar10_s_are_refused(tmp_path, cifar10_archive):
    """TensorFlow Datasets believes features.json, and would fill them up."""
    cifar10_archive(tmp_path)
    (path,) = tmp_path.rglob("features.json")
    path.write_text(path.read_text().replace('"32"', '"255"', 1))
    with pytest.raises(
        DataUnavailableError, match=rf"expected images of \(32, 32, 3\).*\. {AGAIN}"
    ):
        datasets.load("cifar10", data_dir=tmp_path)

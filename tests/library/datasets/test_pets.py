"""Oxford-IIIT Pet: from archives in TensorFlow Datasets' layout, and three real breeds.

The real ones are where TFDS_DATA_DIR says; their tests are skipped, with a word, elsewhere.
"""

import hashlib
import io
import os
import socket
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import photo_archives
from helpers import datasets
from helpers.datasets import DataUnavailableError, Photos
from helpers.datasets.photos import Photographs, catalogue, views
from photo_archives import encoded, plain

BREEDS = {0: "Abyssinian", 13: "english_setter"}


def archive(folder, per_breed=23):
    """Two breeds, each image with a file of its own; returns {split: {name: (label, file)}}."""
    splits = {}
    for split, first, n in (("train", 1, per_breed), ("test", 100, 4)):
        splits[split] = [
            (f"{breed}_{i}.jpg", label, encoded(plain(first + i + label, 20, 24)))
            for label, breed in BREEDS.items()
            for i in range(first, first + n)
        ]
    photo_archives.pets(folder, splits)
    return {split: {n: (label, f) for n, label, f in entries} for split, entries in splits.items()}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pets")
    return archive(folder), datasets.load("oxford_iiit_pet", data_dir=folder)


def members(part):
    return {name.decode() for name in part.names}


def test_pets_from_an_archive(small):
    written, pets = small
    assert isinstance(pets, Photos) and pets.name == "oxford_iiit_pet"
    assert pets.description == "Oxford-IIIT Pet (2 of 37 breeds, 54 of 7,349 photographs)"
    assert (pets.num_classes, pets.class_names[0], pets.class_names[36]) == (
        37,
        "Abyssinian",
        "yorkshire_terrier",
    )
    assert [len(getattr(pets, split)) for split in pets.splits] == [6, 40, 8]
    assert members(pets.test) == set(written["test"])
    assert members(pets.train) | members(pets.validation) == set(written["train"])
    for split in pets.splits:
        part = getattr(pets, split)
        both = written["train"] | written["test"]
        for i, name in enumerate(part.names):
            assert (part.labels[i], part.read(i)) == both[name.decode()]


def test_a_file_name_decides_who_is_for_validation(small):
    """Twenty of each breed: those whose names have the smallest SHA-256."""
    written, pets = small
    for label, breed in BREEDS.items():
        mine = [name for name in written["train"] if name.startswith(breed)]
        mine.sort(key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        held_out = {n for n in members(pets.validation) if n.startswith(breed)}
        assert held_out == set(mine[:20])
        assert (pets.validation.labels == label).sum() == 20


def test_training_squares_come_from_images_of_256_and_keep_their_colours(small):
    _, pets = small
    assert (pets.view.shorter_side, pets.view.size, pets.view.colour) == ((256, 256), 224, 0.0)
    assert pets.test_view == views.SINGLE and pets.preprocess is None
    x, y = next(iter(datasets.training_batches(pets, 6, seed=0)))
    assert x.shape == (6, 224, 224, 3) and sorted(set(y.numpy())) == [0, 13]
    assert np.ptp(x, axis=(1, 2)).max() < 1 and x.numpy().min() > 1 and x.numpy().max() < 60


def fake(n, classes):
    """As many photographs as there are, without a file."""
    labels = (np.arange(n) % classes).astype("int32")
    return Photographs((), np.zeros((n, 3), "int64"), labels, np.arange(n).astype("bytes"))


def test_the_whole_data_set_is_called_by_its_name_alone():
    train, test = fake(3_680, 37), fake(3_669, 37)
    assert catalogue._description(catalogue.PETS, train, test) == "Oxford-IIIT Pet"
    assert "3,679 of" not in catalogue._description(catalogue.PETS, train, test)
    assert catalogue._description(catalogue.PETS, train[1:], test).endswith(
        "(7,348 of 7,349 photographs)"
    )
    train, validation = catalogue.hold_out(train, 20, tuple("x" * 37))
    assert (len(train), len(validation)) == (2_940, 740)
    assert datasets.TRAINING_IMAGES["oxford_iiit_pet"] == 2_940
    assert set(np.bincount(validation.labels)) == {20}
    assert not members(train) & members(validation)


def test_a_breed_with_too_few_images_is_named(tmp_path):
    archive(tmp_path, per_breed=20)
    with pytest.raises(ValueError, match=r"more than 20 photographs of Abyssinian.*20"):
        datasets.load("oxford_iiit_pet", data_dir=tmp_path)


def test_pets_that_are_nowhere_are_an_error(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("the network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(DataUnavailableError, match=r"oxford_iiit_pet was expected in.*unreachable"):
        datasets.load("oxford_iiit_pet", data_dir=tmp_path)


def test_what_is_not_meant_for_photographs_is_refused(small, tmp_path, monkeypatch):
    monkeypatch.setitem(datasets.LOADERS, "oxford_iiit_pet", lambda _: small[1])
    with pytest.raises(ValueError, match="stays on disk"):
        datasets.export("oxford_iiit_pet", tmp_path / "pets.npz")
    with pytest.raises(ValueError, match=r"manual_dir.*imagenet2012.*oxford_iiit_pet"):
        datasets.load("oxford_iiit_pet", manual_dir=tmp_path)


def test_some_breeds_alone_have_labels_of_their_own(small):
    _, pets = small
    both = pets.only(["english_setter", "Abyssinian"])
    assert both.description == "Oxford-IIIT Pet (2 of 37 classes, 54 photographs)"
    assert both.build_arguments == {"input_shape": (224, 224, 3), "num_classes": 2}
    for split in pets.splits:
        part = getattr(both, split)
        assert members(part) == members(getattr(pets, split))
        for i, name in enumerate(part.names):
            assert part.labels[i] == name.decode().startswith("Abyssinian")
    one = pets.only(["Abyssinian"])
    assert set(one.train.labels) == {0} and len(one.test) == 4
    assert one.fingerprint != pets.fingerprint


@pytest.mark.parametrize(
    "breeds", [[], ["Bengal"], ["Abyssinian", "abyssinian"], ["Abyssinian", "Abyssinian"]]
)
def test_breeds_that_are_not_at_hand_are_refused(small, breeds):
    with pytest.raises(ValueError, match=r"At hand are Abyssinian, english_setter\. Received"):
        small[1].only(breeds)


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "oxford_iiit_pet").is_dir():
        pytest.skip("no pets on this machine: set TFDS_DATA_DIR to the folder of oxford_iiit_pet/")
    return datasets.load("oxford_iiit_pet", data_dir=folder)


def test_real_pets_say_which_part_they_are(real):
    found = np.union1d(real.train.labels, real.test.labels)
    images = sum(len(getattr(real, split)) for split in real.splits)
    part = f"{len(found)} of 37 breeds, {images} of 7,349 photographs"
    whole = len(found) == 37 and images == 7_349
    assert real.description == "Oxford-IIIT Pet" + ("" if whole else f" ({part})")
    for label in found:
        assert (real.validation.labels == label).sum() == 20
        assert 90 <= sum((p.labels == label).sum() for p in (real.train, real.validation)) <= 100
    parts = [members(getattr(real, split)) for split in real.splits]
    assert len(set.union(*parts)) == sum(map(len, parts)) == images
    for split in real.splits:  # "Abyssinian_100.jpg" is an Abyssinian
        part = getattr(real, split)
        breeds = [name.decode().rsplit("_", 1)[0] for name in part.names]
        assert [real.class_names[label] for label in part.labels] == [
            {n.lower(): n for n in real.class_names}[breed.lower()] for breed in breeds
        ]


def test_a_real_pet_keeps_its_shape(real):
    """The single view of the first test images, against Pillow."""
    x, y = next(iter(real.batches("test", 4)))
    np.testing.assert_array_equal(y, real.test.labels[:4])
    for i, found in enumerate(x.numpy()):
        image = Image.open(io.BytesIO(real.test.read(i))).convert("RGB")
        scale = 256 / min(image.size)
        width, height = (int(side * scale + 0.5) for side in image.size)
        left, top = (width - 224) // 2, (height - 224) // 2
        box = (left, top, left + 224, top + 224)
        expected = np.asarray(image.resize((width, height), Image.BILINEAR).crop(box), "float32")
        assert abs(found - expected).mean() < 1.5  # two decoders of JPEG

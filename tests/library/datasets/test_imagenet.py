"""ImageNet 2012 from archives in the official layout, by TensorFlow Datasets' own builder."""

import numpy as np
import pytest
import tensorflow as tf

import photo_archives
from helpers import datasets
from helpers.datasets import DataUnavailableError
from helpers.datasets.photos import catalogue, views
from photo_archives import CUT_OFF, encoded, plain

# Their places among the thousand sorted WordNet numbers: tench, vine snake, Shetland sheepdog.
LABELS = {"n01440764": 0, "n01739381": 59, "n02105855": 230}
COLOUR = np.full((30, 40, 3), (200, 120, 40), "uint8")
SPECIAL = {
    "n01739381_1309.JPEG": encoded(COLOUR, "CMYK"),  # official and CMYK
    "n02105855_2933.JPEG": encoded(COLOUR, kind="PNG"),  # official and PNG
    "n02105855_1.JPEG": encoded(COLOUR, "CMYK"),  # of which TensorFlow Datasets has no list
    "n02105855_2.JPEG": encoded(COLOUR, kind="PNG"),
    "n02105855_3.JPEG": encoded(plain(77, 30, 40), "L"),
}
# The first of the official validation labels: sea snake, alp, Shetland sheepdog, soup bowl.
VALIDATION_LABELS = (65, 970, 230, 809)
TEST_NAMES = [f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, 5)]


def train_images():
    """Twelve or more of each class, in an order that is not that of their names."""
    images = {
        wnid: {f"{wnid}_{i}.JPEG": encoded(plain(i)) for i in range(41, 29, -1)} for wnid in LABELS
    }
    for name, file in SPECIAL.items():
        images[name.split("_")[0]][name] = file
    return dict(reversed(images.items()))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The folder with the archives, and what was made of them; the last test image is damaged."""
    folder = tmp_path_factory.mktemp("imagenet")
    tests = {name: encoded(plain(10 * i)) for i, name in enumerate(TEST_NAMES)}
    tests[TEST_NAMES[3]] = CUT_OFF
    photo_archives.imagenet(folder / "archives", train_images(), dict(reversed(tests.items())))
    data = datasets.load("imagenet2012", data_dir=folder / "tfds", manual_dir=folder / "archives")
    return folder, data


def names(part):
    return [name.decode() for name in part.names]


def test_labels_are_places_among_the_sorted_wordnet_numbers(prepared):
    _, data = prepared
    assert data.num_classes == 1_000 and list(data.class_names) == sorted(data.class_names)
    for part in (data.train, data.validation):
        for name, label in zip(names(part), part.labels, strict=True):
            assert label == LABELS[name.split("_")[0]]
            assert data.class_names[label] == name.split("_")[0]


def test_test_images_are_the_official_validation_images(prepared):
    _, data = prepared
    found = dict(zip(names(data.test), data.test.labels.tolist(), strict=True))
    assert found == dict(zip(TEST_NAMES, VALIDATION_LABELS, strict=True))


def test_a_photograph_has_as_many_bytes_as_its_share_of_the_archive():
    """147,897,477,120 bytes of 1,281,167 photographs, which their publishers call 138 GB."""
    assert catalogue.IMAGENET.archive_bytes / 2**30 == pytest.approx(138, abs=0.5)
    assert catalogue.IMAGENET.bytes_per_image == pytest.approx(115_440, abs=1)
    with pytest.raises(ValueError, match="No archive of Oxford-IIIT Pet"):
        _ = catalogue.PETS.bytes_per_image


def test_ten_of_each_class_are_held_out(prepared):
    _, data = prepared
    assert data.description == ("ImageNet 2012 (6 of 1,000 classes, 45 of 1,331,167 photographs)")
    assert [len(getattr(data, split)) for split in data.splits] == [11, 30, 4]
    assert all((data.validation.labels == label).sum() == 10 for label in LABELS.values())
    assert not set(names(data.train)) & set(names(data.validation))
    everything = {n for files in train_images().values() for n in files}
    assert set(names(data.train)) | set(names(data.validation)) == everything
    assert datasets.TRAINING_IMAGES["imagenet2012"] == 1_281_167 - 10_000
    assert catalogue.IMAGENET.training_images == 1_271_167


def test_cmyk_png_and_grey_images_have_their_colours(prepared):
    """The official ones, which TensorFlow Datasets rewrites, and others, which we decode."""
    _, data = prepared
    found = {}
    raw = data.preprocessed(None)
    for split in ("train", "validation"):
        part, (x, _) = getattr(raw, split), next(iter(raw.batches(split, 30)))
        found |= dict(zip(names(part), x.numpy(), strict=True))
    for name in SPECIAL:
        expected = np.array([77] * 3 if name.endswith("_3.JPEG") else [200, 120, 40])
        assert abs(found[name] - expected).max() < 6, name
    assert found["n01440764_35.JPEG"].mean() == pytest.approx(35, abs=1)


def test_batches_are_the_papers(prepared):
    """Side 256 to 480, crops of 224, colours, and the mean of each channel subtracted."""
    _, data = prepared
    assert data.view == views.PAPER and data.test_view == views.SINGLE
    x, y = next(iter(data.batches("validation", 30)))
    raw, _ = next(iter(data.preprocessed(None).batches("validation", 30)))
    np.testing.assert_allclose(raw - x, np.broadcast_to(data.mean, x.shape), atol=1e-3)
    x, y = next(iter(data.training_batches(11, seed=0)))
    assert x.shape == (11, 224, 224, 3) and sorted(y.numpy()) == sorted(data.train.labels)
    # A plain image stays plain, and `lighting` moves its three channels apart.
    shifts = x.numpy()[:, 0, 0] + data.mean
    assert np.ptp(x, axis=(1, 2)).max() < 12 and np.ptp(shifts, axis=1).min() > 0.01


def test_a_damaged_image_is_named(prepared):
    _, data = prepared
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"ILSVRC2012_val_00000004\.JPEG"):
        list(data.batches("test", 2))


def test_what_is_prepared_is_read_without_the_archives(prepared, monkeypatch):
    folder, data = prepared
    again = datasets.load("imagenet2012", data_dir=folder / "tfds")
    for split in data.splits:
        assert names(getattr(again, split)) == names(getattr(data, split))
    monkeypatch.setattr(catalogue, "_LARGE", 1)  # a large data set keeps what the walk found
    for _ in range(2):
        kept = datasets.load("imagenet2012", data_dir=folder / "tfds")
        assert names(kept.train) == names(data.train)
    assert {p.name for p in (folder / "tfds").rglob("*.npz")} == {
        "places-train.npz",
        "places-validation.npz",
    }


@pytest.mark.parametrize("there", ["nothing", "one"])
def test_missing_archives_are_named(tmp_path, there):
    manual = tmp_path / "downloads" / "manual"
    if there == "one":
        photo_archives.imagenet(manual, {}, {})
        (manual / "ILSVRC2012_img_val.tar").unlink()
    with pytest.raises(DataUnavailableError) as caught:
        datasets.load("imagenet2012", data_dir=tmp_path)
    message = str(caught.value)
    for part in (str(manual), "ILSVRC2012_img_train.tar", "image-net.org", "manual_dir"):
        assert part in message
    missing = message.split("Missing: ")[1].split(". Fetch")[0].split(", ")
    assert missing == list(catalogue.ARCHIVES)[there == "one" :]


def test_an_archive_that_is_cut_off_is_an_error(tmp_path):
    folder = tmp_path / "archives"
    photo_archives.imagenet(folder, train_images(), {TEST_NAMES[0]: encoded(plain(1))})
    whole = (folder / "ILSVRC2012_img_train.tar").read_bytes()
    (folder / "ILSVRC2012_img_train.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataUnavailableError, match=r"could not be prepared.*ILSVRC2012_img_train"):
        datasets.load("imagenet2012", data_dir=tmp_path / "tfds", manual_dir=folder)

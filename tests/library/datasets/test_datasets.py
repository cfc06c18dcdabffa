"""datasets: batches, augmentation and splits of images in memory, and what they must be."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import reference
from helpers import datasets
from helpers.datasets import Data, Split, sampling


def noise(n, size=6, seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (n, size, size, 3), dtype="uint8")
    return Split(images, (np.arange(n) % 3).astype("int32"))


@pytest.fixture(scope="module")
def data():
    return Data("noise", "noise", ("a", "b", "c"), noise(50), noise(20, seed=1), noise(7, seed=2))


def take(dataset, n):
    return [(x.numpy(), y.numpy()) for x, y in dataset.take(n)]


def test_the_mean_is_that_of_every_pixel_of_the_training_images(data):
    expected = np.zeros((6, 6, 3))
    for image in data.train.images:
        expected += image.astype("float64") / 50
    np.testing.assert_allclose(data.mean, expected, rtol=1e-6)
    assert data.mean.dtype == "float32"


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_batches_come_in_order_without_their_mean(data, split):
    found = take(datasets.batches(data, split, 8), 10)
    part = getattr(data, split)
    assert [len(y) for _, y in found][:-1] == [8] * (len(part) // 8)
    expected = part.images.astype("float64") - data.train.images.mean(axis=0)
    np.testing.assert_allclose(np.concatenate([x for x, _ in found]), expected, atol=1e-4)
    np.testing.assert_array_equal(np.concatenate([y for _, y in found]), part.labels)
    assert found[0][0].dtype == "float32"


def originals(data, batch):
    """Indices of the training images in a batch that was not augmented."""
    train = data.train.images.astype("float32") - data.mean
    distances = abs(batch[:, None] - train[None]).max(axis=(2, 3, 4))
    assert distances.min(axis=1).max() < 1e-3
    return distances.argmin(axis=1).tolist()


def test_an_epoch_shows_every_image_at_most_once(data):
    plain = datasets.training_batches(data, 16, seed=0, padding=0, flip=False)
    epochs = []
    found = take(plain, 6)
    for epoch in (found[:3], found[3:]):
        indices = [i for x, _ in epoch for i in originals(data, x)]
        assert len(set(indices)) == len(indices) == 48
        for (_, y), start in zip(epoch, range(0, 48, 16), strict=True):
            np.testing.assert_array_equal(y, data.train.labels[indices[start : start + 16]])
        epochs.append(indices)
    assert epochs[0] != epochs[1]
    assert epochs[0] != sorted(epochs[0])


def test_a_seed_gives_the_same_batches_and_another_seed_others(data):
    first, again = (take(datasets.training_batches(data, 16, seed=3), 4) for _ in range(2))
    for (x, y), (u, v) in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)
    other = take(datasets.training_batches(data, 16, seed=4), 4)
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.parametrize("epoch", [1, 2])
def test_batches_go_on_where_another_training_stopped(data, epoch):
    whole = take(datasets.training_batches(data, 16, seed=3), 9)
    rest = take(datasets.training_batches(data, 16, seed=3, first_step=3 * epoch), 9 - 3 * epoch)
    for (x, y), (u, v) in zip(whole[3 * epoch :], rest, strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("padding", [0, 2])
def test_every_augmented_image_is_a_crop_or_its_mirror(padding, flip):
    x = np.random.default_rng(0).normal(size=(200, 6, 5, 3)).astype("float32")
    cuts = sampling.draws(200, seed=1, step=2, padding=padding, flip=flip)
    y = datasets.augment(tf.constant(x), *map(tf.constant, cuts), padding=padding).numpy()
    reference.check_crops(x, y, padding=padding, flip=flip)


def test_augmentation_follows_its_seed_and_its_step():
    how = {"padding": 4, "flip": True}
    first, same, step, seed = (
        np.array(sampling.draws(32, seed=seed, step=step, **how))
        for seed, step in ((0, 1), (0, 1), (0, 2), (1, 1))
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, step) and not np.array_equal(first, seed)


def test_batches_neither_autotune_nor_come_from_a_generator(data, monkeypatch):
    """What both cost: see the comments in `datasets`."""
    monkeypatch.delattr(tf.data.Dataset, "from_generator")
    for batches in (
        datasets.training_batches(data, 16, seed=0),
        datasets.batches(data, "test", 16),
    ):
        assert batches.options().autotune.enabled is False


def test_steps_per_epoch_are_whole_batches(data):
    assert datasets.steps_per_epoch(data, 16) == 3
    assert datasets.steps_per_epoch(data, 50) == 1
    for wrong, message in ((51, "at most the 50.*batch_size=51"), (0, "batch_size=0")):
        with pytest.raises(ValueError, match=message):
            datasets.steps_per_epoch(data, wrong)


def test_reduce_averages_squares_of_pixels(data):
    small = datasets.reduce(data, size=3, train=10, test=5)
    assert [len(getattr(small, split)) for split in small.splits] == [10, 5, 5]
    assert "10" in small.description and "3x3" in small.description
    for split in small.splits:
        part, whole = getattr(small, split), getattr(data, split)
        np.testing.assert_array_equal(part.labels, whole.labels[: len(part)])
        for image, original in zip(part.images, whole.images, strict=False):
            for i, j in itertools.product(range(3), range(3)):
                square = original[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].astype(float)
                assert abs(image[i, j] - square.mean(axis=(0, 1))).max() <= 0.5


def test_reduce_keeps_all_images_on_request(data):
    small = datasets.reduce(data, size=3, train=None, test=None)
    for split in small.splits:
        np.testing.assert_array_equal(getattr(small, split).labels, getattr(data, split).labels)
    assert f"{len(data.train):,} images at 3x3" in small.description


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 4}, "divide.*6 and 6.*size=4"),
        ({"size": 0}, "divide.*size=0"),
        ({"train": 51}, "1 to 50 images of the train split.*51"),
        ({"test": 8}, "1 to 7 images of the test split.*8"),
    ],
)
def test_reduce_cannot_invent_images_or_pixels(data, change, message):
    with pytest.raises(ValueError, match=message):
        datasets.reduce(data, **{"size": 3, "train": 10, "test": 5} | change)


def test_wrong_splits_are_refused(data):
    with pytest.raises(ValueError, match=r"train.*validation.*test.*split='dev'"):
        datasets.batches(data, "dev", 8)


GOOD = noise(4)


@pytest.mark.parametrize(
    ("images", "labels", "error", "message"),
    [
        (GOOD.images / 255, GOOD.labels, TypeError, r"uint8.*0\.\.255.*float64 between .* and 1\b"),
        (GOOD.images.astype("int32"), GOOD.labels, TypeError, r"uint8.*0\.\.255.*int32"),
        (GOOD.images // 128, GOOD.labels, ValueError, r"0\.\.255.*none above 1.*255 \* x"),
        (GOOD.images[0], GOOD.labels, ValueError, r"\(N, H, W, C\).*\(6, 6, 3\)"),
        (GOOD.images[:0], GOOD.labels[:0], ValueError, r"N > 0.*\(0, 6, 6, 3\)"),
        (GOOD.images, GOOD.labels[:3], ValueError, r"one label per image.*\(4,\).*\(3,\)"),
        (GOOD.images, GOOD.labels[:, None], ValueError, r"one label per image.*\(4, 1\)"),
        (GOOD.images, GOOD.labels.astype("float32"), TypeError, "integer labels.*float32"),
        (GOOD.images, GOOD.labels + 1, ValueError, r"0\.\.2 for 3 classes.*from 1 to 3"),
        (GOOD.images, GOOD.labels - 1, ValueError, r"0\.\.2 for 3 classes.*from -1 to"),
        (noise(4, size=7).images, GOOD.labels, ValueError, r"one shape.*\(7, 7, 3\)"),
        ([[1]], GOOD.labels, ValueError, r"\(N, H, W, C\).*list"),
    ],
)
def test_wrong_images_and_labels_are_refused(images, labels, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        Data("x", "x", ("a", "b", "c"), GOOD, Split(images, labels), GOOD)


def test_images_whose_channels_come_first_are_refused():
    """(N, 3, 32, 32) would pass for images of 3x32 pixels with 32 channels."""
    images = np.moveaxis(noise(4, size=8).images, -1, 1)
    with pytest.raises(ValueError, match=r"channels last.*\(4, 3, 8, 8\).*transpose\(0, 2, 3, 1\)"):
        Data("x", "x", ("a", "b", "c"), *[Split(images, np.zeros(4, "int32"))] * 3)

"""shapes: the embedded images are the same everywhere, balanced, and no linear problem."""

import hashlib

import numpy as np
import pytest

from helpers.datasets import shapes

pytestmark = pytest.mark.quick

# SHA-256 of the images and labels of `generate(1_000, seed=0)`: the same bytes on every machine.
SHA256 = "749a6c2af0aaf7f40e3bfac3b294f68a8db089793ca4da8f0448854202487e1b"


@pytest.fixture(scope="module")
def sample():
    return shapes.generate(1_000, seed=0)


def test_the_bytes_are_the_same_on_every_machine(sample):
    images, labels = sample
    content = images.tobytes() + labels.astype("<i4").tobytes()
    assert hashlib.sha256(content).hexdigest() == SHA256


def test_images_and_labels(sample):
    images, labels = sample
    assert (images.shape, images.dtype) == ((1_000, 32, 32, 3), "uint8")
    assert (labels.shape, labels.dtype) == ((1_000,), "int32")
    assert np.bincount(labels).tolist() == [100] * 10
    assert len(set(shapes.CLASS_NAMES)) == 10
    # In random order: 20 neighbours of 100 of one class would be 20 standard errors off.
    assert 50 < (labels[1:] == labels[:-1]).sum() < 150
    assert images.min() == 0
    assert images.max() == 255


def test_a_seed_gives_its_own_images(sample):
    again = shapes.generate(1_000, seed=0)
    np.testing.assert_array_equal(again[0], sample[0])
    np.testing.assert_array_equal(again[1], sample[1])
    other = shapes.generate(1_000, seed=1)
    assert not np.array_equal(other[0], sample[0])
    assert not np.array_equal(other[1], sample[1])


def test_no_image_comes_twice(sample):
    assert len({image.tobytes() for image in sample[0]}) == 1_000


@pytest.mark.parametrize("n", [1, 7, 501])
def test_any_number_of_images(n):
    images, labels = shapes.generate(n, seed=3)
    assert len(images) == len(labels) == n
    counts = np.bincount(labels, minlength=10)
    assert counts.max() - counts.min() <= 1


def test_no_global_random_state_is_touched():
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    shapes.generate(10)
    assert np.random.random() == expected  # noqa: NPY002


def test_a_linear_model_is_near_chance():
    """Ridge regression on the pixels: chance is 10 % right, a network far above."""
    images, labels = shapes.generate(2_000, seed=5)
    x = images.reshape(2_000, -1).astype("float64") / 255
    x -= x[:1_500].mean(axis=0)
    targets = np.eye(10)[labels[:1_500]] - 0.1
    train, test = x[:1_500], x[1_500:]
    right = []
    for penalty in (10, 1_000, 100_000):
        dual = np.linalg.solve(train @ train.T + penalty * np.eye(1_500), targets)
        right.append(((test @ train.T @ dual).argmax(axis=1) == labels[1_500:]).mean())
    assert max(right) < 0.25


@pytest.mark.parametrize("n", [0, -5, 2.0, "10"])
def test_wrong_numbers_are_refused(n):
    with pytest.raises(ValueError, match=f"`n` must be an integer of at least 1.*n={n!r}"):
        shapes.generate(n)

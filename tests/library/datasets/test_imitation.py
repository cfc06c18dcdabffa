"""photos.imitation: archives that the loader of ImageNet takes for ImageNet's."""

import dataclasses

import numpy as np
import pytest

from helpers import datasets
from helpers.datasets.photos import catalogue, imitation
from small_images import coloured


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve images of each of two classes: one colour for each."""
    split = datasets.Split(*coloured(48, 8, seed=0))
    return imitation.imagenet(tmp_path_factory.mktemp("a"), split, classes=2, per_class=12)


def test_they_are_read_as_imagenet(folder, tmp_path):
    data = datasets.load("imagenet2012", data_dir=tmp_path, manual_dir=folder)
    assert (len(data.train), len(data.validation), len(data.test)) == (4, 20, 12)
    assert set(data.train.labels) == {0, 1}
    assert [data.class_names[i] for i in range(5)] == list(imitation.CLASSES)
    sizes = data.validation.places[:, 3]
    assert sizes.mean() == pytest.approx(catalogue.IMAGENET.bytes_per_image, rel=0.3)
    plain = dataclasses.replace(data, preprocess=None)
    (x, y) = next(iter(plain.batches("validation", 20)))
    reds = x.numpy().mean(axis=(1, 2))[:, 0]  # 200 in the first class, 60 in the second
    np.testing.assert_allclose(reds, np.where(y.numpy() == 0, 200, 60), atol=15)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"classes": 6}, "1 to 5.*classes=6"),
        ({"classes": 0}, "classes=0"),
        ({"per_class": 13}, "label 0.*Received: 12, per_class=13"),
        ({"per_class": 0}, "at least one.*Received: 0, per_class=0"),
    ],
)
def test_too_few_images_or_too_many_classes_are_refused(how, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        imitation.imagenet(tmp_path, datasets.Split(*coloured(48, 8, seed=0)), **how)
    assert not list(tmp_path.iterdir())

"""training: a kind of data set that the library has never seen, trained on as it is."""

import dataclasses
import hashlib
from types import MappingProxyType

import keras
import numpy as np
import pytest

from helpers import datasets, training
from helpers.datasets import DataSet
from helpers.datasets.photos import TrainingView
from helpers.recipes import Recipe
from helpers.training import loop

RECIPE = Recipe("short", "tests", steps=60, batch_size=32, boundaries=(50,))


class Grating(keras.utils.PyDataset):
    """Stripes made when they are asked for: class 0 lies, 1 stands, and so do 2 and 3 in blue."""

    def __init__(self, places, number):
        super().__init__()
        self.places, self.number = places, number

    @property
    def num_batches(self):
        return self.number

    def __getitem__(self, i):
        labels = np.asarray(self.places(i)) % 4
        stripes = np.where(np.arange(8) % 2, 1.0, -1.0)
        lying = np.broadcast_to(stripes[:, None], (8, 8))
        images = np.stack([lying if y % 2 == 0 else lying.T for y in labels])
        colours = np.where((labels >= 2)[:, None], (-100, 0, 100), (100, 0, -100))
        x = 50 * images[..., None] + colours[:, None, None]
        return x.astype("float32"), labels.astype("int32")


class Gratings:
    """Neither arrays in memory nor files: whole numbers, of which pictures are made."""

    name, description, class_names = "gratings", "gratings", ("a", "b", "c", "d")
    splits = ("train", "validation", "test")
    train, validation, test = range(160), range(20), range(24)
    num_classes, image_shape = 4, (8, 8, 3)
    mean = np.zeros(3, "float32")
    build_arguments = MappingProxyType({"input_shape": (8, 8, 3), "num_classes": 4})
    fingerprint = hashlib.sha256(b"gratings").hexdigest()

    def __init__(self, views=()):
        self.views = views

    def batches(self, split, batch_size, *, chosen=slice(None)):
        places = getattr(self, split)[chosen]
        number = -(-len(places) // batch_size)
        return Grating(lambda i: places[i * batch_size : (i + 1) * batch_size], number)

    def training_batches(self, batch_size, *, seed, first_step=0, shard=(0, 1), **cuts):
        def places(i):
            return np.random.default_rng((seed, first_step + i)).integers(0, 160, batch_size)

        return Grating(places, None)

    def seen_as(self, view):
        return Gratings((*self.views, view))


def test_what_the_protocol_asks_for(tiny_data):
    assert isinstance(Gratings(), DataSet) and isinstance(tiny_data, DataSet)
    assert not isinstance(tiny_data.train, DataSet)


def test_a_third_kind_of_data_set_is_trained(tiny_spec):
    data = Gratings()
    run = training.train(tiny_spec, data, RECIPE, seed=0, verbose=0)
    assert run.name == "gratings-tiny6-short-seed0"
    sizes = {"train": 160, "validation": 20, "test": 24}
    assert run.data == {"name": "gratings", "description": "gratings", "images": sizes}
    assert run.history["step"] == list(range(5, 65, 5))
    assert run.final["test"]["error"] < 0.3  # of four classes, by chance 0.75


def test_the_doors_take_it_too():
    data = Gratings()
    assert datasets.size(data, "test") == 24 and datasets.steps_per_epoch(data, 32) == 5
    x, y = datasets.batches(data, "test", 7, chosen=slice(3, None))[0]
    assert x.shape == (7, 8, 8, 3) and y.tolist() == [3, 0, 1, 2, 3, 0, 1]
    x, y = datasets.training_batches(data, 16, seed=1, first_step=2)[0]
    np.testing.assert_array_equal(y, datasets.training_batches(data, 16, seed=1)[2][1])
    with pytest.raises(ValueError, match=r"split.*train, validation, test.*dev"):
        datasets.size(data, "dev")


def test_a_recipe_s_view_is_the_data_set_s_to_apply(tiny_spec, tiny_data):
    view = TrainingView((8, 8), size=8)
    recipe = dataclasses.replace(RECIPE, view=view)
    data, _ = loop.prepared(tiny_spec, Gratings(), recipe, seed=0)
    assert data.views == (view,)
    with pytest.raises(ValueError, match=r"tiny \(noise\).*8 pixels.*photographs"):
        tiny_data.seen_as(view)

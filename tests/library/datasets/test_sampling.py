"""feeding: order and crops without TensorFlow, and training on whatever backend runs."""

import dataclasses
import sys

import keras
import numpy as np
import pytest

import reference
from helpers import datasets, runs, training
from helpers.datasets import Data, Split, npz_file, sampling
from helpers.recipes import Recipe
from small_images import coloured

pytestmark = pytest.mark.backends

RECIPE = Recipe("short", "tests", steps=15, batch_size=32, boundaries=(8, 12), padding=1)


@pytest.mark.parametrize("shuffle", ["images", "batches"])
def test_the_order_goes_on_where_it_stopped(shuffle):
    how = {"seed": 5, "shuffle": shuffle}
    whole, later = sampling.Order(50, 16, **how), sampling.Order(50, 16, **how)
    expected = [whole(step) for step in range(9)]
    for step in (4, 5, 8, 6, 0):  # whatever was asked for before
        np.testing.assert_array_equal(later(step), expected[step])
    epochs = np.reshape(expected, (3, 48))
    assert all(len(set(epoch.tolist())) == 48 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 3


def test_shuffled_batches_keep_their_neighbours():
    first, second = (
        sampling.epoch_order(50, 16, seed=0, epoch=e, shuffle="batches").tolist() for e in (0, 3)
    )
    expected = [list(range(0, 16)), list(range(16, 32)), list(range(32, 48))]
    assert sorted(first) == sorted(second) == expected
    assert first != second
    shuffled = sampling.epoch_order(50, 16, seed=0, epoch=0)
    assert all(sorted(batch) not in expected for batch in shuffled.tolist())
    assert len(set(shuffled.ravel().tolist())) == 48


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("padding", [0, 2])
def test_every_augmented_image_is_a_crop_or_its_mirror(padding, flip):
    x = np.random.default_rng(0).normal(size=(200, 6, 5, 3)).astype("float32")
    cuts = sampling.draws(200, seed=0, step=1, padding=padding, flip=flip)
    y = sampling.crops(x, *cuts, padding=padding)
    reference.check_crops(x, y, padding=padding, flip=flip)


def numpy_batches(data, **changes):
    how = {"seed": 3, "first_step": 0, "padding": 0, "flip": False, "shuffle": "images"}
    return sampling.TrainingBatches(data.train, data.mean, 32, **{**how, **changes})


def test_batches_without_tensorflow_are_the_images_that_tf_data_would_give(tiny_data):
    mine = numpy_batches(tiny_data)
    train = tiny_data.train
    order_of = sampling.Order(200, 32, seed=3)
    for i in range(8):
        (x, y), order = mine[i], order_of(i)
        np.testing.assert_array_equal(y, train.labels[order])
        expected = train.images[order].astype("float64") - train.images.mean(axis=0)
        np.testing.assert_allclose(x, expected, atol=1e-4)
    assert (x.dtype, y.dtype) == ("float32", "int32")
    later = numpy_batches(tiny_data, first_step=5, padding=1)
    np.testing.assert_array_equal(later[2][0], numpy_batches(tiny_data, padding=1)[7][0])


@pytest.mark.one_backend
@pytest.mark.parametrize("shuffle", ["images", "batches"])
def test_both_ways_give_the_same_crops_of_the_same_images(tiny_data, shuffle):
    how = {"padding": 2, "flip": True, "shuffle": shuffle, "first_step": 2}
    theirs = datasets.training_batches(tiny_data, 32, seed=3, **how)
    mine = numpy_batches(tiny_data, **how)
    for i, (x, y) in enumerate(theirs.take(9)):
        np.testing.assert_allclose(mine[i][0], x.numpy(), atol=1e-5)
        np.testing.assert_array_equal(mine[i][1], y.numpy())


def test_evaluation_sees_every_image_once_in_order(tiny_data):
    found = sampling.Batches(tiny_data.test, tiny_data.mean, 20)
    parts = [found[i] for i in range(found.num_batches)]
    assert [len(y) for _, y in parts] == [20, 20, 8]
    np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), tiny_data.test.labels)
    expected = tiny_data.test.images.astype("float64") - tiny_data.mean
    np.testing.assert_allclose(np.concatenate([x for x, _ in parts]), expected, atol=1e-4)


class Interrupt(keras.callbacks.Callback):
    """Stops a training as a reader does, at its n-th batch."""

    def __init__(self, n):
        super().__init__()
        self.left = n

    def on_train_batch_begin(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_training_learns_and_goes_on_on_this_backend(tiny_spec, tiny_data, tmp_path):
    """On JAX and PyTorch this feeds the net from NumPy, in the same order."""
    arguments = {"seed": 1, "verbose": 0, "follow_test": True, "save": True}
    whole = training.train(tiny_spec, tiny_data, RECIPE, name="whole", **arguments)
    assert whole.history["step"] == [6, 12, 15]
    assert whole.history["error"][-1] < whole.history["error"][0]
    assert len(whole.history["test_error"]) == 3
    assert whole.history["test_error"][-1] == pytest.approx(whole.final["test"]["error"])
    parts = {"name": "parts", "checkpoints": tmp_path, **arguments}
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_spec, tiny_data, RECIPE, callbacks=(Interrupt(9),), **parts)
    again = training.train(tiny_spec, tiny_data, RECIPE, **parts)
    assert again.interruptions == 1
    for key in ("loss", "validation_loss", "test_loss"):
        np.testing.assert_allclose(again.history[key], whole.history[key], rtol=1e-3)
    assert runs.load("parts").versions["backend"] == keras.backend.backend()


def test_a_short_split_of_any_size_is_measured(tiny_spec):
    parts = [Split(*coloured(n, 8, seed)) for seed, n in enumerate((40, 7, 9))]
    data = Data("odd", "odd sizes", ("a", "b", "c", "d"), *parts)
    run = training.train(
        tiny_spec, data, Recipe("one", "tests", steps=2, batch_size=32), seed=0, verbose=0
    )
    for split, n in (("train", 40), ("validation", 7), ("test", 9)):
        wrong = run.final[split]["error"] * n
        assert wrong == pytest.approx(round(wrong), abs=1e-4)


def test_without_tensorflow_an_error_names_the_way_out(tiny_data, tmp_path, monkeypatch):
    for name in ("tensorflow", "tensorflow_datasets"):
        monkeypatch.setitem(sys.modules, name, None)  # an import raises ImportError
    with pytest.raises(datasets.DataUnavailableError, match="helpers export"):
        datasets.load("cifar10")
    named = dataclasses.replace(tiny_data, name="cifar10")
    found = datasets.load("cifar10", npz=npz_file.write(named, tmp_path / "cifar10.npz"))
    np.testing.assert_array_equal(found.train.images, tiny_data.train.images)

"""The training that chapter 5 writes out in one cell, against `training.train`."""

import dataclasses
import itertools
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import datasets, networks, recipes, training

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "05-cifar10.ipynb"
PADDING, EPOCHS, SEED = 1, 12, 3


def the_cell():
    """The code of the notebook's one cell that is tagged "copyable"."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    (found,) = [cell for cell in cells if "copyable" in cell["metadata"].get("tags", ())]
    return "".join(found["source"])


def run_cell(model, data, monkeypatch, *instead, fed=(), trains=True):
    """Executes the cell, with some words exchanged. Returns its names and its batches.

    `fed` are batches that take the place of its own.
    """
    source = the_cell()
    for old, new in instead:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the cell"
        source = source.replace(old, new)
    fed, fit = list(fed), keras.Model.fit

    def recording(self, batches, *, epochs, steps_per_epoch, **options):
        steps = epochs * steps_per_epoch
        fed.extend((x.numpy(), y.numpy()) for x, y in batches.take(steps - len(fed)))
        options |= {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        return fit(self, again(fed), **options) if trains else None

    names = {"model": model, "images": data.train.images, "labels": data.train.labels}
    names |= {"padding": PADDING, "epochs": EPOCHS}
    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "fit", recording)
        exec(compile(source, NOTEBOOK.name, "exec"), names)
    return names, fed


def again(batches):
    """The same batches in the same order, as a tf.data.Dataset."""
    x, y = (np.stack(part) for part in zip(*batches, strict=True))
    return tf.data.Dataset.from_tensor_slices((x, y))


def start(tiny_spec):
    """The net with which `training.train` begins."""
    keras.utils.set_random_seed(SEED)
    return networks.build(tiny_spec)


def by_the_library(tiny_spec, tiny_data, fed, monkeypatch, warmup=0):
    """`training.train` on the same batches, by the paper's recipe over as many steps."""
    monkeypatch.setattr(datasets, "training_batches", lambda *_, **__: again(fed))
    paper = recipes.HE2015_CIFAR10_WARMUP if warmup else recipes.HE2015_CIFAR10
    recipe = dataclasses.replace(paper.scaled(EPOCHS), warmup_steps=warmup)
    return training.train(tiny_spec, tiny_data, recipe, seed=SEED, verbose=0)


def losses_of(names):
    """The cell's cross-entropy without the penalty."""
    return np.array(names["history"].history["sparse_categorical_crossentropy"])


@pytest.mark.parametrize("warmup", [0, 4])
def test_the_cell_trains_as_the_library_does(tiny_spec, tiny_data, monkeypatch, warmup):
    """An epoch of the tiny images is one step, so the loss of every step is compared."""
    assert len(tiny_data.train) // recipes.HE2015_CIFAR10.batch_size == 1
    model = start(tiny_spec)
    instead = ("1e-4, 128, 0", f"1e-4, 128, {warmup}")
    names, fed = run_cell(model, tiny_data, monkeypatch, instead)
    run = by_the_library(tiny_spec, tiny_data, fed, monkeypatch, warmup)
    losses = np.array(run.history["loss"])
    assert len(losses) == EPOCHS and losses[-1] < 0.9 * losses[0]
    np.testing.assert_allclose(losses_of(names), losses, rtol=1e-5)
    for one, other in zip(model.get_weights(), run.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


LARGE = "1e-4, 128", "0.05, 128"  # a decay that a dozen steps can tell from another
REGULARIZER = "keras.regularizers.L2(decay / 2)"
MISTAKES = {
    "none": [],
    "no decay": [(REGULARIZER, "None")],
    "twice the decay": [(REGULARIZER, "keras.regularizers.L2(decay)")],
    "Keras' own": [(REGULARIZER, "None"), ("momentum=0.9)", "momentum=0.9, weight_decay=decay)")],
}


def test_another_decay_would_be_noticed(tiny_spec, tiny_data, monkeypatch):
    _, fed = run_cell(start(tiny_spec), tiny_data, monkeypatch, LARGE, trains=False)
    decayed = dataclasses.replace(recipes.HE2015_CIFAR10, weight_decay=0.05)
    monkeypatch.setattr(recipes, "HE2015_CIFAR10", decayed)
    losses = by_the_library(tiny_spec, tiny_data, fed, monkeypatch).history["loss"]
    agree = []
    for mistake, changes in MISTAKES.items():
        names, _ = run_cell(start(tiny_spec), tiny_data, monkeypatch, LARGE, *changes, fed=fed)
        if np.allclose(losses_of(names), losses, rtol=1e-4):
            agree.append(mistake)
    assert agree == ["none"]


def test_its_images_are_crops_of_the_padded_image_or_of_its_mirror_image(
    tiny_spec, tiny_data, monkeypatch
):
    """All places of the crop and both directions occur, and nothing else does."""
    _, fed = run_cell(start(tiny_spec), tiny_data, monkeypatch, trains=False)
    images = tiny_data.train.images.astype("float32") - tiny_data.train.images.mean(axis=0)
    height = images.shape[1]
    edges = [(0, 0), (PADDING, PADDING), (PADDING, PADDING), (0, 0)]
    padded = np.pad(images, edges)
    shifts = range(2 * PADDING + 1)
    ways = list(itertools.product(shifts, shifts, (1, -1)))
    crops = np.stack(  # (ways, images, height, width, channels)
        [padded[:, dy : dy + height, dx : dx + height][:, :, ::turn] for dy, dx, turn in ways]
    )
    found = set()
    for x, y in fed[:4]:
        for image, label in zip(x, y, strict=True):
            of_its_class = crops[:, tiny_data.train.labels == label]
            same = np.isclose(of_its_class, image, atol=1e-4).all(axis=(2, 3, 4))
            assert same.sum() == 1
            found.add(ways[np.argwhere(same)[0, 0]])
    assert len(found) == 2 * len(shifts) ** 2


def test_an_image_comes_once_in_an_epoch_and_epochs_differ(tiny_spec, tiny_data, monkeypatch):
    """Without crops and flips an image is known again by its pixels."""
    instead = [
        ("tf.pad(", "(lambda x, _: x)("),
        ("tf.image.random_crop(x, image.shape)", "x"),
        ("tf.image.random_flip_left_right(x)", "x"),
    ]
    _, fed = run_cell(start(tiny_spec), tiny_data, monkeypatch, *instead, trains=False)
    epochs = [{image.tobytes() for image in x} for x, _ in fed[:3]]
    assert [len(epoch) for epoch in epochs] == 3 * [recipes.HE2015_CIFAR10.batch_size]
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_page_shows_the_cell():
    page = (ROOT / "book" / "05-cifar10.md").read_text("utf-8")
    assert f"```python\n{the_cell()}\n```" in page

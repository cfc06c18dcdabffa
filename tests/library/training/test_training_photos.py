"""training on photographs: the recipe's view, checkpoints, damaged files, parts of a data set."""

import dataclasses

import keras
import numpy as np
import pytest

from helpers import datasets, recipes, runs, specs, training
from helpers.__main__ import main
from helpers.datasets import photos, sampling
from helpers.datasets.photos import DamagedError, Photographs, TrainingView, tfrecords
from helpers.recipes import HE2015_IMAGENET, Recipe
from helpers.studies import Plan
from photo_archives import coloured_photos, coloured_split

VIEW = TrainingView((8, 10), size=8)
RECIPE = Recipe("short", "tests", steps=10, batch_size=16, boundaries=(8,), padding=0, view=VIEW)


def split(folder, name, n, damaged=()):
    return tfrecords.photographs([coloured_split(folder, name, n, damaged)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, n in {"train": 70, "validation": 21, "test": 17}.items():
        coloured_split(folder, name, n)
    return coloured_photos(folder)


def train(tiny_spec, data, recipe=RECIPE, **arguments):
    return training.train(tiny_spec, data, recipe, seed=1, verbose=0, **arguments)


@pytest.fixture(scope="module")
def whole(tiny_spec, data):
    return train(tiny_spec, data)


def test_a_network_learns_from_photographs(whole, data):
    assert whole.history["step"] == [4, 8, 10]
    assert whole.history["loss"][-1] < 0.8 * whole.history["loss"][0]
    assert whole.data["images"] == {"train": 70, "validation": 21, "test": 17}
    assert whole.images == "coloured photographs"
    assert whole.recipe["view"]["shorter_side"] == [8, 10]
    # Measured again, image by image.
    x, y = (np.concatenate(part) for part in zip(*data.batches("test", 5), strict=True))
    wrong = np.argmax(whole.model.predict(x, verbose=0), axis=1) != y
    assert whole.final["test"]["error"] == pytest.approx(wrong.mean())
    assert training.evaluate(whole.model, data, "test") == pytest.approx(whole.final["test"])


def test_a_process_reads_the_files_of_its_own_share_alone(data, monkeypatch):
    """Not all of them, to throw the others' away: on a cluster the disk is shared, too."""
    came, read = [], Photographs.read
    monkeypatch.setattr(
        Photographs, "read", lambda self, i: (came.append(int(i)), read(self, i))[1]
    )
    batches = iter(data.training_batches(4, seed=5, shard=(1, 2)))
    labels = [next(batches)[1].numpy() for _ in range(3)]
    order = sampling.epoch_order(70, 4, seed=5, epoch=0)  # (17, 4), far more than is read ahead
    assert set(order[:3, 2:].flat) <= set(came) <= set(order[:, 2:].flat)
    for step, found in enumerate(labels):
        np.testing.assert_array_equal(found, data.train.labels[order[step, 2:]])


class Interrupt(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def test_an_interrupted_training_goes_on(whole, tiny_spec, data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tiny_spec, data, checkpoints=tmp_path, callbacks=(Interrupt(),))
    others = dataclasses.replace(data, train=data.train[::-1])
    with pytest.raises(ValueError, match="another spec, recipe, seed, backend or other images"):
        train(tiny_spec, others, checkpoints=tmp_path)
    run = train(tiny_spec, data, checkpoints=tmp_path)
    assert run.interruptions == 1
    np.testing.assert_allclose(run.history["loss"], whole.history["loss"], rtol=1e-4)


def test_the_recipe_says_how_photographs_are_seen(tiny_spec, data, whole):
    plain = dataclasses.replace(data, view=TrainingView((8, 8), size=8, colour=0.0, flip=False))
    run = train(tiny_spec, plain)
    np.testing.assert_allclose(run.history["loss"], whole.history["loss"], rtol=1e-4)
    own = train(tiny_spec, plain, dataclasses.replace(RECIPE, view=None))
    assert abs(np.array(own.history["loss"]) - whole.history["loss"]).max() > 1e-3


def test_a_view_and_images_that_do_not_go_together_are_refused(tiny_spec, data, tiny_data):
    with pytest.raises(ValueError, match=r"one size.*224 and 8"):
        train(tiny_spec, data, dataclasses.replace(HE2015_IMAGENET, batch_size=16))
    with pytest.raises(ValueError, match=r"he2015-imagenet.*tiny \(noise\).*224.*photographs"):
        train(tiny_spec, tiny_data, HE2015_IMAGENET)


def test_fingerprints_tell_images_and_views_apart(data):
    changed = [
        data,
        dataclasses.replace(data, train=data.train[1:]),
        dataclasses.replace(data, view=TrainingView((8, 12), size=8)),
        data.preprocessed(None),
        data.preprocessed(keras.applications.resnet.preprocess_input),
    ]
    assert len({photos_.fingerprint for photos_ in changed}) == len(changed)
    assert dataclasses.replace(data).fingerprint == data.fingerprint


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_damaged_photograph_is_named_in_one_line(part, tiny_spec, data, tmp_path):
    damaged = split(tmp_path, part, len(getattr(data, part)), damaged=[5])
    broken = dataclasses.replace(data, **{part: damaged})
    with pytest.raises(DamagedError, match=rf"{part}_5\.jpg \(in .*cannot be decoded") as caught:
        train(tiny_spec, broken)
    assert "\n" not in str(caught.value)


def test_other_errors_stay_what_they_are():
    with pytest.raises(KeyError, match="mine"), photos.damage_named():
        raise KeyError("mine")


# --- on the command line -------------------------------------------------------------


@pytest.fixture
def as_imagenet(data, tiny_spec, monkeypatch):
    """The photographs in ImageNet's place, seen by a net of their size."""
    monkeypatch.setitem(datasets.LOADERS, "imagenet2012", lambda _: data)
    monkeypatch.setitem(specs._NETWORKS, "tiny6", tiny_spec)
    recipe = dataclasses.replace(HE2015_IMAGENET, view=VIEW)
    monkeypatch.setitem(recipes.RECIPES, recipe.name, recipe)
    return data


COMMAND = ["train", "tiny6", "--data", "imagenet2012", "--recipe", "he2015-imagenet", "--quiet"]
COMMAND += ["--batch", "16", "--steps", "6"]


def test_a_part_of_a_data_set_is_trained_on_if_one_says_so(as_imagenet, tmp_path, capsys):
    command = [*COMMAND, "--checkpoints", str(tmp_path)]
    assert main(command) == 1
    error = capsys.readouterr().err.strip()
    assert "has 70 training images. Expected: 1,271,167, as imagenet2012 has" in error
    assert "--images 70" in error and len(error.splitlines()) == 1
    assert main([*command, "--images", "60"]) == 1
    assert "Expected: 60" in capsys.readouterr().err
    assert main([*command, "--images", "70"]) == 0
    (name,) = runs.names()
    assert name == "imagenet2012-70images-tiny6-he2015-imagenet-batch16-6steps-seed0"
    run = runs.load(name)
    assert run.command.endswith("--images 70 --batch 16 --steps 6")
    assert run.recipe["learning_rate"] == pytest.approx(0.1 * 16 / 256)
    assert Recipe.from_record(run.recipe).view == VIEW


def test_a_damaged_photograph_is_one_line_there_too(as_imagenet, tmp_path, capsys, monkeypatch):
    broken = dataclasses.replace(as_imagenet, train=split(tmp_path, "train", 70, damaged=[9]))
    monkeypatch.setitem(datasets.LOADERS, "imagenet2012", lambda _: broken)
    assert main([*COMMAND, "--images", "70", "--checkpoints", str(tmp_path)]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("DamagedError: train_9.jpg (in ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "imagenet2012", "size": 16}, "`size` is for images in memory.*imagenet2012"),
        ({"data": "cifar10", "images": 100}, "`images` is for photographs.*cifar10"),
        ({"data": "imagenet2012", "images": 0}, "images.*at least 1.*images=0"),
        ({"data": "cifar10", "batch": 0}, "batch.*at least 1.*batch=0"),
        ({"data": "cifar10", "batch": 50_000}, "at most the 45000 training images"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_images_are_loaded(options, message):
    with pytest.raises(ValueError, match=message):
        Plan("resnet20", **options)


def test_the_whole_of_imagenet_is_planned_without_it():
    plan = Plan("resnet50", "imagenet2012", "he2015-imagenet", batch=1_024)
    length = plan.length()
    assert (length.steps, length.steps_per_epoch) == (150_000, 1_271_167 // 1_024)
    assert plan.recipe_for(1_271_167).warmup_steps == round(5 * 1_271_167 / 1_024)
    assert plan.record() == "imagenet2012-resnet50-he2015-imagenet-batch1024-seed0"

"""on_device: what it trains is what `training.train` trains, on JAX, to rounding."""

import dataclasses

import numpy as np
import pytest

from helpers import runs, training
from helpers.datasets import Data, Split
from helpers.recipes import Recipe
from helpers.training import callbacks, on_device, state_files
from records import same
from small_images import coloured

pytestmark = pytest.mark.jax

# Two whole epochs of six batches and a half one, the rate falling within an epoch and between.
RECIPE = Recipe(
    "short",
    "tests",
    steps=15,
    batch_size=32,
    boundaries=(8, 12),
    padding=1,
    warmup="linear",
    warmup_steps=3,
)
OPTIONS = {"seed": 1, "follow_test": True, "verbose": 0}
# Rounding, through fifteen steps.
FLOAT32 = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture(scope="module")
def reference(tiny_spec, tiny_data):
    return training.train(tiny_spec, tiny_data, RECIPE, **OPTIONS)


@pytest.fixture(scope="module")
def whole(tiny_spec, tiny_data):
    return on_device.train(tiny_spec, tiny_data, RECIPE, **OPTIONS)


def test_losses_and_errors_are_those_of_training(reference, whole):
    assert whole.history["step"] == [6, 12, 15]
    assert whole.history["error"][-1] < whole.history["error"][0]
    same(whole, reference, **FLOAT32)
    for key in ("name", "network", "spec", "recipe", "seed", "data", "parameters", "versions"):
        assert getattr(whole, key) == getattr(reference, key)
    assert whole.hardware == {**reference.hardware, "on_device": True}
    mine, theirs = whole.model.get_weights(), reference.model.get_weights()
    for a, b in zip(mine, theirs, strict=True):  # moving statistics are among them
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("smoothing", "mixup"), [(0.1, 0.0), (0.1, 0.4)])
def test_so_it_is_with_a_cosine_smoothed_labels_and_mixup(
    tiny_spec, tiny_data, whole, smoothing, mixup
):
    recipe = RECIPE.with_schedule("cosine").with_label_smoothing(smoothing).with_mixup(mixup)
    mine = on_device.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    theirs = training.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    same(mine, theirs, **FLOAT32)
    assert abs(mine.history["loss"][0] / whole.history["loss"][0] - 1) > 1e-3


def test_a_training_in_pieces_is_the_same(tiny_spec, tiny_data, whole, tmp_path, monkeypatch):
    """One piece ends by its time, the next is stopped in the midst of an epoch."""
    options = {**OPTIONS, "name": "pieces", "checkpoints": tmp_path, "save": True, "minutes": 60}
    with monkeypatch.context() as patch:
        patch.setattr(on_device, "_ALMOST", 1e9)  # no second epoch fits into the hour
        first = on_device.train(tiny_spec, tiny_data, RECIPE, **options)
    assert (first.epochs, first.final, runs.names()) == (1, {}, [])
    assert callbacks.epochs_done(tmp_path, "pieces") == 1
    (file,) = tmp_path.iterdir()  # all of it, and nothing else
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(state_files, "save", interrupt)
        with pytest.raises(KeyboardInterrupt):
            on_device.train(tiny_spec, tiny_data, RECIPE, **options)
    assert file.read_bytes() == before
    run = on_device.train(tiny_spec, tiny_data, RECIPE, **options)
    assert run.interruptions == 1
    same(run, whole, rtol=1e-6)
    for a, b in zip(run.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    same(runs.load("pieces"), run, rtol=0)
    assert not file.exists()
    with pytest.raises(FileExistsError):
        on_device.train(tiny_spec, tiny_data, RECIPE, **options)


def test_a_net_that_draws_goes_on_with_its_draws(tiny_spec, tiny_data, tmp_path, monkeypatch):
    """Stochastic depth in pieces, and as `training.train` trains it."""
    arguments = (dataclasses.replace(tiny_spec, survival=0.5), tiny_data, RECIPE)
    expected = training.train(*arguments, **OPTIONS)
    options = {**OPTIONS, "name": "drawn", "checkpoints": tmp_path, "minutes": 60}
    with monkeypatch.context() as patch:
        patch.setattr(on_device, "_ALMOST", 1e9)
        assert on_device.train(*arguments, **options).epochs == 1
    run = on_device.train(*arguments, **options)
    assert run.interruptions == 1
    same(run, expected, **FLOAT32)


def interrupt(*_):
    raise KeyboardInterrupt


def test_the_measurements_are_those_of_the_network_that_came_out(whole, tiny_data):
    for split in tiny_data.splits:
        assert training.evaluate(whole.model, tiny_data, split) == pytest.approx(
            whole.final[split], rel=1e-4
        )


def test_splits_of_any_size_are_measured(tiny_spec, monkeypatch):
    """In parts that none of them fills."""
    monkeypatch.setattr(on_device, "_MEASURED_AT_ONCE", 8)
    parts = [Split(*coloured(n, 8, seed)) for seed, n in enumerate((34, 7, 9))]
    data = Data("odd", "odd sizes", ("a", "b", "c", "d"), *parts)
    run = on_device.train(tiny_spec, data, dataclasses.replace(RECIPE, steps=2), seed=0, verbose=0)
    for split in data.splits:
        assert training.evaluate(run.model, data, split) == pytest.approx(
            run.final[split], rel=1e-4
        )


def test_in_bfloat16_it_computes_in_bfloat16(tiny_spec, tiny_data, whole):
    recipe = RECIPE.in_precision("mixed_bfloat16")
    mine = on_device.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    theirs = training.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    assert mine.model.get_layer("conv1_conv").compute_dtype == "bfloat16"
    # A number in bfloat16 has eight bits: each step is off by some thousandths.
    np.testing.assert_allclose(mine.history["loss"], theirs.history["loss"], rtol=0.005)
    np.testing.assert_allclose(
        mine.history["validation_loss"], theirs.history["validation_loss"], rtol=0.02
    )
    assert abs(mine.history["loss"][0] / whole.history["loss"][0] - 1) > 1e-5


def test_a_training_that_diverges_says_when(tiny_spec, tiny_data):
    recipe = dataclasses.replace(RECIPE, learning_rate=1e18)
    with pytest.raises(callbacks.DivergedError) as theirs:
        training.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    with pytest.raises(callbacks.DivergedError) as mine:
        on_device.train(tiny_spec, tiny_data, recipe, **OPTIONS)
    assert str(mine.value) == str(theirs.value)
    assert "at step" in str(mine.value)


def test_a_state_of_another_training_or_none_is_refused(tiny_spec, tiny_data, tmp_path):
    file = state_files.path(tmp_path, "mine")
    options = {**OPTIONS, "name": "mine", "checkpoints": tmp_path}
    state_files.write(file, {"trainable": [np.zeros(2, "float32")]}, {"plan": "of another"})
    with pytest.raises(ValueError, match="another spec, recipe or seed"):
        on_device.train(tiny_spec, tiny_data, RECIPE, **options)
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ValueError, match="not the whole state of a training"):
        on_device.train(tiny_spec, tiny_data, RECIPE, **options)
    with pytest.raises(ValueError, match="not the whole state"):
        callbacks.epochs_done(tmp_path, "mine")


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"minutes": 8}, ValueError, "folder of `checkpoints`"),
        ({"minutes": 0, "checkpoints": "."}, ValueError, "minutes.*above 0"),
        ({"data": 3}, TypeError, "in memory"),
    ],
)
def test_what_does_not_fit_is_refused(change, kind, message, tiny_spec, tiny_data):
    arguments = {"data": tiny_data, **OPTIONS, **change}
    with pytest.raises(kind, match=message):
        on_device.train(tiny_spec, recipe=RECIPE, **arguments)


def test_another_backend_is_refused(tiny_spec, tiny_data, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        on_device.train(tiny_spec, tiny_data, RECIPE, **OPTIONS)


def test_a_batch_larger_than_the_data_is_refused_whatever_an_epoch_is_called(tiny_data, tiny_spec):
    recipe = Recipe("large", "tests", steps=4, batch_size=300, boundaries=(), steps_per_epoch=2)
    with pytest.raises(ValueError, match=r"at most the 200 training images.*batch_size=300"):
        on_device.train(tiny_spec, tiny_data, recipe, seed=0, verbose=0)

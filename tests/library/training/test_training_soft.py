"""training: smoothed labels and mixed images, what is computed of them, and going on."""

import dataclasses
import functools

import keras
import numpy as np
import pytest

from helpers import datasets, training
from helpers.datasets import mixing
from helpers.optimizer import SoftCrossEntropy
from helpers.recipes import Recipe
from helpers.training import processes
from records import same

RECIPE = Recipe("soft", "tests", steps=12, batch_size=32, padding=1, label_smoothing=0.1, mixup=0.4)
HOW = {"padding": 1, "seed": 5}
LABELS = np.array([0, 3, 1, 1])
LOGITS = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")


def softened(data, first, smoothing, mixup):
    batches = datasets.training_batches(data, 32, first_step=first, **HOW)
    how = {"smoothing": smoothing, "mixup": mixup}
    return mixing.soft(batches, 4, 32, seed=5, first_step=first, **how)


def take(batches, n):
    return [(np.asarray(x), np.asarray(y)) for x, y in batches.take(n)]


def test_a_batch_is_the_mean_of_itself_and_its_partners(tiny_data):
    plain = take(datasets.training_batches(tiny_data, 32, **HOW), 8)
    weights = []
    for step, (x, y) in enumerate(take(softened(tiny_data, 0, 0.1, 0.4), 8)):
        partners, weight = mixing.draws(32, seed=5, step=step, mixup=0.4)
        images, labels = plain[step]
        assert sorted(partners) == list(range(32))
        for i in range(32):
            row = np.full(4, 0.1 / 4)
            row[labels[i]] += 0.9 * weight
            row[labels[partners[i]]] += 0.9 * (1 - weight)
            np.testing.assert_allclose(y[i], row, atol=1e-6)
            image = weight * images[i] + (1 - weight) * images[partners[i]]
            np.testing.assert_allclose(x[i], image, atol=1e-3)
        weights.append(weight)
    assert len(set(weights)) == 8


def test_batches_that_go_on_are_those_without_the_stop(tiny_data):
    whole, rest = take(softened(tiny_data, 0, 0, 0.4), 8), take(softened(tiny_data, 5, 0, 0.4), 3)
    for (x, y), (x2, y2) in zip(whole[5:], rest, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)
    assert not softened(tiny_data, 0, 0, 0.4).options().autotune.enabled


def test_numpy_has_the_batches_of_tensorflow(tiny_data, monkeypatch):
    for smoothing, mixup in ((0.1, 0.0), (0.1, 0.4)):
        theirs = take(softened(tiny_data, 2, smoothing, mixup), 3)
        with monkeypatch.context() as patch:
            patch.setattr("keras.backend.backend", lambda: "jax")
            mine = softened(tiny_data, 2, smoothing, mixup)
        assert mine.num_batches is None
        for step, (x, y) in enumerate(theirs):
            np.testing.assert_allclose(mine[step][0], x, atol=1e-4)
            np.testing.assert_allclose(mine[step][1], y, atol=1e-6)


def test_smoothing_alone_leaves_the_images(tiny_data):
    (x, y), (x0, labels) = (
        take(batches, 1)[0]
        for batches in (
            softened(tiny_data, 0, 0.2, 0.0),
            datasets.training_batches(tiny_data, 32, **HOW),
        )
    )
    np.testing.assert_array_equal(x, x0)
    np.testing.assert_array_equal(y.argmax(1), labels)
    np.testing.assert_allclose(y.max(1), 0.85)


def test_weights_have_the_distribution_of_the_paper():
    drawn = [mixing.draws(2, seed=0, step=n, mixup=0.2)[1] for n in range(4_000)]
    # Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1))
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.03)
    assert np.var(drawn) == pytest.approx(1 / (4 * 1.4), abs=0.01)


@pytest.mark.parametrize("from_logits", [True, False])
def test_the_loss_is_keras_own_and_the_formula(from_logits):
    probabilities = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    out = LOGITS if from_logits else probabilities
    loss, s = SoftCrossEntropy(from_logits), 0.1
    rows = mixing.targets(LABELS, 4, s)
    formula = -(
        (1 - s) * np.log(probabilities)[range(4), LABELS] + s * np.log(probabilities).mean(1)
    )
    theirs = keras.losses.CategoricalCrossentropy(from_logits=from_logits, label_smoothing=s)
    assert float(loss(rows, out)) == pytest.approx(formula.mean(), rel=1e-5)
    assert float(loss(rows, out)) == pytest.approx(float(theirs(np.eye(4)[LABELS], out)), rel=1e-5)
    sharp = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    assert float(loss(LABELS, out)) == pytest.approx(float(sharp(LABELS, out)), rel=1e-6)
    back = SoftCrossEntropy.from_config(loss.get_config())
    assert float(back(rows, out)) == float(loss(rows, out))


def test_the_error_is_against_the_larger_share():
    rows = np.array([[0.7, 0.3, 0], [0.3, 0.7, 0], [0.1, 0.2, 0.7]], "float32")
    out = np.array([[2, 1, 0], [2, 1, 0], [2, 1, 0]], "float32")
    assert np.asarray(training.error(rows, out)).tolist() == [0, 1, 1]
    assert np.asarray(training.error(rows.argmax(1), out)).tolist() == [0, 1, 1]


@functools.cache
def _whole(spec, data):
    return training.train(spec, data, RECIPE, seed=1, verbose=0)


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def test_a_training_goes_on_as_if_it_had_not_stopped(tiny_spec, tiny_data, tmp_path):
    options = {"seed": 1, "verbose": 0, "name": "stopped", "checkpoints": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_spec, tiny_data, RECIPE, callbacks=(Stop(),), **options)
    run = training.train(tiny_spec, tiny_data, RECIPE, **options)
    assert run.interruptions == 1
    same(run, _whole(tiny_spec, tiny_data), rtol=1e-4)


def test_what_is_measured_at_the_end_is_of_images_and_labels_as_they_are(tiny_spec, tiny_data):
    run = _whole(tiny_spec, tiny_data)
    x = tiny_data.train.images.astype("float32") - tiny_data.mean
    out = run.model.predict(x, verbose=0)  # probabilities
    labels = tiny_data.train.labels
    loss = -np.log(out[range(len(out)), labels])
    assert run.final["train"]["loss"] == pytest.approx(loss.mean(), rel=1e-4)
    assert run.final["train"]["error"] == pytest.approx((out.argmax(1) != labels).mean())
    assert run.recipe["mixup"] == 0.4


def test_smoothing_changes_the_loss_and_not_what_an_error_is(tiny_spec, tiny_data):
    """At a rate of next to nothing the nets stay the same: so must the errors."""
    still = dataclasses.replace(RECIPE, learning_rate=1e-12, mixup=0.0, label_smoothing=0.0)
    sharp, smooth = (
        training.train(tiny_spec, tiny_data, recipe, seed=1, verbose=0).history
        for recipe in (still, still.with_label_smoothing(0.5))
    )
    for key in ("error", "validation_error", "validation_loss"):
        assert smooth[key] == pytest.approx(sharp[key], rel=1e-5), key
    assert abs(smooth["loss"][0] - sharp["loss"][0]) > 1e-4


def test_what_does_not_fit_is_refused(tiny_spec, tiny_data, monkeypatch):
    with pytest.raises(TypeError, match=r"tf.data.Dataset or a.*PyDataset.*list_iterator"):
        mixing.soft(iter([]), 4, 2, seed=0, first_step=0, smoothing=0.1, mixup=0.0)
    team = processes.Team(0, 2, 2)
    monkeypatch.setattr(processes, "team", lambda: team)
    with pytest.raises(ValueError, match=r"mixup.*2 processes.*mixup=0.4"):
        training.train(tiny_spec, tiny_data, RECIPE, seed=1)

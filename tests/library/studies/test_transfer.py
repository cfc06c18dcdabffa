"""transfer: features, a linear head, what is frozen, and the ways of chapter 6."""

import keras
import numpy as np
import pytest

import photo_archives
from helpers import datasets, networks, runs, training, weights
from helpers.__main__ import main
from helpers.studies import transfer
from photo_archives import encoded, plain

BREEDS = {0: "Abyssinian", 1: "american_bulldog", 5: "Bengal", 13: "english_setter"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four breeds of grey squares, each breed with levels of its own."""
    folder = tmp_path_factory.mktemp("pets")
    splits = {
        split: [
            (f"{breed}_{i}.jpg", label, encoded(plain(40 * place + i + 20, 60, 60)))
            for place, (label, breed) in enumerate(BREEDS.items())
            for i in range(first, first + n)
        ]
        for split, first, n in (("train", 1, 28), ("test", 10, 4))
    }
    photo_archives.pets(folder, splits)
    return folder


@pytest.fixture(scope="module")
def pets(folder):
    return datasets.load("oxford_iiit_pet", data_dir=folder)


@pytest.fixture(scope="module")
def seen(pets):
    return pets.only(transfer.BREEDS).preprocessed(transfer.prepared(transfer.SOURCE, 32))


@pytest.fixture
def model(seen):
    return networks.build("resnet20", **seen.build_arguments)


# --- features and the head ----------------------------------------------------------------


def test_squares_are_cut_as_224_from_256():
    assert (
        transfer.prepared("timm/resnet50.tv_in1k", 224)
        == weights.get("timm/resnet50.tv_in1k").preprocessing
    )
    ours = transfer.prepared(transfer.SOURCE, transfer.SIDE)
    assert (ours.resize, ours.crop, ours.scale) == (55, 48, 1.0)


def test_features_and_a_head_are_the_network(model, seen):
    x, y = transfer.features(model, seen, "test")
    assert x.shape == (12, 64)
    np.testing.assert_array_equal(y, seen.test.labels)
    kernel, bias = (np.array(w) for w in model.get_layer("fc").get_weights())
    logits = x @ kernel + bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = np.concatenate([model.predict_on_batch(b) for b, _ in seen.batches("test", 5)])
    np.testing.assert_allclose(p / p.sum(axis=1, keepdims=True), expected, atol=1e-5)
    with pytest.raises(ValueError, match="ends in `avg_pool`"):
        transfer.features(networks.build("vgg16", input_shape=(32, 32, 3)), seen, "test")


def test_the_head_is_where_the_slope_of_the_loss_is_zero():
    random = np.random.default_rng(0)
    x = random.normal(3, 2, (90, 4)).astype("float32")
    y = ((x - 3) @ random.normal(size=(4, 3)) + random.normal(size=(90, 3))).argmax(axis=1)
    kernel, bias = transfer.linear_head(x, y, 3, l2=0.1)
    std = x.std(axis=0)

    def loss(kernel, bias):
        logits = (x @ kernel + bias).astype("float64")
        likelihood = logits[np.arange(90), y] - np.log(np.exp(logits).sum(axis=1))
        return 0.05 * ((kernel * std[:, None]) ** 2).sum() - likelihood.mean()

    for array in (kernel, bias):
        for i in np.ndindex(array.shape):
            step = np.zeros_like(array, "float64")
            step[i] = 1e-3
            moved = [(kernel + s * step, bias) if array is kernel else (kernel, bias + s * step)
                     for s in (1, -1)]  # fmt: skip
            assert abs(loss(*moved[0]) - loss(*moved[1])) / 2e-3 < 1e-3


def test_a_constant_feature_does_no_harm():
    x, y = np.ones((6, 2), "float32"), np.array([0, 1, 0, 1, 0, 1])
    x[:, 0] = y
    kernel, bias = transfer.linear_head(x, y, 2)
    assert np.isfinite(kernel).all()
    np.testing.assert_array_equal((x @ kernel + bias).argmax(axis=1), y)


def test_two_classes_are_three_with_one_that_is_never_right():
    """scikit-learn learns one kernel for two classes; the solution is that of the softmax."""
    random = np.random.default_rng(1)
    x = random.normal(size=(60, 3)).astype("float32")
    y = (x[:, 0] + random.normal(size=60) > 0).astype(int)
    kernel, bias = transfer.linear_head(x, y, 2, l2=0.2)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    logits = x @ kernel + bias
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    slope = z.T @ (p - np.eye(2)[y]) / len(x) + 0.2 * kernel * x.std(axis=0)[:, None]
    assert abs(slope).max() < 1e-4 and abs((p - np.eye(2)[y]).mean(axis=0)).max() < 1e-4


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [0, -1, 2], [0, 1, 1]])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(ValueError, match=r"each class in 0\.\.2 at least one"):
        transfer.linear_head(np.zeros((len(labels), 2), "float32"), np.array(labels), 3)


# --- what is frozen -----------------------------------------------------------------------


@pytest.mark.parametrize("what", transfer.FROZEN)
def test_what_is_frozen_stays_as_it_is(model, seen, what):
    transfer.freeze(model, what)
    training.compile_model(model, transfer.METHODS["finetuned"].recipe)
    before = {w.path: keras.ops.convert_to_numpy(w) for w in model.weights}
    x, y = next(iter(seen.training_batches(24, seed=0)))
    model.train_on_batch(x, y)
    moved = {w.path for w in model.weights if abs(before[w.path] - np.asarray(w)).max() > 0}
    bn = {path for path in before if "_bn/" in path}
    fc = {path for path in before if path.startswith("fc/")}
    expected = {"body": fc, "bn": set(before) - bn, "nothing": set(before)}[what]
    assert moved <= expected
    assert moved >= expected - {path for path in expected if path.endswith("bias")}


def test_what_was_frozen_can_be_freed(model):
    count = len(model.trainable_weights)
    transfer.freeze(model, "body")
    assert len(model.trainable_weights) == 2
    transfer.freeze(model, "nothing")
    assert len(model.trainable_weights) == count
    with pytest.raises(ValueError, match="body, bn, nothing"):
        transfer.freeze(model, "head")


def test_the_error_on_the_statistics_of_batches(model, seen):
    """One batch of all: what the model says in training mode, and it stays what it was."""
    before = model.get_weights()
    images, labels = next(iter(seen.batches("test", 12)))
    said = keras.ops.convert_to_numpy(model(np.asarray(images), training=True)).argmax(axis=1)
    model.set_weights(before)
    found = transfer.error_by_batches(model, seen, "test", 12)
    assert found == pytest.approx(np.mean(said != np.asarray(labels)))
    assert 0 <= transfer.error_by_batches(model, seen, "test", 5) <= 1
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


# --- the ways -----------------------------------------------------------------------------


def test_a_recipe_is_measured_after_each_third():
    recipe = transfer.recipe("x", images=240, epochs=12, rate=0.1, batch_size=16)
    assert (recipe.steps, recipe.steps_per_epoch, recipe.boundaries) == (180, 60, (120,))
    odd = transfer.recipe("x", images=2_940, epochs=5, rate=0.1, batch_size=32)
    assert odd.steps % odd.steps_per_epoch == 0 and odd.steps // odd.steps_per_epoch == 3


@pytest.mark.parametrize("way", ["finetuned", "scratch"])
def test_a_way_is_trained_and_recorded_by_its_command(way, folder, monkeypatch, tmp_path):
    short = transfer.recipe(way, images=24, epochs=1, rate=1e-5, batch_size=8)
    chosen = transfer.METHODS[way]
    method = transfer.Method(chosen.pretrained, chosen.frozen, short)
    monkeypatch.setitem(transfer.METHODS, way, method)
    words = ["train", f"transfer/{way}", "--seed", "3", "--quiet", "--data-dir", str(folder)]
    assert main([*words, "--checkpoints", str(tmp_path / "unfinished")]) == 0
    run = runs.load(f"oxford_iiit_pet-resnet56-{way}-seed3")
    assert run.command == f"python -m helpers train transfer/{way} --seed 3"
    assert run.images == "Oxford-IIIT Pet (3 of 37 classes, 96 photographs)"
    assert (run.spec["num_classes"], run.spec["input_shape"]) == (3, [48, 48, 3])
    assert run.history["step"] == [1, 2, 3]
    assert main(words) == 1  # it is recorded already


def test_a_way_that_there_is_not_is_refused(pets, tiny_data):
    with pytest.raises(ValueError, match=r"finetuned, bn-trained.*'magic'"):
        transfer.train("magic", pets, seed=0)
    with pytest.raises(TypeError, match="photographs"):
        transfer.train("scratch", tiny_data, seed=0)

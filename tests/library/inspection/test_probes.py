"""Likeness of features by its definition, and classifiers that read the blocks."""

import builtins
import importlib.util

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs

SPEC = specs.narrowed(specs.resolve("resnet20", input_shape=(8, 8, 3), num_classes=4), 4)
BLOCKS = ["conv1"] + [f"conv{stage}_{block}" for stage in (2, 3, 4) for block in (1, 2, 3)]


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 8, 8, 3)).astype("float32"), rng.integers(0, 4, 16)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return networks.build(SPEC)


# --- likeness ------------------------------------------------------------------------------


@pytest.mark.parametrize("debiased", [False, True])
def test_turned_scaled_and_shifted_features_are_alike(debiased):
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(20, 2, 2, 3))
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    turned = maps.reshape(20, 12) @ rotation
    assert inspection.linear_cka(maps, turned, debiased=debiased) == pytest.approx(1)
    assert inspection.linear_cka(maps, 3 - 2 * maps, debiased=debiased) == pytest.approx(1)
    stretched = turned * np.linspace(0.1, 5, 12)
    assert inspection.linear_cka(maps, stretched, debiased=debiased) < 0.99


def test_cka_by_its_formula():
    """|B^T A|^2 / |A^T A| / |B^T B| of centred features, with matrices of p x q."""
    rng = np.random.default_rng(2)
    a = rng.normal(size=(9, 3)) + 5
    b = np.hstack([a[:, :1] ** 2, rng.normal(size=(9, 4))])
    x, y = a - a.mean(0), b - b.mean(0)
    norm = np.linalg.norm
    expected = norm(y.T @ x) ** 2 / norm(x.T @ x) / norm(y.T @ y)
    assert 0.05 < expected < 0.95
    assert inspection.linear_cka(a, b) == pytest.approx(expected)
    matrix = inspection.cka_matrix({"a": a, "b": b, "c": a[:, :2]})
    assert matrix == pytest.approx(matrix.T)
    assert np.diag(matrix) == pytest.approx(1)
    assert matrix[1, 2] == pytest.approx(inspection.linear_cka(b, a[:, :2]))


def hsic(k, m):
    """Equation 3 of Nguyen et al. 2021, term by term."""
    n = len(k)
    k, m = (x - np.diag(np.diag(x)) for x in (k, m))
    one = np.ones(n)
    terms = np.trace(k @ m), (one @ k @ one) * (one @ m @ one), one @ k @ m @ one
    return (terms[0] + terms[1] / (n - 1) / (n - 2) - 2 * terms[2] / (n - 2)) / n / (n - 3)


def test_debiased_cka_by_its_formula():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(8, 3)) + 1, rng.normal(size=(8, 5))
    b[:, 0] += 2 * a[:, 0]
    k, m = a @ a.T, b @ b.T
    expected = hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))
    assert inspection.linear_cka(a, b, debiased=True) == pytest.approx(expected)
    assert abs(expected - inspection.linear_cka(a, b)) > 0.02


def test_many_features_of_few_images_look_alike_unless_debiased():
    """The share for noise is known: p / (n + p) for p features of n images, both large."""
    rng = np.random.default_rng(4)
    pairs = [rng.normal(size=(2, 40, 160)) for _ in range(20)]
    plain = np.mean([inspection.linear_cka(*pair) for pair in pairs])
    debiased = np.mean([inspection.linear_cka(*pair, debiased=True) for pair in pairs])
    assert plain == pytest.approx(160 / (40 + 160), abs=0.02)
    assert abs(debiased) < 0.02


def test_features_that_cannot_be_compared_are_refused():
    a = np.random.default_rng(5).normal(size=(6, 3))
    for b in (a[:5], a[0], a[:0]):
        with pytest.raises(ValueError, match="of the same images"):
            inspection.linear_cka(a, b)
    assert np.isfinite(inspection.linear_cka(a[:3], a[3:]))
    with pytest.raises(ValueError, match="at least 4 images"):
        inspection.linear_cka(a[:3], a[3:], debiased=True)
    with pytest.raises(ValueError, match=r"differ by image.* in b"):
        inspection.linear_cka(a, np.full((6, 2), 0.1))
    with pytest.raises(ValueError, match=r"finite features.* in b"):
        inspection.linear_cka(a, a * np.nan)


# --- blocks --------------------------------------------------------------------------------


def test_features_are_what_each_block_puts_out(batch, model):
    images, _ = batch
    maps = inspection.block_features(model, images, pooled=False, batch_size=5)
    means = inspection.block_features(model, images, batch_size=16)
    assert list(maps) == list(means) == BLOCKS
    for name in BLOCKS:
        x = keras.Model(model.input, model.get_layer(f"{name}_relu").output)(images, training=False)
        x = keras.ops.convert_to_numpy(x)
        assert maps[name] == pytest.approx(x, abs=1e-5)
        assert means[name] == pytest.approx(x.mean((1, 2)), abs=1e-5)
    one = inspection.block_features(model, images[:1])
    assert one["conv4_3"] == pytest.approx(means["conv4_3"][:1], abs=1e-5)


def test_the_classifier_reads_each_block_of_the_last_stage(batch, model):
    """By NumPy from the pooled features; the last exit is the net's own."""
    images, labels = batch
    exits = inspection.early_exits(model, images, labels, batch_size=5)
    assert list(exits) == ["conv4_1", "conv4_2", "conv4_3"]
    features = inspection.block_features(model, images)
    kernel, bias = model.get_layer("fc").get_weights()
    for name, error in exits.items():
        said = (features[name] @ kernel + bias).argmax(1)
        assert error == pytest.approx(100 * np.mean(said != labels))
    own = keras.ops.convert_to_numpy(model(images, training=False)).argmax(1)
    assert exits["conv4_3"] == pytest.approx(100 * np.mean(own != labels))
    assert inspection.early_exits(model, images, own)["conv4_3"] == 0


def test_a_resnet_of_keras_has_exits():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    said = keras.ops.convert_to_numpy(model(images, training=False)).argmax(1)
    exits = inspection.early_exits(model, images, said)
    assert len(exits) == 3
    assert list(exits.values())[-1] == 0


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="no scikit-learn")
def test_a_probe_finds_what_can_be_read_off(model):
    """The class is the mean colour, in every block; labels by lot can be read nowhere."""
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 2, 120)
    images = rng.normal(size=(120, 8, 8, 3)).astype("float32") + 2 * labels[:, None, None, None]
    train, test = (images[:80], labels[:80]), (images[80:], labels[80:])
    errors = inspection.linear_probes(model, *train, *test)
    assert list(errors) == BLOCKS
    assert max(errors.values()) < 10
    by_lot = inspection.linear_probes(model, train[0], rng.permutation(train[1]), *test)
    assert np.mean(list(by_lot.values())) > 25


def test_without_scikit_learn_an_error_says_what_to_install(batch, model, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"pip install .scikit-learn"):
        inspection.linear_probes(model, *batch, *batch)


def test_images_and_labels_that_do_not_fit_are_refused(batch, model):
    images, labels = batch
    with pytest.raises(ValueError, match=r"images \(N, 8, 8, 3\)"):
        inspection.block_features(model, images[:, ::2, ::2])
    with pytest.raises(ValueError, match="at least one image"):
        inspection.block_features(model, images[:0])
    with pytest.raises(ValueError, match="`batch_size` must be an integer"):
        inspection.block_features(model, images, batch_size=0)
    with pytest.raises(ValueError, match="one label each"):
        inspection.early_exits(model, images, labels[:3])

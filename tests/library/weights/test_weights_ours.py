"""The weights that the book keeps of its own net: they load, and give the recorded error."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from helpers import datasets, networks, recipes, runs, training, weights
from helpers.weights import published

OURS = weights.get("book/resnet56.cifar10")


def test_it_loads_by_its_name_and_is_verified():
    model = networks.build(OURS.network)
    before = model.get_layer("conv1_conv").get_weights()[0]
    loaded = weights.load(model, OURS.name)
    assert (loaded.source, loaded.sha256, loaded.verified) == (OURS.name, OURS.sha256, True)
    assert loaded.preprocessing == OURS.preprocessing
    assert abs(model.get_layer("conv1_conv").get_weights()[0] - before).max() > 0.01
    by_path = networks.build(OURS.network)
    assert weights.load(by_path, OURS.file).preprocessing == OURS.preprocessing
    for one, other in zip(model.get_weights(), by_path.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_for_other_classes_the_classifier_stays():
    model = networks.build(OURS.network, input_shape=(48, 48, 3), num_classes=3)
    before = model.get_layer("fc").get_weights()
    weights.load(model, OURS.name, head=False)
    for one, other in zip(before, model.get_layer("fc").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_file_that_is_missing_or_another_is_refused(tmp_path, monkeypatch):
    model = networks.build(OURS.network)
    start = model.get_weights()
    for path, error, message in (
        (tmp_path / "none.safetensors", FileNotFoundError, "comes with the book's repository"),
        (weights.save(model, tmp_path / "other.safetensors"), ValueError, "expected the SHA-256"),
    ):
        other = dataclasses.replace(OURS, file=path)
        monkeypatch.setitem(published._SOURCES, OURS.name, other)
        with pytest.raises(error, match=message):
            weights.load(model, OURS.name)
    with pytest.raises(ValueError, match=r"fits networks.build\(\"resnet56\"\)"):
        weights.load(networks.build("resnet32"), OURS.name)
    for one, two in zip(start, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.fixture(scope="module")
def cifar10():
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "cifar10").is_dir():
        pytest.skip("no CIFAR-10 on this machine: set TFDS_DATA_DIR to the folder of cifar10/")
    data = datasets.load("cifar10", data_dir=folder)
    if "JPEG" not in data.description:
        pytest.skip("the record is of CIFAR-10 (JPEG); these images are the original ones")
    return data


def test_the_recorded_test_error_comes_out(cifar10, book_records):
    """It was trained in mixed_bfloat16; here it computes in float32."""
    run = runs.load(OURS.file.stem)
    model = networks.build(OURS.network)
    weights.load(model, OURS.name)
    training.compile_model(model, recipes.HE2015_CIFAR10)
    found = training.evaluate(model, cifar10, "test")["error"]
    assert 100 * abs(found - run.final["test"]["error"]) < 0.3
    np.testing.assert_allclose(OURS.preprocessing.mean, cifar10.mean.mean((0, 1)), atol=0.01)


@pytest.mark.parametrize("net", ["plain20", "plain56", "resnet20", "resnet56"])
def test_the_nets_at_full_size_err_as_often_as_recorded(net, cifar10, book_records):
    """On the first 1,000 test images, to four standard errors of their share."""
    run = runs.load(f"cifar10-{net}-late-drops-seed0")
    model = networks.build(net)
    weights.load(model, runs.directory() / "weights" / f"{run.name}.safetensors")
    some = cifar10.test.images[:1_000] - cifar10.mean
    found = (model.predict(some, verbose=0).argmax(-1) != cifar10.test.labels[:1_000]).mean()
    expected = run.final["test"]["error"]
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / len(some))

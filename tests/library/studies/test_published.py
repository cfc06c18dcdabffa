"""published: nets that others trained in full, as we measured them."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from helpers import counting, networks, runs, specs, weights
from helpers.__main__ import main
from helpers.datasets import memory
from helpers.studies import published
from helpers.weights import addresses, hub
from helpers.weights import published as table

DEPTHS = (20, 32, 44, 56)
KINDS = ("plain, a-martyn", "residual, a-martyn", "residual, akamaster")
# A measurement of its own, made earlier, with other code: training error in per cent and loss.
EARLIER = {
    KINDS[0]: ((0.47, 0.0174), (0.45, 0.0126), (2.25, 0.0653), (2.30, 0.0656)),
    KINDS[1]: ((0.22, 0.0099), (0.12, 0.0046), (0.00, 0.0018), (0.03, 0.0017)),
    KINDS[2]: ((0.20, 0.0085), (0.00, 0.0018), (0.03, 0.0013), (0.00, 0.0005)),
}
JPEG_TEST = {KINDS[0]: (20.1, 18.5, 21.1, 19.0), KINDS[1]: (18.4, 17.5, 16.7, 15.7)}
# What the logs say: training error after the last epoch, test error then and at its least.
LOGGED = {
    "plain": ((0.74, 9.69, 9.5), (0.79, 10.04, 9.92), (2.76, 11.56, 11.35), (3.33, 13.07, 12.76)),
    "resnet": ((0.40, 8.04, 8.0), (0.12, 7.79, 7.51), (0.05, 7.51, 7.38), (0.04, 7.46, 7.33)),
}


def close(found, expected, digits):
    """To the last printed digit, or one beside it where the next digit is a 5."""
    return abs(found - expected) < 0.51 * 10**-digits + 1e-9


def test_the_record_has_twelve_nets_by_kind_and_depth(book_records):
    nets = published.measured()
    assert [net.source for net in nets] == list(published.NAMES)
    assert [(f"{n.kind}, {n.owner}", n.depth) for n in nets] == [
        (kind, depth) for kind in KINDS for depth in DEPTHS
    ]
    for net in nets:
        assert net.network == weights.get(net.source).network
        assert published.get(net.network, net.owner) == net


def test_the_numbers_are_those_of_an_earlier_measurement(book_records):
    errors, losses = (published.by_depth(f"training_{what}") for what in ("error", "loss"))
    test = published.by_depth("jpeg_test_error")
    assert tuple(errors) == tuple(losses) == tuple(test) == KINDS
    for kind, pairs in EARLIER.items():
        for depth, (error, loss) in zip(DEPTHS, pairs, strict=True):
            assert close(errors[kind][depth], error, 2), (kind, depth)
            assert close(losses[kind][depth], loss, 4), (kind, depth)
    compared = {
        (kind, depth): close(test[kind][depth], error, 1)
        for kind, expected in JPEG_TEST.items()
        for depth, error in zip(DEPTHS, expected, strict=True)
        if test[kind][depth] is not None  # the copy may be measured later
    }
    assert compared and all(compared.values()), compared


def test_the_training_loss_rises_with_depth_in_plain_nets_and_falls_in_residual_ones(book_records):
    """What the record is kept for."""
    losses = {kind: list(line.values()) for kind, line in published.by_depth().items()}
    plain, *residual = losses.values()
    assert min(plain[2:]) > 3 * max(plain[:2])
    assert all(line == sorted(line, reverse=True) for line in residual)
    assert max(loss for line in residual for loss in line) < min(plain)


def test_the_logs_of_the_authors_are_cited(book_records):
    for name, expected in LOGGED.items():
        for depth, (training, test, best) in zip(DEPTHS, expected, strict=True):
            net = published.get(f"{name}{depth}")
            assert close(net.logged_training.last, training, 2)
            assert close(net.logged_test.last, test, 2) and close(net.logged_test.best, best, 2)
            assert net.logged_test.last_epoch == 164 >= net.logged_test.best_epoch
            assert net.logged_training.best <= net.logged_training.last
    akamaster = published.get("resnet56", "akamaster")
    assert akamaster.logged_training is akamaster.logged_test is None


def test_the_record_says_how_it_was_made(book_records):
    record = published.record()
    command = record["command"].split()
    assert command[:5] == ["python", "-m", "helpers", "published", "--originals"]
    images = record["images"]
    assert [images[key]["number"] for key in images] == [4_000, 4_000, 10_000]
    assert images["originals"]["description"] == "CIFAR-10"
    assert {images[key]["description"] for key in ("train", "test")} == {"CIFAR-10 (JPEG)"}
    assert {"helpers", "python", "keras", "numpy"} <= set(record["versions"])
    assert record["hardware"]["processor"]
    for entry in record["nets"]:
        source = weights.get(entry["source"])
        assert entry["sha256"] == source.sha256
        assert entry["read"]["verified"] == (entry["read"]["sha256"] == source.sha256)
        for key, split in entry["measured"].items():
            wrong = split["error"] * images[key]["number"]
            assert wrong == pytest.approx(round(wrong), abs=1e-6)


def test_a_table_and_what_is_no_quantity(book_records):
    text = runs.table(published.rows(), digits=4).splitlines()
    assert text[0].split() == ["nets", "20", "32", "44", "56"]
    assert len(text) == 4 and text[1].startswith("plain, a-martyn")
    with pytest.raises(ValueError, match="one of training_error, training_loss, jpeg_training"):
        published.by_depth("accuracy")
    with pytest.raises(ValueError, match=r"plain20 of a-martyn, .*network='plain20', owner='aka"):
        published.get("plain20", "akamaster")


# --- measuring ----------------------------------------------------------------------------


@pytest.fixture
def originals(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (4_000, 32, 32, 3), dtype="uint8")
    path = tmp_path / "originals.npz"
    np.savez(path, images=images, labels=random.integers(0, 10, 4_000))
    return path


@pytest.fixture
def at_hand(tmp_path, monkeypatch):
    """Two nets of random weights in the place of published ones, and the log of one."""
    monkeypatch.setenv(addresses.AT_HAND, str(tmp_path))
    for name in ("a-martyn/plainnet20", "akamaster/resnet20"):
        model = networks.build(weights.get(name).network)
        path = tmp_path / f"{name}.safetensors"
        path.parent.mkdir()
        weights.save(model, path)
        source = dataclasses.replace(weights.get(name), option_a="zeros behind")
        monkeypatch.setitem(table._SOURCES, name, source)
    log = tmp_path / "a-martyn" / "plainnet20.csv"
    log.write_text("epoch,train_loss,train_err,test_err\n0,2,.5,.4\n1,1,.2,.3\n2,1,.25,.35\n")
    monkeypatch.setitem(published._LOGS, "plainnet20", hub.checksum(log))
    return tmp_path


@pytest.fixture
def some(monkeypatch):
    """So few images that it takes a moment."""
    monkeypatch.setattr(published, "TRAINING_IMAGES", 40)
    random = np.random.default_rng(1)
    parts = [
        memory.Split(random.integers(0, 256, (n, 32, 32, 3), dtype="uint8"), np.arange(n) % 10)
        for n in (50, 10, 30)
    ]
    return memory.Data("cifar10", "some images", tuple("abcdefghij"), *parts)


@pytest.fixture
def few(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8")
    np.savez(tmp_path / "few.npz", images=images, labels=np.arange(40) % 10)
    return tmp_path / "few.npz"


def test_what_is_recorded_is_left_out_and_the_rest_goes_on(at_hand, some, few, capsys):
    names = ("akamaster/resnet20", "a-martyn/plainnet20")
    path = published.measure(some, few, names=names[:1], command="x")
    first = json.loads(path.read_text())["nets"]
    partly = json.loads(path.read_text())  # as if it was interrupted before the copy
    del partly["nets"][0]["measured"]["test"]
    runs.write_json(path, partly)
    assert published.get("resnet20", "akamaster").jpeg_test_error is None
    assert published.measure(some, few, names=names) == path
    assert capsys.readouterr().out.count("akamaster/resnet20") == 3  # originals, copy, copy
    whole = json.loads(path.read_text())
    assert [n["source"] for n in whole["nets"]] == sorted(names)
    assert whole["nets"][1]["measured"] == first[0]["measured"]
    assert whole["nets"][0]["log"] == {
        "url": weights.get(names[1]).url.replace("pretrained", "results").replace(".pt", ".csv"),
        "sha256": published._LOGS["plainnet20"],
        "epochs": 3,
        "train_err": {"last": 0.25, "best": 0.2, "best_epoch": 2},
        "test_err": {"last": 0.35, "best": 0.3, "best_epoch": 2},
    }
    assert published.get("plain20").logged_test == published.Log(35, 3, 30, 2)
    other = dataclasses.replace(some, description="others")
    with pytest.raises(ValueError, match=r"on other images or by other versions\. Remove it"):
        published.measure(other, few)


def test_error_and_loss_are_those_of_the_network(at_hand, some, few):
    """Against Keras' own, on images that are made ready by hand."""
    name, split = "akamaster/resnet20", published.originals(few)
    found = published.evaluate(name, split, batch_size=7)
    model = networks.build("resnet20")
    weights.load(model, at_hand / f"{name}.safetensors")
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x = ((split.images / 255 - mean) / std).astype("float32")
    loss, accuracy = model.evaluate(x, split.labels, verbose=0)
    assert found["loss"] == pytest.approx(loss, rel=1e-4)
    assert found["error"] == pytest.approx(1 - accuracy, abs=1e-6)


def test_other_images_are_refused(originals, tmp_path):
    assert len(published.originals(originals)) == 4_000
    for arrays, match in (
        (
            {"images": np.zeros((3, 32, 32, 3), "uint8"), "labels": np.zeros(3)},
            "of shape .4000, 32",
        ),
        ({"images": np.zeros((4000, 32, 32, 3)), "labels": np.zeros(4000)}, "float64 of shape"),
        ({"x": np.zeros(3)}, r"must hold `images` and `labels`. Received: \['x'\]"),
    ):
        np.savez(tmp_path / "other.npz", **arrays)
        with pytest.raises(ValueError, match=match):
            published.originals(tmp_path / "other.npz")


def test_the_command(at_hand, some, few, monkeypatch, capsys):
    monkeypatch.setattr("helpers.datasets.load", lambda *_, **__: some)
    monkeypatch.setattr(published, "NAMES", ("a-martyn/plainnet20",))
    measure = published.measure
    only = {"names": ("a-martyn/plainnet20",)}
    monkeypatch.setattr(published, "measure", lambda *a, **kw: measure(*a, **kw, **only))
    assert main(["published", "--originals", str(few)]) == 0
    assert "recorded in " in capsys.readouterr().out
    assert published.record()["command"] == "python -m helpers published --originals few.npz"
    assert main(["published", "--originals", str(few) + "x"]) == 1


def test_without_a_record_it_is_said_how_to_make_one():
    with pytest.raises(FileNotFoundError, match="python -m helpers published"):
        published.measured()


# --- on the published weights themselves, where they are at hand --------------------------

FOLDER = os.environ.get(addresses.AT_HAND)


@pytest.mark.skipif(not FOLDER, reason=f"{addresses.AT_HAND} names no folder of published weights")
@pytest.mark.parametrize("network,owner", [("plain20", "a-martyn"), ("resnet20", "akamaster")])
def test_the_recorded_numbers_come_out(network, owner, book_records):
    net = published.get(network, owner)
    split = published.originals(Path(FOLDER) / "cifar10-originals" / "train-first-4000.npz")
    found = published.evaluate(net.source, split)
    assert 100 * found["error"] == pytest.approx(net.training_error, abs=0.026)
    assert found["loss"] == pytest.approx(net.training_loss, rel=1e-3)


def test_every_net_has_the_layers_that_its_name_says():
    for name in published.NAMES:
        network = weights.get(name).network
        assert specs.get(network).depth == int(name[-2:])
        assert counting.parameters(network) == counting.parameters(f"plain{name[-2:]}")

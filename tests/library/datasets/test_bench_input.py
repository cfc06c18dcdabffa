"""python -m helpers bench-input: images per second, of photographs alone."""

import pytest

import photo_archives
from helpers import datasets
from helpers.__main__ import main
from helpers.datasets.photos import decoding, speed
from photo_archives import encoded, gradient


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One breed in TensorFlow Datasets' layout: 23 images of 60 x 80."""
    folder = tmp_path_factory.mktemp("pets")
    file = encoded(gradient(60, 80))
    entries = [(f"Abyssinian_{i}.jpg", 0, file) for i in range(23)]
    photo_archives.pets(folder, {"train": entries, "test": entries[:2]})
    return folder


def test_it_prints_images_per_second(folder, capsys, monkeypatch):
    monkeypatch.setattr(speed, "cores", lambda: 2)
    rounds = speed.measure.__kwdefaults__
    monkeypatch.setitem(rounds, "rounds", 1)
    command = ["bench-input", "oxford_iiit_pet", "--seconds", "0.01", "--batch", "2"]
    assert main([*command, "--data-dir", str(folder)]) == 0
    title, head, one, two = capsys.readouterr().out.splitlines()
    assert "Oxford-IIIT Pet (1 of 37 breeds" in title and "224 x 224, batches of 2" in title
    assert all(order in head for order in decoding.ORDERS)
    for line, threads in ((one, "1"), (two, "2")):
        found, *rates, first, _, second = line.split()
        assert found == threads and len(rates) == 3
        rates = [int(rate.replace(",", "")) for rate in rates]
        assert min(rates) > 0
        assert float(first) == pytest.approx(rates[0] / rates[1], abs=0.1, rel=0.1)
        assert float(second) == pytest.approx(rates[0] / rates[2], abs=0.1, rel=0.1)


def test_orders_take_turns(folder, monkeypatch):
    """So that what else the machine does falls on all of them; the middle one counts."""
    calls, rates = [], iter([5.0, 1.0, 9.0, 6.0, 2.0, 7.0, 50.0, 3.0, 8.0])
    data = datasets.load("oxford_iiit_pet", data_dir=folder)
    monkeypatch.setattr(speed, "cores", lambda: 1)
    monkeypatch.setattr(speed, "_rate", lambda *_: next(rates))
    monkeypatch.setattr(
        datasets.Photos,
        "training_batches",
        lambda self, n, *, order, **how: calls.append((order, how)) or iter(()),
    )
    found = speed.measure(data, batch_size=2, seconds=1, rounds=3)
    assert [order for order, _ in calls] == list(decoding.ORDERS) * 3
    assert [how["seed"] for _, how in calls] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found == dict(zip([(1, o) for o in decoding.ORDERS], (6.0, 2.0, 8.0), strict=True))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("shapes", "oxford_iiit_pet or imagenet2012"),
        ("mnist", "imagenet2012"),
        ("imagenet2012 --data-dir nowhere", "ILSVRC2012_img_train.tar"),
        ("oxford_iiit_pet --manual-dir here", "manual_dir"),
        ("oxford_iiit_pet --seconds 0 --data-dir FOLDER", "seconds=0"),
        ("oxford_iiit_pet --batch 0 --data-dir FOLDER", "batch_size=0"),
        ("oxford_iiit_pet --batch 99 --data-dir FOLDER", "at most the 3"),
    ],
)
def test_a_mistake_is_one_line(folder, command, expected, capsys, monkeypatch):
    monkeypatch.setitem(datasets.LOADERS, "shapes", lambda _: None)
    words = [str(folder) if word == "FOLDER" else word for word in command.split()]
    assert main(["bench-input", *words]) == 1
    error = capsys.readouterr().err.strip()
    assert expected in error.splitlines()[-1]

"""studies.pieces: several trainings share a device, end in time, and go on in the next piece.

Every training is a real process, on this machine's processors.
"""

import sys

import pytest

import several_processes
from helpers import runs, studies
from helpers.__main__ import main
from helpers.training import on_device
from records import same

pytestmark = pytest.mark.jax

WORKER = (sys.executable, several_processes.__file__)
# 168 images are 5 batches of 32, so this is three epochs.
STUDY = """
title = "two seeds"
data = "shapes"
batch = 32
steps = 15
on_device = true
follow_test = true

[[runs]]
networks = ["tiny6"]
seeds = [0, 1]
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    several_processes.install(monkeypatch)
    path = tmp_path / "two.toml"
    path.write_text(STUDY)
    return path


def piece(study, folder, **changes):
    """What a piece says."""
    said = []
    arguments = {"minutes": 30, "folder": folder, "program": WORKER, "say": said.append, **changes}
    studies.pieces.run(study, **arguments)
    return "\n".join(said)


def test_a_study_in_pieces_records_what_it_would_in_one(file, tmp_path, monkeypatch, capsys):
    study, folder = studies.load(file), tmp_path / "piece"
    data = several_processes.datasets.load("shapes")
    whole = [plan.train(data, checkpoints=tmp_path / "whole", verbose=0) for plan in study.plans]
    names = runs.names()
    monkeypatch.setenv("RESNET_BOOK_RESULTS", str(tmp_path / "none"))
    with monkeypatch.context() as patch:  # the first of them, stopped after an epoch
        patch.setattr(on_device, "_ALMOST", 1e9)
        study.plans[0].train(data, checkpoints=folder, minutes=60)
    status = ["study", str(file), "--status", "--checkpoints", str(folder)]
    assert main(status) == 0
    out = capsys.readouterr().out
    assert "interrupted after 1 epoch\n" in out and "to do\n" in out

    file.write_text(STUDY.replace("on_device = true", ""))  # a piece trains on the device anyway
    said = piece(studies.load(file), folder)
    assert "0 of 2 are recorded" in said
    assert f"{names[0]} goes on after epoch 1\n" in said
    assert f"{names[1]} begins\n" in said
    assert "tiny6, seed 1: epoch 3 of 3: training error" in said
    assert said.endswith("two: all 2 trainings are recorded.")
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.json" for name in names]
    for expected in whole:
        found = runs.load(folder / f"{expected.name}.json")
        same(found, expected, rtol=1e-6)
        assert found.interruptions == 1 - found.seed
        assert (found.command, found.recipe) == (expected.command, expected.recipe)
    assert main(status) == 0
    assert capsys.readouterr().out.count(" recorded\n") == 2
    assert "2 of 2 are recorded" in piece(study, folder, program=("false",))


def test_a_piece_ends_in_time_and_says_what_is_left(file, tmp_path):
    said = piece(studies.load(file), tmp_path / "piece", minutes=0.001)
    assert said.endswith("Left: 2 of 2 trainings. The same command goes on.")
    assert not list((tmp_path / "piece").iterdir())


def test_an_error_of_one_training_is_told_at_the_end(file, tmp_path):
    said = []
    with pytest.raises(studies.Failed, match=r"seed0.*seed1"):
        options = {"options": ["--npz", "nowhere.npz"], "say": said.append}
        piece(studies.load(file), tmp_path / "piece", together=1, **options)
    assert sum("There is no file nowhere.npz" in line for line in said) == 2


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            (STUDY, 'title = "one"\n[[runs]]\ntrainings = ["repair/plain"]'),
            ["study", "FILE", "--minutes", "8"],
            "not `trainings` that chapters name",
        ),
        (("", ""), ["study", "FILE", "--minutes", "-8"], "positive `minutes`"),
        (("", ""), ["study", "FILE", "--minutes", "8", "--together", "0"], "at least one"),
        (("", ""), ["study", "FILE", "--minutes", "8", "--weights", "x"], "keep_weights"),
        (("", ""), ["train", "tiny6", "--minutes", "8"], "goes with --on-device"),
        (
            ("", ""),
            ["train", "tiny6", "--on-device", "--tensorboard", "x"],
            "goes without --on-device",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change, arguments, message, file, capsys):
    file.write_text(file.read_text().replace(*change))
    assert main([str(file) if word == "FILE" else word for word in arguments]) == 1
    assert message in capsys.readouterr().err

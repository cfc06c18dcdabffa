"""studies: two processes at one study, and one that is interrupted where weights are kept."""

import pytest

from helpers import datasets, runs, studies, weights
from helpers.__main__ import main
from helpers.support import locks

STUDY = """
title = "two nets"
data = "shapes"
recipe = "he2015-cifar10"
epochs = 2

[[runs]]
networks = ["tiny6"]
seeds = [0, 1]
"""
NAMES = [f"shapes-tiny6-he2015-cifar10-2steps-seed{seed}" for seed in (0, 1)]


@pytest.fixture
def study(small, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(STUDY)
    return path


def test_a_training_of_another_process_is_left_to_it(study, tmp_path, capsys):
    command = ["study", str(study), "--checkpoints", str(tmp_path)]
    with locks.held(tmp_path / f".{NAMES[1]}.lock", "held by this test"):
        assert main(command) == 0
    out = capsys.readouterr().out
    assert runs.names() == NAMES[:1]
    assert f"Another process trains {NAMES[1]}: it is left to that." in out
    assert f"left to other processes: {NAMES[1]}" in out and "are recorded." in out
    assert main(command) == 0
    assert "all 2 trainings are recorded" in capsys.readouterr().out


def test_what_another_process_records_meanwhile_is_left_as_it_is(study, tmp_path, capsys):
    found = studies.load(study)

    def load(name):
        if not runs.names():
            (runs.directory() / f"{NAMES[0]}.json").write_text("of another process")
        return datasets.load(name)

    runs_done = studies.run(found, load=load, checkpoints=tmp_path, verbose=0)
    assert [run.name for run in runs_done] == NAMES[1:]
    assert f"Another process has recorded {NAMES[0]} meanwhile." in capsys.readouterr().out
    assert (runs.directory() / f"{NAMES[0]}.json").read_text() == "of another process"


def test_no_record_lacks_its_weights(study, tmp_path, monkeypatch):
    """Interrupted while the weights are written, the same call writes them."""
    found = studies.Study("first", "first", studies.load(study).plans[:1])
    folder = tmp_path / "weights"
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(weights, "save", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        studies.run(found, checkpoints=tmp_path, weights_folder=folder, verbose=0)
    assert runs.names() == []
    studies.run(found, checkpoints=tmp_path, weights_folder=folder, verbose=0)
    assert runs.names() == NAMES[:1] and runs.load(NAMES[0]).interruptions == 1
    assert [path.name for path in folder.iterdir()] == [f"{NAMES[0]}.safetensors"]

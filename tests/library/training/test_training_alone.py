"""One training of a record at a time, and what is kept with a record is never missing."""

import shutil

import keras
import pytest

from helpers import runs, training, weights
from helpers.recipes import Recipe
from helpers.support import locks
from helpers.training.callbacks import epochs_done

RECIPE = Recipe("brief", "tests", steps=6, batch_size=64, boundaries=(4,))


def train(spec, data, **arguments):
    return training.train(spec, data, RECIPE, seed=1, name="mine", verbose=0, **arguments)


@pytest.mark.parametrize("where", ["records", "checkpoints"])
def test_a_second_training_of_the_same_name_is_refused(where, tiny_spec, tiny_data, tmp_path):
    arguments = {"save": True, "checkpoints": tmp_path}
    folder = runs.directory() if where == "records" else tmp_path
    message = r"Another process trains mine in .*Wait for its end, .*another `name` \(--name\)"
    with (
        locks.held(folder / ".mine.lock", "held by this test"),
        pytest.raises(locks.LockedError, match=message),
    ):
        train(tiny_spec, tiny_data, **arguments)
    assert runs.names() == [] and list(tmp_path.iterdir()) == []
    train(tiny_spec, tiny_data, **arguments)
    assert [path.name for path in runs.directory().iterdir()] == ["mine.json"]
    assert list(tmp_path.iterdir()) == []


def test_records_and_checkpoints_may_have_one_folder(tiny_spec, tiny_data):
    train(tiny_spec, tiny_data, save=True, checkpoints=runs.directory())
    assert [path.name for path in runs.directory().iterdir()] == ["mine.json"]


def test_what_a_killed_process_left_unfinished_is_removed(tiny_spec, tiny_data, tmp_path):
    left = [
        runs.directory() / ".mine.json.a1b2c3d4.tmp",
        runs.directory() / "weights" / ".mine.safetensors.a1b2c3d4.tmp",
        tmp_path / ".mine.state.safetensors.a1b2c3d4.tmp",
    ]
    other = tmp_path / ".mine2.state.safetensors.a1b2c3d4.tmp"
    for path in (*left, other):
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    train(tiny_spec, tiny_data, save=True, checkpoints=tmp_path)
    assert not any(path.exists() for path in left) and other.exists()


@pytest.mark.parametrize("at", ["finish", "keep", "save"])
def test_epochs_are_kept_until_all_is_recorded(at, tiny_spec, tiny_data, tmp_path, monkeypatch):
    """Interrupted behind the last epoch, the same call trains no step again."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    def finish(run):
        run.extra = {"measured": run.final["test"]["loss"]}
        if at == "finish" and stopping:
            stop()

    steps, stopping = [], [True]
    arguments = {"save": True, "keep_weights": True, "checkpoints": tmp_path, "finish": finish}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        if at == "keep":
            patched.setattr(weights, "save", stop)
        if at == "save":
            patched.setattr(runs, "save", stop)
        train(tiny_spec, tiny_data, **arguments)
    assert runs.names() == [] and epochs_done(tmp_path, "mine") == 2
    stopping.clear()
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, _: steps.append(step))
    run = train(tiny_spec, tiny_data, callbacks=(count,), **arguments)
    assert steps == [] and run.interruptions == 1
    assert runs.load("mine").extra == {"measured": run.final["test"]["loss"]}
    assert (runs.directory() / "weights" / "mine.safetensors").is_file()
    assert list(tmp_path.iterdir()) == []


def test_a_state_is_removed_under_another_name(tiny_spec, tiny_data, tmp_path, monkeypatch):
    """A process that is killed while it removes leaves nothing that looks like a state."""
    removed = []

    def seen(path, **_):
        removed.append(path)

    def finish(run):
        monkeypatch.setattr(shutil, "rmtree", seen)

    train(tiny_spec, tiny_data, checkpoints=tmp_path, finish=finish)
    assert set(removed) == {tmp_path / ".mine.removed"}
    assert [path.name for path in tmp_path.iterdir()] == [".mine.removed"]
    assert epochs_done(tmp_path, "mine") == 0
    monkeypatch.undo()
    assert train(tiny_spec, tiny_data, checkpoints=tmp_path).interruptions == 0

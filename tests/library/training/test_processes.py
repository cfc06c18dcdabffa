"""processes: who sees which images, and what is refused. Real processes: the _jax file."""

import re

import keras
import numpy as np
import pytest

from helpers import datasets
from helpers.__main__ import main
from helpers.datasets import sampling
from helpers.training import processes
from helpers.training.processes import Team

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def test_alone_by_default():
    team = processes.team()
    assert team == Team(process=0, processes=1, devices=1)
    assert team.first and team.shard == (0, 1) and team.record == {}
    assert list(team.parts(48, 250)) == [(48, slice(0, 48, 1), 250)]
    processes.agree("anything", "never said")
    with processes.alone():
        assert keras.distribution.distribution() is None
    processes.fail(ValueError("nobody else to tell"))  # and it returns


@pytest.mark.parametrize("n", [1, 5, 7, 8, 16, 21, 100])
@pytest.mark.parametrize(("processes", "devices"), [(1, 1), (1, 2), (2, 2), (2, 4), (3, 6), (4, 4)])
def test_the_mean_over_the_parts_is_the_mean_over_all_images(n, processes, devices):
    """And at every moment all devices have the same number of images."""
    values = np.random.default_rng(n).normal(size=n)
    teams = [Team(i, processes, devices) for i in range(processes)]
    mean, total = 0.0, 0
    for parts in zip(*(team.parts(n, 16) for team in teams), strict=True):
        ((images, size),) = {(images, size) for images, _, size in parts}
        seen = [np.arange(n)[chosen] for _, chosen, _ in parts]
        assert len({len(s) for s in seen}) == 1
        for start in range(0, len(seen[0]), size):
            together = [s[start : start + size] for s in seen]
            assert sum(map(len, together)) % devices == 0
            assert len(together[0]) % (devices // processes) == 0
        mean += images / n * values[np.concatenate(seen)].mean()
        total += images
    assert total == n
    assert mean == pytest.approx(values.mean())


def test_a_batch_must_be_divisible():
    Team(0, 2, 8).check(64)
    with pytest.raises(ValueError, match=r"multiple of 8.*Received: 60"):
        Team(0, 2, 8).check(60)


@pytest.mark.parametrize("shuffle", ["images", "batches"])
@pytest.mark.parametrize("processes", [2, 4])
def test_the_shares_of_all_processes_are_the_batch(tiny_data, processes, shuffle):
    """Images, labels and crops, to the bit: the number of processes changes nothing."""
    how = {"seed": 3, "first_step": 5, "padding": 2, "flip": True, "shuffle": shuffle}
    images = tiny_data.train, tiny_data.mean, 32
    whole = sampling.TrainingBatches(*images, **how)
    shares = [
        sampling.TrainingBatches(*images, **how, shard=(i, processes)) for i in range(processes)
    ]
    for step in (0, 3):  # the second is in another epoch
        x, y = whole[step]
        parts = [share[step] for share in shares]
        assert {part.shape for part, _ in parts} == {(32 // processes, 8, 8, 3)}
        np.testing.assert_array_equal(np.concatenate([part for part, _ in parts]), x)
        np.testing.assert_array_equal(np.concatenate([labels for _, labels in parts]), y)


def test_chosen_images_alone_are_measured(tiny_data):
    for chosen in (slice(1, 48, 2), np.array([3, 3, 40])):
        found = datasets.batches(tiny_data, "test", 20, chosen=chosen)
        batches = found if ON_TENSORFLOW else [found[i] for i in range(found.num_batches)]
        x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
        np.testing.assert_array_equal(y, tiny_data.test.labels[chosen])
        expected = tiny_data.test.images[chosen] - tiny_data.mean
        np.testing.assert_allclose(x, expected, atol=1e-4)


@pytest.mark.one_backend
def test_tensorflow_shares_no_images_in_memory(tiny_data):
    with pytest.raises(ValueError, match=r"one process gets all.*shard=\(0, 2\)"):
        datasets.training_batches(tiny_data, 32, seed=0, shard=(0, 2))


class Told:
    """Connections that note what the others are told."""

    process = 0

    def __init__(self):
        self.texts = []

    def fail(self, text):
        self.texts.append(text)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RuntimeError("the disk is full"), []),
        (ValueError("Expected a batch: 32"), []),
        (ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer"), [5]),
        (type("JaxRuntimeError", (RuntimeError,), {"__module__": "jax.errors"})("broken"), [5]),
        (RuntimeError("DEADLINE_EXCEEDED: Barrier timed out"), [5]),
    ],
)
def test_where_a_connection_broke_the_one_that_is_gone_is_named_first(error, seconds, monkeypatch):
    """An error of the backend may be the end of another process, which says why by itself."""
    told, slept, ended = Told(), [], []
    monkeypatch.setattr(processes, "_connections", told)
    monkeypatch.setattr(processes.time, "sleep", slept.append)
    monkeypatch.setattr(processes.rendezvous, "end", ended.append)
    processes.fail(error)
    assert slept == seconds
    assert told.texts == [f"{type(error).__name__}: {error}"]
    assert ended == [f"Process 0 ended: {told.texts[0]}"]


THREE = ["--coordinator", "localhost:1234", "--processes", "3", "--process", "1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (THREE[:2], "belong together. Missing: --processes, --process"),
        (THREE[2:], "belong together. Missing: --coordinator"),
        (
            [*THREE[:-1], "3"],
            r"must be in 0\.\.2, one .*Received: --processes 3 --process 3",
        ),
        ([*THREE[:-1], "-1"], "Received: --processes 3 --process -1"),
        (["--coordinator", "h:1", "--processes", "0", "--process", "0"], "at least 1.*processes 0"),
        (["--coordinator", "localhost", *THREE[2:]], "HOST:PORT.*Received: 'localhost'"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(options, message, small, capsys, monkeypatch):
    monkeypatch.setattr(processes.rendezvous, "meet", None)  # nobody is waited for
    assert main(["train", "tiny6", "--data", "shapes", "--steps", "1", *options]) == 1
    error = capsys.readouterr().err.strip()
    assert re.search(message, error), error
    assert len(error.splitlines()) == 1


@pytest.mark.one_backend
def test_another_backend_says_what_to_set(small, capsys):
    assert main(["train", "tiny6", "--data", "shapes", "--steps", "1", *THREE]) == 1
    error = capsys.readouterr().err.strip()
    assert "set KERAS_BACKEND=jax. Received: tensorflow" in error
    assert len(error.splitlines()) == 1

"""processes on JAX: several processes and devices give what one gives, and end together.

Every process is a real one, on this machine's processors. The one that all are compared
with trains here, in the process of the tests.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import several_processes
from helpers import runs
from helpers.__main__ import main

pytestmark = pytest.mark.jax

WORKER = several_processes.__file__
# 168 images are 5 batches of 32, so this is three epochs, the rate falling twice.
TRAIN = ["train", "tiny6", "--data", "shapes", "--batch", "32", "--steps", "15", "--quiet"]
LIMIT = 240  # seconds for any process, on a machine that has other work to do


def free_port():
    with socket.create_server(("", 0)) as server:
        return server.getsockname()[1]


def surroundings(devices):
    """The variables of a process with so many devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    return {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": flags}


def start(folders, command, *variables, devices=1, checkpoints=None):
    """Starts a process for each folder, which train together if there are several.

    `variables` are those of each process, or of all if only one set is given.
    """
    where, started = f"localhost:{free_port()}", []
    for i, folder in enumerate(folders):
        own = {
            **surroundings(devices),
            "RESNET_BOOK_RESULTS": str(folder / "results"),
            "WATCH": str(folder / "watch.json"),
            **variables[i % len(variables)],
        }
        folder.mkdir(exist_ok=True)
        more = ["--checkpoints", str(checkpoints[i] if checkpoints else folders[0] / "unfinished")]
        if len(folders) > 1:
            more += ["--coordinator", where, "--processes", str(len(folders)), "--process", str(i)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        words = [sys.executable, WORKER, *command, *more]
        started.append(subprocess.Popen(words, env=own, **pipes))
    return started


def two(folder, *, devices=1, variables=({}, {}), checkpoints=("checkpoints", "checkpoints")):
    """Starts the two processes of one training, each with its own variables."""
    folders = [folder / f"process{i}" for i in range(2)]
    return start(
        folders,
        TRAIN,
        *variables,
        devices=devices,
        checkpoints=[folder / name for name in checkpoints],
    )


@contextlib.contextmanager
def ended(started):
    """None of them is left, whatever happens inside."""
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def said(started):
    """[(status, stdout, stderr)] of processes, waited for."""
    with ended(started):
        texts = [process.communicate(timeout=LIMIT) for process in started]
    return [(process.returncode, *text) for process, text in zip(started, texts, strict=True)]


@pytest.fixture(scope="module")
def trained_alone(tmp_path_factory):
    """What one process on one device records and goes through."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        return alone(folder, patch)


def alone(folder, patch, checkpoints=None, **variables):
    several_processes.install(patch)
    patch.setenv("RESNET_BOOK_RESULTS", str(folder / "results"))
    patch.setenv("WATCH", str(folder / "watch.json"))
    for key, value in variables.items():
        patch.setenv(key, value)
    status = main([*TRAIN, "--checkpoints", str(checkpoints or folder / "checkpoints")])
    return None if status else recorded(folder / "results", folder / "watch.json")


def recorded(results, watch):
    (path,) = Path(results).glob("*.json")
    return runs.load(path), json.loads(Path(watch).read_text())


def same(one, other, rtol=1e-5):
    """Every epoch's losses and errors, and the results, of two records."""
    for key in set(one.history) - {"seconds"}:
        np.testing.assert_allclose(one.history[key], other.history[key], rtol=rtol, atol=1e-6)
    for split in one.final:
        assert one.final[split] == pytest.approx(other.final[split], rel=rtol, abs=1e-6)


def test_two_processes_with_two_devices_each_train_as_one_device(trained_alone, tmp_path):
    """Losses, evaluation, and the statistics of batch normalization: of the whole batch."""
    (first, out, err), (second, quiet, _) = said(two(tmp_path, devices=2))
    assert (first, second) == (0, 0), err
    run, watch = recorded(tmp_path / "process0" / "results", tmp_path / "process0" / "watch.json")
    reference, watched = trained_alone
    assert len(watch["losses"]) == 15
    np.testing.assert_allclose(watch["losses"], watched["losses"], rtol=1e-5)
    np.testing.assert_allclose(watch["moving"], watched["moving"], rtol=1e-3, atol=0.05)
    same(run, reference)
    assert (run.command, run.name) == (reference.command, reference.name)
    assert (run.hardware["devices"], run.hardware["processes"]) == (4, 2)
    assert "devices" not in reference.hardware
    # Process 1 has the same losses, and neither prints nor records anything.
    assert json.loads((tmp_path / "process1" / "watch.json").read_text()) == watch
    assert "training error" in out and "recorded as" in out
    assert "error" not in quiet and not (tmp_path / "process1" / "results").exists()
    assert not list((tmp_path / "checkpoints").glob("*"))


SPLIT_BATCH = """
import keras, numpy as np
from helpers.training import processes
team = processes.start()
bn = keras.layers.BatchNormalization(momentum=0.0, epsilon=1e-5)
model = keras.Sequential([keras.Input((1,)), bn])
model.compile(keras.optimizers.SGD(0.0), "mean_squared_error")
x = np.array([[0.0], [2.0], [10.0], [12.0]], "float32")
loss = model.train_on_batch(x, np.zeros_like(x))
print(team.devices, float(bn.moving_mean[0]), float(bn.moving_variance[0]), float(loss))
"""


def test_the_statistics_of_a_split_batch_are_those_of_the_whole():
    """Each half has the variance 1, the whole 26. PyTorch's data parallelism would see 1."""
    command, pipes = [sys.executable, "-c", SPLIT_BATCH], {"capture_output": True, "text": True}
    out = subprocess.run(command, env=surroundings(2), timeout=LIMIT, check=True, **pipes).stdout
    devices, mean, variance, loss = map(float, out.split())
    assert (devices, mean) == (2, pytest.approx(6))
    assert variance == pytest.approx(26)
    assert loss == pytest.approx(1, rel=1e-4)  # the mean square of what has variance 1


def wait_for_epoch(process):
    for line in process.stdout:
        if "after epoch 1" in line:
            return
    raise AssertionError(process.stderr.read())


def test_a_killed_process_ends_the_other_and_one_process_goes_on(
    trained_alone, tmp_path, monkeypatch
):
    with ended(two(tmp_path, variables=[{"PAUSE": "0.5"}] * 2)) as (first, second):
        wait_for_epoch(first)
        second.send_signal(signal.SIGKILL)
        _, error = first.communicate(timeout=LIMIT)
    assert first.returncode == 1
    assert "Process 1 is gone" in error and "training goes on" in error
    assert "Traceback" not in error
    run, _ = alone(tmp_path, monkeypatch, tmp_path / "checkpoints")
    assert run.interruptions == 1
    same(run, trained_alone[0])


def test_two_processes_go_on_where_one_stopped_and_an_error_ends_both(
    trained_alone, tmp_path, monkeypatch
):
    assert alone(tmp_path, monkeypatch, FAIL="1") is None
    monkeypatch.delenv("FAIL")
    (first, _, error), (second, _, other) = said(two(tmp_path, variables=({"FAIL": "2"}, {})))
    assert (first, second) == (1, 1)
    assert "Process 0 ended: RuntimeError: the disk is full" in error
    assert "Process 0 ended: RuntimeError: the disk is full. If all are started again" in other
    (record,) = (tmp_path / "checkpoints").rglob("record.json")
    found = json.loads(record.read_text())
    reference = trained_alone[0]
    assert (found["interruptions"], len(found["history"]["loss"])) == (1, 2)
    for key in set(found["history"]) - {"seconds"}:
        np.testing.assert_allclose(
            found["history"][key], reference.history[key][:2], rtol=1e-5, atol=1e-6
        )


def test_checkpoints_that_only_one_process_sees_are_an_error(tmp_path, monkeypatch):
    """Instead of one process that goes on while the other begins."""
    assert alone(tmp_path, monkeypatch, FAIL="1") is None
    monkeypatch.delenv("FAIL")
    found = said(two(tmp_path, checkpoints=("checkpoints", "elsewhere")))
    for status, _, error in found:
        assert status == 1
        assert "a folder that all share" in error

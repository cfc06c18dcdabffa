"""Time and memory of a network on this machine, to set beside what `counting` says.

Other programs disturb every clock. So the models are timed in turns, a round has
one time for each, and it is the ratios within a round that can be trusted.

Book: chapter 4.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from helpers import networks, specs
from helpers.optimizer import SGD
from helpers.specs import Network
from helpers.support import expect

_WARM_UP = 2  # calls that are not timed: the first one traces the graph
_STEPS = 2  # of training, when memory is measured; the second one has it all


def seconds_per_image(
    models: Mapping[str, keras.Model],
    batch_size: int = 8,
    *,
    training_step: bool = False,
    rounds: int = 7,
) -> dict[str, np.ndarray]:
    """How long each model takes for one image of a batch, in seconds: {name: (rounds,)}.

    In every round each model has one turn, in one order and then in the other, on
    the same noise; two turns before that are not counted. So
    `np.median(times["a"] / times["b"])` says how many times as long as b model a
    takes, also on a machine that has other work to do.

    A turn is a forward pass in inference mode, or with `training_step` a forward
    and a backward pass and an update by momentum SGD, at the learning rate 0. The
    step is taken by a copy: the models are left as they were.

    Raises ValueError without models, or if a number is not positive; TypeError
    for what is no Keras model.

    Book: chapter 4.
    """
    if not models:
        raise ValueError("Expected at least one model. Received: none")
    for name, model in models.items():
        if not isinstance(model, keras.Model):
            raise TypeError(
                f"{name}: expected a keras.Model; networks.build(name) makes one. "
                f"Received: {type(model).__name__}"
            )
    expect.integer("batch_size", batch_size)
    expect.integer("rounds", rounds)
    turn = _training_turn if training_step else _inference_turn
    turns = {name: turn(model, batch_size) for name, model in models.items()}
    with _quiet_tensorflow():
        for take in turns.values():
            for _ in range(_WARM_UP):
                take()
    seconds = {name: np.zeros(rounds) for name in turns}
    for i in range(rounds):
        for name in list(turns)[:: 1 if i % 2 == 0 else -1]:
            start = time.perf_counter()
            turns[name]()
            seconds[name][i] = (time.perf_counter() - start) / batch_size
    return seconds


@dataclass(frozen=True)
class TrainingMemory:
    """The peak memory of a process that trains, for several batch sizes, in bytes.

    `peaks` belong to `batch_sizes`. The straight line through them is
    `fixed + per_image * batch_size`: `per_image` is what grows with the batch, the
    activations; `fixed` is the rest, parameters, gradients and momentum, and the
    program itself.
    """

    batch_sizes: tuple[int, ...]
    peaks: tuple[int, ...]

    @property
    def per_image(self) -> float:
        """Bytes by which the peak grows with each image of the batch."""
        return float(np.polyfit(self.batch_sizes, self.peaks, 1)[0])

    @property
    def fixed(self) -> float:
        """Bytes that do not depend on the batch."""
        return float(np.polyfit(self.batch_sizes, self.peaks, 1)[1])


def training_memory(
    name_or_spec: str | Network, batch_sizes: Sequence[int] = (2, 8)
) -> TrainingMemory:
    """The peak memory of a training step in float32, with momentum SGD, on the CPU.

    A process of its own for each batch size, all at once, builds the network, takes
    two steps and reports the most memory that it had at any moment. TensorFlow does
    the work there, whatever backend this process has. `per_image` of the answer is
    to be compared with four bytes times `counting.activations`.

    The processes return what they free to the system at once. The memory pool that
    TensorFlow uses otherwise keeps pieces that fit nothing; with it ResNet-34 and
    ResNet-50 took about a fifth more per image.

    Raises ValueError for fewer than two different batch sizes and as `specs.resolve`
    does, RuntimeError if a process fails.

    Book: chapter 4.
    """
    spec = specs.resolve(name_or_spec)
    if len(set(batch_sizes)) < 2:
        raise ValueError(
            "Expected at least two different batch sizes, for a slope. "
            f"Received: batch_sizes={batch_sizes!r}"
        )
    for batch_size in batch_sizes:
        expect.integer("batch_size", batch_size)
    return TrainingMemory(tuple(batch_sizes), _peaks_elsewhere(spec, batch_sizes))


@contextlib.contextmanager
def _quiet_tensorflow():
    """TensorFlow takes several models, each with its own graph, for one traced too often."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _noise(model: keras.Model, batch_size: int) -> np.ndarray:
    shape = (batch_size, *model.input_shape[1:])
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def _inference_turn(model, batch_size):
    images = _noise(model, batch_size)
    return lambda: model.predict_on_batch(images)


def _training_turn(model, batch_size):
    copy = keras.models.clone_model(model)
    # A loss that every output fits, of a whole network or of a single block.
    copy.compile(optimizer=SGD(0.0), loss="mean_squared_error")
    images = _noise(model, batch_size)
    targets = np.zeros((batch_size, *model.output_shape[1:]), "float32")
    return lambda: copy.train_on_batch(images, targets)


# --- memory: the other process ------------------------------------------------------

_SURROUNDINGS = {
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # No pool of TensorFlow's own, and none of the C library's for what is large.
    "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
}


def _peaks_elsewhere(spec: Network, batch_sizes: Sequence[int]) -> tuple[int, ...]:
    """The peaks of one process for each batch size; they run beside each other."""
    source = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "helpers.inspection.time_and_memory", str(batch_size)],
            env={**os.environ, **_SURROUNDINGS, "PYTHONPATH": paths},
            **pipes,
        )
        for batch_size in batch_sizes
    ]
    record = json.dumps(dataclasses.asdict(spec)).encode()
    said = [process.communicate(record) for process in processes]
    for process, batch_size, (_, errors) in zip(processes, batch_sizes, said, strict=True):
        if process.returncode != 0:
            lines = errors.decode(errors="replace").strip().splitlines() or ["nothing"]
            raise RuntimeError(
                f"Training {spec.name} with {batch_size} images at once failed in its own "
                f"process (exit status {process.returncode}, -9 where memory ran out). Its "
                f"last words: {lines[-1]}"
            )
    return tuple(int(output.splitlines()[-1]) for output, _ in said)


def _train_and_report() -> None:
    spec, batch_size = Network.from_record(json.load(sys.stdin)), int(sys.argv[1])
    step = _training_turn(networks.build(spec), batch_size)
    for _ in range(_STEPS):
        step()
    print(_peak())


def _peak() -> int:
    """The most memory that this process had at any moment, in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux; getrusage there counts the parent's memory, too
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _train_and_report()

"""What watches a training: its end, its record, its checkpoint.

Keras callbacks that `training.train` puts together.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from helpers import runs
from helpers.datasets import DataSet
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.support import expect, whole
from helpers.training import processes, state_files


class DivergedError(RuntimeError):
    """The loss became infinite or NaN."""


def check_finite(loss: float, model: keras.Model, when: str) -> None:
    """Raises `DivergedError` if a loss is no finite number."""
    if not math.isfinite(loss):
        raise DivergedError(
            f"The loss of {model.name} is {loss} {when}; expected a finite number. Try a "
            "lower learning rate, or a warm-up (Recipe.warmup_steps), and look at the "
            "images' range."
        )


class StopAt(keras.callbacks.Callback):
    """Ends training after a number of steps, also in the midst of an epoch;
    raises `DivergedError` at the first loss that is no number."""

    def __init__(self, steps: int, steps_per_epoch: int):
        super().__init__()
        self.steps, self.steps_per_epoch = steps, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch, logs=None):
        step = self.before + batch + 1
        if logs:
            check_finite(logs["loss"], self.model, f"at step {step}")
        if step >= self.steps:
            self.model.stop_training = True


class Record(keras.callbacks.Callback):
    """Writes each epoch into the run's history.

    `measure` returns loss and error of a split; `splits` are those to measure.
    """

    def __init__(
        self,
        run: Run,
        recipe: Recipe,
        steps_per_epoch: int,
        measure: Callable[[str], dict[str, float]],
        splits: tuple[str, ...] = ("validation",),
    ):
        super().__init__()
        self.run, self.recipe, self.measure, self.splits = run, recipe, measure, splits
        self.steps_per_epoch = steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        measured = {split: self.measure(split) for split in self.splits}
        step = min((epoch + 1) * self.steps_per_epoch, self.recipe.steps)
        seconds = time.perf_counter() - self.start
        entry = {
            "step": step,
            "loss": float(logs["loss"]),
            "error": float(logs["error"]),
            **{f"{split}_{key}": m[key] for split, m in measured.items() for key in m},
            "learning_rate": self.recipe.learning_rate_at(step - 1),
            "seconds": round(seconds, 2),
        }
        for key, value in entry.items():
            self.run.history.setdefault(key, []).append(value)
        self.run.seconds = round(self.run.seconds + seconds, 2)
        logs.update({k: entry[k] for k in ("validation_loss", "validation_error")})


class Lines(keras.callbacks.Callback):
    """A short line per epoch, narrow enough for a page: errors in % and seconds."""

    def __init__(self, run: Run, epochs: int):
        super().__init__()
        self.run, self.epochs = run, epochs

    def on_epoch_end(self, epoch, logs=None):
        last = {key: values[-1] for key, values in self.run.history.items()}
        errors = f"{100 * last['error']:.1f} %, validation {100 * last['validation_error']:.1f} %"
        print(
            f"epoch {epoch + 1} of {self.epochs}: training error {errors}, {last['seconds']:.0f} s"
        )


def epochs_done(checkpoints: str | os.PathLike, name: str) -> int:
    """How many epochs the interrupted training of a record has behind it; 0 if there is none."""
    folder = Path(checkpoints) / name
    # Again "state": while one looks, a training that runs may have put another in its place.
    for place in (folder / "state", folder / "old", folder / "state"):
        with contextlib.suppress(FileNotFoundError):
            return len(_record(place)["history"]["error"])
    with contextlib.suppress(FileNotFoundError):  # a training on the device
        return len(state_files.record(state_files.path(checkpoints, name))["history"]["error"])
    return 0


def _record(state: Path) -> dict:
    """The record in the folder of a state. Raises ValueError if it is damaged, or of a later
    version of the book."""
    file = state / "record.json"
    try:
        record = json.loads(file.read_text("utf-8"))
        found, parts = record.get("format"), (record["plan"], record["history"]["error"])
    except FileNotFoundError:  # no state, or no longer
        raise
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{file} is not the whole record of an interrupted training ({type(error).__name__}: "
            f"{error!s:.200}). Copy the folder {state.parent} again, or remove it to begin anew."
        ) from error
    expect.known_format(file, found, state_files.FORMAT)
    if [type(part) for part in parts] != [str, list]:
        raise ValueError(
            f"{file} holds no plan or no history. Remove {state.parent} to begin anew."
        )
    return record


GROUPS = ("trainable", "others", "optimizer")


def variables(model: keras.Model) -> tuple[list, list, list]:
    """All that a training changes in a compiled model, in the order of `GROUPS`."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables


class Checkpoint(keras.callbacks.Callback):
    """Weights, optimizer, draws and history after the last whole epoch, in one folder.

    The numbers are a file of `state_files`, not of HDF5: a disk that is full ends the process
    that writes the latter, without a word.

    A folder of another training (other spec, recipe, seed, backend or images) is
    an error and is left as it is. How many devices or processes train is not part of what
    a training is: another number goes on. Process 0 writes, and all read the same folder.
    """

    def __init__(self, folder: str | os.PathLike, run: Run, data: DataSet):
        super().__init__()
        self.folder = Path(folder) / run.name
        self.run = run
        weights = [list(w.shape) for w in run.model.weights]
        images = data.fingerprint
        plan = [run.spec, weights, run.recipe, run.seed, run.data, images, run.versions["backend"]]
        self.plan = hashlib.sha256(json.dumps(plan).encode()).hexdigest()

    def restore(self) -> None:
        """Puts model and run where the interrupted training left them, if there is one.

        Raises ValueError if the folder holds another training, or if several processes
        do not find the same there.
        """
        # "old" is the one there is if the last writing stopped between two renamings.
        found = [f for f in (self.folder / "state", self.folder / "old") if f.is_dir()]
        try:
            record = _record(found[0]) if found else {}
        except FileNotFoundError as error:
            raise ValueError(
                f"{found[0]} holds no record.json: it is not the whole state of a training. Copy "
                "it again, or remove it to begin anew."
            ) from error
        processes.agree(
            self.plan + json.dumps(record),
            f"The processes find different things in {self.folder}, or train different things: "
            "the checkpoints must be in a folder that all share.",
        )
        if not found:
            return
        if record["plan"] != self.plan:
            raise ValueError(
                f"{self.folder} holds an interrupted training with another spec, recipe, seed, "
                "backend or other images, or of an earlier version of the book. Finish that one, "
                "remove the folder, or give this run another `name`."
            )
        self.run.model.optimizer.build(self.run.model.trainable_variables)
        earlier = found[0] / "model.weights.h5"
        _load_earlier(self.run.model, earlier, record) if earlier.is_file() else _load(
            self.run.model, found[0] / _NUMBERS
        )
        self.run.go_on(record)

    def on_epoch_end(self, epoch, logs=None):
        if not processes.team().first:
            return
        new, state, old = (self.folder / name for name in ("new", "state", "old"))
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        values = {
            group: [keras.ops.convert_to_numpy(v.value) for v in of_group]
            for group, of_group in zip(GROUPS, variables(self.model), strict=True)
        }
        state_files.write(new / _NUMBERS, values, {"plan": self.plan})
        record = {"format": state_files.FORMAT, "plan": self.plan, **self.run.so_far()}
        runs.write_json(new / "record.json", record)
        whole.on_disk(new)  # before the last state gives way
        if state.is_dir():
            shutil.rmtree(old, ignore_errors=True)
            state.rename(old)
        new.rename(state)
        whole.on_disk(self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self) -> None:
        """Removes the folder: the training is finished and recorded.

        Under another name, so that a process that is killed meanwhile leaves no half state.
        """
        if not processes.team().first:
            return
        gone = self.folder.with_name(f".{self.folder.name}.removed")
        shutil.rmtree(gone, ignore_errors=True)
        if self.folder.is_dir():
            self.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


_NUMBERS = "numbers.safetensors"


def _load(model: keras.Model, file: Path) -> None:
    """Puts the numbers of a state into a compiled model. Raises ValueError for others."""
    groups, _ = state_files.read(file)
    mine = dict(zip(GROUPS, variables(model), strict=True))
    shapes = {group: [array.shape for array in arrays] for group, arrays in groups.items()}
    expected = {group: [tuple(v.shape) for v in of_group] for group, of_group in mine.items()}
    if shapes != {group: of_group for group, of_group in expected.items() if of_group}:
        raise ValueError(
            f"{file} is not the state of {model.name}: it holds other numbers of arrays, or of "
            "other shapes. Remove its folder to begin anew."
        )
    for group, arrays in groups.items():
        for variable, array in zip(mine[group], arrays, strict=True):
            variable.assign(array)


def _load_earlier(model: keras.Model, file: Path, record: dict) -> None:
    """The same from a state of version 1.0.0 before December 2026: a file of Keras', which leaves
    out how far each layer that draws is with it, as stochastic depth and dropout."""
    try:
        model.load_weights(file)
    except Exception as error:  # whatever HDF5 or Keras may stumble over
        raise ValueError(
            f"{file} is not the whole state of a training ({type(error).__name__}: "
            f"{error!s:.200}). Copy it again, or remove its folder to begin anew."
        ) from error
    weights = {id(weight) for weight in model.weights}
    draws = [v for v in model.non_trainable_variables if id(v) not in weights]
    for variable, state in zip(draws, record.get("draws", ()), strict=False):
        variable.assign(np.array(state, variable.dtype))

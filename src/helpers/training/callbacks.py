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

from helpers import runs, whole
from helpers.datasets import DataSet
from helpers.recipes import Recipe
from helpers.runs import Run
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
            return len(json.loads((place / "record.json").read_text())["history"]["error"])
    with contextlib.suppress(FileNotFoundError):  # a training on the device
        return len(state_files.record(state_files.path(checkpoints, name))["history"]["error"])
    return 0


class Checkpoint(keras.callbacks.Callback):
    """Weights, optimizer, draws and history after the last whole epoch, in one folder.

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
        text = (found[0] / "record.json").read_text() if found else ""
        processes.agree(
            self.plan + text,
            f"The processes find different things in {self.folder}, or train different things: "
            "the checkpoints must be in a folder that all share.",
        )
        if not found:
            return
        record = json.loads(text)
        if record["plan"] != self.plan:
            raise ValueError(
                f"{self.folder} holds an interrupted training with another spec, recipe, seed, "
                "backend or other images. Finish that one, remove the folder, or give this "
                "run another `name`."
            )
        model = self.run.model
        model.optimizer.build(model.trainable_variables)
        model.load_weights(found[0] / "model.weights.h5")
        for variable, state in zip(_draws(model), record.get("draws", ()), strict=False):
            variable.assign(np.array(state, variable.dtype))
        self.run.go_on(record)

    def on_epoch_end(self, epoch, logs=None):
        if not processes.team().first:
            return
        new, state, old = (self.folder / name for name in ("new", "state", "old"))
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        with processes.alone():
            self.model.save_weights(new / "model.weights.h5")
        draws = [keras.ops.convert_to_numpy(v.value).tolist() for v in _draws(self.model)]
        record = {"plan": self.plan, "draws": draws, **self.run.so_far()}
        runs.write_json(new / "record.json", record)
        whole.on_disk(new / "model.weights.h5", new)  # before the last state gives way
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


def _draws(model: keras.Model) -> list[keras.Variable]:
    """How far each layer that draws is with it, as stochastic depth and dropout.

    Keras' files of weights leave these out, and a training that goes on would draw anew.
    """
    weights = {id(weight) for weight in model.weights}
    return [v for v in model.non_trainable_variables if id(v) not in weights]

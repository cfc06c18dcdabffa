"""Trainings and commands that run out of room end in a line, and go on where there is room."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from helpers import runs, training
from helpers.__main__ import main
from torture import small
from torture.fault import Lost, Trial, fault
from torture.of_disks import GROUP, KEPT, WHOLE, trained

WENT_ON = "went on where there was room, to the same end"


@fault(
    "trainings-on-full-disks",
    group=GROUP,
    does="a training that writes its states and its record where room ends at a byte drawn by "
    "chance; later there is room, and the same call is made again",
    holds="the process lives, the error names the file, `study --status` can still read how far "
    "the training is, and the second call ends as a training does that was never stopped",
    outcomes=(WHOLE, WENT_ON),
    few=1,
    many=24,
)
def trainings_on_full_disks(trial: Trial) -> None:
    for number in range(trial.times):
        folder = trial.folder / f"disk{number}"
        with small.disk(folder) as disk, small.results(folder / "results"):
            (folder / "results").mkdir()
            room = trial.chance.randrange(4_096, 60_000)
            limit = contextlib.nullcontext() if disk else small.files_no_larger(room // 3)
            if disk:
                disk.has(room)
            came = WHOLE
            try:
                with limit:
                    run = _training(folder)
            except OSError as error:
                if str(folder) not in str(error):
                    raise Lost(f"the error names no file: {error}") from error
                training.callbacks.epochs_done(folder / "states", "again")
                came = WENT_ON
                if disk:
                    disk.has(2**22)
                run = _training(folder)
            _same(run)
            if runs.load("again").history["loss"] != run.history["loss"]:
                raise Lost("the record is another than the run")
            trial.came(came)


def _training(folder: Path) -> runs.Run:
    return training.train(
        small.SPEC,
        small.data(),
        small.RECIPE,
        seed=0,
        name="again",
        verbose=0,
        checkpoints=folder / "states",
        save=True,
        keep_weights=True,
    )


def _same(run: runs.Run) -> None:
    """Raises Lost unless a run went as the one that was never stopped."""
    for key in ("step", "loss", "error", "validation_loss", "learning_rate"):
        if not np.allclose(run.history[key], trained().history[key], rtol=1e-4, atol=1e-5):
            raise Lost(f"{key}: {run.history[key]}, undisturbed {trained().history[key]}")


@fault(
    "commands-on-full-disks",
    group=GROUP,
    does="`python -m helpers train` and `export`, whose results, states or model go to a disk "
    "without room",
    holds="the command ends with status 1 and one line that names the file, and leaves no part "
    "of a model or of a data set",
    outcomes=(KEPT,),
    few=3,
    many=24,
)
def commands_on_full_disks(trial: Trial) -> None:
    commands = (
        ["export", "shapes", "{disk}/shapes.npz"],
        [*_TRAIN, "--model", "{disk}/net.keras"],
        [*_TRAIN, "--checkpoints", "{disk}/states"],
    )
    with small.disk(trial.folder / "disk") as disk, small.in_place_of_shapes():
        if disk is None:
            pytest.skip("this process may not mount a disk")
        disk.has(4_096)
        for number in range(trial.times):
            command = [w.format(disk=disk.folder) for w in commands[number % len(commands)]]
            (records := trial.folder / f"records{number}").mkdir()
            said = io.StringIO()
            with small.results(records), contextlib.redirect_stderr(said):
                code = main(command)
            lines = said.getvalue().splitlines()
            if code != 1 or len(lines) != 1 or str(disk.folder) not in lines[0]:
                raise Lost(f"{command} ended with {code}: {said.getvalue()}")
            if left := [path.name for path in disk.folder.rglob("*") if path.is_file()]:
                raise Lost(f"{command} left {left}")
            trial.came(KEPT)


_TRAIN = ["train", "resnet20", "--filters", "2", "--data", "shapes", "--recipe", "quick"]
_TRAIN += ["--steps", "1", "--batch", "16", "--quiet", "--name", "x"]

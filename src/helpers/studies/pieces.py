"""A study of trainings on the device, in pieces of some minutes, several at once.

A GPU is often lent for minutes. Each call takes the study's trainings in order, runs some of
them at once, each in a process of its own, and ends in time; then one folder holds the state of
what is unfinished and the records of what is not. The next call goes on from that folder, on
this machine or another.

Book: chapter 5.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.runs import DIRECTORY_VARIABLE
from helpers.studies.plans import Plan
from helpers.studies.running import Failed, duration, names_recorded, work
from helpers.studies.study import Study
from helpers.training.callbacks import epochs_done

# A process takes all of a GPU's memory at its start, unless it is told not to.
_SHARED = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
_LEAST = 0.2  # of the minutes: with less left no other training begins
_LATEST = 60.0  # seconds after the end in which the processes must have ended by themselves


def run(
    study: Study,
    *,
    minutes: float,
    folder: str | os.PathLike,
    together: int = 4,
    options: Sequence[str] = (),
    program: Sequence[str] = (sys.executable, "-m", "helpers"),
    say: Callable[[str], None] = print,
) -> None:
    """Trains for so many minutes what is not recorded yet, in the order of the file.

    - `folder`: for states and records, where those of an earlier piece may lie;
    - `together`: so many trainings at once, which share the device;
    - `options`: more of them for `python -m helpers train`, such as `--npz FILE`;
    - `program`: what is called with `train` and the plan's options.

    What is recorded in `runs.directory()` or in `folder` is left out. All is trained on the
    device (`on_device.train`), whether the study's file says so or not. `say` gets every
    process's lines, and at the end what is left. Raises ValueError for a study of trainings that
    chapters name, or for numbers that are not positive; `Failed` at the end if trainings ended
    with an error.
    """
    others = [p.record() for p in study.plans if not isinstance(p, Plan)]
    if others:
        raise ValueError(
            "Only `networks` trained by a recipe run in pieces, not `trainings` that chapters "
            f"name. Received a study with {others[0]}."
        )
    plans = tuple(dataclasses.replace(plan, on_device=True) for plan in study.plans)
    study = dataclasses.replace(study, plans=plans)
    if not minutes > 0 or together < 1:
        raise ValueError(
            "Expected positive `minutes` and at least one training at once. "
            f"Received: minutes={minutes!r}, together={together!r}"
        )
    begin, folder = time.monotonic(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    waiting = [p for p in study.plans if p.record() not in names_recorded(folder)]
    before, failed, running = _left(study, folder), [], {}
    say(f"{study.title}\n{len(study.plans) - len(waiting)} of {len(study.plans)} are recorded.")
    try:
        while running or waiting:
            left = minutes - (time.monotonic() - begin) / 60
            while waiting and len(running) < together and left > _LEAST * minutes:
                plan = waiting.pop(0)
                running[plan] = _start(plan, left, folder, options, program, say)
            if not running:
                break
            for plan, (process, lines) in list(running.items()):
                if process.poll() is not None:
                    lines.join()
                    del running[plan]
                    failed += [plan.record()] * (process.returncode != 0)
            if left < -_LATEST / 60:
                break
            time.sleep(0.1)
    finally:
        for plan, (process, _) in running.items():
            say(f"{plan.record()}: stopped in the midst of an epoch")
            process.terminate()
            process.wait()
    after, seconds = _left(study, folder), time.monotonic() - begin
    say("\n" + _summary(study, folder, before - after, after, seconds))
    if failed:
        raise Failed(f"These ended with an error, which stands above: {', '.join(failed)}")


def _start(plan: Plan, minutes, folder, options, program, say):
    """The process of one training, and the thread that hands its lines on."""
    name = plan.record()
    words = [*program, *shlex.split(plan.command())[3:], *options, "--quiet"]
    words += ["--checkpoints", str(folder), "--minutes", f"{minutes:.3f}"]
    own = {**_SHARED, **os.environ, DIRECTORY_VARIABLE: str(folder), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        words, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def hand_on():
        for line in process.stdout:
            say(f"{plan.spec().name}, seed {plan.seed}: {line.rstrip()}")

    done = epochs_done(folder, name)
    say(f"{name} " + (f"goes on after epoch {done}" if done else "begins"))
    lines = threading.Thread(target=hand_on, daemon=True)
    lines.start()
    return process, lines


def _left(study: Study, folder: Path) -> int:
    """Multiply-adds, forwards, of all that is not recorded."""
    found = names_recorded(folder)
    return sum(work(plan, folder) for plan in study.plans if plan.record() not in found)


def _summary(study, folder, done, left, seconds) -> str:
    found, rows = names_recorded(folder), []
    for plan in study.plans:
        name, length = plan.record(), plan.length()
        if name not in found and (epochs := epochs_done(folder, name)):
            rows.append(f"{name}: {epochs} of {-(-length.steps // length.steps_per_epoch)} epochs")
    count = sum(plan.record() not in found for plan in study.plans)
    if not count:
        return f"{study.name}: all {len(study.plans)} trainings are recorded."
    pace = f", about {duration(seconds * left / done)} as fast as this piece" if done > 0 else ""
    rows.append(f"Left: {count} of {len(study.plans)} trainings{pace}. The same command goes on.")
    return "\n".join(rows)

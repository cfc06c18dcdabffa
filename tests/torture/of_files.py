"""Damaged files, many thousands of each kind: refused in a sentence, or read as what they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from torture.fault import Fault, Lost, Trial, fault
from torture.fuzzing import LOADED, REFUSED

ROOT = Path(__file__).resolve().parents[2]
GROUP = "Damaged files"
PATHS = [ROOT / "tests", ROOT / "tests" / "oracles", ROOT / "src", ROOT / "assignments"]
COURSE = ROOT / ".venv-course" / "bin" / "python"


def in_a_process(trial: Trial, kind: str) -> None:
    """Has a process of its own read damaged files of a kind. Raises Lost, and keeps the file."""
    graders = kind.startswith("notebook")
    if graders and not COURSE.is_file():
        pytest.skip(f"no {COURSE.relative_to(ROOT)} here: make assignments")
    shared, python = Path("/dev/shm"), COURSE if graders else sys.executable
    folder = trial.folder / "files"
    folder.mkdir()
    surroundings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, PATHS)),
        "RESNET_BOOK_RESULTS": str(trial.folder / "results"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "TMPDIR": str(shared if shared.is_dir() else trial.folder),
    }
    seed = str(trial.chance.getrandbits(64))
    command = [str(python), "-m", "torture.fuzzing", kind, seed, str(trial.times), str(folder)]
    (trial.folder / "results").mkdir()
    ended = subprocess.run(command, env=surroundings, capture_output=True, text=True, cwd=ROOT)
    if ended.returncode != 0:
        last = max(folder.iterdir(), default=None, key=lambda path: path.stat().st_mtime)
        content = b"" if last is None else last.read_bytes()
        raise Lost(
            f"seed {seed}: ended with {ended.returncode}\n{ended.stderr[-3000:]}\n"
            f"The last file, {len(content)} bytes: {content[:400]!r}"
        )
    for outcome, times in json.loads(ended.stdout.splitlines()[-1]).items():
        for _ in range(times):
            trial.came(outcome)


def damaged(kind: str, what: str, *, few: int, many: int) -> Fault:
    """The fault of damaging files of one kind."""

    return fault(
        f"damaged-{kind}",
        group=GROUP,
        does=f"{what}: bits turned, parts cut out, doubled or of another file, numbers and words "
        "exchanged",
        holds="the file is refused by a sentence that names it, within seconds and little memory, "
        "and nothing of it is taken over; or it is read whole",
        outcomes=(REFUSED, LOADED),
        few=few,
        many=many,
    )(lambda trial: in_a_process(trial, kind))


weights = damaged("weights", "a `.safetensors` file of weights", few=200, many=10_000)
states = damaged("states", "the state of an interrupted training", few=200, many=15_000)
npz = damaged("npz", "a data set in one `.npz` file", few=200, many=20_000)
pickled = damaged("pickled", "a `.pt` or `.th` file of PyTorch's", few=300, many=25_000)
records = damaged("records", "the record of a training", few=300, many=20_000)
studies = damaged("studies", "a study file, a list of trainings", few=200, many=12_000)
notebooks = damaged("notebooks", "a notebook that a student hands in", few=200, many=10_000)

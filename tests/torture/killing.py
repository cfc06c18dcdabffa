"""Has work done in processes that are killed: at a random time, or at a call that changes files."""

from __future__ import annotations

import atexit
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from torture.fault import Lost
from torture.of_files import PATHS, ROOT

ALSO = [ROOT / "tests" / name for name in ("support", "assignments")]
WHEN = {"before": 0, "after": 1, "midst": 2}
REST = 3


@functools.cache
def library() -> str:
    """The path of the compiled `killing.c`; empty, with a warning, where nothing compiles it."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if sys.platform != "linux" or not compiler:
        warnings.warn(
            "No C compiler on Linux: processes are killed at random times, and at no chosen call.",
            stacklevel=2,
        )
        return ""
    made = Path(tempfile.mkdtemp(prefix="killing-"), "killing.so")
    atexit.register(shutil.rmtree, made.parent, ignore_errors=True)
    source = str(Path(__file__).with_name("killing.c"))
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(made), source, "-ldl"]
    subprocess.run(command, check=True)
    return str(made)


@dataclass(frozen=True)
class Ended:
    """What became of a job: what the work returned, or that its process was killed.

    `count` are the calls that changed its folder, `spent` its seconds, `said` what it printed.
    """

    result: object
    count: int
    killed: bool
    code: int
    spent: float
    said: str


class Server:
    """Processes for the functions of one module, forked from one that has loaded it."""

    def __init__(self, module: str, python: str = sys.executable, **surroundings: str):
        own = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                map(str, [*PATHS, *(ROOT / "tests" / name for name in ("support", "assignments"))])
            ),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONWARNINGS": "ignore",
            "CUDA_VISIBLE_DEVICES": "-1",
            **surroundings,
        }
        if library():
            own["LD_PRELOAD"] = library()
        command = [str(python), "-m", "torture.killed_server", module, library()]
        self._process = subprocess.Popen(
            command,
            env=own,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{module}: its server did not start")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server of the work ended with {self._process.wait()}")
        return json.loads(line)

    def run(self, *jobs: dict) -> list[Ended]:
        """Runs jobs at once. Raises Lost where one ended by itself, and not well."""
        print(json.dumps(jobs), file=self._process.stdin, flush=True)
        ended = [Ended(**answer) for answer in self._answer()]
        for job, one in zip(jobs, ended, strict=True):
            if not one.killed and one.code != 0:
                raise Lost(f"{job} ended with {one.code}:\n{one.said}")
        return ended


def moment(chance: random.Random, whole: Ended) -> dict:
    """When a job is killed that takes as long, uninterrupted, as `whole` did: by the clock, or
    before, in the midst of or after a call that changes a file."""
    if not whole.count or chance.random() < 0.3:
        return {"seconds": chance.uniform(0, whole.spent)}
    return {"at": chance.randint(1, whole.count), "when": WHEN[chance.choice(sorted(WHEN))]}


def rest(chance: random.Random, whole: Ended) -> dict:
    """When a job, in place of being killed, rests before a call that changes a file."""
    return {"at": chance.randint(1, whole.count), "when": REST} if whole.count else {}


@functools.cache
def server(module: str, python: str = sys.executable) -> Server:
    """The one server of a module, which ends with this process."""
    made = Server(module, python)
    atexit.register(made.__exit__)
    return made

"""Runs pieces of work, each in a process forked from one that has loaded all libraries.

`python -m torture.killed_server MODULE LIBRARY`: the functions of the module `torture.MODULE`
are the work, LIBRARY is the compiled `killing.c` or empty. A line of JSON is a list of jobs,
which run at once; the answer is a line with what became of each. Nothing is computed before a
fork, so that TensorFlow has no threads that a child would lack.

A job: `work` and its `options`, the `folder` that it works in, and when its process is killed:
`at` the n-th call that changes the folder (0: not), `when` of it, and after how many `seconds`.
With `wait` it begins so many seconds later than the others.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path


def main(module: str, library: str) -> None:
    work = importlib.import_module(f"torture.{module}")
    killing = ctypes.CDLL(library) if library else None
    if killing:
        killing.killing_count.restype = ctypes.c_long
        killing.killing_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        running = [_Child(work, killing, job) for job in json.loads(line)]
        while sum(child.has_ended() for child in running) < len(running):
            time.sleep(0.002)
        print(json.dumps([child.told() for child in running]), file=answers, flush=True)


class _Child:
    def __init__(self, work, killing, job):
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  closed when told
        self.seconds, self.begin, self.status = job.get("seconds"), time.monotonic(), None
        self.said, (self.answer, theirs) = b"", os.pipe()
        os.set_blocking(self.answer, False)
        self.number = os.fork()
        if not self.number:
            self._run(work, killing, job, theirs)
        os.close(theirs)

    def _run(self, work, killing, job, theirs):
        code = 1
        try:
            os.setsid()
            for standard in (1, 2):
                os.dup2(self.log.fileno(), standard)
            folder = Path(job["folder"]).resolve()
            os.chdir(folder)
            time.sleep(job.get("wait", 0))
            if killing:
                killing.killing_arm(os.fsencode(folder), job.get("at", 0), job.get("when", 0))
            result = getattr(work, job["work"])(folder, **job.get("options", {}))
            count = killing.killing_count() if killing else 0
            with os.fdopen(theirs, "wb") as answer:
                answer.write(json.dumps({"result": result, "count": count}).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def has_ended(self):
        if self.status is None:
            self._read()
            number, status = os.waitpid(self.number, os.WNOHANG)
            if number:
                self.status, self.spent = status, time.monotonic() - self.begin
                self._read()
            elif self.seconds is not None and time.monotonic() - self.begin > self.seconds:
                os.kill(self.number, signal.SIGKILL)
        return self.status is not None

    def _read(self):
        """Takes what was said so far: a pipe holds little, and who writes more waits."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.answer, 1 << 16):
                self.said += part

    def told(self):
        os.close(self.answer)
        self.log.seek(0)
        text = self.log.read().decode("utf-8", "replace")[-4000:]
        self.log.close()
        told = {"result": None, "count": 0}
        with contextlib.suppress(ValueError):
            told = json.loads(self.said)
        killed = os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL
        code = os.waitstatus_to_exitcode(self.status)
        return {**told, "killed": killed, "code": code, "spent": self.spent, "said": text}


if __name__ == "__main__":
    main(*sys.argv[1:])

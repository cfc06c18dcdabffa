"""Runs one student's notebook in a process of its own, from outside.

The notebook, and with it the hidden tests, stays on this side. Cells go into the cage one by
one, each when its turn has come.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import nbformat
import psutil

from grading import calls
from grading.limits import Limits
from grading.process import DiedError, Process
from grading.running import Report, Run

PACKAGE = Path(__file__).resolve().parent
START_SECONDS = 300  # to load TensorFlow from a cold disk
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")


class Sandbox:
    """Runs notebooks, one after another, each in a new process, which a server forks.

    - `python`: the interpreter of the book's environment, with IPython and the libraries;
    - `preload`: modules that are loaded before, once for all;
    - `visible`: folders beside Python's own that a notebook may read, `src` of the book;
    - `isolate`: False leaves out the namespaces, as on systems that have none.
    """

    def __init__(
        self,
        python: str,
        preload: tuple[str, ...] = (),
        visible: tuple[str, ...] = (),
        limits: Limits | None = None,
        isolate: bool = True,
    ) -> None:
        self.limits, self._isolate = limits or Limits(), isolate
        self._python, self._preload = str(python), tuple(preload)
        self._visible = [str(Path(path).resolve()) for path in visible]
        self._server: subprocess.Popen | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server. The next `run` starts another."""
        if self._server is not None:
            self._control.close()
            self._server.kill()
            self._server.wait()
            shutil.rmtree(self._home, ignore_errors=True)
            self._server = None

    def run(self, notebook: nbformat.NotebookNode, draw: random.Random | None = None) -> Report:
        """Runs every code cell and stores what came in its outputs.

        A test cell that did not run to its end has an error among its outputs, whatever the
        reason. `draw` says where the copies stand that must fail; None draws anew. Raises
        RuntimeError if the server cannot be started.
        """
        return Run(self.process, self.limits, draw).run(notebook)

    def process(self) -> Process:
        """A new process in its cage. Raises DiedError, or RuntimeError if there is no server."""
        self._start()
        scratch = tempfile.mkdtemp(dir=self._home)
        requests, replies = os.pipe(), os.pipe()
        limits = {**dataclasses.asdict(self.limits), "processes_outside": _processes_of_mine()}
        job = {"scratch": scratch, "visible": self._shown, "limits": limits}
        job |= {"isolate": self._isolate, "calls": calls.program().hex()}
        socket.send_fds(self._control, [json.dumps(job).encode()], [requests[0], replies[1]])
        os.close(requests[0])
        os.close(replies[1])
        number = int(self._control.recv(100))
        try:
            return Process(number, requests[1], replies[0], scratch, self.limits)
        except DiedError as error:
            raise DiedError(f"{error} {self._said()[-300:]}".strip()) from None

    def _start(self) -> None:
        if self._server is not None and self._server.poll() is None:
            return
        self.close()
        self._home = tempfile.mkdtemp(prefix="grading-")
        os.chmod(self._home, 0o755)
        environment = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
        environment |= {
            "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *self._visible]),
            "HOME": self._home,
            "MPLCONFIGDIR": "/tmp/matplotlib",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "IPYTHONDIR": "/tmp/ipython",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NBGRADER_EXECUTION": "autograde",  # as nbgrader sets it where it runs notebooks
        }
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, open(Path(self._home, "log"), "w") as log:
            self._server = subprocess.Popen(
                [self._python, "-m", "grading.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._control.settimeout(START_SECONDS)
        with contextlib.suppress(OSError):
            self._control.send(json.dumps(self._preload).encode())
            self._shown = [*_paths_of(self._python), *self._visible]
            if self._control.recv(100) == b"ready":
                return
        said = self._said()
        self.close()
        raise RuntimeError(
            f"Expected {self._python} to load {', '.join(self._preload) or 'nothing'}; it did not. "
            f"`make setup` installs what it needs. It said:\n{said}"
        )

    def _said(self) -> str:
        """The end of what the server has printed: why it could not load or make a process."""
        return Path(self._home, "log").read_text("utf-8", "replace").strip()[-2000:]


def _paths_of(python: str) -> list[str]:
    """The folders that an interpreter runs from; not those of PYTHONPATH, such as the course's."""
    code = "import sys, json; print(json.dumps([sys.prefix, sys.base_prefix, *sys.path]))"
    command = [python, "-E", "-c", code]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    paths = [path for path in found if path and os.path.exists(path)]
    return list(dict.fromkeys(p for path in paths for p in (path, os.path.realpath(path))))


def _processes_of_mine() -> int:
    """Threads of this user that run already: some systems count them with the cage's."""
    mine, count = os.getuid(), 0
    for process in psutil.process_iter(["uids", "num_threads"]):
        if process.info["uids"] and process.info["uids"].real == mine:
            count += process.info["num_threads"] or 0
    return count if mine else 0

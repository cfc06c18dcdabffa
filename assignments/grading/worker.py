"""Runs the cells of one notebook, one after another, as they come through a pipe.

It lives in the cage with the student's code. Requests and replies are lines of JSON.
"""

from __future__ import annotations

import io
import os
import signal
import sys

from grading import shell as shells
from grading import watch, wire
from grading.failures import failure
from grading.guard import Guard


class CellTimeoutError(BaseException):
    """Raised in a cell that has had its time; no Exception, so that few catch it."""


def serve(guard: Guard, requests: io.TextIOBase, replies: int, protected: list[str]) -> None:
    """Answers requests until there are no more. Never returns to the caller."""
    shell = shells.made()
    signal.signal(signal.SIGALRM, _out_of_time)
    wire.write(replies, {"ready": True, "protected": protected})
    for name in [name for name in sys.modules if name.partition(".")[0] == "grading"]:
        del sys.modules[name]
    guard.begin()
    looked = watch.start()
    while line := requests.readline():
        request = wire.read(line)
        line = ""  # no frame holds the source of a test while it runs
        wire.write(replies, {"nonce": request["nonce"], **_run(shell, guard, request, looked)})
    os._exit(0)


def _run(shell, guard: Guard, request: dict, looked: list[str]) -> dict:
    outputs: list[dict] = []
    most, test = request["most_output"], request["test"]
    old = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (shells.Text(outputs, name, most) for name in ("stdout", "stderr"))
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    try:
        if test:
            code, roles = guard.compiled(request.pop("source")), request.pop("roles")
            reply = guard.run(code, roles, shell.user_ns)
        else:
            reply = {"status": shells.run_cell(shell, request["source"], outputs)}
    except BaseException as error:
        reply = {"status": "error", "outputs": [failure(error)]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, _out_of_time)
        sys.stdout, sys.stderr = old
    for output in outputs:
        if output["kind"] == "stream":
            output["text"] = "".join(output.pop("parts"))
    shown = [] if test else outputs  # what is printed while a test runs may be the test
    reply["looked"] = list(dict.fromkeys(looked))
    looked.clear()
    return {**reply, "outputs": shown + reply.get("outputs", [])}


def _out_of_time(signum, frame) -> None:
    raise CellTimeoutError("this cell took longer than the grading allows")

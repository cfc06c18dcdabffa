"""Several processes find each other before a training, and learn when one of them ends.

The backend's own start-up does this for itself, and where it fails it ends the process
with a trace of C++ calls, or waits: for minutes, or for ever. So the processes first meet
here. Process 0 listens at the coordinator's port until all have come, compares what they
were started for, and says go. The port is then the backend's. The connections stay: the
system closes those of a process that dies, so the others hear of it at once, and say so.

JAX's own heartbeat was tried alone: it notices a killed process after 10 seconds, where this does
after 0.2, an error in one after 300, and another batch size never.

Nothing here knows Keras or a backend. Book: chapter 7.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable

SILENCE = 30  # seconds after which a machine that does not answer at all counts as gone
_KEEP_ALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}  # together SILENCE
_RETRY = 0.3  # seconds between two attempts to reach process 0


def end(text: str) -> None:
    """Says why on stderr and ends this process at once, with status 1."""
    print(text, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)  # an orderly end would wait for the others


class Connections:
    """The open lines of one process: process 0 has one to each other, they one to it.

    `lost` is called, in a thread, with a sentence as soon as a process failed or is gone.
    """

    def __init__(self, process: int, lines: dict[int, _Line], lost: Callable[[str], None] = end):
        self.process, self.lines, self.lost = process, lines, lost
        self._once = threading.Lock()
        for number, line in lines.items():
            threading.Thread(target=self._watch, args=(number, line), daemon=True).start()

    def fail(self, text: str) -> None:
        """Tells all others that this process ends, and why."""
        if self._once.acquire(blocking=False):
            self._tell({"failed": f"Process {self.process} ended: {text}"})

    def leave(self) -> None:
        """Tells all others that this process has done its part."""
        self._tell({"done": True})

    def _tell(self, message):
        for line in self.lines.values():
            line.send(message)

    def _watch(self, number, line):
        message = line.receive()
        if message is not None and message.get("done"):
            return
        text = (message or {}).get("failed") or (
            f"Process {number} is gone: it was killed, or its machine or the network failed"
        )
        if not self._once.acquire(blocking=False):
            return  # this process is ending already
        if self.process == 0:
            self._tell({"failed": text})
        self.lost(f"{text.rstrip('.')}. If all are started again, the training goes on.")


def meet(
    coordinator: str,
    processes: int,
    process: int,
    facts: dict[str, str],
    *,
    wait: float,
    lost: Callable[[str], None] = end,
) -> Connections:
    """Waits until all processes have come; returns the lines between them.

    `coordinator` is HOST:PORT, where process 0 listens; `facts` must be equal in all
    processes, {what it is called in a message: value}.

    Raises ValueError for what is no address, or where processes do not fit together;
    OSError if the port is taken; TimeoutError after `wait` seconds.
    """
    host, port = address(coordinator)
    hello = {"process": process, "processes": processes, "facts": facts}
    deadline = time.monotonic() + wait
    if process == 0:
        return Connections(0, _call(port, hello, deadline, wait), lost)
    return Connections(process, {0: _report(host, port, hello, deadline, wait)}, lost)


def address(coordinator: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT". Raises ValueError for what is no such text."""
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ValueError(
            "The coordinator must be HOST:PORT, the machine of process 0 and a free port of it, "
            f"as in node1:12345. Received: {coordinator!r}"
        )
    return host.strip("[]"), int(port)


def _call(port, hello, deadline, wait) -> dict[int, _Line]:
    """Process 0: a line to every other process, when all have come and fit together."""
    expected, lines = set(range(1, hello["processes"])), {}
    try:
        server = _server(port)
    except OSError as error:
        raise OSError(
            f"Process 0 cannot listen at port {port} ({error.strerror}). Choose another port, "
            "the same for all processes."
        ) from error
    with server:
        try:
            while expected - set(lines):
                line, theirs = _next(server, deadline)
                _check(hello, theirs, set(lines), line)
                lines[theirs["process"]] = line
        except TimeoutError:
            text = (
                f"{_list(expected - set(lines))} of {hello['processes']} did not come within "
                f"{wait:.0f} s. Start one process with each number, all with the same "
                "--coordinator and --processes."
            )
            _dismiss(lines, text)
            raise TimeoutError(text) from None
        except ValueError as error:
            _dismiss(lines, str(error))
            raise
    for line in lines.values():
        line.send({"go": True})
    return lines


def _next(server, deadline) -> tuple[_Line, dict]:
    """The next process that reports; what is no process of ours is sent away."""
    while True:
        server.settimeout(max(deadline - time.monotonic(), 0.01))
        connection, _ = server.accept()
        line = _Line(connection)
        theirs = line.receive(5)
        if theirs is not None and isinstance(theirs.get("process"), int) and "facts" in theirs:
            return line, theirs
        line.close()


def _check(mine, theirs, came, line):
    """Raises ValueError, and tells the other, if two processes do not fit together."""
    number, text = theirs["process"], None
    if theirs.get("processes") != mine["processes"]:
        text = (
            f"Process {number} expects {theirs.get('processes')} processes, process 0 "
            f"{mine['processes']}. Give all the same --processes."
        )
    elif number in came or not 0 < number < mine["processes"]:
        text = f"Two processes came as process {number}. Give each its own --process."
    for key, value in mine["facts"].items():
        if text is None and theirs["facts"].get(key) != value:
            text = (
                f"All processes must have the same {key}. Process 0 has {value!r}, process "
                f"{number} {theirs['facts'].get(key)!r}."
            )
    if text is not None:
        line.send({"failed": text})
        raise ValueError(text)


def _report(host, port, hello, deadline, wait) -> _Line:
    """Another process: the line to process 0, when that says go."""
    while True:
        try:
            line = _Line(socket.create_connection((host, port), timeout=5))
            break
        except OSError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"Process 0 could not be reached at {host}:{port} within {wait:.0f} s "
                    f"({error.strerror or error}). Start it there, and look whether this machine "
                    "may connect to that port."
                ) from None
            time.sleep(_RETRY)
    line.send(hello)
    answer = line.receive(max(deadline - time.monotonic(), 0) + wait)
    if answer is not None and answer.get("go"):
        return line
    raise ValueError(
        (answer or {}).get("failed")
        or f"What answers at {host}:{port} is no process 0 that waits for others, or it has ended. "
        "Choose another port, the same for all processes."
    )


def _dismiss(lines, text):
    for line in lines.values():
        line.send({"failed": text})
        line.close()


def _list(numbers) -> str:
    numbers = [str(number) for number in sorted(numbers)]
    return ("Process " if len(numbers) == 1 else "Processes ") + ", ".join(numbers)


def _server(port) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


class _Line:
    """A connection that carries one JSON object a line."""

    def __init__(self, connection: socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self.connection, self.file = connection, connection.makefile("rb")

    def send(self, message: dict) -> None:
        """Sends; a line that is closed already is noticed by who listens."""
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds: float | None = None) -> dict | None:
        """The next message; None if the line is closed, silent for so long, or not ours."""
        try:
            self.connection.settimeout(seconds)
            message = json.loads(self.file.readline(2**16))
        except (OSError, ValueError):
            return None
        finally:
            self.connection.settimeout(None)
        return message if isinstance(message, dict) else None

    def close(self) -> None:
        self.file.close()
        self.connection.close()

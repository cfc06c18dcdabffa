"""Downloads that end: a host that stops sending is an error, and not a wait for ever.

`urllib`, with which Keras fetches, and `requests`, with which TensorFlow Datasets does, wait
without a limit. `huggingface_hub` has one, and yet begins anew without end where every attempt
brings a few bytes. And a limit for each answer never ends a host that sends a byte every second.
So all that the library fetches, it fetches here.

Book: chapters 1 and 6.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

LOOK = 5.0  # seconds in which a host must answer that is asked whether it is there
ANSWER = 30.0  # seconds in which a host must answer, or send the next bytes
GROWTH = 600.0  # seconds in which what was fetched must have grown; slow lines fill buffers first
LEAST = 600_000  # bytes by which it must have grown then: a kilobyte a second

T = TypeVar("T")


def keras_folders() -> tuple[Path, ...]:
    """Where Keras puts what it fetches: its home, or else a folder for what is temporary."""
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return Path(home), Path("/tmp/.keras"), Path(tempfile.gettempdir(), ".keras")


def within_limits(fetch: Callable[[], T], *folders: Path) -> T:
    """What `fetch()` returns, which writes below `folders` what it gets from the network.

    Raises TimeoutError if these have not grown by `LEAST` bytes within `GROWTH` seconds, and what
    `fetch` raises: where its host is silent for `ANSWER` seconds, an error of its own. A fetch that
    is given up ends with the process at the latest.
    """
    with _answers_awaited():
        thread, outcome = _begun(fetch)
        held, since = _size(folders), time.monotonic()
        while thread.is_alive():
            thread.join(min(1.0, GROWTH / 10))
            if (size := _size(folders)) >= held + LEAST:
                held, since = size, time.monotonic()
            elif thread.is_alive() and time.monotonic() - since > GROWTH:
                raise TimeoutError(f"fewer than {LEAST:,} bytes came within {GROWTH:g} seconds")
    return outcome()


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask()` returns. Raises TimeoutError if it takes longer, and what `ask` raises."""
    thread, outcome = _begun(ask)
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer came within {seconds:g} seconds")
    return outcome()


def _begun(work: Callable[[], T]) -> tuple[threading.Thread, Callable[[], T]]:
    """A thread that works, and what then returns its result or raises its error."""
    result: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            raised.append(error)

    def outcome() -> T:
        if raised:
            raise raised[0]
        return result[0]

    thread = threading.Thread(target=run, name="fetching", daemon=True)
    thread.start()
    return thread, outcome


def _size(folders: tuple[Path, ...]) -> int:
    """Bytes of all files below, as far as they stay while one looks."""
    size = 0
    for folder in folders:
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                size += path.lstat().st_size
    return size


@contextlib.contextmanager
def _answers_awaited() -> Iterator[None]:
    """Inside, who says nothing of a limit waits `ANSWER` seconds for a host."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(ANSWER)
    try:
        with _of_requests():
            yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _of_requests() -> Iterator[None]:
    """The same for `requests`, which hands on its own default: no limit at all."""
    if importlib.util.find_spec("requests") is None:
        yield
        return
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def limited(self, request, stream=False, timeout=None, **how):
        timeout = ANSWER if timeout is None else timeout
        return send(self, request, stream=stream, timeout=timeout, **how)

    HTTPAdapter.send = limited
    try:
        yield
    finally:
        HTTPAdapter.send = send

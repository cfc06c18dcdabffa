"""Locks between processes: what one holds, another is refused with a sentence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


class LockedError(RuntimeError):
    """Another process is at it."""


@contextlib.contextmanager
def held(path: str | os.PathLike, message: str) -> Iterator[None]:
    """Holds the lock `path`, a file, while the block runs. It waits for nobody.

    The system gives a lock back when its process ends, in whatever way: a file that a killed
    process left locks nothing. Raises `LockedError` with the message where another holds it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(message) from None
    try:
        yield
    finally:
        if os.name != "nt":  # Windows removes no open file; the library does so there, later
            path.unlink(missing_ok=True)  # while it is held: who waits sees that the file is gone
        lock.release()

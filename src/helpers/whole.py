"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written(path: str | os.PathLike, *, ending: str = ".tmp") -> Iterator[Path]:
    """A path beside `path` to write to, which takes its place when the block ends.

    Its name ends in `ending`, for a writer that looks at that.

    What was written is on the disk before it gets its name, so that neither a killed process
    nor a loss of power leaves half a file under it. If the block raises, nothing is left, and
    a file that had the name is as it was. Two processes that write the same file do not touch
    each other's; the later one wins.

    Raises OSError with the file's name where the disk is full or only to be read.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=ending, dir=path.parent)
    except OSError as error:
        raise _said(path, error) from error
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        _on_disk(unfinished)
        _with_usual_rights(unfinished)
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise _said(path, error) from error
        raise
    if os.name != "nt":  # the name itself; Windows knows no such thing
        _on_disk(path.parent)


def _said(path: Path, error: OSError) -> OSError:
    """The same error, of the same type, with the name of the file that was to be written."""
    said = f"{error.strerror}: nothing was written, and what was there is as it was"
    return OSError(error.errno, said, str(path))


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _with_usual_rights(path: Path) -> None:
    """`mkstemp` lets the owner alone read; a record is as readable as any other file."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)

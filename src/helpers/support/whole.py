"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written(path: str | os.PathLike, *, ending: str = ".tmp", new: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to, which takes its place when the block ends.

    Its name ends in `ending`, for a writer that looks at that.

    What was written is on the disk before it gets its name, so that neither a killed process
    nor a loss of power leaves half a file under it. If the block raises, nothing is left, and
    a file that had the name is as it was. Two processes that write the same file do not touch
    each other's; the later one wins, or with `new` the first, and the other gets
    FileExistsError.

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
        if new:
            _named(unfinished, path)
        else:
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


def on_disk(*paths: str | os.PathLike) -> None:
    """Waits until files, and the names in folders, are on the disk: no loss of power undoes them.

    Windows writes no folders so; there they are left out.
    """
    for path in map(Path, paths):
        if os.name != "nt" or not path.is_dir():
            _on_disk(path)


def clear(path: str | os.PathLike) -> None:
    """Removes what processes that were killed left of `written(path)`.

    Nobody may write the file meanwhile: call it under a lock.
    """
    path = Path(path)
    left = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}(\.\w+)+")  # as mkstemp names
    for other in path.parent.iterdir() if path.parent.is_dir() else ():
        if left.fullmatch(other.name):
            other.unlink(missing_ok=True)


# What file systems without hard links answer: FAT, and some that lie on another machine.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


def _named(unfinished: Path, path: Path) -> None:
    """Gives a file its name, which no other file may have: the system looks and names at once."""
    if os.name == "nt":
        unfinished.rename(path)  # refuses a name that is there
        return
    try:
        os.link(unfinished, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():  # between this look and the renaming another process may come
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        unfinished.replace(path)
    else:
        unfinished.unlink()


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

"""A file that was handed in, in a folder or in a zip, and how it is read."""

from __future__ import annotations

import io
import os
import re
import secrets
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 50_000_000
MOST_NESTED = 3  # zips in zips
# Of one zip with all that is in it: a small one can hold zips in zips without end.
MOST_FILES = 20_000
MOST_UNPACKED = 4_000_000_000  # bytes, counted again for what lies in a zip that lies in it
SYSTEM = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints"}
NOTEBOOK = re.compile(r"\.ipynb(\.(json|txt))?$", re.IGNORECASE)


class BrokenError(Exception):
    """A notebook that cannot be read; the message says why."""


@dataclass(frozen=True)
class File:
    """A file that was handed in: `path`, and in a zip its `members`, from the outermost on."""

    path: Path
    members: tuple[str, ...] = ()
    changed: float = 0.0  # seconds since 1970, by the file or by the zip
    trouble: str = ""  # why it cannot be read, where that is known already

    @property
    def name(self) -> str:
        """Its own name, without folders."""
        return re.split(r"[/\\]", self.members[-1])[-1] if self.members else self.path.name

    @property
    def is_notebook(self) -> bool:
        """By its name, which browsers and systems spell in several ways; and it can be opened."""
        return bool(NOTEBOOK.search(self.name)) and not self.is_system and not self.trouble

    @property
    def is_system(self) -> bool:
        """Something that an operating system or Jupyter put there, and no student."""
        parts = re.split(r"[/\\]", "/".join(self.members)) if self.members else self.path.parts
        return self.name.startswith("._") or any(part.lower() in SYSTEM for part in parts)

    def read(self) -> bytes:
        """The file's bytes. Raises BrokenError."""
        if self.trouble:
            raise BrokenError(self.trouble)
        try:
            with open(self.path, "rb") as file:
                data = file.read(MOST_BYTES + 1)
            for member in self.members:
                with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(member) as inner:
                    data = inner.read(MOST_BYTES + 1)
        except Exception as error:  # a damaged zip raises nearly anything
            raise BrokenError(f"cannot be read: {type(error).__name__}: {error}") from error
        if len(data) > MOST_BYTES:
            raise BrokenError(f"larger than {MOST_BYTES // 10**6} MB")
        return data

    def __str__(self) -> str:
        return printable(":".join((str(self.path), *self.members)))


def printable(text: str) -> str:
    """A text with what no screen can show, or should obey, as an escape: \\x1b, \\udce9."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file whole or not at all; a text as UTF-8, with the line ends that it has.

    It is on the disk before it gets its name: a process that is killed, or a loss of power,
    leaves the old file, or none. If it cannot be written, nothing of it is left.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # Not `helpers.support.whole`: the book's library is no part of the course's environment.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def walk(folder: Path) -> Iterator[File]:
    """Every file below a folder, and in the zips there. Links are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names) + [f for f in folders if Path(place, f).is_symlink()]:
            path = Path(place, name)
            if path.is_symlink():
                yield File(path, trouble="a link, which is not followed")
            elif not path.is_file():
                yield File(path, trouble="no file")
            elif path.suffix.lower() == ".zip":
                yield from inside(File(path, changed=path.stat().st_mtime))
            else:
                yield File(path, changed=path.stat().st_mtime)


def inside(zipped: File) -> Iterator[File]:
    """The files in a zip, and in zips in it; the zip itself where it cannot be opened.

    Where there are more than anybody hands in, the zip follows in place of those that are left.
    """
    yield from _inside(zipped, _Left(), 0)


class _Left:
    """What may still come out of a zip."""

    def __init__(self) -> None:
        self.files, self.bytes = MOST_FILES, MOST_UNPACKED

    def take(self, size: int) -> bool:
        """Counts one file of this size. Says whether it is among those that may come."""
        self.files -= 1
        self.bytes -= min(size, MOST_BYTES)
        return self.files >= 0 and self.bytes >= 0


def _inside(zipped: File, left: _Left, around: int) -> Iterator[File]:
    """`around`: bytes of the zips in a zip that are unpacked to reach what is in this one."""
    try:
        with zipfile.ZipFile(io.BytesIO(zipped.read())) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
    except Exception as error:
        said = str(error) if isinstance(error, BrokenError) else f"a damaged zip: {error}"
        yield File(zipped.path, zipped.members, zipped.changed, said)
        return
    for info in entries:
        if not left.take(info.file_size + around):
            said = "holds more files, or larger ones, than are handed in: not all were opened"
            yield File(zipped.path, zipped.members, zipped.changed, said)
            return
        inner = File(zipped.path, (*zipped.members, info.filename), _time(info))
        nested = info.filename.lower().endswith(".zip") and not inner.is_system
        if nested and len(inner.members) <= MOST_NESTED:
            yield from _inside(inner, left, around + min(info.file_size, MOST_BYTES))
        else:
            yield inner


def _time(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0

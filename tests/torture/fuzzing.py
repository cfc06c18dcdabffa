"""Gives one reader many damaged files, in a process of its own: `python -m torture.fuzzing`.

The process may not grow, and each file has a time: where it takes longer, the process ends and
says where it was. What it was given last lies in the folder. Memory is bounded on Linux alone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 20  # for one file, where all others take some milliseconds
MEGABYTES = 1_000  # by which the process may grow
REFUSED, LOADED = "refused", "loaded whole"


class BrokenError(Exception):
    """What a reader did and must not do."""


@dataclass(frozen=True)
class Reader:
    """How one kind of file is read.

    - `ending`: of the file's name;
    - `inputs`: damaged files without end, from chance;
    - `read`: reads the file at a path, and looks at what it was given;
    - `state`: what must be the same after a refusal; compared by `==`;
    - `errors`: those that are documented.
    """

    ending: str
    inputs: Callable[[random.Random], Iterator[bytes]]
    read: Callable[[Path], Any]
    state: Callable[[], Any] = lambda: None
    errors: tuple[type[Exception], ...] = (ValueError, OSError)


def outcome(reader: Reader, path: Path, content: bytes, before: Any) -> str:
    """What comes of one file, where the state was `before`. Raises BrokenError."""
    path.write_bytes(content)
    try:
        reader.read(path)
    except reader.errors as error:
        if _memory_ran_out(error):
            raise BrokenError(f"it asked for more than {MEGABYTES} MB: {error!s:.300}") from error
        if path.name not in str(error) or not str(error)[:1].strip():
            raise BrokenError(f"{type(error).__name__} does not name the file: {error}") from error
    except Exception as error:
        raise BrokenError(f"{type(error).__name__} from inside: {error!s:.300}") from error
    else:
        return LOADED
    if reader.state() != before:
        raise BrokenError("refused, and yet something was loaded")
    return REFUSED


def _memory_ran_out(error: BaseException | None) -> bool:
    """Whether it began with a lack of memory, whatever was made of it."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def fuzzed(reader: Reader, seed: str, times: int, folder: Path) -> Counter:
    """The outcomes of so many damaged files. Raises BrokenError."""
    path, outcomes = folder / f"damaged{reader.ending}", Counter()
    inputs = reader.inputs(random.Random(seed))
    state = reader.state()
    with _bounded():
        for _ in range(times):
            with _in_time():
                came = outcome(reader, path, next(inputs), state)
            outcomes[came] += 1
            state = reader.state() if came == LOADED else state
    return outcomes


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Ends the process where what is inside takes longer than `SECONDS`, and never afterwards."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Lets the process ask for so much more memory than it has, and for no more; on Linux."""
    status = Path("/proc/self/status")
    if not status.is_file():
        yield
        return
    import resource

    line = next(n for n in status.read_text().splitlines() if n.startswith("VmSize:"))
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = 1024 * int(line.split()[1]) + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def main(kind: str, seed: str, times: str, folder: str) -> int:
    if "notebook" in kind:
        from torture import notebooks_read as module
    elif kind in ("records", "studies"):
        from torture import texts_read as module
    else:
        from torture import readers as module
    try:
        outcomes = fuzzed(module.READERS[kind](), seed, int(times), Path(folder))
    except BrokenError:
        traceback.print_exc(limit=-6)
        return 1
    print(json.dumps(outcomes))
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # TensorFlow takes its time to end

"""One training of a record at a time, whichever process begins it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from helpers.runs.run import check_free, directory
from helpers.support import locks, whole


@contextlib.contextmanager
def alone(name: str, *, save: bool, checkpoints: str | os.PathLike | None) -> Iterator[None]:
    """No other training of the record `name` runs in these folders while the block does.

    The folders are that of the records, if it is to be saved, and that of the checkpoints, if
    there is one. What a killed process left there half written, under a name of its own, is
    removed. Raises `locks.LockedError` where another process trains it, FileExistsError if it
    is to be saved and is recorded already.
    """
    folders = {Path(checkpoints).resolve()} if checkpoints else set()
    if save:
        folders.add(directory().resolve())
    with contextlib.ExitStack() as stack:
        for folder in sorted(folders):
            message = (
                f"Another process trains {name} in {folder}. Wait for its end, or give this run "
                "another `name` (--name)."
            )
            stack.enter_context(locks.held(folder / f".{name}.lock", message))
            for ending in (".json", ".state.safetensors"):
                whole.clear(folder / f"{name}{ending}")
            whole.clear(folder / "weights" / f"{name}.safetensors")
        if save:
            check_free(name)
        yield

"""The state of a training in one file, written whole or not at all.

All numbers of a network and its optimizer, and the record so far, as `.safetensors`: nothing
in it could run when it is read. It can be carried to another machine, and goes on there.
Book: chapter 5.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from helpers.support import expect, whole

ENDING = ".state.safetensors"
FORMAT = 1  # goes up where an earlier version could not read a state rightly


def path(folder: str | os.PathLike, name: str) -> Path:
    """Where the state of the training of a record lies."""
    return Path(folder) / f"{name}{ENDING}"


def write(
    file: Path, groups: Mapping[str, Sequence[np.ndarray]], record: Mapping[str, Any]
) -> None:
    """Writes lists of arrays by name, and a record of what JSON holds, over what was there.

    Raises OSError, what was there as it was, where that cannot be written.
    """
    arrays = {
        f"{group}.{i:05d}": np.asarray(array, order="C")
        for group, list_ in groups.items()
        for i, array in enumerate(list_)
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole.written(file) as unfinished:
        # Not `save_file`, whose errors of the disk are none of the system's.
        said = {"record": json.dumps(record, allow_nan=False), "format": str(FORMAT)}
        unfinished.write_bytes(save(arrays, said))


def read(file: Path) -> tuple[dict[str, list[np.ndarray]], dict[str, Any]]:
    """The arrays and the record of a file that `write` made.

    Raises FileNotFoundError if there is none, ValueError if it is something else.
    """
    groups: dict[str, list[np.ndarray]] = {}
    with _opened(file) as opened:
        for name in sorted(opened.content.keys()):
            group, _, number = name.rpartition(".")
            kind = opened.content.get_slice(name).get_dtype()
            if not group or not number.isdecimal() or kind not in _TYPES:
                raise ValueError(opened.text(f"it holds {name} of type {kind}"))
            groups.setdefault(group, []).append(opened.content.get_tensor(name))
        return groups, opened.record


def record(file: Path) -> dict[str, Any]:
    """The record of such a file, without its arrays. Raises as `read` does."""
    with _opened(file) as opened:
        return opened.record


# Numbers that NumPy has, too.
_TYPES = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")


class _opened:
    """`safe_open` and the record, with errors that say what to do."""

    def __init__(self, file):
        if not file.is_file():
            raise FileNotFoundError(f"There is no state of a training in {file}.")
        self.file = file

    def __enter__(self):
        try:
            self.content = safe_open(self.file, framework="np").__enter__()
        except FileNotFoundError:  # removed since, by a training that has ended
            raise FileNotFoundError(f"There is no state of a training in {self.file}.") from None
        except SafetensorError as error:
            raise ValueError(self.text(error)) from error
        metadata = self.content.metadata() or {}
        expect.known_format(self.file, metadata.get("format"), FORMAT)
        if "record" not in metadata:
            raise ValueError(self.text("it holds no record"))
        try:
            self.record = json.loads(metadata["record"])
        except (ValueError, RecursionError) as error:
            raise ValueError(self.text(f"its record is not JSON: {error}")) from error
        if not isinstance(self.record, dict):
            raise ValueError(self.text("its record is no table"))
        return self

    def __exit__(self, *raised):
        self.content.__exit__(*raised)

    def text(self, why):
        return (
            f"{self.file} is not the whole state of a training ({why}). Copy it again, or remove "
            "it to begin anew."
        )

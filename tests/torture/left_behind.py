"""What a killed process left in a folder: whole files under their names, and nothing lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import h5py
from safetensors import safe_open

from helpers import runs
from torture.fault import Lost

# Unfinished, each under a name that nothing reads: of `whole.written`, of a state that is being
# written or removed; and locks, which lock nothing once their process is gone.
UNFINISHED = re.compile(r"(^|/)(\.[^/]+\.tmp$|\.[^/]+\.removed/|[^/]+/new/|\.[^/]+\.lock$)")


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file that has its name, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not UNFINISHED.search(name):
            found[name] = path.read_bytes()
    return found


def check_whole(folder: Path) -> dict[str, bytes]:
    """The files of a folder. Raises Lost if one of them is not whole."""
    found = files(folder)
    for name in found:
        path = folder / name
        try:
            if path.parent.name == "results" and path.suffix == ".json":
                runs.load(path)
            elif path.suffix == ".json":
                json.loads(path.read_text("utf-8"))
            elif path.suffix == ".safetensors":
                with safe_open(path, framework="np") as opened:
                    _ = [opened.get_tensor(key) for key in opened.keys()]  # noqa: SIM118
            elif path.suffix == ".h5":
                with h5py.File(path) as opened:
                    opened.visititems(lambda _, item: hasattr(item, "shape") and item[()])
        except Exception as error:
            raise Lost(f"{name}, {len(found[name])} bytes, is half written: {error}") from error
    return found


def check_kept(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Raises Lost if a record is gone, or is another one."""
    for name, content in before.items():
        if Path(name).parent.name == "results" and after.get(name) != content:
            raise Lost(f"{name} was recorded, and is {'gone' if name not in after else 'another'}")


def check_same(came: object, expected: object, where: str) -> None:
    """Raises Lost, naming the first place, where two trees of JSON differ."""
    if isinstance(came, dict) and isinstance(expected, dict):
        for key in sorted({*came, *expected}):
            check_same(came.get(key), expected.get(key), f"{where}: {key}")
    elif came != expected:
        raise Lost(f"{where}: {str(came)[:300]}\nin place of {str(expected)[:300]}")


def check_epochs(told: Path, before: int) -> int:
    """How many epochs were kept, by what a training told of itself. Raises Lost if its last
    process began with an epoch that an earlier one had kept, or left one out.

    `before` are the lines that were there before this process; returns those that are now.
    """
    lines = told.read_text().splitlines() if told.is_file() else []
    kept = [int(line.split()[1]) + 1 for line in lines[:before] if line.startswith("kept")]
    began = [int(line.split()[1]) for line in lines[before:] if line.startswith("began")]
    last = max(kept, default=0)
    # One more may have been kept: killed between that and telling so.
    if began and not last <= began[0] <= last + 1:
        raise Lost(f"{last} epochs were kept, and the next process began with {began[0]}")
    if began != list(range(began[0], began[0] + len(began))) if began else False:
        raise Lost(f"the epochs of a process: {began}")
    return len(lines)

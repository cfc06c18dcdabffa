"""Disks that are full, or only to be read: what was there stays, and a training goes on."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from helpers import runs, training, weights
from helpers.datasets import npz_file
from helpers.training import state_files
from torture import small
from torture.fault import Lost, Trial, fault

GROUP = "Disks and folders"
WHOLE, KEPT = "written whole", "refused, what was there is as it was"


@functools.cache
def trained() -> runs.Run:
    """A training of a second, undisturbed."""
    return training.train(small.SPEC, small.data(), small.RECIPE, seed=0, verbose=0)


def _record(folder: Path) -> Path:
    return runs.save(trained(), folder / "record.json")


def _json(folder: Path, count: int = 3_000) -> Path:
    runs.write_json(path := folder / "inside.json", {"nets": list(range(count))})
    return path


def _weights(folder: Path) -> Path:
    return weights.save(trained().model, folder / "net.safetensors")


def _state(folder: Path, count: int = 9_000) -> Path:
    groups = {"trainable": [np.arange(count, dtype="float32")]}
    state_files.write(path := folder / "x.state.safetensors", groups, {"plan": "x"})
    return path


def _images(folder: Path) -> Path:
    return npz_file.write(small.data(), folder / "tiny.npz")


# Each writer, and what reads its file.
WRITERS: dict[Callable[[Path], Path], Callable[[Path], object]] = {
    _record: lambda path: runs.load(path) == trained(),
    _json: lambda path: path.read_text().strip().endswith("}"),
    _weights: lambda path: weights.load(small.model(), path),
    _state: state_files.read,
    _images: npz_file.read,
}


@functools.cache
def size(write: Callable[[Path], Path], folder: Path) -> int:
    return write(folder).stat().st_size


@contextlib.contextmanager
def with_room(folder: Path, room: int) -> Iterator[None]:
    """A folder on a disk with so much room; or files may not grow further."""
    with small.disk(folder) as disk:
        if disk is not None:
            disk.has(room)
            yield
            return
    with small.files_no_larger(room):
        yield


@fault(
    "full-disks",
    group=GROUP,
    does="a record, weights, a state or a data set written where room ends at a byte drawn by "
    "chance, on a file system of its own where the tests may mount one",
    holds="the file is there whole and reads back, or the error names it, nothing of it is left, "
    "and what had the name before is as it was",
    outcomes=(WHOLE, KEPT),
    few=40,
    many=6_000,
)
def full_disks(trial: Trial) -> None:
    plenty = trial.folder / "plenty"
    plenty.mkdir()
    for number in range(trial.times):
        write = trial.chance.choice(list(WRITERS))
        room = trial.chance.randrange(1, 2 * size(write, plenty))
        folder = trial.folder / str(number % 50)
        with with_room(folder, room):
            trial.came(_written(write, folder))
            _clear(folder)


def _written(write: Callable[[Path], Path], folder: Path) -> str:
    try:
        path = write(folder)
    except OSError as error:
        if left := sorted(path.name for path in folder.rglob("*")):
            raise Lost(f"{write.__name__} failed ({error}) and left {left}") from error
        if str(folder) not in str(error):
            raise Lost(f"{write.__name__}: the error names no file: {error}") from error
        return KEPT
    except Exception as error:
        raise Lost(f"{write.__name__}: {type(error).__name__} from inside: {error}") from error
    if not WRITERS[write](path):
        raise Lost(f"{path.name} is another than was written")
    if len(list(folder.rglob("*"))) > 1:
        raise Lost(f"beside {path.name} lies {sorted(p.name for p in folder.rglob('*'))}")
    return WHOLE


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@fault(
    "full-disks-under-what-is-there",
    group=GROUP,
    does="a state or a record written over an earlier one, where room ends amid it",
    holds="the earlier one or the new one is there, whole, and nothing else",
    outcomes=(WHOLE, KEPT),
    few=20,
    many=3_000,
)
def full_disks_under_what_is_there(trial: Trial) -> None:
    with small.disk(trial.folder / "disk") as disk:
        folder = trial.folder / "disk"
        for _ in range(trial.times):
            write, reads = trial.chance.choice([(_state, state_files.read), (_json, _text)])
            if disk is not None:
                disk.has(2**20)
            path = write(folder)
            before = path.read_bytes()
            room = trial.chance.randrange(1, 3 * len(before))
            if disk is not None:
                disk.has(len(before) + room)  # in pages of 4,096 bytes
                limit = contextlib.nullcontext()
            else:
                limit = small.files_no_larger(room)
            try:
                with limit:
                    write(folder, 15_000)  # more than lies there
                came = WHOLE
            except OSError as error:
                if str(path) not in str(error):
                    raise Lost(f"the error names no file: {error}") from error
                came = KEPT
            reads(path)
            same = path.read_bytes() == before
            if same != (came == KEPT) or len(list(folder.iterdir())) > 1:
                raise Lost(f"{path.name}, or what lies beside it, is not as it must be")
            trial.came(came)
            _clear(folder)


def _text(path: Path) -> None:
    if not path.read_text().strip().endswith("}"):
        raise Lost(f"{path} is half a file")


@fault(
    "folders-only-to-be-read",
    group=GROUP,
    does="records, weights, states and data sets written into a folder that is only to be read, "
    "also by root",
    holds="the error names the file, and the folder's content is as it was",
    outcomes=(KEPT,),
    few=10,
    many=500,
)
def folders_only_to_be_read(trial: Trial) -> None:
    with small.disk(trial.folder / "disk") as disk:
        folder = trial.folder / "disk"
        (folder / "earlier.json").write_text("{}")
        if disk is not None:
            disk.read_only()
        else:
            folder.chmod(0o555)
        with contextlib.suppress(OSError):
            (folder / "probe").touch()
            pytest.skip("this process writes anywhere, and may not mount")
        for number, write in zip(range(trial.times), itertools.cycle(WRITERS), strict=False):
            try:
                write(folder if number % 3 else folder / "new")
            except OSError as error:
                if str(folder) not in str(error):
                    raise Lost(f"the error names no file: {error}") from error
            else:
                raise Lost(f"{write.__name__} wrote into a folder that is only to be read")
            if [path.name for path in folder.iterdir()] != ["earlier.json"]:
                raise Lost("the folder is another than before")
            trial.came(KEPT)
        folder.chmod(0o755) if disk is None else None

"""Where each photograph lies in the files that TensorFlow Datasets wrote.

A split of TensorFlow Datasets is a row of TFRecord files that are made to be read from
front to back. One walk over them notes where each image's own file begins and ends, and
from then on any photograph is one reading at one place: an epoch in any order, a part of
it for each process, from any step on. Images are not read in the walk, only passed over.

At random places a solid-state disk keeps pace with decoding; a turning one does not.

Source: the TFRecord format and `example.proto`, as TensorFlow documents them.
Book: chapter 7.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers import whole

_KEYS = (b"image", b"label", b"file_name")
_LENGTH_DELIMITED = 2  # protobuf's wire type of texts, bytes and messages


@dataclass(frozen=True, eq=False)
class Photographs:
    """A split of N photographs on disk, in the order of the SHA-256 of their file names.

    - `paths`: the TFRecord files;
    - `places`: (N, 3) int64: the number of the path, the first byte, how many bytes;
    - `labels`: (N,) int32;
    - `names`: (N,) bytes, the file names that the data set gives, "beagle_7.jpg".
    """

    paths: tuple[str, ...]
    places: np.ndarray
    labels: np.ndarray
    names: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | np.ndarray) -> Photographs:
        """Some of them: by a mask, a slice or an array of indices."""
        return Photographs(self.paths, self.places[chosen], self.labels[chosen], self.names[chosen])

    def read(self, index: int) -> bytes:
        """The file of one photograph, as it was stored: JPEG as a rule."""
        number, first, size = self.places[index].tolist()
        with open(self.paths[number], "rb", buffering=0) as file:
            file.seek(first)
            return file.read(size)

    def where(self, index: int) -> str:
        """For messages: the photograph's name and the file that holds it."""
        number, first, _ = self.places[index].tolist()
        return f"{self.names[index].decode()} (in {self.paths[number]}, byte {first:,})"


def photographs(paths: Sequence[str | os.PathLike], keep: Path | None = None) -> Photographs:
    """The photographs of a split of TensorFlow Datasets, from its TFRecord files.

    With `keep` the result is written to that `.npz` file, and read from there as long as
    the TFRecord files have their names and sizes: a walk over ImageNet takes minutes.

    Raises ValueError for a file that is cut off or holds something else.
    """
    paths = tuple(os.fspath(path) for path in paths)
    sizes = [os.path.getsize(path) for path in paths]
    marks = np.array([f"{Path(p).name} {s}" for p, s in zip(paths, sizes, strict=True)])
    if keep is not None and (found := _kept(keep, paths, marks)) is not None:
        return found
    if keep is not None:
        print(f"Looking through {len(paths):,} files for {keep.name}: once", file=sys.stderr)
    with ThreadPoolExecutor(16) as pool:  # they wait for the disk most of the time
        parts = list(pool.map(_walk, paths))
    found = [(i, *entry) for i, part in enumerate(parts) for entry in part]
    found.sort(key=lambda entry: hashlib.sha256(entry[4]).digest())
    split = Photographs(
        paths,
        np.array([entry[:3] for entry in found], "int64").reshape(-1, 3),
        np.array([entry[3] for entry in found], "int32"),
        np.array([entry[4] for entry in found], "bytes"),
    )
    if keep is not None:
        _keep(keep, split, marks)
    return split


def _kept(keep: Path, paths, marks) -> Photographs | None:
    """What an earlier walk wrote, if it was over the same files."""
    if not keep.is_file():
        return None
    with np.load(keep, allow_pickle=False) as content:
        if not np.array_equal(content["marks"], marks):
            return None
        return Photographs(paths, *(content[key] for key in ("places", "labels", "names")))


def _keep(keep: Path, split: Photographs, marks) -> None:
    columns = {"places": split.places, "labels": split.labels, "names": split.names}
    try:
        with whole.written(keep) as unfinished, unfinished.open("wb") as file:
            np.savez(file, marks=marks, **columns)
    except OSError as error:  # a folder for reading alone: the walk is made again next time
        print(f"{keep} could not be written ({error}).", file=sys.stderr)


def _walk(path: str) -> list[tuple[int, int, int, bytes]]:
    """First byte, size, label and name of every photograph in a TFRecord file."""
    found = []
    with open(path, "rb") as file:
        for start, end in _records(file, path):
            try:
                found.append(_example(file, start, end))
            except (KeyError, ValueError, StopIteration) as error:
                raise ValueError(
                    f"{path} holds at byte {start:,} no photograph of TensorFlow Datasets with "
                    f"`image`, `label` and `file_name` ({type(error).__name__}: {error}). "
                    "Remove the folder of this data set and have it prepared again."
                ) from error
    return found


def _records(file: BinaryIO, path: str) -> Iterator[tuple[int, int]]:
    """Where each record's content begins and ends.

    A record is its length (8 bytes), a check sum of that (4), the content, a check sum (4).
    """
    size, at = os.path.getsize(path), 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        start = at + 12
        end = start + struct.unpack("<Q", head[:8])[0] if len(head) == 12 else size
        at = end + 4
        if at > size:
            raise ValueError(
                f"{path} is cut off: a record at byte {start:,} goes beyond its {size:,} bytes. "
                "Remove the folder of this data set and have it prepared again."
            )
        yield start, end


def _example(file: BinaryIO, start: int, end: int) -> tuple[int, int, int, bytes]:
    """What one `tf.train.Example` says of its photograph.

    Example { Features { entry { key, Feature { list { value } } } } }: each brace is a
    length-delimited field.
    """
    values = {}
    for _, *entry in _fields(file, *_only(file, start, end)):
        (_, *key), (_, *feature) = _fields(file, *entry)
        file.seek(key[0])
        name = file.read(key[1] - key[0])
        if name in _KEYS:
            values[name] = _only(file, *_only(file, *feature))
    first, last = values[b"image"]
    file.seek(values[b"label"][0])
    label = _varint(file)
    name_at, name_end = values[b"file_name"]
    file.seek(name_at)
    return first, last - first, label, file.read(name_end - name_at)


def _only(file: BinaryIO, start: int, end: int) -> tuple[int, int]:
    """Where the first field of a message begins and ends."""
    _, *place = next(_fields(file, start, end))
    return tuple(place)


def _fields(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of every field of a protobuf message."""
    at = start
    while at < end:
        file.seek(at)
        tag = _varint(file)
        if tag & 7 != _LENGTH_DELIMITED:
            raise ValueError(f"a field of wire type {tag & 7}")
        size = _varint(file)
        first = file.tell()
        at = first + size
        if at > end:
            raise ValueError("a field that is longer than its message")
        yield tag >> 3, first, at


def _varint(file: BinaryIO) -> int:
    """A whole number, seven bits a byte, the lowest first."""
    value = shift = 0
    while True:
        (byte,) = file.read(1)
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value

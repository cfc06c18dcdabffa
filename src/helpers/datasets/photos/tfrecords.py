"""Where each photograph lies in the files that TensorFlow Datasets wrote.

A split of TensorFlow Datasets is a row of TFRecord files that are made to be read from
front to back. One walk over them notes where each image's own file begins and ends, and
from then on any photograph is one reading at one place: an epoch in any order, a part of
it for each process, from any step on. Images are not read in the walk, only passed over.

At random places a solid-state disk keeps pace with decoding; a turning one does not. The format
that is made for it, ArrayRecord, was tried with Grain, which reads it. It took 1.2 times as long
for a photograph, decoded and cut alike, ran on no Windows, and did not name a damaged one.

A record carries a check sum of its content (CRC-32C), which is compared where a photograph is
read: many bits of a JPEG file can be turned and it decodes, into another picture.

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

from helpers.support import whole

_KEYS = (b"image", b"label", b"file_name")
_HEAD = 12  # bytes before a record's content: its length, and a check sum of that
_LENGTH_DELIMITED = 2  # protobuf's wire type of texts, bytes and messages


@dataclass(frozen=True, eq=False)
class Photographs:
    """A split of N photographs on disk, in the order of the SHA-256 of their file names.

    - `paths`: the TFRecord files;
    - `places`: (N, 4) int64: the number of the path, the first byte of the record and of the
      photograph in it, how many bytes the photograph has;
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
        """The file of one photograph, as it was stored: JPEG as a rule.

        Raises OSError if its record is cut off or has another check sum than it says.
        """
        number, start, first, size = self.places[index].tolist()
        content = _record(self.paths[number], start)
        return content[first - start - _HEAD : first - start - _HEAD + size]

    def where(self, index: int) -> str:
        """For messages: the photograph's name and the file that holds it."""
        number, _, first, _ = self.places[index].tolist()
        return f"{self.names[index].decode()} (in {self.paths[number]}, byte {first:,})"


def _record(path: str, start: int) -> bytes:
    """The content of the record that begins at a byte of a TFRecord file, its sum compared."""
    import tensorflow as tf

    # Of TensorFlow's readers the only one that begins anywhere; `tf.data` has the same check.
    from tensorflow.python.lib.io.tf_record import tf_record_random_reader

    try:
        return tf_record_random_reader(path).read(start)[0]
    except (tf.errors.OpError, IndexError) as error:  # the latter at the end of the file
        raise OSError(f"{type(error).__name__}: {error!s:.200}") from error


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
    found.sort(key=lambda entry: hashlib.sha256(entry[5]).digest())
    split = Photographs(
        paths,
        np.array([entry[:4] for entry in found], "int64").reshape(-1, 4),
        np.array([entry[4] for entry in found], "int32"),
        np.array([entry[5] for entry in found], "bytes"),
    )
    if keep is not None:
        _keep(keep, split, marks)
    return split


def _kept(keep: Path, paths, marks) -> Photographs | None:
    """What an earlier walk wrote, if it was over the same files and can be read."""
    if not keep.is_file():
        return None
    try:
        with np.load(keep, allow_pickle=False) as content:
            there = np.array_equal(content["marks"], marks)
            columns = [content[key] for key in ("places", "labels", "names")]
    except Exception as error:  # whatever a zip's reader or NumPy may stumble over
        print(f"{keep} is damaged ({type(error).__name__}: {error}).", file=sys.stderr)
        return None
    earlier = columns[0].shape != (len(columns[1]), 4)  # it did not say where records begin
    return Photographs(paths, *columns) if there and not earlier else None


def _keep(keep: Path, split: Photographs, marks) -> None:
    columns = {"places": split.places, "labels": split.labels, "names": split.names}
    try:
        with whole.written(keep) as unfinished, unfinished.open("wb") as file:
            np.savez(file, marks=marks, **columns)
    except OSError as error:  # a folder for reading alone: the walk is made again next time
        print(f"{keep} could not be written ({error}).", file=sys.stderr)


def _walk(path: str) -> list[tuple[int, int, int, int, bytes]]:
    """Of every photograph in a TFRecord file: the first byte of its record, and its own first
    byte, size, label and name."""
    found = []
    with open(path, "rb") as file:
        for start, end in _records(file, path):
            try:
                found.append((start - _HEAD, *_example(file, start, end)))
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
        head = file.read(_HEAD)
        start = at + _HEAD
        end = start + struct.unpack("<Q", head[:8])[0] if len(head) == _HEAD else size
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
    """A whole number of 64 bits, seven a byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        (byte,) = file.read(1)
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise ValueError("a number that does not end")

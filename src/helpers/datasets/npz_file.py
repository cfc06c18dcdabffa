"""A data set in one file, for a machine without TensorFlow.

`python -m helpers export cifar10 cifar10.npz` writes it, and `--npz cifar10.npz`
reads it in place of TensorFlow Datasets. Book: chapter 5.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from helpers.datasets.memory import Data
from helpers.datasets.split import Split
from helpers.support import expect, whole

_LEVELS = 8  # of 255: more than that is another image and not another decoder
_DECODED_HERE = ", decoded exactly"
# What an archive may unpack to: so many times its size, or this much. Images do not shrink so far.
MOST_TIMES, ALWAYS = 100, 64 * 2**20
_HEAD = ("name", "description", "class_names")
FORMAT = 1  # goes up where an earlier version could not read a file rightly


def write(
    data: Data, path: str | os.PathLike, jpeg: Mapping[str, Sequence[bytes]] | None = None
) -> Path:
    """Writes a data set to a new `.npz` file, whole or not at all; returns its path.

    `jpeg` maps each split to its images as JPEG files, in order. They are stored as
    they are, a third of the size of the pixels, and `read` decodes them. TensorFlow
    decodes JPEG by a faster and less exact transform (libjpeg's "fast" one), so these
    pixels differ by a few levels from those that `data` has; the description says so.

    Raises ValueError for another ending, or if the JPEG files are not the images of
    `data`; FileExistsError if the file is there.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"`path` must end in .npz. Received: path={str(path)!r}")
    if path.exists():
        raise FileExistsError(f"{path} is there already. Remove it, or choose another name.")
    content = {"format": np.array(FORMAT)}
    content |= {key: np.array(getattr(data, key)) for key in _HEAD}
    if jpeg is not None:
        content["description"] = np.array(data.description + _DECODED_HERE)
    for split in data.splits:
        part = getattr(data, split)
        content[f"{split}_labels"] = part.labels
        if jpeg is None:
            content[f"{split}_images"] = part.images
            continue
        difference = np.abs(_decoded(jpeg[split]).astype(int) - part.images).mean((1, 2, 3)).max()
        if difference > _LEVELS:
            raise ValueError(
                f"Expected the {split} images of {data.description} as JPEG, in their order. "
                f"Received: one that differs by {difference:.0f} of 255 levels on average."
            )
        content[f"{split}_jpeg"] = np.frombuffer(b"".join(jpeg[split]), "uint8")
        content[f"{split}_ends"] = np.cumsum([len(file) for file in jpeg[split]])
    with whole.written(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **content)
    return path


def read(path: str | os.PathLike) -> Data:
    """A data set from a file that `write` made.

    Raises FileNotFoundError if there is none, ValueError if it is something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path}. Where TensorFlow Datasets has the images, make it with "
            "`python -m helpers export cifar10 cifar10.npz`."
        )
    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=False) as content:
            newer = content["format"].tolist() if "format" in content else None
            expect.known_format(path, newer, FORMAT)
            head = {key: content[key].tolist() for key in _HEAD}
            parts = {split: _split(content, split) for split in ("train", "validation", "test")}
        texts = [head["name"], head["description"], *head["class_names"]]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"its names must be texts. Received: {texts}")
        return Data(head["name"], head["description"], tuple(head["class_names"]), **parts)
    except Exception as error:  # whatever a zip's reader, NumPy or a decoder may stumble over
        raise ValueError(
            f"{path} is no data set that `python -m helpers export` wrote "
            f"({type(error).__name__}: {error!s:.300}). Copy it again, or export it anew."
        ) from error


def _check_sizes(path: Path) -> None:
    """Raises ValueError for an archive that promises more than it holds, or unpacks without end.

    NumPy makes room for what an array's header says before it reads a number.
    """
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        total, most = sum(entry.file_size for entry in entries), path.stat().st_size * MOST_TIMES
        if total > max(most, ALWAYS):
            raise ValueError(f"it would unpack to {total:,} bytes, {MOST_TIMES} times its size")
        for entry in entries:
            with archive.open(entry) as file:
                shape, _, kind = readers[npy.read_magic(file)](file)
                said = file.tell() + math.prod(shape) * kind.itemsize
                odd = kind.hasobject or min(shape, default=0) < 0
                if odd or said != entry.file_size:
                    raise ValueError(f"{entry.filename} does not hold what its header says")


def _split(content: Mapping[str, np.ndarray], split: str) -> Split:
    labels = content[f"{split}_labels"]
    if f"{split}_images" in content:
        return Split(content[f"{split}_images"], labels)
    joined, ends = content[f"{split}_jpeg"].tobytes(), content[f"{split}_ends"].tolist()
    starts = [0, *ends[:-1]]
    return Split(_decoded([joined[a:b] for a, b in zip(starts, ends, strict=True)]), labels)


def _decoded(files: Sequence[bytes]) -> np.ndarray:
    """JPEG files of one size as (N, H, W, 3) uint8."""
    from PIL import Image  # here, because files of pixels do without it

    # Of one format: Pillow knows some whose reader starts another program.
    images = (Image.open(io.BytesIO(file), formats=("JPEG",)) for file in files)
    return np.stack([np.asarray(image.convert("RGB")) for image in images])

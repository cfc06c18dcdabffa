"""A data set in one file, for a machine without TensorFlow.

`python -m helpers export cifar10 cifar10.npz` writes it, and `--npz cifar10.npz`
reads it in place of TensorFlow Datasets. Book: chapter 5.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from helpers import whole
from helpers.datasets.memory import Data
from helpers.datasets.split import Split

_LEVELS = 8  # of 255: more than that is another image and not another decoder
_DECODED_HERE = ", decoded exactly"
_HEAD = ("name", "description", "class_names")


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
    content = {key: np.array(getattr(data, key)) for key in _HEAD}
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
        with np.load(path, allow_pickle=False) as content:
            head = {key: content[key].tolist() for key in _HEAD}
            parts = {split: _split(content, split) for split in ("train", "validation", "test")}
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise ValueError(
            f"{path} is no data set that `python -m helpers export` wrote "
            f"({type(error).__name__}: {error})."
        ) from error
    return Data(head["name"], head["description"], tuple(head["class_names"]), **parts)


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

    return np.stack([np.asarray(Image.open(io.BytesIO(f)).convert("RGB")) for f in files])

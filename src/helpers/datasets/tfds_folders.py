"""Data sets that TensorFlow Datasets has prepared on this machine, or fetches.

What could not be had is an error that says where it was looked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.support import fetching

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder


class DataUnavailableError(RuntimeError):
    """A data set is not on this machine and could not be fetched."""


_AGAIN = "Remove that folder and have the data set prepared again, from all its archives."


@contextlib.contextmanager
def _told(builder: DatasetBuilder) -> Iterator[None]:
    """Whatever fails inside, `DataUnavailableError`: what the folder says of itself is damaged."""
    try:
        yield
    except Exception as error:  # JSON, protobuf, templates of names: what is damaged decides
        raise DataUnavailableError(
            f"{builder.data_path} does not say what it is: its dataset_info.json or features.json "
            f"is gone or damaged ({type(error).__name__}: {error!s:.200}). {_AGAIN}"
        ) from error


def files(builder: DatasetBuilder, split: str) -> list[str]:
    """The TFRecord files of a split of a prepared data set.

    Raises `DataUnavailableError` if the split is missing or empty, is stored in another format,
    or lacks a file.
    """
    with _told(builder):
        info, kind = builder.info.splits.get(split), builder.info.file_format.value
        paths = [] if info is None else [str(path) for path in info.filepaths]
    if info is None or not info.num_examples or kind != "tfrecord":
        why = "none" if info is None else f"{info.num_examples:,} images as {kind}"
        raise DataUnavailableError(
            f"{builder.data_path} has no images in TFRecord files for its split {split}. "
            f"Received: {why}. {_AGAIN}"
        )
    if missing := [path for path in paths if not Path(path).is_file()]:
        raise DataUnavailableError(
            f"{builder.data_path} has not all files of its split {split}. Missing: "
            f"{', '.join(Path(path).name for path in missing[:3])}. {_AGAIN}"
        )
    return paths


def damaged(builder: DatasetBuilder, split: str, error: Exception) -> DataUnavailableError:
    """What to raise where a file of a split could not be read to its end."""
    in_a_graph = r"\{\{.*?\}\}"  # TensorFlow's own places
    reason = re.sub(in_a_graph, "", str(error)).strip().split("\n")[0]
    return DataUnavailableError(
        f"{builder.data_path} is damaged: its split {split} could not be read "
        f"({type(error).__name__}: {reason:.200}). {_AGAIN}"
    )


def class_names(builder: DatasetBuilder) -> tuple[str, ...]:
    """The names of the classes of a prepared data set.

    Raises `DataUnavailableError` if their file is gone, where TensorFlow Datasets counts.
    """
    file = Path(builder.data_path) / "label.labels.txt"
    if not file.is_file():
        raise DataUnavailableError(
            f"{builder.data_path} has no names of its classes, which should be in {file.name}. "
            f"{_AGAIN}"
        )
    with _told(builder):
        return tuple(builder.info.features["label"].names)


def check_features(builder: DatasetBuilder, shape: tuple[int, int, int]) -> None:
    """Raises `DataUnavailableError` unless a data set says that its images are uint8 of a shape.

    TensorFlow believes what is said, fills images up, or ends the process.
    """
    with _told(builder):
        image = builder.info.features["image"]
        kind = np.dtype(getattr(image.dtype, "as_numpy_dtype", image.dtype))  # or NumPy's own
        came = f"{tuple(image.shape)} of type {kind}"
        if came != f"{shape} of type uint8":
            raise ValueError(f"expected images of {shape} of type uint8, received {came}")


def is_jpeg(builder: DatasetBuilder) -> bool:
    """Whether the images of a prepared data set are stored as JPEG, as its features say.

    Raises `DataUnavailableError` if their file is gone or damaged.
    """
    with _told(builder):
        features = json.loads((Path(builder.data_path) / "features.json").read_text("utf-8"))
    return "jpeg" in json.dumps(features).lower()


def in_fixed_order(
    builder: DatasetBuilder, split: str, *, encoded: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels of a split, in the order of a hash of their ids.

    The same order on every machine, however the files are cut and sorted. Not
    in the order of the ids themselves: where these were given class by class,
    the last 5,000 are all trucks, and a validation error means nothing.

    Returns images (N, H, W, C) uint8 and labels (N,) int32; with `encoded` the images
    are the files as they are stored, as bytes. Raises `DataUnavailableError` if they are stored
    in another format, cut off or damaged.
    """
    import tensorflow_datasets as tfds

    files(builder, split)
    try:
        arrays = builder.as_dataset(
            split=split,
            shuffle_files=False,
            batch_size=-1,
            decoders={"image": tfds.decode.SkipDecoding()} if encoded else None,
        )
        ids, images, labels = (arrays[key].numpy() for key in ("id", "image", "label"))
        keys = [hashlib.sha256(i).digest() for i in ids]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return images[order], labels[order].astype("int32")
    except Exception as error:  # a record is cut off, damaged, of another kind, or one too few
        raise damaged(builder, split, error) from error


def prepared(name: str, data_dir: str | Path | None) -> DatasetBuilder:
    """A TensorFlow Datasets builder whose files are on this machine, fetched if need be.

    Raises `DataUnavailableError` if they are not and could not be.
    """
    builder = _builder(name, data_dir)
    if builder.is_prepared():
        return builder
    where = Path(builder.data_path)
    # TFDS would retry for minutes without a network, so one quick look first.
    hosts = sorted({_host(url) for url in builder.url_infos or ()})
    try:
        for host in hosts:
            _look(host)
        print(f"Fetching {builder.name} into {where}", file=sys.stderr)
        fetching.within_limits(
            builder.download_and_prepare, where.parent, where.parents[1] / "downloads"
        )
    except Exception as error:  # TFDS lets errors of many libraries through
        raise DataUnavailableError(
            f"{builder.name} was expected in {where}, is not there, and could not be fetched "
            f"({type(error).__name__}: {error}). Set TFDS_DATA_DIR to the folder that holds "
            f"{builder.name}/, connect to the internet ({' and '.join(hosts)} must answer), or use "
            "the generated images: RESNET_BOOK_DATA=shapes."
        ) from error
    return _builder(name, data_dir)  # the first one has read nothing yet


def prepared_by_hand(
    name: str, data_dir: str | Path | None, manual_dir: str | Path | None, files: tuple[str, ...]
) -> DatasetBuilder:
    """A builder of a data set whose archives its reader has fetched, prepared if need be.

    `files` are the archives' names; they are looked for in `manual_dir`, by default where
    TensorFlow Datasets looks, `downloads/manual` in the data folder.
    Raises `DataUnavailableError` if one is missing or cannot be read.
    """
    builder = _builder(name, data_dir)
    if builder.is_prepared():
        return builder
    import tensorflow_datasets as tfds

    where = Path(builder.data_path)
    manual = Path(manual_dir) if manual_dir else where.parents[1] / "downloads" / "manual"
    missing = [file for file in files if not (manual / file).is_file()]
    if missing:
        raise DataUnavailableError(
            f"{builder.name} was expected in {where}, is not there, and is prepared from "
            f"{' and '.join(files)} in {manual}. Missing: {', '.join(missing)}. Fetch them from "
            "image-net.org, which wants a registration, and name their folder with `manual_dir`; "
            "or set TFDS_DATA_DIR to the folder that holds the prepared data set."
        )
    print(f"Preparing {builder.name} in {where}: hours, once", file=sys.stderr)
    config = tfds.download.DownloadConfig(manual_dir=str(manual), try_download_gcs=False)
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:  # TFDS lets errors of many libraries through
        raise DataUnavailableError(
            f"{builder.name} could not be prepared from {' and '.join(files)} in {manual} "
            f"({type(error).__name__}: {error}). Compare the archives with the check sums of "
            "image-net.org, and see that the disk has room."
        ) from error
    return _builder(name, data_dir)


def _builder(name: str, data_dir):
    """A builder of TensorFlow Datasets.

    Raises `DataUnavailableError` without TensorFlow, or where what is prepared cannot be told.
    """
    try:
        import tensorflow  # noqa: F401
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise DataUnavailableError(
            f"{name.split(':')[0]} is read by TensorFlow Datasets, which wants TensorFlow "
            f"({error}). Without it, take CIFAR-10 from a file made elsewhere by "
            "`python -m helpers export`: datasets.load(..., npz=FILE), or --npz FILE on the "
            "command line."
        ) from error
    try:
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # JSON, protobuf and more: a part of the folder is damaged
        folder = Path(data_dir or tfds.core.constants.DATA_DIR) / name.split(":")[0]
        raise DataUnavailableError(
            f"What lies in {folder} does not say what it is: dataset_info.json or features.json "
            f"there is damaged, or of another format ({type(error).__name__}: {error!s:.200}). "
            f"{_AGAIN}"
        ) from error


def _host(address: str) -> str:
    """`https://example.org` of what lies there."""
    parts = urllib.parse.urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _look(address: str) -> None:
    """Raises OSError if a host says nothing for `fetching.LOOK` seconds, or too little in
    `fetching.ANSWER`."""

    def ask() -> None:
        with contextlib.suppress(urllib.error.HTTPError):  # an error page is an answer
            urllib.request.urlopen(address, timeout=fetching.LOOK).close()

    fetching.within(fetching.ANSWER, ask)

"""Data sets that TensorFlow Datasets has prepared on this machine, or fetches.

What could not be had is an error that says where it was looked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


class DataUnavailableError(RuntimeError):
    """A data set is not on this machine and could not be fetched."""


def is_jpeg(builder) -> bool:
    """Whether the images of a prepared data set are stored as JPEG, as its features say."""
    features = json.loads((Path(builder.data_path) / "features.json").read_text())
    return "jpeg" in json.dumps(features).lower()


def in_fixed_order(builder, split: str, *, encoded: bool = False):
    """All images and labels of a split, in the order of a hash of their ids.

    The same order on every machine, however the files are cut and sorted. Not
    in the order of the ids themselves: where these were given class by class,
    the last 5,000 are all trucks, and a validation error means nothing.

    Returns images (N, H, W, C) uint8 and labels (N,) int32; with `encoded` the images
    are the files as they are stored, as bytes.
    """
    import tensorflow_datasets as tfds

    arrays = builder.as_dataset(
        split=split,
        shuffle_files=False,
        batch_size=-1,
        decoders={"image": tfds.decode.SkipDecoding()} if encoded else None,
    )
    keys = [hashlib.sha256(i).digest() for i in arrays["id"].numpy()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return arrays["image"].numpy()[order], arrays["label"].numpy()[order].astype("int32")


def prepared(name: str, data_dir):
    """A TensorFlow Datasets builder whose files are on this machine, fetched if need be.

    Raises `DataUnavailableError` if they are not and could not be.
    """
    try:
        import tensorflow  # noqa: F401
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise DataUnavailableError(
            f"{name.split(':')[0]} is read by TensorFlow Datasets, which wants TensorFlow "
            f"({error}). Without it, take a file made elsewhere by `python -m helpers export`: "
            "datasets.load(..., npz=FILE), or --npz FILE on the command line."
        ) from error

    builder = tfds.builder(name, data_dir=data_dir)
    if builder.is_prepared():
        return builder
    where = Path(builder.data_path)
    # TFDS would retry for minutes without a network, so one quick look first.
    host = "https://storage.googleapis.com"
    try:
        _look(host)
        print(f"Fetching {builder.name} into {where}", file=sys.stderr)
        builder.download_and_prepare()  # takes Google's prepared copy where there is one
    except Exception as error:  # TFDS lets errors of many libraries through
        raise DataUnavailableError(
            f"{builder.name} was expected in {where}, is not there, and could not be fetched "
            f"({type(error).__name__}: {error}). Set TFDS_DATA_DIR to the folder that holds "
            f"{builder.name}/, connect to the internet ({host} must answer), or use the "
            "generated images: RESNET_BOOK_DATA=shapes."
        ) from error
    return tfds.builder(name, data_dir=data_dir)  # the first one has read nothing yet


def _look(address: str) -> None:
    """Raises OSError if a host does not answer within five seconds."""
    with contextlib.suppress(urllib.error.HTTPError):  # an error page is an answer
        urllib.request.urlopen(address, timeout=5).close()

"""Published files that are on no hub, by their addresses, each compared with its checksum.

Keras fetches them into its own cache, ~/.keras. Where the variable RESNET_BOOK_PUBLISHED
names a folder, they are taken from there and the network is not asked: as published, or
converted into `.safetensors` by somebody who has PyTorch.

Book: chapter 5.
"""

from __future__ import annotations

import os
from pathlib import Path

import keras

from helpers.support import fetching
from helpers.weights import hub, pickles

AT_HAND = "RESNET_BOOK_PUBLISHED"
_CACHE = "resnet-book"  # in Keras' cache


def get(name: str, url: str, sha256: str) -> hub.File:
    """The file of `a-martyn/plainnet20`: at hand, or from its address, downloaded once.

    At hand it is FOLDER/a-martyn/ and the file's name in the address. Weights may be there as
    FOLDER/a-martyn/plainnet20.safetensors instead: of a conversion no checksum is published,
    so it is not `verified`.

    Raises ValueError if the checksum is another, FileNotFoundError if it is not in the folder
    that the variable names, ConnectionError if it cannot be downloaded.
    """
    path = _at_hand(name, url) if os.environ.get(AT_HAND) else _fetched(name, url, sha256)
    found, verified = hub.checksum(path), path.suffix == Path(url).suffix
    if verified and found != sha256:
        raise ValueError(
            f"{path} must have the checksum {sha256}, which belongs to {name}. Received: {found}. "
            f"Remove it, and download {url} again."
        )
    return hub.File(path, found, verified)


def _at_hand(name: str, url: str) -> Path:
    folder = Path(os.environ[AT_HAND])
    paths = [folder / name.split("/")[0] / Path(url).name]
    if paths[0].suffix in pickles.SUFFIXES:
        paths.append(folder / f"{name}.safetensors")
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{name} was expected as {' or '.join(map(str, paths))}, since {AT_HAND} names that "
        f"folder. Put it there, from {url}, or unset the variable."
    )


def _fetched(name: str, url: str, sha256: str) -> Path:
    owner = name.split("/")[0]
    try:
        return Path(
            fetching.within_limits(
                lambda: keras.utils.get_file(
                    Path(url).name,
                    url,
                    file_hash=sha256,
                    hash_algorithm="sha256",
                    cache_subdir=f"{_CACHE}/{owner}",
                ),
                *fetching.keras_folders(),
            )
        )
    except ValueError as error:  # Keras' words for another checksum
        raise ValueError(
            f"{url} must have the checksum {sha256}, and what came has another: the download was "
            "damaged, or somebody put another file there. Call this again."
        ) from error
    except Exception as error:  # Keras raises a bare Exception
        raise ConnectionError(
            f"{name} is not in Keras' cache on this machine, and {url} could not be fetched "
            f"({error!s:.200}). Download it elsewhere, put it into FOLDER/{owner}/ and set "
            f"{AT_HAND}=FOLDER."
        ) from error

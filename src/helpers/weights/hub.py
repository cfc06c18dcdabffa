"""Files from the Hugging Face hub, each compared with the checksum that the hub names.

`huggingface_hub` fetches them into the cache that it shares with other libraries, and
checks their size alone: a damaged file of the right size would pass (its issue 3643). The
hub names a file's SHA-256 (large files) or the id that git gives it (small ones); the cache
keeps the file under that name, so the comparison needs no network.

Source: huggingface.co/docs/hub/local-cache. Book: chapter 6.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from helpers.support import fetching

REVISION, WEIGHTS, CONFIGURATION = "main", "model.safetensors", "config.json"
_SHA256, _GIT_ID = r"[0-9a-f]{64}", r"[0-9a-f]{40}"


@dataclass(frozen=True)
class File:
    """A file of the hub's on this disk. `verified`: it has the checksum that was named."""

    path: Path
    sha256: str
    verified: bool


def fetch(repository: str, name: str, sha256: str | None = None) -> File:
    """The file `name` of a repository such as `timm/resnet50.tv_in1k`, downloaded once.

    With `sha256` the file must have that checksum, and otherwise the one that the hub names.

    Raises ValueError if the checksum is another, FileNotFoundError if the hub has no such
    repository or file, ConnectionError if it cannot be reached and the file is not in the
    cache, ImportError if the library `huggingface_hub` is missing.
    """
    url = f"https://huggingface.co/{repository}/resolve/{REVISION}/{WEIGHTS}"
    by_hand = f"Download {url} elsewhere and pass the path of the file."
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise ImportError(
            f"{repository} is fetched by the library huggingface_hub, which is not installed "
            f"here: pip install huggingface_hub. Or: {by_hand}"
        ) from error
    try:
        path = _downloaded(huggingface_hub, repository, name)
        expected = sha256 or _named(huggingface_hub, repository, name, path)
    except errors.LocalEntryNotFoundError as error:  # a kind of EntryNotFoundError
        raise _unreachable(repository, name, by_hand, error) from error
    except errors.EntryNotFoundError as error:
        raise FileNotFoundError(
            f"The repository {repository} on huggingface.co has no file {name}: see "
            f"https://huggingface.co/{repository}/tree/{REVISION}."
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise FileNotFoundError(
            f"Received: source={repository!r}, which is neither a file nor a public repository "
            "on huggingface.co. The names that the book knows: weights.names()."
        ) from error
    except Exception as error:  # whatever a connection may fail with
        raise _unreachable(repository, name, by_hand, error) from error
    found = sha256 = checksum(path)
    if not re.fullmatch(f"{_SHA256}|{_GIT_ID}", expected):
        return File(path, sha256, verified=False)
    if re.fullmatch(_GIT_ID, expected):
        found = _git_id(path)
    if found != expected:
        raise ValueError(
            f"{repository}/{name} must have the checksum {expected}. Received: {found}. Where "
            f"the download was damaged, remove {path.resolve()} and call this again; else the "
            "publisher has put another file in its place, and it is not the one you asked for."
        )
    return File(path, sha256, verified=True)


def _downloaded(library, repository: str, name: str) -> Path:
    """Where the library has put the file, or had it already."""
    from huggingface_hub import constants

    return Path(
        fetching.within_limits(
            lambda: library.hf_hub_download(repository, name, revision=REVISION),
            Path(constants.HF_HUB_CACHE, f"models--{repository.replace('/', '--')}"),
        )
    )


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_id(path: Path) -> str:
    """What git calls a file of this content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _named(library, repository: str, name: str, path: Path) -> str:
    """The checksum that the hub names: in the cache the file behind the link is called so."""
    blob = path.resolve().name
    if re.fullmatch(f"{_SHA256}|{_GIT_ID}", blob):
        return blob
    url = library.hf_hub_url(repository, name, revision=REVISION)  # a disk without links
    return library.get_hf_file_metadata(url).etag or ""


def _unreachable(repository: str, name: str, by_hand: str, error: Exception) -> ConnectionError:
    reason = str(error).strip().split("\n")[0]
    return ConnectionError(
        f"{name} of {repository} is not in the cache on this machine, and huggingface.co could "
        f"not be asked for it ({type(error).__name__}: {reason:.200}). {by_hand}"
    )

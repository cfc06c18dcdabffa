"""A data set and a network with which a training takes a second, and disks with little room."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from helpers import datasets, networks
from helpers.datasets import Data, Split
from helpers.recipes import Recipe
from helpers.runs import DIRECTORY_VARIABLE
from helpers.specs import Network, Stage, Stem
from small_images import coloured

SPEC = Network(
    name="tiny6",
    input_shape=(8, 8, 3),
    num_classes=4,
    stem=Stem(kernel_size=3, filters=4, stride=1, max_pooling=False),
    stages=(Stage("conv2_x", "basic", 4, 1, 1), Stage("conv3_x", "basic", 8, 1, 2)),
    shortcut="A",
)
RECIPE = Recipe("short", "tests", steps=15, batch_size=16, boundaries=(10,))  # three epochs


@functools.cache
def data() -> Data:
    """80, 20 and 24 images of 8x8 pixels in four classes that colours tell apart."""
    parts = (Split(*coloured(n, 8, seed)) for seed, n in enumerate((80, 20, 24)))
    return Data("tiny", "tiny (noise)", ("red", "green", "blue", "grey"), *parts)


@functools.cache
def model():
    """The network, not trained."""
    return networks.build(SPEC)


@contextlib.contextmanager
def variables(**chosen: str | os.PathLike | None) -> Iterator[None]:
    """Variables of the environment as they are given inside; None is not set."""
    with mock.patch.dict(os.environ):
        for name, value in chosen.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = os.fspath(value)
        yield


@contextlib.contextmanager
def in_place_of_shapes() -> Iterator[None]:
    """The small images are "shapes", inside: for what is called by the name of a data set."""
    named = dataclasses.replace(data(), name="shapes")
    sizes = {"shapes": len(named.train)}
    with (
        mock.patch.dict(datasets.LOADERS, {"shapes": lambda *_: named}),
        mock.patch.dict(datasets.TRAINING_IMAGES, sizes),
    ):
        yield


def results(folder: str | os.PathLike):
    """Records go to a folder, inside."""
    return variables(**{DIRECTORY_VARIABLE: folder})


class Disk:
    """A folder that is a file system of its own, if the system lets one make it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def has(self, size: int) -> None:
        """Gives it room for so many bytes in all."""
        flags = 0x20  # MS_REMOUNT
        if not self.mounted:
            flags, self.mounted = 0, True
        _mount(self.folder, flags, f"size={max(size, 1)}")

    def read_only(self) -> None:
        """Lets nobody write there any more, root included."""
        _mount(self.folder, 0x21, "")  # MS_REMOUNT | MS_RDONLY

    mounted = False


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk | None]:
    """A `Disk` at a folder until the end of the block; None where this process may not mount."""
    folder.mkdir(parents=True, exist_ok=True)
    one = Disk(folder)
    try:
        one.has(2**20)
    except (OSError, AttributeError):
        yield None
        return
    try:
        yield one
    finally:
        _libc().umount2(os.fsencode(folder), 2)  # MNT_DETACH


def _libc():
    return ctypes.CDLL(None, use_errno=True)


def _mount(folder: Path, flags: int, options: str) -> None:
    """Raises OSError where this process may not, AttributeError where the system has no such call.

    With the call and not the program, which is no faster than a training.
    """
    if not sys.platform.startswith("linux"):
        raise OSError(f"{sys.platform} mounts in another way")
    if _libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def files_no_larger(size: int) -> Iterator[None]:
    """Inside, no file can grow beyond so many bytes: what anybody may ask of the system."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing fails, with a number
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

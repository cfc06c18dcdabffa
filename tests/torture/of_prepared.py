"""Folders of TensorFlow Datasets that are damaged, half prepared, or of another version."""

from __future__ import annotations

import functools
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

import cifar10_archives
import photo_archives
from helpers import datasets
from helpers.datasets import DataUnavailableError, tfds_folders
from torture.fault import Lost, Trial, fault
from torture.mutations import changed

GROUP = "Prepared data sets"
REFUSED, SAME = "refused, with what to do", "read, and every image and label is the same"
NAMES = ("cifar10", "oxford_iiit_pet")


@functools.cache
def prepared(name: str) -> Path:
    """A small data set as TensorFlow Datasets lays it out, whole."""
    folder = Path(tempfile.mkdtemp(prefix="torture-prepared-"))
    if name == "cifar10":
        cifar10_archives.write(folder, shards=2)
        return folder
    splits = {}
    for split, count in (("train", 46), ("test", 6)):
        splits[split] = [
            (f"{split}_{i}.jpg", i % 2, photo_archives.encoded(photo_archives.gradient(24, 20 + i)))
            for i in range(count)
        ]
    photo_archives.pets(folder, splits)
    return folder


def content(data: datasets.DataSet) -> list:
    """Every image and label, and what a data set says of itself. Photographs are read here."""
    found = [data.description, data.class_names]
    for split in data.splits:
        part = getattr(data, split)
        images = getattr(part, "images", None)
        if images is None:
            images = [part.read(i) for i in range(len(part))]
        found += [images, part.labels.tolist()]
    return found


@functools.cache
def undamaged(name: str) -> list:
    return content(datasets.load(name, data_dir=prepared(name)))


def _say(folder: Path, **told: object) -> None:
    path = folder / "dataset_info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | told))


def _records(version: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(version.glob("*tfrecord*")))


def bits(version: Path, chance: random.Random) -> None:
    path = _records(version, chance)
    found = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 2, 30))):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    path.write_bytes(found)


def parts(version: Path, chance: random.Random) -> None:
    path = _records(version, chance)
    others = [other.read_bytes() for other in version.glob("*tfrecord*")]
    path.write_bytes(changed(chance, path.read_bytes(), others, [b"\xff", b"image", bytes(8)]))


def cut(version: Path, chance: random.Random) -> None:
    path = _records(version, chance)
    found = path.read_bytes()
    path.write_bytes(found[: chance.randrange(len(found))])


def gone(version: Path, chance: random.Random) -> None:
    chance.choice(sorted(version.iterdir())).unlink()


def exchanged(version: Path, chance: random.Random) -> None:
    """Files of one split lie where those of the other should."""
    one, other = (sorted(version.glob(f"*{split}*"))[0] for split in ("train", "test"))
    between = one.with_name("between")
    one.rename(between), other.rename(one), between.rename(other)


def descriptions(version: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(version.glob("*.json")))
    words = [b"9", b"-1", b"null", b"uint16", b"tfrecord", b"train", b"{", b"\x00", b"3.0.2"]
    path.write_bytes(changed(chance, path.read_bytes(), [path.read_bytes()], words))


def formats(version: Path, chance: random.Random) -> None:
    _say(version, fileFormat=chance.choice(("array_record", "riegeli", "parquet", "cd-rom")))


def versions(version: Path, chance: random.Random) -> None:
    new = chance.choice(("1.0.0", "2.9.9", "99.0.0", "3.0", "latest", "3.0.2 (1)", "3.0.2.tmp"))
    _say(version, version=new)
    version.rename(version.with_name(new))


def halves(version: Path, chance: random.Random) -> None:
    """What a preparation leaves that was stopped."""
    version.rename(version.with_name(f"{version.name}.incompleteX7"))
    if chance.random() < 0.5:
        shutil.copytree(version.with_name(f"{version.name}.incompleteX7"), version)
        for path in chance.sample(sorted(version.iterdir()), k=2):
            path.unlink()


DAMAGE: tuple[Callable[[Path, random.Random], None], ...] = (
    bits,
    parts,
    cut,
    gone,
    exchanged,
    descriptions,
    formats,
    versions,
    halves,
)


@fault(
    "prepared-folders",
    group=GROUP,
    does="CIFAR-10 or the pets as TensorFlow Datasets prepared them, with bits turned, files cut "
    "off, gone, exchanged or of another format or version, or half prepared, and no network",
    holds="`load`, or where a photograph is read, ends in a sentence that names the folder or the "
    "file and says what to do; or every image and label is the same as before",
    outcomes=(REFUSED, SAME),
    few=36,
    many=1_000,
)
def prepared_folders(trial: Trial) -> None:
    away = mock.patch.object(tfds_folders, "_look", side_effect=OSError("no network"))
    with away:
        for name in NAMES:
            undamaged(name)  # which is read, so that a refusal says something
        for number in range(trial.times):
            name = trial.chance.choice(NAMES)
            damage = DAMAGE[number % len(DAMAGE)]
            folder = trial.folder / str(number)
            shutil.copytree(prepared(name), folder)
            (information,) = folder.rglob("dataset_info.json")
            damage(information.parent, trial.chance)
            try:
                trial.came(_read(name, folder))
            except Lost as error:
                raise Lost(f"{name}, {damage.__name__}, {folder}: {error}") from error
            shutil.rmtree(folder)


def _read(name: str, folder: Path) -> str:
    try:
        data = datasets.load(name, data_dir=folder)
    except DataUnavailableError as error:
        if str(folder) not in str(error) or "{{" in str(error):
            raise Lost(f"the error names no folder: {error}") from error
        return REFUSED
    except Exception as error:
        raise Lost(f"{type(error).__name__} from inside: {error!s:.500}") from error
    try:
        found = content(data)
    except OSError:  # `photos.pipeline` adds the name of the photograph
        return REFUSED
    for now, before in zip(found, undamaged(name), strict=True):
        if not np.array_equal(now, before):
            raise Lost("something else was read, without a word")
    return SAME

"""Images and labels that are not as they should be, as a data set of one's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers import datasets
from helpers.datasets import Data, Split, npz_file
from torture import small
from torture.fault import Lost, Trial, fault

GROUP = "Odd images and labels"
WORKED, REFUSED = "worked", "refused, with the reason"
SPLITS = ("train", "validation", "test")
Parts = dict[str, tuple[np.ndarray, np.ndarray]]


def usual() -> Parts:
    data = small.data()
    return {s: (getattr(data, s).images.copy(), getattr(data, s).labels.copy()) for s in SPLITS}


def _images(change: Callable[[np.ndarray, random.Random], np.ndarray]):
    """Changes the images of one split."""

    def made(parts: Parts, chance: random.Random) -> None:
        split = chance.choice(SPLITS)
        parts[split] = change(parts[split][0], chance), parts[split][1]

    return made


def _all_images(change: Callable[[np.ndarray], np.ndarray]):
    def made(parts: Parts, chance: random.Random) -> None:
        parts.update({split: (change(x), y) for split, (x, y) in parts.items()})

    return made


def _labels(change: Callable[[np.ndarray, random.Random], np.ndarray]):
    def made(parts: Parts, chance: random.Random) -> None:
        split = chance.choice(SPLITS)
        parts[split] = parts[split][0], change(parts[split][1], chance)

    return made


def put(array: np.ndarray, number: float, chance: random.Random) -> np.ndarray:
    array.flat[chance.randrange(array.size)] = number
    return array


def _only_to_be_read(x: np.ndarray) -> np.ndarray:
    return np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape)


def _mixed_sizes(x, chance):
    found = np.empty(len(x), object)
    found[:] = [np.zeros((chance.randrange(1, 9), 8, 3), "uint8") for _ in x]
    return found


def _cut(parts: Parts, chance: random.Random, count: int) -> None:
    split = chance.choice(SPLITS)
    parts[split] = tuple(array[:count] for array in parts[split])


# Each oddity, and the words of the reason; none where it is none.
ODDITIES: dict[str, tuple[Callable[[Parts, random.Random], None], str | None]] = {
    "NaN": (
        _images(lambda x, c: put(x.astype(c.choice(("float16", "float32"))), np.nan, c)),
        "expected uint8",
    ),
    "infinity": (_images(lambda x, c: put(x.astype("float64"), -np.inf, c)), "expected uint8"),
    "float64": (_all_images(lambda x: x.astype("float64")), "expected uint8"),
    "float32 in 0..1": (_all_images(lambda x: x.astype("float32") / 255), "(255 * x)"),
    "int8": (_all_images(lambda x: x.astype("int8")), "expected uint8"),
    "complex": (_all_images(lambda x: x.astype("complex64")), "expected uint8"),
    "objects": (_all_images(lambda x: x.astype(object)), "expected uint8"),
    "uint8 in 0..1": (_all_images(lambda x: (x > 99).astype("uint8")), "in 0..255"),
    "channels first": (_all_images(lambda x: x.transpose(0, 3, 1, 2)), "transpose(0, 2, 3, 1)"),
    "no channels": (_all_images(lambda x: x[..., 0]), "(N, H, W, C)"),
    "mixed sizes": (_images(_mixed_sizes), "(N, H, W, C)"),
    "another size": (_images(lambda x, _: x[:, :7]), "one shape in all splits"),
    "no images": (lambda parts, c: _cut(parts, c, 0), "N > 0"),
    "one image": (lambda parts, c: _cut(parts, c, 1), None),
    "a list": (_images(lambda x, _: x.tolist()), "(N, H, W, C)"),
    "a label too many": (_labels(lambda y, _: np.append(y, 0)), "one label per image"),
    "a label too large": (_labels(lambda y, c: put(y, c.choice((4, 5, 10**6)), c)), "in 0..3"),
    "a label below zero": (_labels(lambda y, c: put(y, c.choice((-1, -(10**6))), c)), "in 0..3"),
    "labels of float": (_labels(lambda y, _: y.astype("float32")), "integer labels"),
    "labels of text": (_labels(lambda y, _: y.astype(str)), "integer labels"),
    "labels as rows": (_labels(lambda y, _: np.eye(4, dtype="int32")[y]), "one label per image"),
    "labels in a column": (_labels(lambda y, _: y[:, None]), "one label per image"),
    "labels of uint8": (_labels(lambda y, _: y.astype("uint8")), None),
    "labels of int64": (_labels(lambda y, _: y.astype("int64")), None),
    "labels of one class": (_labels(lambda y, c: np.full_like(y, c.randrange(4))), None),
    "grey": (_all_images(lambda x: x[..., :1]), None),
    "wide": (_all_images(lambda x: np.repeat(x, 2, axis=2)), None),
    "in another order of memory": (_all_images(np.asfortranarray), None),
    "only to be read": (
        _all_images(_only_to_be_read),
        None,
    ),
    "every second row of a larger array": (_all_images(lambda x: np.repeat(x, 2, 1)[:, ::2]), None),
}


@fault(
    "odd-data-sets",
    group=GROUP,
    does="images and labels with NaN, infinity, other types, sizes, orders, numbers and ranges, "
    "as a data set of one's own, written to a file and read back",
    holds="what is no data set is refused with the reason; what is one gives every image and "
    "label, less the mean, and its file the same",
    outcomes=(WORKED, REFUSED),
    few=60,
    many=6_000,
)
def odd_data_sets(trial: Trial) -> None:
    names = list(ODDITIES)
    for number in range(trial.times):
        name = names[number % len(names)]
        parts = usual()
        change, reason = ODDITIES[name]
        change(parts, trial.chance)
        try:
            trial.came(_as_data(parts, reason, trial.folder / f"{number}.npz", trial.chance))
        except Lost as error:
            raise Lost(f"{name}: {error}") from error


def _as_data(parts: Parts, reason: str | None, path: Path, chance: random.Random) -> str:
    try:
        data = Data("odd", "odd", tuple("abcd"), **{s: Split(*p) for s, p in parts.items()})
    except (ValueError, TypeError) as error:
        if reason is None or reason not in str(error):
            raise Lost(f"refused with another reason, expected {reason!r}: {error}") from error
        return REFUSED
    if reason is not None:
        raise Lost(f"taken, and should be refused: {reason}")
    split, size = chance.choice(SPLITS), chance.choice((1, 7, 1_000))
    found = list(datasets.batches(data, split, size))
    x, y = (np.concatenate([np.asarray(batch[i]) for batch in found]) for i in (0, 1))
    images, labels = parts[split]
    mean = parts["train"][0].astype("float64").mean(axis=0)
    if not np.allclose(x, images - mean, atol=1e-3) or not np.array_equal(y, labels):
        raise Lost(f"the {split} images or labels are others, in batches of {size}")
    if chance.random() < 0.3:
        back = npz_file.read(npz_file.write(data, path))
        for each in SPLITS:
            if not np.array_equal(getattr(back, each).images, parts[each][0]):
                raise Lost("the file holds other images")
        path.unlink()
    return WORKED

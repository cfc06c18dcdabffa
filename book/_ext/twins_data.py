"""Reads the records that the changeable figures are made of, checked and made small.

A figure that the reader can change shows numbers of `results/`. Here they are held against the
form that the page relies on, so that the build stops at a record which does not have it, and are
written out with no more digits than anybody sees.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

from helpers import specs

DIGITS = 4  # that count, of a number which the pages show
COMMANDS = {"inside": "python -m helpers inside", "study": "python -m helpers study depth"}
# The trainings of the study `depth` at 16x16 and the full rate, by what their records say: whoever
# changes the recipe, its rate or what `recipes` tries, changes its name.
SWEEP, OF_SIZE = "late-drops-padding2", 16
IN_THE_SWEEP = re.compile(r"(plain|resnet)\d+")
NETS = {
    "lesion-board": ("resnet20", "plain20"),
    "unrolled-paths": ("resnet56", "resnet20"),
    "slices": ("plain20", "resnet20", "plain56", "resnet56"),
}


def data(twin: str, folder: Path) -> dict[str, object]:
    """What the twin's script reads, from its record in `folder`.

    - `lesion-board`: `images`, `blocks`, and of each net how many images are `wrong` without the
      blocks of a subset, and with averages that were estimated anew, `renewed`;
    - `unrolled-paths`: of each net `blocks`, and by length `share`, `gradient`, `contribution`;
    - `slices`: `coordinates`, `images`, and of each net `losses` and `eigenvalue`. The loss at
      [i][j] is that at `coordinates[i]` along the first direction and `coordinates[j]` along the
      second, None where it is infinite;
    - `recorded-runs`: `images`, and of each net of the sweep by depth, shallow ones first, its
      `runs`: `seed`, and errors in per cent after each epoch, `training` and `validation`.

    Raises ValueError for an unknown twin, and for a record that is missing or has another form:
    it says what is missing.
    """
    if twin not in TWINS:
        raise ValueError(f"the twins are {', '.join(TWINS)}. Received: {twin!r}")
    if twin == "recorded-runs":
        return _sweep(Path(folder))
    name, read = RECORDS[twin]
    path = Path(folder) / name
    if not path.is_file():
        raise ValueError(f"{twin} needs {path}, which is missing: `{COMMANDS['inside']}` makes it")
    try:
        record = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} is not JSON: {error}") from error
    return read(Record(record, name), NETS[twin])


class Record:
    """A part of a record that knows its place in the file, for the messages."""

    def __init__(self, content: object, place: str) -> None:
        self.content, self.place = content, place

    def __getitem__(self, key: str) -> Record:
        if not isinstance(self.content, dict):
            self.fail("an object", self.content)
        if key not in self.content:
            self.fail(f"a key {key!r}", list(self.content))
        return Record(self.content[key], f"{self.place}: {key}")

    def number(self, valid: Callable[[float], bool], expected: str) -> float:
        """The number here, if it is `valid`."""
        value = self.content
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not real or not math.isfinite(value) or not valid(value):
            self.fail(expected, value)
        return value

    def items(self, length: int | None = None) -> list[Record]:
        """The parts of the list here, of which there must be `length`."""
        value = self.content
        if not isinstance(value, list):
            self.fail("a list", value)
        if length is not None and len(value) != length:
            self.fail(f"a list of {length}", f"{len(value)} items")
        return [Record(item, f"{self.place}[{i}]") for i, item in enumerate(value)]

    def numbers(self, length: int, valid: Callable[[float], bool], expected: str) -> list[float]:
        """The list of numbers here."""
        return [item.number(valid, expected) for item in self.items(length)]

    def fail(self, expected: str, received: object) -> None:
        """Raises ValueError: what was expected here, and what came."""
        raise ValueError(f"{self.place}: expected {expected}. Received: {received!r}")


def _board(record, names):
    images = record["images"].number(lambda n: n >= 1 and n == int(n), "how many images there are")
    blocks, nets = None, []
    for name in names:
        net = record["nets"][name]
        own = [item.content for item in net["blocks"].items()]
        blocks = blocks or own
        if own != blocks or not all(isinstance(block, str) for block in own):
            net["blocks"].fail(f"the same names of blocks in every net, {blocks}", own)
        wrong, renewed = (_wrong(net[key], images, 2 ** len(own)) for key in ("errors", "renewed"))
        nets.append({**_named(name), "wrong": wrong, "renewed": renewed})
    return {"images": images, "blocks": blocks, "nets": nets}


def _wrong(errors, images, subsets):
    """Errors in per cent as numbers of images: a share of one would be none of these."""

    def whole(error):
        n = error * images / 100
        return 0 <= error <= 100 and abs(n - round(n)) < 1e-6 * images

    found = errors.numbers(subsets, whole, f"an error in per cent, a whole number of {images}")
    return [round(error * images / 100) for error in found]


def _paths(record, names):
    nets = []
    for name in names:
        net = record["nets"][name]
        n = net["blocks"].number(lambda n: n >= 1 and n == int(n), "how many blocks there are")
        lists = {
            key: net[key].numbers(n + 1, lambda value: value >= 0, "a number of at least 0")
            for key in ("share", "gradient", "contribution")
        }
        binomial = [math.comb(n, k) / 2**n for k in range(n + 1)]
        for k, (share, expected) in enumerate(zip(lists["share"], binomial, strict=True)):
            if not math.isclose(share, expected, rel_tol=1e-3):
                net["share"].fail(f"{expected:.6g} at length {k}, as binomials are", share)
        if not math.isclose(sum(lists["contribution"]), 1, rel_tol=1e-3):
            net["contribution"].fail("numbers that sum to 1", sum(lists["contribution"]))
        nets.append({**_named(name), "blocks": n} | {k: _rounded(v) for k, v in lists.items()})
    return {"nets": nets}


def _slices(record, names):
    images = record["images"].number(lambda n: n >= 1, "how many images there are")
    places = record["coordinates"]
    n = len(places.items())
    coordinates = places.numbers(n, lambda _: True, "a number")
    coordinates = [round(place, 6) for place in coordinates]  # 0 may come as 1e-17
    ordered = all(a < b for a, b in itertools.pairwise(coordinates))
    if n % 2 == 0 or not ordered or coordinates[n // 2] != 0:
        places.fail("an odd number of ascending coordinates with 0 in the middle", coordinates)
    nets = []
    for name in names:
        net = record["nets"][name]
        rows = net["losses"].items(n)
        losses = [_rounded([_loss(item) for item in row.items(n)]) for row in rows]
        [eigenvalue] = _rounded([net["eigenvalue"].number(lambda _: True, "a number")])
        nets.append({**_named(name), "losses": losses, "eigenvalue": eigenvalue})
    return {"images": images, "coordinates": coordinates, "nets": nets}


def _sweep(folder):
    nets, images, epochs = {}, set(), set()
    for path in sorted(folder.glob("*.json")):
        record = Record(json.loads(path.read_text("utf-8")), path.name)
        if not IN_THE_SWEEP.fullmatch(str(record.content.get("network"))):
            continue
        if record["recipe"]["name"].content != SWEEP:
            continue
        if record["spec"]["input_shape"].content[0] != OF_SIZE:
            continue
        images.add(record["data"]["description"].content)
        seed = record["seed"].number(lambda n: n >= 0 and n == int(n), "a seed")
        run = {"seed": seed}
        for key, name in (("training", "error"), ("validation", "validation_error")):
            found = record["history"][name].items()
            share = [item.number(lambda error: 0 <= error <= 1, "a share") for item in found]
            run[key] = [round(100 * error, 1) for error in share]
            epochs.add(len(share))
        nets.setdefault(record["network"].content, []).append(run)
    if not nets or len(images) != 1 or len(epochs) != 1:
        raise ValueError(
            f"recorded-runs needs runs of one length on the same images in {folder}. Received: "
            f"{len(nets)} nets, images {sorted(images)}, epochs {sorted(epochs)}. "
            f"`{COMMANDS['study']}` trains them"
        )
    order = sorted(nets, key=lambda name: (specs.get(name).depth, name))
    named = [{**_named(name), "depth": specs.get(name).depth, "runs": nets[name]} for name in order]
    return {"images": images.pop(), "nets": named}


def _loss(item):
    """Above 0, as the scale of colours is logarithmic. JSON has no infinity: None."""
    if item.content == math.inf:
        return None
    return item.number(lambda loss: loss > 0, "a loss above 0")


def _named(name):
    """How the page names a net, and which of the two kinds it draws."""
    kind = "residual" if specs.get(name).shortcut else "plain"
    return {"name": name, "title": specs.titles([name])[name], "kind": kind}


def _rounded(values):
    return [None if value is None else float(f"{value:.{DIGITS}g}") for value in values]


RECORDS = {
    "lesion-board": ("inside/board.json", _board),
    "unrolled-paths": ("inside/paths.json", _paths),
    "slices": ("inside/slices.json", _slices),
}
TWINS = (*RECORDS, "recorded-runs")

"""Records of training: what was trained, how, on what, with what result.

One JSON file per run under `results/`. A record holds what is needed to repeat
the run and to judge it: spec, recipe, seed, images, versions, hardware, time.

Book: chapters 1 and 5.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from helpers.specs import Network
from helpers.support import expect, whole

DIRECTORY_VARIABLE = "RESNET_BOOK_RESULTS"

FORMAT = 1  # of a record; goes up where an earlier version could not read it rightly
_KEPT = ("history", "seconds", "interruptions")  # of a training that goes on


@dataclass
class Run:
    """One training run.

    - `history`: a list per quantity, one entry per epoch: `step`, `loss`,
      `error` (both as logged while training), `validation_loss`,
      `validation_error`, on request `test_loss` and `test_error`, `learning_rate`,
      `seconds`. Errors are shares of 1;
    - `final`: `loss` and `error` of each split after the last step, in
      inference mode, single view, without augmentation;
    - `data`: name, description and number of images of each split;
    - `seconds`: of training, validation included, over all its parts;
    - `hardware`: of the machine that ended the training; under `earlier`, of those before it
      where an interrupted training went on elsewhere;
    - `extra`: what a study measures besides; empty for all others, and in their records not
      there. The one study that has it is `causes`, see `causes.train`.

    `model` is the trained network where the run was made; it is not saved.
    """

    name: str
    network: str
    spec: dict[str, Any] | None
    recipe: dict[str, Any]
    seed: int
    data: dict[str, Any]
    parameters: int
    history: dict[str, list[float]]
    final: dict[str, dict[str, float]]
    seconds: float
    interruptions: int
    command: str | None
    versions: dict[str, str]
    hardware: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    model: keras.Model | None = field(default=None, repr=False, compare=False)

    @property
    def epochs(self) -> int:
        """Passes over the training images, or what the recipe calls an epoch; the last
        one perhaps not whole."""
        return len(self.history["error"])

    @property
    def architecture(self) -> Network | None:
        """The network as a record of `specs`; None for a model of somebody's own."""
        return None if self.spec is None else Network.from_record(self.spec)

    def so_far(self) -> dict[str, Any]:
        """What an interrupted training must remember, for `go_on`."""
        return {key: getattr(self, key) for key in (*_KEPT, "hardware")}

    def go_on(self, record: dict[str, Any]) -> None:
        """Takes up what `so_far` gave, on the machine that this run was begun on."""
        for key in _KEPT:
            setattr(self, key, record[key])
        self.interruptions += 1
        before = dict(record.get("hardware", self.hardware))
        machines = [*before.pop("earlier", []), before]
        if others := [m for m in machines if m != self.hardware]:
            self.hardware["earlier"] = others

    @property
    def images(self) -> str:
        """What pages and plots call the images."""
        return self.data["description"]


def directory() -> Path:
    """Where records are: RESNET_BOOK_RESULTS, else `results/` of the repository.

    Raises FileNotFoundError if neither is there.
    """
    if chosen := os.environ.get(DIRECTORY_VARIABLE):
        return Path(chosen)
    beside = Path(__file__).resolve().parents[3] / "results"
    if not beside.is_dir():
        raise FileNotFoundError(
            f"Expected the book's records in {beside}. Set {DIRECTORY_VARIABLE} to a folder "
            "of your own, or work in a clone of the repository."
        )
    return beside


def save(run: Run, path: str | os.PathLike | None = None) -> Path:
    """Writes the record, by default to `directory()`; returns the file's path.

    Raises FileExistsError if there is a record of that name already.
    """
    path = Path(path) if path else check_free(run.name)
    if path.exists():
        raise FileExistsError(_TAKEN.format(path))
    fields = [f.name for f in dataclasses.fields(run) if f.name != "model"]
    record = {"format": FORMAT} | {name: getattr(run, name) for name in fields}
    if not run.extra:
        del record["extra"]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_json(path, record, new=True)
    except FileExistsError:  # by another process, since this one looked
        raise FileExistsError(_TAKEN.format(path)) from None
    return path


def as_json(record: Any) -> dict[str, Any] | None:
    """A dataclass as it reads back from a file: dictionaries, lists, numbers, strings."""
    return None if record is None else json.loads(json.dumps(dataclasses.asdict(record)))


_TAKEN = "{} is recorded already. Remove the file to train anew, or give the run another `name`."


def check_free(name: str) -> Path:
    """Where the record `name` will be. Raises FileExistsError if it is there."""
    path = directory() / f"{name}.json"
    if path.exists():
        raise FileExistsError(_TAKEN.format(path))
    return path


def write_json(path: Path, value: Any, *, new: bool = False) -> None:
    """Writes JSON whole or not at all; a list of numbers stays on one line.

    Raises FileExistsError if it must be `new` and is there."""
    text = json.dumps(value, indent=1, allow_nan=False)
    numbers = r"\[\n[-+.,\deE\s]*\]"  # a line break, so nothing inside a string
    text = re.sub(numbers, lambda m: " ".join(m.group().split()), text)
    with whole.written(path, new=new) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8")


def load(name: str | os.PathLike) -> Run:
    """A record by its name in `directory()`, or by its path.

    Raises FileNotFoundError, naming the records there are, or ValueError for a
    file that is not a record, or one that a later version of the book wrote.
    """
    path = Path(name)
    if path.suffix != ".json":
        path = directory() / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no record {path}. Recorded are: {', '.join(names()) or 'none'}."
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a record of training: not JSON ({error})") from error
    if isinstance(record, dict):
        expect.known_format(path, record.pop("format", None), FORMAT)
    expected = {f.name for f in dataclasses.fields(Run)} - {"model"}
    if not isinstance(record, dict) or {*record, "extra"} != expected:
        raise ValueError(
            f"{path} is not a record of training: expected the fields {sorted(expected)}. "
            f"Received: {sorted(record) if isinstance(record, dict) else type(record).__name__}"
        )
    if wrong := _unlike(record):
        raise ValueError(f"{path} is not a record of training: {wrong}")
    return Run(**record)


def _unlike(record: dict[str, Any]) -> str:
    """What in a record is of another kind than `Run` has; empty where nothing is."""
    for key, kinds in _KINDS.items():
        if not isinstance(record.get(key, {}), kinds) or isinstance(record.get(key), bool):
            return f"its `{key}` is {record[key]!r:.80}"
    columns = list(record["history"].values())
    numbers = [*itertools.chain(*(c if isinstance(c, list) else [c, None] for c in columns))]
    for of_split in record["final"].values():
        numbers += of_split.values() if isinstance(of_split, dict) else [None]
    if not all(_is_number(number) for number in numbers):
        return "its `history` must hold lists of numbers, its `final` numbers"
    if "error" not in record["history"] or len({len(column) for column in columns}) > 1:
        return "its `history` must hold an `error`, and as many numbers of each kind"
    if not isinstance(record["data"].get("description"), str):
        return "its `data` must have a `description`"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS = {
    "name": str,
    "network": str,
    "spec": dict | None,
    "recipe": dict,
    "seed": int,
    "data": dict,
    "parameters": int,
    "history": dict,
    "final": dict,
    "seconds": int | float,
    "interruptions": int,
    "command": str | None,
    "versions": dict,
    "hardware": dict,
    "extra": dict,
}


def names() -> list[str]:
    """The records in `directory()`."""
    return sorted(path.stem for path in directory().glob("*.json"))

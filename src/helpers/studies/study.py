"""Study files: a list of trainings in TOML."""

from __future__ import annotations

import dataclasses
import itertools
import os
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import helpers.studies.causes.plan  # each brings a kind of training
import helpers.studies.repair.plan
import helpers.studies.transfer  # noqa: F401
from helpers.studies.named import NamedPlan, named
from helpers.studies.plans import Plan

_FOLDER = Path(__file__).parent
MOST = 10_000  # trainings of one table
_OPTIONS = {f.name for f in dataclasses.fields(Plan)} - {"network", "seed"}


@dataclass(frozen=True)
class Study:
    """A list of trainings. `title` says what they are to show, and for whom."""

    name: str
    title: str
    plans: tuple[Plan | NamedPlan, ...]


def names() -> list[str]:
    """The studies of the book."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str | os.PathLike) -> Study:
    """A study of the book by its name, or one of your own by the path of a `.toml` file.

    The file has a `title` and tables `[[runs]]`. Each gives `networks` and `seeds`,
    every one of which is trained with every other, and the options of `Plan`; or
    `trainings` that chapters name, such as "repair/published", and their options. An option
    that stands above all tables holds for those that do not give it.

    Raises ValueError for an unknown name, an option that there is not, a training
    that cannot be or that is listed twice; FileNotFoundError if there is no such file.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if str(name) not in names():
            raise ValueError(
                f"`name` must be one of {', '.join(names())}, or the path of a .toml file. "
                f"Received: name={str(name)!r}"
            )
        path = _FOLDER / f"{name}.toml"
    if not path.is_file():
        raise FileNotFoundError(f"There is no study file {path}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # other bytes than UTF-8, too
        raise ValueError(f"{path} is not a study: not TOML ({error})") from error
    title, tables = content.pop("title", None), content.pop("runs", None)
    if not isinstance(title, str) or not isinstance(tables, list) or not tables:
        raise ValueError(f"{path} is not a study: expected a `title` and tables [[runs]].")
    if not all(isinstance(table, dict) for table in tables):
        raise ValueError(
            f"{path} is not a study: expected tables [[runs]]. Received: {tables!r:.80}"
        )
    plans = [p for table in tables for p in _plans({**content, **table}, path)]
    records = [plan.record() for plan in plans]
    twice = sorted(record for record, times in Counter(records).items() if times > 1)
    if twice:
        raise ValueError(f"{path} lists a training twice: {', '.join(twice)}")
    return Study(path.stem, title, tuple(plans))


def _plans(table: dict, path: Path) -> list[Plan | NamedPlan]:
    """The trainings of one table: every network with every seed."""
    main = "trainings" if "trainings" in table else "networks"
    lists = {"seeds": [0]} | {key: table.pop(key) for key in (main, "seeds") if key in table}
    if main == "networks" and (unknown := sorted(set(table) - _OPTIONS)):
        raise ValueError(
            f"{path}: expected the options {', '.join(sorted(_OPTIONS | {'networks', 'seeds'}))}. "
            f"Received: {', '.join(unknown)}"
        )
    for key in (main, "seeds"):
        if not isinstance(lists.get(key), list) or not lists[key]:
            raise ValueError(f"{path}: `{key}` must be a list. Received: {lists.get(key)!r}")
    if (number := len(lists[main]) * len(lists["seeds"])) > MOST:
        raise ValueError(
            f"{path} lists {number:,} trainings in one table. Expected at most {MOST:,}."
        )
    make = named if main == "trainings" else Plan
    try:
        return [
            make(name, **table, seed=seed)
            for name, seed in itertools.product(lists[main], lists["seeds"])
        ]
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from error

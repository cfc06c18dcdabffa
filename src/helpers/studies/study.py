"""Study files: a list of trainings in TOML."""

from __future__ import annotations

import dataclasses
import itertools
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from helpers.studies.cause_plan import CausePlan
from helpers.studies.plans import Plan, RepairPlan, TransferPlan

_FOLDER = Path(__file__).parent
# What a table lists, and the option that each entry is.
_LISTS = {"networks": "network", "repairs": "step", "transfers": "way", "causes": "intervention"}
_LISTS["seeds"] = "seed"
_OPTIONS = {f.name for f in dataclasses.fields(Plan)} - set(_LISTS.values())
# By the list that a table has: what each entry becomes, and what else may stand there.
_KINDS = {
    "repairs": (RepairPlan, {"data", "precision"}),
    "transfers": (TransferPlan, set()),
    "causes": (CausePlan, {"steps"}),
    "networks": (Plan, _OPTIONS),
}
AnyPlan = Plan | RepairPlan | TransferPlan | CausePlan


@dataclass(frozen=True)
class Study:
    """A list of trainings. `title` says what they are to show, and for whom."""

    name: str
    title: str
    plans: tuple[AnyPlan, ...]


def names() -> list[str]:
    """The studies of the book."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str | os.PathLike) -> Study:
    """A study of the book by its name, or one of your own by the path of a `.toml` file.

    The file has a `title` and tables `[[runs]]`. Each gives `networks` and `seeds`,
    every one of which is trained with every other, and the options of `Plan`; or
    `repairs`, steps of the chapter "Repairing a notebook", and `seeds`; or `transfers`, ways
    of chapter 6, and `seeds`; or `causes`, some of
    `causes.INTERVENTIONS`, and `seeds`. An option that stands above all tables holds for those
    that do not give it.

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
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not a study: not TOML ({error})") from error
    title, tables = content.pop("title", None), content.pop("runs", None)
    if not isinstance(title, str) or not isinstance(tables, list) or not tables:
        raise ValueError(f"{path} is not a study: expected a `title` and tables [[runs]].")
    plans = [p for table in tables for p in _plans({**content, **table}, path)]
    records = [plan.record() for plan in plans]
    twice = sorted({record for record in records if records.count(record) > 1})
    if twice:
        raise ValueError(f"{path} lists a training twice: {', '.join(twice)}")
    return Study(path.stem, title, tuple(plans))


def _plans(table: dict, path: Path) -> list[AnyPlan]:
    """The trainings of one table: every network with every seed."""
    main = next((key for key in _KINDS if key in table), "networks")
    kind, options = _KINDS[main]
    expected = options | {main}
    if unknown := sorted(set(table) - expected - {"seeds"}):
        raise ValueError(
            f"{path}: expected the options {', '.join(sorted(expected | {'seeds'}))}. "
            f"Received: {', '.join(unknown)}"
        )
    lists = {key: table.pop(key, None) for key in _LISTS if key in expected or key == "seeds"}
    lists["seeds"] = [0] if lists["seeds"] is None else lists["seeds"]
    for key, values in lists.items():
        if not isinstance(values, list) or not values:
            raise ValueError(f"{path}: `{key}` must be a list. Received: {values!r}")
    try:
        return [
            kind(**table, **dict(zip(map(_LISTS.get, lists), chosen, strict=True)))
            for chosen in itertools.product(*lists.values())
        ]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error

"""Why a mutant keeps all points: `mutants/reasons.toml`, which a person writes."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "mutants" / "reasons.toml"


@dataclass(frozen=True)
class Reason:
    """Why a mutant keeps its points, and whether because it is right for every input."""

    why: str
    equivalent: bool


def key(row: dict[str, str]) -> str:
    """The name of a mutant in `reasons.toml`, of a row of a table."""
    return f"{row['cell']}, {row['function']}: {row['change']}"


@functools.cache
def of(assignment: str) -> dict[str, Reason]:
    """The reasons by mutant. Raises ValueError if one has two."""
    found = {}
    for entry in tomllib.loads(FILE.read_text()).get(assignment, ()):
        reason = Reason(entry["why"], entry["equivalent"])
        for mutant in entry["mutants"]:
            if mutant in found:
                raise ValueError(f"{FILE}: {assignment} lists twice: {mutant}")
            found[mutant] = reason
    return found

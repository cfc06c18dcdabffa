"""The directive `{faults}`: what the book was tried with, from the last campaign's results.

`tests/torture/last.json` has them, with the words of each fault. Nothing of the tests is run or
imported here. Groups and faults stand in the order of their names.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from grading_tables import drawn, parsed

LAST = Path(__file__).resolve().parents[2] / "tests" / "torture" / "last.json"
HEAD = ["what was done", "times", "what came of it"]
FIELDS = ("group", "does", "holds", "outcomes", "lost", "day", "machine")


class Faults(SphinxDirective):
    """A table for each group of faults, and below it what held each time."""

    option_spec: ClassVar = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """One table and a list for each group; before them all tries, and when they were made."""
        self.env.note_dependency(str(LAST))
        try:
            results = read(LAST)
        except ValueError as error:
            raise self.error(f"faults: {error}") from error
        made = parsed(self, [summary(results), ""])
        name = self.options["name"]
        for number, (group, of_group) in enumerate(grouped(results).items(), start=1):
            self.options["name"] = f"{name}-{number}"
            rows = [row(result) for result in of_group]
            made += drawn(self, group, HEAD, rows, "52 12 36")
            held = dict.fromkeys(_sentence(result["holds"]) for result in of_group)
            held = [f"- {sentence}" for sentence in held]
            made += parsed(self, ["What held each time:", "", *held, ""])
        self.options["name"] = name
        return made


def read(path: Path) -> list[dict]:
    """The results of the last campaign. Raises ValueError where one is not as it must be."""
    if not path.is_file():
        raise ValueError("no campaign was run: make torture")
    results = json.loads(path.read_text("utf-8"))
    for name, result in results.items():
        if missing := [key for key in FIELDS if key not in result]:
            raise ValueError(f"{name} says no {', '.join(missing)}: make torture")
        if result["lost"] is not None:
            raise ValueError(f"{name} came to {result['lost']!s:.200}")
    return [results[name] for name in sorted(results)]


def grouped(results: list[dict]) -> dict[str, list[dict]]:
    """The results by their group."""
    groups: dict[str, list[dict]] = {}
    for result in sorted(results, key=lambda result: result["group"]):
        groups.setdefault(result["group"], []).append(result)
    return groups


def row(result: dict) -> list[str]:
    """What was done, how often, and what came of it."""
    outcomes = Counter(result["outcomes"])
    total = outcomes.total()
    told = [
        outcome if times == total else f"{outcome}: {times:,}"
        for outcome, times in outcomes.most_common()
    ]
    return [_clause(result["does"]), f"{total:,}", "; ".join(told)]


def summary(results: list[dict]) -> str:
    """How many tries there were, on which days and on which machines."""
    tries = sum(sum(result["outcomes"].values()) for result in results)
    days = sorted({result["day"] for result in results})
    days = [datetime.date.fromisoformat(day) for day in days]
    days = [f"{day.day} {day:%B %Y}" for day in days]
    when = f"on {days[0]}" if len(days) == 1 else f"between {days[0]} and {days[-1]}"
    machines = " and ".join(sorted({result["machine"] for result in results}))
    return (
        f"The last campaign tried {len(results)} kinds of fault, {tries:,} times in all, {when}, "
        f"on {machines}. Nothing was lost, and nothing went wrong in silence."
    )


def _clause(text: str) -> str:
    return text.strip().rstrip(".")


def _sentence(text: str) -> str:
    text = _clause(text)
    return f"{text[:1].upper()}{text[1:]}."


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("faults", Faults)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

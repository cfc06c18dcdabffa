"""The directive `{speeds}`: what `benchmarks/bench.py` measured, a table for each processor."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from grading_tables import drawn, parsed

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "benchmarks" / "measured"


class Speeds(SphinxDirective):
    """One table for each processor, the newest row's day below it. `rows` names those shown."""

    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "rows": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Tables and a sentence for each; an error where nothing was measured."""
        what, made = rows(), []
        wanted = self.options.get("rows", " ".join(what)).split()
        if unknown := sorted(set(wanted) - set(what)):
            raise self.error(f"no row is called {', '.join(unknown)}; there are: {', '.join(what)}")
        files = sorted(MEASURED.glob("*.json"))
        if not files:
            raise self.error(f"nothing is measured in {MEASURED}: make bench")
        for i, path in enumerate(files):
            self.env.note_dependency(str(path))
            made += self._table(i, json.loads(path.read_text("utf-8")), what, wanted)
        return made

    def _table(self, i, measured, what, wanted):
        name = self.options["name"]
        self.options["name"] = name if i == 0 else f"{name}-{i + 1}"
        lines = [
            row
            for key in wanted
            if key in measured["rows"]
            for row in lines_of(what[key], measured["rows"][key])
        ]
        head = ["what", "ours", "against", "ratio", "aim"]
        made = drawn(self, title(measured), head, lines, "36 14 26 12 12")
        self.options["name"] = name
        days = sorted(row["day"] for row in measured["rows"].values())
        versions = ", ".join(f"{key} {value}" for key, value in measured["versions"].items())
        said = f"Measured up to {days[-1]}, with {versions}."
        if left := [what[key].what for key in wanted if key not in measured["rows"]]:
            said += f" Not measured on this processor yet: {'; '.join(left)}."
        return made + parsed(self, [said, ""])


def rows() -> dict[str, object]:
    """The rows of `benchmarks/rows.py` by name."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from rows import ROWS
    finally:
        sys.path.pop(0)
    return {row.name: row for row in ROWS}


def title(measured: dict) -> str:
    """A processor, as the table's heading says it."""
    processor = measured["processor"]
    widest = (*processor["instructions"], "no vector instructions that count")[0]
    return f"{processor['cores']} cores of an {processor['name']} ({widest})"


def lines_of(row, measured: dict) -> list[list[str]]:
    """A line for each comparison of a row, or one where nobody is compared with."""
    medians = {label: statistics.median(turns) for label, turns in measured["turns"].items()}
    (_, ours), *others = medians.items()
    lines = []
    if "" in row.aims:
        lines.append([row.what, number(ours, row.unit), "", "", f"{row.aims['']:g} s"])
    compared = [
        [
            row.what,
            number(ours, row.unit),
            f"{label}, {number(theirs, row.unit)}",
            f"{measured['ratios'][label]:.2f}",
            f"{row.aims[label]:g}" if label in row.aims else "",
        ]
        for label, theirs in others
    ]
    return lines + compared


def number(value: float, unit: str) -> str:
    """A median with its unit."""
    digits = 2 if unit == "s" else 0 if value >= 10 else 1
    return f"{value:,.{digits}f} {unit}"


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("speeds", Speeds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The directives `{hostile}` and `{mutants}`: what the grading was tried with, from its tests."""

from __future__ import annotations

import ast
import csv
import tomllib
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

TESTS = Path(__file__).resolve().parents[2] / "tests" / "assignments"
# The tables of `tests/assignments/hostile/`: file, name, what they try, what comes of it.
HOSTILE = (
    ("verdicts", "BEFORE", "make wrong answers pass, from another cell", "no points"),
    ("answers", "ANSWERS", "be an answer that passes whatever is asked", "no points"),
    ("secrets", "FINDERS", "read a hidden test while it runs", "refused, or nothing is found"),
    ("secrets", "DISGUISES", "show a hidden test on the feedback page", "left out, and said"),
    ("secrets", "CALLS", "ask the kernel for what no notebook needs", "refused"),
)


class Hostile(SphinxDirective):
    """A row for each kind of attack, and below the table all attacks of each kind."""

    option_spec: ClassVar = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """A table and a paragraph for each of its rows: a long cell is no good on a phone."""
        rows, lines = [], []
        for file, table, tries, comes in HOSTILE:
            path = TESTS / "hostile" / f"{file}.py"
            self.env.note_dependency(str(path))
            names = keys(path, table)
            rows.append([tries, str(len(names)), comes])
            lines += [f"**To {tries}:** {'; '.join(names)}.", ""]
        head = ["it tries to", "ways", "what comes of it"]
        made = drawn(self, "Submissions that mean harm", head, rows, "55 15 30")
        return [*made, *parsed(self, lines)]


class Mutants(SphinxDirective):
    """A row for each assignment: its mutants, and those that kept all points."""

    option_spec: ClassVar = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """One table."""
        rows = []
        for path in sorted((TESTS / "mutants").glob("*.csv")):
            self.env.note_dependency(str(path))
            mutants = list(csv.DictReader(path.read_text("utf-8").splitlines()))
            kept = sum(not mutant["caught by"] for mutant in mutants)
            right = equivalent(path.stem)
            rows.append([f"`{path.stem}`", *map(str, (len(mutants), right, kept - right))])
        head = ["assignment", "mutants", "right all the same", "wrong, with all points"]
        return drawn(self, "Solutions with one change", head, rows, "31 23 23 23")


def keys(path: Path, table: str) -> list[str]:
    """The names in a dictionary of a file, which is read and not run. Raises KeyError."""
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == table:
            return [key.value for key in statement.value.keys]
    raise KeyError(f"{path.name} has no table {table}")


def equivalent(assignment: str) -> int:
    """How many mutants of an assignment are right answers, by the list of reasons."""
    reasons = tomllib.loads((TESTS / "mutants" / "reasons.toml").read_text("utf-8"))
    listed = [reason for reason in reasons.get(assignment, []) if reason["equivalent"]]
    return sum(len(reason["mutants"]) for reason in listed)


def drawn(
    directive: SphinxDirective, title: str, head: list[str], rows: list, widths: str
) -> list[nodes.Node]:
    """A list-table in MyST, parsed."""
    name = directive.options["name"]
    lines = [f"```{{list-table}} {title}", f":name: {name}"]
    lines += [":header-rows: 1", f":widths: {widths}", ""]
    for row in [head, *rows]:
        lines += [("* " if i == 0 else "  ") + f"- {cell}" for i, cell in enumerate(row)]
    return parsed(directive, [*lines, "```"])


def parsed(directive: SphinxDirective, lines: list[str]) -> list[nodes.Node]:
    """Lines of MyST as nodes."""
    box = nodes.container()
    text = StringList(lines, source=directive.get_source_info()[0])
    directive.state.nested_parse(text, directive.content_offset, box)
    return box.children


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("hostile", Hostile)
    app.add_directive("mutants", Mutants)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The directive `{speeds}`: what `benchmarks/bench.py` measured, a table for each processor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from grading_tables import drawn, parsed

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import tables


class Speeds(SphinxDirective):
    """One table for each processor, the newest row's day below it. `rows` names those shown."""

    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "rows": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Tables and a sentence for each; an error where nothing was measured."""
        what, made = tables.every(), []
        wanted = self.options.get("rows", " ".join(what)).split()
        if unknown := sorted(set(wanted) - set(what)):
            raise self.error(f"no row is called {', '.join(unknown)}; there are: {', '.join(what)}")
        found = tables.processors()
        if not found:
            raise self.error(f"nothing is measured in {tables.MEASURED}: make bench")
        for i, (path, measured) in enumerate(found):
            self.env.note_dependency(str(path))
            made += self._table(i, measured, what, wanted)
        return made

    def _table(self, i, measured, what, wanted):
        name = self.options["name"]
        self.options["name"] = name if i == 0 else f"{name}-{i + 1}"
        lines = [
            row
            for key in wanted
            if key in measured["rows"]
            for row in tables.lines_of(what[key], measured["rows"][key])
        ]
        title = tables.title(measured)
        made = drawn(self, title, list(tables.HEAD), lines, "36 14 26 12 12")
        self.options["name"] = name
        said = tables.said(measured)
        if left := [what[key].what for key in wanted if key not in measured["rows"]]:
            said += f" Not measured on this processor yet: {'; '.join(left)}."
        return made + parsed(self, [said, ""])


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("speeds", Speeds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

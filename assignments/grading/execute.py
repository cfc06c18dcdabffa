"""nbgrader's step "execute", in the sandbox. `nbgrader_config.py` puts it in its place."""

from __future__ import annotations

import atexit
import dataclasses
import sys
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, List, Unicode

from grading.files import printable
from grading.limits import Limits
from grading.sandbox import Report, Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
_open: dict[tuple, Sandbox] = {}


class SandboxedExecute(NbGraderPreprocessor):
    """Runs a submission's cells in the sandbox and leaves a report in the notebook's metadata."""

    python = Unicode(help="The interpreter of the book's environment.").tag(config=True)
    preload = List(Unicode(), help="Modules that are loaded once for all.").tag(config=True)
    visible = List(Unicode(), help="Folders that a notebook may read.").tag(config=True)
    limits = Dict(help="What differs from `grading.limits.Limits`.").tag(config=True)

    def preprocess(self, nb, resources):
        """Runs the notebook. Raises RuntimeError if the sandbox cannot be started."""
        report = self.run(nb)
        for cell in nb.cells:
            for output in cell.get("outputs", ()):
                _make_harmless(output)
        nb.metadata["grading"] = dataclasses.asdict(report)
        return nb, resources

    def run(self, nb) -> Report:
        """Runs one notebook; its outputs are stored in its cells."""
        python = self.python or default_python()
        key = (python, *self.preload, "", *self.visible, "", *sorted(self.limits.items()))
        if key not in _open:
            limits = Limits(**self.limits)
            _open[key] = Sandbox(python, tuple(self.preload), tuple(self.visible), limits)
        return _open[key].run(nb)


def _make_harmless(node) -> None:
    """Texts in a cell's output as they can be written and shown: what is no character, and what
    a terminal would obey, becomes an escape."""
    for key, value in node.items():
        if isinstance(value, str):
            node[key] = "".join(
                c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii")
                for c in value
            )
        elif isinstance(value, dict):
            _make_harmless(value)
        elif isinstance(value, list):
            node[key] = [printable(v) if isinstance(v, str) else v for v in value]


def default_python() -> str:
    """The book's environment beside `assignments/`, where there is one."""
    beside = ROOT / ".venv" / "bin" / "python"
    return str(beside) if beside.exists() else sys.executable


@atexit.register
def close() -> None:
    """Ends the sandboxes that are open."""
    while _open:
        _open.popitem()[1].close()

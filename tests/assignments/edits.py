"""Submissions as small edits of a solution, and a small assignment to try the machinery on."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# Why a mistake may share a submission with no other.
LOOPS = "it uses up time that others need"
ENDS = "another process runs the cells behind it"
TAMPERS = "it changes tests, or what they use"

SOURCE = Path(__file__).resolve().parents[2] / "assignments" / "source"


def complete(assignment: str):
    """The assignment's source: solved, with all tests, the hidden ones too."""
    return nbformat.read(SOURCE / assignment / f"{assignment}.ipynb", as_version=4)


def solution(assignment: str):
    """The assignment as its best student hands it in: solved, with the tests as handed out."""
    return solved(complete(assignment))


def solved(notebook):
    """An assignment's source as its best student hands it in: without hidden tests."""
    for cell in notebook.cells:
        cell.source = _without_hidden(cell.source)
    return notebook


def _without_hidden(source: str) -> str:
    source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", "", source, flags=re.S)
    return re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", source).rstrip("\n")


def grade_id(cell) -> str:
    """nbgrader's name for a cell; empty where it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cell(notebook, name: str):
    """A cell by its id. Raises StopIteration if there is none."""
    return next(c for c in notebook.cells if grade_id(c) == name)


def replaced(grade_id: str, old: str, new: str):
    """An edit: `old` in a cell becomes `new`."""

    def edit(notebook):
        found = cell(notebook, grade_id)
        assert old in found.source, f"{grade_id} does not hold {old!r}"
        found.source = found.source.replace(old, new)

    return edit


def written(grade_id: str, source: str):
    """An edit: the cell holds this instead."""

    def edit(notebook):
        cell(notebook, grade_id).source = source

    return edit


def deleted(*grade_ids: str):
    """An edit: the cells are gone."""

    def edit(notebook):
        gone = [cell(notebook, grade_id) for grade_id in grade_ids]
        notebook.cells = [c for c in notebook.cells if not any(c is g for g in gone)]

    return edit


def own_cell(before: str, source: str):
    """An edit: a cell of the student's own before another."""

    def edit(notebook):
        at = next(i for i, c in enumerate(notebook.cells) if c is cell(notebook, before))
        notebook.cells.insert(at, new_code_cell(source))

    return edit


def edited(notebook, *edits):
    """A copy of the notebook with these edits."""
    notebook = copy.deepcopy(notebook)
    for edit in edits:
        edit(notebook)
    return notebook


def marked(source: str, grade_id: str, *, markdown: bool = False, **marks):
    """A cell with nbgrader's marks."""
    standard = {"grade": False, "locked": False, "solution": False, "task": False}
    data = {"nbgrader": {**standard, "schema_version": 3, "grade_id": grade_id, **marks}}
    return (new_markdown_cell if markdown else new_code_cell)(source, metadata=data)


def tiny():
    """Two parts and a written answer: 2 + 3 + 1 points."""
    cells = [
        marked("import math", "setup", locked=True),
        marked(
            "def double(x):\n    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION",
            "double",
            solution=True,
        ),
        marked(
            "assert double(2) == 4\n### BEGIN HIDDEN TESTS\n"
            "assert double(21) == 42, 'twice 21'\n### END HIDDEN TESTS",
            "double-test",
            grade=True,
            locked=True,
            points=2,
        ),
        marked(
            "def root(x):\n    ### BEGIN SOLUTION\n    return math.sqrt(x)\n    ### END SOLUTION",
            "root",
            solution=True,
        ),
        marked(
            "import math\n### BEGIN HIDDEN TESTS\nassert root(49) == 7\n### END HIDDEN TESTS\n"
            "3 if abs(root(2) - math.sqrt(2)) < 1e-9 else 1",
            "root-test",
            grade=True,
            locked=True,
            points=3,
        ),
        marked("It is so.", "why", markdown=True, grade=True, solution=True, points=1),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})

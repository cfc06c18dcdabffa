"""The grader's reader of notebooks, in the grader's own environment: damaged submissions."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import nbformat

from grading.files import BrokenError, File
from grading.intake import find
from grading.submissions import OtherNotebookError, parse, rebuild
from torture.archives_made import endless, reaching
from torture.fuzzing import Reader
from torture.mutations import changed, odd_tree

WORDS = ["cells", "cell_type", "code", "markdown", "raw", "source", "metadata", "nbgrader"]
WORDS += ["grade_id", "solution", "nbformat", "nbformat_minor", "attachments", "image/png", "a"]
WORDS += ["data:text/html;base64,", "<script>", "\\begin{", "$$", "[" * 3000, '{"a":' * 3000, "4"]


def _cell(kind: str, source: str, **marks) -> dict:
    cell = {"cell_type": kind, "source": source, "metadata": {"nbgrader": marks} if marks else {}}
    cell["id"] = f"c{zlib.crc32(source.encode())}"
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _notebook(answer: str) -> dict:
    shared = {"schema_version": 3, "locked": False}
    cells = [
        _cell("markdown", "# Task $x^2$"),
        _cell("code", answer, grade_id="a", grade=False, solution=True, **shared),
        _cell(
            "code",
            "assert a() == 1",
            grade_id="a-test",
            grade=True,
            solution=False,
            points=1,
            **shared,
        ),
        _cell("markdown", "because", grade_id="why", grade=True, solution=True, points=1, **shared),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def notebooks() -> Reader:
    """From the bytes to the frame of the assignment, as each submission is read."""
    source = nbformat.from_dict(_notebook("def a(): return 1"))
    release = nbformat.from_dict(_notebook("def a(): ..."))
    handed_in = _notebook("def a(): return 2")
    picture = {"p.png": {"image/png": "iVBORw0KGgo="}}
    handed_in["cells"][0] |= {"attachments": picture, "source": "![x](attachment:p.png)"}
    valid = [json.dumps(handed_in, indent=1).encode()]
    words = [word.encode() for word in WORDS]
    known = {"01-a": {"a", "a-test", "why"}}

    def inputs(chance: random.Random) -> Iterator[bytes]:
        while True:
            yield changed(chance, valid[0], valid, words)
            yield json.dumps(odd_tree(chance, handed_in, WORDS)).encode()

    def read(path: Path) -> None:
        (found,) = find(path.parent, known)
        try:
            if found.file is None:
                raise BrokenError("not chosen")
            made, _ = rebuild(parse(found.file.read()), source, release)
        except (BrokenError, OtherNotebookError) as error:
            if not str(error):
                raise AssertionError("refused without a word") from error
            raise ValueError(f"{path.name}: {error}") from error
        kept = [c.metadata.nbgrader.grade_id for c in made.cells if "nbgrader" in c.metadata]
        tests = [c.source for c in made.cells if c.source == "assert a() == 1"]
        if kept != ["a", "a-test", "why"] or not tests:
            raise AssertionError(f"the assignment's own cells are not all there: {kept}")
        File(path).read()

    return Reader(".ipynb", inputs, read, errors=(ValueError,))


def _zips(inputs) -> Reader:
    """From a zip in the folder of submissions to what would be graded, and where it would lie."""
    known = {"01-a": {"a", "a-test", "why"}}

    def read(path: Path) -> None:
        before, refused = sorted(path.parent.parent.rglob("*")), []
        for submission in find(path.parent, known):
            home = path.parent / "graded"
            if (home / submission.student).resolve().parent != home.resolve():
                raise AssertionError(f"it would lie elsewhere: {submission.student!r}")
            for file in (submission.file, *(file for file, _ in submission.others)):
                if file is not None and file.is_notebook:
                    try:
                        file.read()
                    except BrokenError as error:
                        refused.append(f"{path.name}: {error}")
        if (after := sorted(path.parent.parent.rglob("*"))) != before:
            raise AssertionError(f"something was unpacked: {set(after) ^ set(before)}")
        if refused:
            raise ValueError("; ".join(refused))

    return Reader(".zip", inputs, read, errors=(ValueError,))


READERS = {
    "notebooks": notebooks,
    "notebook-zips": lambda: _zips(reaching),
    "notebook-bombs": lambda: _zips(endless),
}

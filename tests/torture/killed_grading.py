"""What is killed: the grading of a course. In the course's own environment.

The students' code runs in its cage, as always; only TensorFlow is not loaded there, which the
small assignment does not need.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook

import edits
import grading.grade as grading_grade
from grading import configuration, execute
from grading.course import CourseError
from grading.grade import grade
from trial import two_answers

_loaded = execute.SandboxedExecute.run


def _without_tensorflow(self, notebook):
    self.preload = []
    return _loaded(self, notebook)


execute.SandboxedExecute.run = _without_tensorflow
STUDENTS = ("ada", "bob", "cy")
VARIABLE = ("seconds",)  # columns of which the clock, or the folder, decides


def hand_in(folder: Path, students: int = len(STUDENTS)) -> None:
    """A course: its source, and a submission of each student. Every third one is wrong."""
    _write(folder / "source" / "tiny" / "tiny.ipynb", two_answers())
    for number in range(students):
        name = STUDENTS[number] if students == len(STUDENTS) else f"student{number:03d}"
        changes = [edits.written("double", "def double(x):\n    return 3 * x")] * (number % 3 == 1)
        _write(folder / "in" / name / "tiny.ipynb", edits.edited(two_answers(), *changes))


def _write(path: Path, notebook) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def prepare(folder: Path, students: int = len(STUDENTS)) -> None:
    """Makes a course that nobody has graded."""
    hand_in(folder, students)


def prepare_graded(folder: Path) -> None:
    """Makes a course that was graded, where a person gave marks, the source has changed since
    and two students have handed in anew: one with another answer, one with another code."""
    hand_in(folder)
    _grade(folder)
    with Gradebook(f"sqlite:///{folder / 'graded' / 'gradebook.db'}") as book:
        for student in STUDENTS:
            for cell in ("why", "how"):
                mark = book.find_grade(cell, "tiny", "tiny", student)
                mark.manual_score, mark.needs_manual_grade = 1.5, False
                book.find_comment(cell, "tiny", "tiny", student).manual_comment = f"On {cell}."
        book.db.commit()
    changed = edits.edited(two_answers(), edits.written("how", "As Figure 3 says."))
    _write(folder / "in" / "ada" / "tiny.ipynb", changed)
    changed = edits.edited(two_answers(), edits.written("double", "def double(x):\n    return x"))
    _write(folder / "in" / "cy" / "tiny.ipynb", changed)
    source = two_answers()
    source.cells.insert(0, nbformat.v4.new_markdown_cell("Read it twice."))
    _write(folder / "source" / "tiny" / "tiny.ipynb", source)


def _grade(folder: Path) -> list[str]:
    said: list[str] = []
    grade(folder / "in", folder / "graded", source=folder / "source", say=said.append)
    execute.close()
    return said


def grade_all(folder: Path) -> dict:
    """Grades, or goes on grading; returns the points and what a person has given."""
    tempfile.tempdir = str(folder.with_suffix(".tmp"))
    Path(tempfile.tempdir).mkdir(exist_ok=True)
    try:
        said = _grade(folder)
    except CourseError as error:
        return {"refused": str(error)}
    memory = _memory()  # before what is read here for the comparison
    rows = list(csv.DictReader(io.StringIO((folder / "graded/grades.csv").read_text("utf-8-sig"))))
    for row in rows:
        for column in VARIABLE:
            row.pop(column)
        row["submission"] = Path(row["submission"]).name
    with closing(sqlite3.connect(folder / "graded" / "gradebook.db")) as book:
        sound = book.execute("PRAGMA integrity_check").fetchone()[0]
    with Gradebook(f"sqlite:///{folder / 'graded' / 'gradebook.db'}") as book:
        given = {}
        for row in rows:
            found = book.find_submission_notebook("tiny", "tiny", row["student"])
            given[row["student"]] = {
                **{grade.name: [grade.auto_score, grade.manual_score] for grade in found.grades},
                **{f"{note.name} said": note.manual_comment for note in found.comments},
            }
    pages = {row["student"]: (folder / "graded" / row["feedback"]).stat().st_size for row in rows}
    graded = sum(not line.endswith("(as before)") for line in said if line.startswith("["))
    result = {"rows": {row["student"]: row for row in rows}, "given": given, "pages": pages}
    return {**result, "sound": sound, "told": graded, "memory": memory}


def _memory() -> int:
    """Bytes that this process has held at most."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(lines["VmHWM"].split()[0])


def still_runs(folder: Path, seconds: float = 20) -> list[str]:
    """What still runs of the gradings that were killed in a folder, after so many seconds."""
    until = time.monotonic() + seconds
    while (left := _processes(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def runs_now(folder: Path, seconds: float = 60) -> list[str]:
    """What runs of a grading, as soon as something does."""
    until = time.monotonic() + seconds
    while not (now := _processes(folder)) and time.monotonic() < until:
        time.sleep(0.02)
    return now


def _processes(folder: Path) -> list[str]:
    home, left = str(folder.with_suffix(".tmp")), []
    for process in psutil.process_iter(["environ", "cmdline"]):
        if home in (process.info["environ"] or {}).get("HOME", ""):
            left.append(" ".join(process.info["cmdline"] or []))
    return left


@contextlib.contextmanager
def _nothing_held(out: Path) -> Iterator[None]:
    yield


PLANTS = {
    "half files": (
        (configuration, "write_whole", lambda path, text: path.write_text(text, "utf-8")),
        (grading_grade, "write_whole", lambda path, text: path.write_text(text, "utf-8")),
    ),
    "no lock": ((grading_grade, "_alone", _nothing_held),),
    "marks forgotten": ((grading_grade, "_list", lambda path: []),),
}


def planted(folder: Path, plant: str) -> dict:
    """`grade_all` with a break planted."""
    for module, name, value in PLANTS[plant]:
        setattr(module, name, value)
    return grade_all(folder)

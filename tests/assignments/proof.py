"""The proof that grading grades: all submissions of one assignment, graded in one run."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import nbformat

import edits
from grading import execute
from grading.course import Course
from grading.grade import grade


def rows(path: Path) -> dict[str, dict[str, str]]:
    """The CSV's rows by student."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def grade_all(folder: Path, assignment: str, wrong: dict, right: dict):
    """Grades every submission as a teacher does. Returns rows by name, and the maxima.

    `wrong` gives edits of the solution and the tests that they cost, `right` gives edits. The
    version that students get is graded, too, as "untouched".
    """
    perfect = edits.solution(assignment)
    everything = {name: edits.edited(perfect, *change) for name, (change, _) in wrong.items()}
    everything |= {name: edits.edited(perfect, *change) for name, change in right.items()}
    course = Course(folder / "release", assignment)
    course.generate()
    everything["untouched"] = nbformat.read(course.notebook("release"), as_version=4)
    names = {re.sub(r"\W", "_", name): name for name in everything}
    for student, name in names.items():
        path = folder / "submissions" / student / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(everything[name], path)
    try:
        path = grade(folder / "submissions", limits={"cell_seconds": 30})
    finally:
        execute.close()
    return {names[student]: row for student, row in rows(path).items()}, course.maximum()


def lost(row: dict[str, str], most: dict[str, float]) -> set[str]:
    """The tests that did not give all their points; what is graded by hand is left out."""
    return {part for part in most if row[part] != "by hand" and float(row[part]) < most[part]}

"""The proof that grading grades: all submissions of one assignment, graded in one run.

Parts do not need each other, so mistakes in different parts share a submission, which loses what
all of them cost. Which ones meet is drawn anew every day.
"""

from __future__ import annotations

import csv
import datetime
import importlib
import os
import random
import re
import subprocess
import tomllib
from pathlib import Path
from unittest import mock

import nbformat
from nbgrader.apps import NbGraderAPI

import edits
from grading import controls, execute
from grading.course import Course
from grading.grade import grade

ROOT = Path(__file__).resolve().parents[2]
UNTOUCHED = "the untouched version"
A_DAY = 3  # assignments; each takes minutes
# What grades them. (The library reaches them all, too, and changes nearly every day.)
OF_ALL = ("assignments/grading", "requirements/course.txt", "tests/assignments/proof.py")
ALONE = "alone"
# A busy machine is no mistake of a student's: what loops for ever alone meets a limit soon.
PATIENT = {"cell_seconds": 300, "total_seconds": 1800, "nice": 0}
LIMITS = {"right": PATIENT, "patient": PATIENT, "short": {"cell_seconds": 30, "nice": 0}}


def submissions(assignment: str):
    """The module of what students might hand in: `a01` for "01-degradation", `arepair`."""
    number = re.match(r"\d\d(?=-)", assignment)
    return importlib.import_module(f"submissions.a{number[0] if number else assignment}")


def packing() -> str:
    """PACKING, or the day: a seed, or "alone", which gives every mistake its own submission."""
    return os.environ.get("PACKING") or datetime.date.today().isoformat()


def of_the_day(names: list[str]) -> set[str]:
    """The assignments whose submissions are graded today: some that are drawn, and those that
    have changed since all were graded. All of them where the grading has, or ASSIGNMENTS says
    "all"."""
    if os.environ.get("ASSIGNMENTS") == "all":
        return set(names)
    record = tomllib.loads((ROOT / "tests" / "project" / "weekly.toml").read_text("utf-8"))
    since = record["assignments"]["commit"]
    if _differ(since, *OF_ALL):
        return set(names)
    drawn = set(random.Random(packing()).sample(names, A_DAY))
    return drawn | {name for name in names if _changed(name, since)}


def _changed(name: str, since: str) -> bool:
    """Whether an assignment or its submissions differ from a commit."""
    module = submissions(name).__name__.removeprefix("submissions.")
    about = [f"assignments/source/{name}", f"tests/assignments/submissions/{module}*"]
    return _differ(since, *about)


def _differ(since: str, *about: str) -> bool:
    """Whether paths differ from a commit, so far as git knows."""
    command = ["git", "diff", "--quiet", since, "--", *about]
    return not since or subprocess.run(command, cwd=ROOT).returncode != 0


def rows(path: Path) -> dict[str, dict[str, str]]:
    """The CSV's rows by student."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def parts(perfect, wrong: dict) -> dict[str, set[str]]:
    """The parts that each mistake is about: whose cells it changes, and whose tests fail."""
    found = {}
    for name, (change, loses, *_) in wrong.items():
        before, after = (
            {edits.grade_id(cell): cell.source for cell in notebook.cells}
            for notebook in (perfect, edits.edited(perfect, *change))
        )
        changed = {cell for cell in before if cell and after.get(cell) != before[cell]}
        found[name] = {cell.split("-")[0] for cell in changed | set(loses)}
    return found


def packed(about: dict[str, set[str]], alone: set[str], seed: str) -> list[list[str]]:
    """Mistakes that share a submission: each group's are about different parts."""
    names = sorted(about)
    random.Random(seed).shuffle(names)
    groups: list[list[str]] = []
    apart = [[name] for name in names if name in alone or seed == ALONE]
    for name in names if seed != ALONE else ():
        if name in alone:
            continue
        for group in groups:
            if not any(about[name] & about[other] for other in group):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups + apart


def alone(wrong: dict) -> set[str]:
    """The mistakes that say why they may share a submission with no other."""
    return {name for name, (_, _, *why) in wrong.items() if why}


class Graded:
    """The submissions of an assignment with these names, graded as a teacher grades them.

    - `assignment`: its name;
    - `rows`: the CSV's row of each name; mistakes that share a submission share a row;
    - `together`: the mistakes that share a submission with a name, itself among them;
    - `most`: the points that each test gives;
    - `root`: the folder of grades.
    """

    def __init__(self, folder: Path, assignment: str, names: set[str]) -> None:
        self.assignment, data = assignment, submissions(assignment)
        perfect = edits.solution(assignment)
        course = Course(folder / "release", assignment)
        course.generate()
        everything: dict[str, tuple[list[str], object]] = {}
        wanted = {name: data.WRONG[name] for name in data.WRONG if name in names}
        for number, held in enumerate(packed(parts(perfect, wanted), alone(wanted), packing())):
            change = [edit for name in held for edit in wanted[name][0]]
            everything[f"mistakes_{number}"] = (held, edits.edited(perfect, *change))
        for name in [name for name in data.RIGHT if name in names]:
            student = re.sub(r"\W", "_", name)
            everything[student] = ([name], edits.edited(perfect, *data.RIGHT[name]))
        if UNTOUCHED in names:
            released = nbformat.read(course.notebook("release"), as_version=4)
            everything["untouched"] = ([UNTOUCHED], released)
        found = {}
        self.root, self.most = folder / "right-graded", course.maximum()
        for pace, limits in LIMITS.items():
            for student, (held, notebook) in everything.items():
                loops = any(edits.LOOPS in wanted.get(name, ()) for name in held)
                own = "short" if loops else "patient" if set(held) & set(wanted) else "right"
                if pace == own:
                    path = folder / pace / student / f"{assignment}.ipynb"
                    path.parent.mkdir(parents=True)
                    nbformat.write(notebook, path)
            if (folder / pace).exists():
                found |= _graded(folder / pace, limits, controlled=pace == "right")
        self.rows = {name: found[s] for s, (held, _) in everything.items() for name in held}
        self.together = {name: held for held, _ in everything.values() for name in held}

    def lost(self, name: str) -> set[str]:
        """The tests that did not give all their points; what is graded by hand is left out."""
        row = self.rows[name]
        graded = [part for part in self.most if row[part] != "by hand"]
        return {part for part in graded if float(row[part]) < self.most[part]}

    def got(self, name: str, part: str) -> float:
        """The points of one test."""
        return float(self.rows[name][part])

    def told(self, name: str) -> str:
        """What the CSV remarks, and how to see a mistake without those that it met."""
        place = "tests/assignments/test_assignments.py::"
        place += "test_a_wrong_submission_loses_the_points_of_what_is_wrong"
        command = ".venv-course/bin/python -m pytest --confcutdir=tests/assignments"
        return (
            f"The submission held: {'; '.join(self.together[name])}.\n"
            f"It remarks: {self.rows[name]['remarks'] or 'nothing'}.\n"
            f'Alone: PACKING=alone {command} "{place}[{self.assignment}-{name}]"\n'
            f"In the same company: PACKING={packing()} {command} -k {self.assignment}"
        )


def _graded(folder: Path, limits: dict, *, controlled: bool) -> dict[str, dict[str, str]]:
    """Wrong answers are graded without the copies that must fail: these take a third more time,
    and are tried with the right ones and in `test_controls.py`."""
    pair = _pair if controlled else lambda source, draw=None: (_pair(source, draw)[0], None)
    try:
        with (
            mock.patch.object(controls, "pair", pair),
            mock.patch.object(NbGraderAPI, "generate_feedback", _feedback_of_the_solution),
        ):
            return rows(grade(folder, limits=limits))
    finally:
        execute.close()


_generate, _pair = NbGraderAPI.generate_feedback, controls.pair


def _feedback_of_the_solution(self, assignment, student=None, force=True):
    """Nobody looks at the others' pages, and each takes a second."""
    if student == "the_solution":
        return _generate(self, assignment, student, force)
    return {"success": True}

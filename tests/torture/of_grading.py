"""Grading that is killed, done by two processes at once, or of a large course."""

from __future__ import annotations

import atexit
import csv
import functools
import io
import itertools
import json
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from torture import left_behind
from torture.fault import Lost, Trial, fault
from torture.killing import Ended, Server, moment, rest, server
from torture.of_files import COURSE, ROOT
from torture.of_kills import ANEW, GROUP, MOST, WENT_ON, job
from torture.of_together import GROUP as TOGETHER

PREPARED = ("prepare", "prepare_graded")
REFUSED, LATER, GRADED = "one was refused", "one came later", "graded"
STUDENTS = {"ada", "bob", "cy"}


def grading() -> Server:
    if not COURSE.is_file():
        pytest.skip(f"no {COURSE.relative_to(ROOT)} here: make assignments")
    return server("killed_grading", str(COURSE))


@functools.cache
def prepared(how: str) -> tuple[Path, Ended]:
    """A course as `how` prepares it, and what comes of grading a copy of it uninterrupted."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("course", "graded"):
        (folder / name).mkdir()
    grading().run(job(how, folder / "course"))
    return folder / "course", grade_in_a_copy(folder / "course", folder / "graded")


def grade_in_a_copy(course: Path, folder: Path) -> Ended:
    copied(course, folder)
    return grading().run(job("grade_all", folder))[0]


def copied(course: Path, folder: Path) -> None:
    shutil.copytree(course, folder, dirs_exist_ok=True)


def check_left(folder: Path) -> None:
    """Raises Lost if a file of the grades is not whole, or a process still runs."""
    graded = folder / "graded"
    for name in ("grades.csv", "files.csv"):
        if (path := graded / name).is_file():
            rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
            if {row["student"] for row in rows} != STUDENTS:
                raise Lost(f"{name} has not all students: {rows}")
    for path in (graded / "rows").glob("*.json"):
        if json.loads(path.read_text("utf-8"))["status"] != "graded":
            raise Lost(f"{path.name}: {path.read_text()}")
    if (book := graded / "gradebook.db").is_file():
        with tempfile.TemporaryDirectory() as copy:  # reading mends what a killed process left
            for path in graded.glob("gradebook.db*"):
                shutil.copy(path, copy)
            with closing(sqlite3.connect(Path(copy, book.name))) as opened:
                sound = opened.execute("PRAGMA integrity_check").fetchone()[0]
        if sound != "ok":
            raise Lost(f"the gradebook is damaged: {sound}")
    (ended,) = grading().run(job("still_runs", folder))
    if ended.result:
        raise Lost(f"still running: {ended.result}")


def check_same(came: dict, expected: dict, where: str) -> None:
    apart = {"told", "memory"}
    left_behind.check_same(
        {key: value for key, value in came.items() if key not in apart},
        {key: value for key, value in expected.items() if key not in apart},
        where,
    )


@fault(
    "killed-while-grading",
    group=GROUP,
    does="the grading of three submissions, killed in the same way: of a course that nobody has "
    "graded, or of one where a person gave marks, the source has changed and two students have "
    "handed in anew",
    holds="the same command goes on; points, pages and remarks are those of a grading that nobody "
    "killed, a person's marks stand, the gradebook is sound, and no process runs on",
    outcomes=(WENT_ON, ANEW),
    few=3,
    many=50,
)
def killed_while_grading(trial: Trial) -> None:
    for number in itertools.count():
        if trial.outcomes.total() >= trial.times:
            return
        how = PREPARED[number % 2]
        course, whole = prepared(how)
        folder = trial.folder / f"{how}{number}"
        copied(course, folder)
        kills = []
        for _ in range(min(trial.times - trial.outcomes.total(), trial.chance.randint(1, MOST))):
            kills.append(moment(trial.chance, whole))
            (ended,) = grading().run(job("grade_all", folder, **kills[-1]))
            if not ended.killed:
                break
            check_left(folder)
            kept = len(list((folder / "graded" / "rows").glob("*.json")))
            trial.came(WENT_ON if kept else ANEW)
        else:
            (ended,) = grading().run(job("grade_all", folder))
        check_same(ended.result, whole.result, f"{how}, {kills}")


@fault(
    "two-gradings-of-one-folder",
    group=TOGETHER,
    does="the grading of one folder twice at once; one rests before a random call that changes a "
    "file",
    holds="one is refused by a sentence, and the points are those of a grading alone",
    outcomes=(REFUSED, LATER),
    few=1,
    many=10,
)
def two_gradings_of_one_folder(trial: Trial) -> None:
    for number in range(trial.times):
        how = PREPARED[number % 2]
        course, whole = prepared(how)
        folder = trial.folder / f"{how}{number}"
        copied(course, folder)
        late = trial.chance.choice((0, trial.chance.uniform(0, 0.8 * whole.spent)))
        first = job("grade_all", folder, **rest(trial.chance, whole))
        both = grading().run(first, job("grade_all", folder, wait=late))
        check_left(folder)
        results = [ended.result for ended in both]
        trial.came(check_two(results, whole, together=late == 0))


def check_two(results: list[dict], whole: Ended, *, together: bool) -> str:
    """The outcome of two gradings of one folder; Lost if they disturbed each other."""
    for result in results:
        if "refused" not in result:
            check_same(result, whole.result, "one of two")
        elif "Another process grades" not in result["refused"]:
            raise Lost(f"refused by: {result['refused']}")
    refused = sum("refused" in result for result in results)
    if refused == 2 or (together and not refused):
        raise Lost(f"{refused} of two gradings were refused")
    return REFUSED if refused else LATER


@fault(
    "a-large-course",
    group="Load",
    does="a course of 200 submissions, one after another on two cores",
    holds="all are graded and none is lost; the memory of the grading, at its most, is with 200 "
    "less than 5 MiB above that with 20",
    outcomes=(GRADED,),
    few=3,
    many=200,
)
def a_large_course(trial: Trial) -> None:
    found = {}
    for students in (max(trial.times // 10, 1), trial.times):
        folder = trial.folder / f"course{students}"
        folder.mkdir()
        grading().run(job("prepare", folder, (("students", students),)))
        begin = time.monotonic()
        (ended,) = grading().run(job("grade_all", folder))
        rows = ended.result["rows"]
        if len(rows) != students or {row["status"] for row in rows.values()} != {"graded"}:
            raise Lost(f"{len(rows)} rows of {students}: {rows}")
        points = [row["points"] for row in rows.values()]
        wrong = sum(number % 3 == 1 for number in range(students))
        if (points.count("5"), points.count("3")) != (students - wrong, wrong):
            raise Lost(f"{students} submissions have the points {points}")
        found[students] = ended.result["memory"] / 2**20
        seconds = time.monotonic() - begin
        print(f"{students} submissions: {seconds:.0f} s, {found[students]:.0f} MiB")
    few, many = found.values()
    if many > few + 5:  # 120 and 122; with an engine for each opening 123 and 146
        raise Lost(f"the memory grows: {found} MiB")
    for _ in range(trial.times):
        trial.came(GRADED)

"""Grades a folder of submissions, one after another, and writes one CSV."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat

from grading import report
from grading.borrowed import borrowed
from grading.configuration import configure
from grading.course import (
    ASSIGNMENTS,
    HANDED_OUT,
    Course,
    CourseError,
    marks,
    names,
)
from grading.files import BrokenError, printable, write_whole
from grading.intake import Submission, find
from grading.submissions import OtherNotebookError, parse, rebuild


def grade(
    folder: Path,
    out: Path | None = None,
    *,
    assignment: str | None = None,
    again: bool = False,
    limits: dict | None = None,
    source: Path = ASSIGNMENTS / "source",
    say: Callable[[str], None] = print,
) -> Path:
    """Grades all submissions in `folder`. Returns the path of the CSV.

    `out` is by default a folder beside it, `<folder>-graded`, which also holds nbgrader's
    gradebook, so that written answers can be graded there by hand, and `files.csv`, in which
    each file that somebody handed in has a row that says what was done with it. What is graded
    already and has not changed since is left out, unless `again`. Whatever becomes of one
    submission, the next is graded; where an assignment's source is at fault, the other
    assignments are. Raises CourseError if there is nothing to grade.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(f"Expected a folder of submissions: SUBMISSIONS=folder. No {folder}.")
    out = Path(out) if out else folder.resolve().with_name(folder.resolve().name + "-graded")
    out = out.resolve()
    if out.is_relative_to(folder.resolve()):
        raise CourseError(f"The grades would lie among the submissions: {out}. Choose GRADES=...")
    known = names(source)
    if assignment is not None and assignment not in known:
        raise CourseError(f"Expected one of {', '.join(known)}. Received: {assignment!r}")
    chosen = [assignment] if assignment else known
    submissions = find(folder, {name: marks(name, source) for name in chosen})
    if not submissions:
        raise CourseError(
            f"No notebook in {folder} is called after an assignment ({', '.join(known)}), and "
            "several assignments are possible. Name one: ASSIGNMENT=01-degradation."
            if any(folder.iterdir())
            else f"{folder} is empty. Expected a folder or a notebook for each student."
        )
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        return _grade(submissions, out, again, limits, source, say)


def _grade(submissions, out, again, limits, source, say) -> Path:
    configure(out, limits)
    (out / "rows").mkdir(exist_ok=True)
    courses, rows = _courses(submissions, out, source, limits, say)
    try:
        for number, submission in enumerate(submissions, 1):
            if submission.assignment not in courses:
                continue
            course, begin = courses[submission.assignment], time.monotonic()
            row, old = _row(course, submission, out, again)
            rows.append(row)
            spent = "as before" if old else f"{time.monotonic() - begin:.0f} s"
            say(f"[{number}/{len(submissions)}] {_line(row)} ({spent})")
            if not old:
                _write(out, courses, rows, submissions)
    except KeyboardInterrupt:
        left = len(submissions) - len(rows)
        say(f"Interrupted; {left} submissions are left. The same command goes on here.")
        raise
    finally:
        path = _write(out, courses, rows, submissions)
        report.write_files(out / "files.csv", submissions, rows)
    return path


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """No other process grades into this folder. The system gives the lock back when this one
    ends, in whatever way. Raises CourseError where another has it."""
    folder = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"Another process grades into {out}. Wait for its end, or choose another folder: "
                "GRADES=..."
            ) from None
        yield
    finally:
        os.close(folder)


def _courses(submissions, out, source, limits, say) -> tuple[dict[str, Course], list[dict]]:
    """The assignments that were handed in, and rows of those whose source is at fault."""
    courses, rows, faults = {}, [], []
    for name in dict.fromkeys(submission.assignment for submission in submissions):
        try:
            courses[name] = _course(out, name, source, limits)
        except CourseError as error:
            faults.append(f"{name} cannot be graded. {error}")
            rows += [
                {"student": s.name, "id": s.student, "assignment": name, "status": "not graded"}
                | {"remarks": _line_of(f"the assignment's source is at fault: {error}")}
                for s in submissions
                if s.assignment == name
            ]
        else:
            if courses[name].versions:
                say(
                    f"{name}: its source has changed since a version was handed out. Students' "
                    "copies are compared with the version that they have."
                )
    if not courses:
        raise CourseError("\n".join(faults))
    for fault in faults:
        say(fault)
    return courses, rows


def _course(out: Path, assignment: str, source: Path, limits: dict | None) -> Course:
    """The assignment in nbgrader's hands; its gradebook is made anew where the source changed."""
    course = Course(out, assignment, source, limits)
    mark = out / "rows" / f"{assignment}.source"
    digest = _digest((source / assignment / f"{assignment}.ipynb").read_bytes())
    if not (mark.exists() and mark.read_text() == digest and course.notebook("release").exists()):
        mark.unlink(missing_ok=True)
        course.generate()
        write_whole(mark, digest)
    course.versions = course.older(HANDED_OUT)
    return course


def _row(course: Course, submission: Submission, out: Path, again: bool) -> tuple[dict, bool]:
    """The row of one submission, and whether it is an old one."""
    student, assignment = submission.student, submission.assignment
    row = {"student": submission.name, "id": student, "assignment": assignment}
    row["submission"] = str(submission.file or "")
    remarks = list(submission.remarks)
    page = course.notebook("feedback", student).with_suffix(".html")
    keep = out / "rows" / f"{assignment} {student}.json"
    try:
        if submission.file is None:
            raise BrokenError("")
        data = submission.file.read()
        digest = _digest(data, course.notebook("source").read_bytes())
        if not again and (old := _kept(keep, digest)) is not None:
            if (by_hand := course.by_hand(student)) != old.get("by hand", []):
                course.renew_feedback(student)
                _keep(keep, old := {**old, "by hand": by_hand})
            return {**old, **row, "remarks": old["remarks"], **_points(course, old)}, True
        source, release = (
            nbformat.read(course.notebook(step), as_version=4) for step in ("source", "release")
        )
        notebook, amiss = rebuild(parse(data), source, release, course.versions)
        notebook.metadata["borrowed"] = borrowed(notebook, source)
        # What is said of marks that are taken back outlives this process: another would find
        # them gone.
        taken = keep.with_suffix(".taken")
        amiss += (told := _list(taken))
        course.take_back(
            student,
            notebook,
            lambda said: write_whole(taken, json.dumps([*told, *said])),
        )
        amiss += [line for line in _list(taken) if line not in told]
        target = course.notebook("submitted", student)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, nbformat.writes(notebook))
        begin = time.monotonic()
        failed, no_page = course.grade(student)
        row["seconds"] = round(time.monotonic() - begin, 1)
        if failed:
            raise BrokenError(f"nbgrader could not grade it: {failed}")
        if no_page:
            remarks.append(f"no feedback page: {no_page}")
            _write_page(page, submission, "It was graded; the page could not be made.")
        ran = nbformat.read(course.notebook("autograded", student), as_version=4).metadata
        remarks += amiss + _told(ran.get("grading", {}))
        row |= {"status": "graded", "feedback": str(page.relative_to(course.root))}
    except Exception as error:  # whatever becomes of one, the next is graded
        known = isinstance(error, BrokenError)
        row["status"] = "missing" if known and not str(error) else "broken"
        if isinstance(error, OtherNotebookError):
            row["status"] = "another notebook"
        message = str(error) if known else f"grading failed: {type(error).__name__}: {error}"
        message = message or f"No notebook was found. Expected {assignment}.ipynb."
        remarks.append(message)
        _write_page(page, submission, message)
        row |= {"feedback": str(page.relative_to(course.root))}
        digest = None
    row |= {"remarks": "; ".join(map(_line_of, remarks))}
    if digest is not None:
        _keep(keep, {**row, "digest": digest, "by hand": course.by_hand(student)})
        keep.with_suffix(".taken").unlink(missing_ok=True)
    return {**row, **_points(course, row)}, False


def _write_page(page: Path, submission: Submission, message: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    text = report.page(submission.name, submission.assignment, printable(message))
    write_whole(page, text)


def _points(course: Course, row: dict) -> dict:
    """The points, as the gradebook has them now: a person may have added some."""
    if row["status"] == "graded":
        return report.points(course.scores(row["id"]))
    return report.points({name: (0.0, most) for name, most in course.maximum().items()})


def _line_of(text: str) -> str:
    return " ".join(printable(" ".join(text.split())).split())


def _told(ran: dict) -> list[str]:
    told = list(ran.get("remarks", []))
    lacking = {"network", "files", "processes"} - set(ran.get("protected", []))
    if lacking:
        told.append(f"ran without isolation of {', '.join(sorted(lacking))} on this system")
    return told


def _keep(path: Path, row: dict) -> None:
    write_whole(path, json.dumps(row))


def _list(path: Path) -> list[str]:
    return json.loads(path.read_text("utf-8")) if path.exists() else []


def _kept(path: Path, digest: str) -> dict | None:
    try:
        row = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return row if row.get("digest") == digest else None


def _write(out: Path, courses: dict, rows: list[dict], submissions: list[Submission]) -> Path:
    """The CSV: a row for each submission, those not reached yet included."""
    done = {(row["id"], row["assignment"]) for row in rows}
    waiting = [
        {"student": s.name, "assignment": s.assignment, "status": "not graded yet"}
        for s in submissions
        if (s.student, s.assignment) not in done
    ]
    parts = [part for course in courses.values() for part in course.maximum()]
    report.write_csv(out / "grades.csv", rows + waiting, list(dict.fromkeys(parts)))
    return out / "grades.csv"


def _line(row: dict) -> str:
    by_hand = f", {row['to grade by hand']} by hand" if row["to grade by hand"] else ""
    said = f" [{row['remarks']}]" if row["remarks"] else ""
    return (
        f"{row['student']}, {row['assignment']}: {row['status']}, "
        f"{row['points']} of {row['of']}{by_hand}{said}"
    )


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()

"""Grades what one student handed in, with the machinery of a whole class."""

from __future__ import annotations

import builtins
import csv
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grading.course import ASSIGNMENTS, marks, names
from grading.elsewhere.messages import is_public, shown, title_of
from grading.files import MOST_BYTES, NOTEBOOK, BrokenError, printable
from grading.grade import grade
from grading.intake import find
from grading.running import is_test
from grading.submissions import parse

STUDENT = "submission"
MOST_FILES = 2000
_LONGEST = 2000  # characters of a message
_ISOLATION = "ran without isolation"  # as `grade` says it: about the machine, not the student
OURS = (
    "It could not be graded. That is a fault of the grading, not of your notebook. "
    "Tell your teacher."
)


@dataclass(frozen=True)
class Part:
    """A graded cell: its points, and what the test said if it failed.

    `public`: the message is of a test that the student has; else it may tell of a hidden one.
    """

    name: str
    title: str
    points: float
    most: float
    message: str = ""
    public: bool = True


@dataclass
class Outcome:
    """What there is to say of one hand-in.

    `status`: "graded"; "broken" (no notebook that can be read), "missing" (none at all) and
    "other" (a notebook of something else), which are the student's; "failed", which is ours.
    `remarks` are for the student, `private` for the teacher. `by_hand`: points of the answers
    that a person marks, which are in no part.
    """

    assignment: str
    status: str
    parts: list[Part]
    by_hand: float = 0.0
    remarks: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Points of all parts."""
        return sum(part.points for part in self.parts)

    @property
    def most(self) -> float:
        """Points that all parts can give."""
        return sum(part.most for part in self.parts)


def grade_one(
    handed: Path,
    assignment: str,
    *,
    source: Path = ASSIGNMENTS / "source",
    limits: dict | None = None,
    notebooks_only: bool = False,
) -> Outcome:
    """Grades a notebook, or the newest that lies in a folder or a zip. Never raises an Exception.

    `notebooks_only` leaves out other files, as where the folder is a whole repository.
    """
    begin = time.monotonic()
    outcome = Outcome(assignment, "failed", [], remarks=[OURS])
    try:
        outcome.parts, outcome.by_hand = blank(assignment, source)
        with tempfile.TemporaryDirectory(prefix="one-") as scratch:
            _grade(outcome, Path(handed), Path(scratch), source, limits, notebooks_only)
    except Exception as error:  # whatever it is, there is a result
        outcome.parts = [Part(p.name, p.title, 0.0, p.most) for p in outcome.parts]
        outcome.status, outcome.remarks = "failed", [OURS]
        outcome.private.append(f"{type(error).__name__}: {error}")
    outcome.seconds = round(time.monotonic() - begin, 1)
    return outcome


def blank(assignment: str, source: Path = ASSIGNMENTS / "source") -> tuple[list[Part], float]:
    """The parts of an assignment without points, and the points that a person gives."""
    parts, by_hand = [], 0.0
    for cell in _read(source / assignment / f"{assignment}.ipynb").cells:
        mark = cell.metadata.get("nbgrader", {})
        if is_test(cell):
            name = mark["grade_id"]
            parts.append(Part(name, title_of(cell.source), 0.0, float(mark["points"])))
        elif mark.get("grade") or mark.get("task"):
            by_hand += float(mark["points"])
    return parts, by_hand


def known_marks(source: Path) -> dict[str, set[str]]:
    """The marks of each assignment's cells, also of those whose source is not here."""
    listed = source.parent / "marks.json"
    known = json.loads(listed.read_text("utf-8")) if listed.exists() else {}
    here = {name: marks(name, source) for name in names(source)}
    return {name: set(own) for name, own in known.items()} | here


def _grade(outcome, handed: Path, scratch: Path, source: Path, limits, notebooks_only) -> None:
    """Fills the outcome in."""
    own = scratch / "in" / STUDENT
    own.mkdir(parents=True)
    told = _take(handed, own, notebooks_only)
    assignment, known = outcome.assignment, known_marks(source)
    chosen = find(scratch / "in", {assignment: known[assignment]})[0]
    outcome.remarks = told + chosen.remarks
    if chosen.file is None:
        outcome.status = "missing"
        outcome.remarks.insert(0, f"No notebook was found. Expected {assignment}.ipynb.")
        return
    try:
        notebook = parse(chosen.file.read())
    except BrokenError as error:
        outcome.status = "broken"
        outcome.remarks.insert(0, f"{printable(chosen.file.name)} cannot be graded: {error}")
        return
    if (said := _other(notebook, assignment, known)) is not None:
        outcome.status = "other"
        outcome.remarks.insert(0, f"{printable(chosen.file.name)} was not run: {said}")
        return
    table = grade(
        scratch / "in",
        scratch / "out",
        assignment=assignment,
        limits=limits,
        source=source,
        say=lambda line: None,
    )
    with open(table, encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    remarks = told + [text for text in row["remarks"].split("; ") if text]
    if row["status"] != "graded":  # it can be read, so the fault is ours
        raise RuntimeError("; ".join(remarks))
    outcome.remarks = [text for text in remarks if not text.startswith(_ISOLATION)]
    outcome.private += [text for text in remarks if text.startswith(_ISOLATION)]
    ran = _read(scratch / "out" / "autograded" / STUDENT / assignment / f"{assignment}.ipynb")
    original = _read(source / assignment / f"{assignment}.ipynb")
    outcome.parts = _parts(outcome.parts, row, ran, original)
    outcome.remarks += _own_errors(ran)
    outcome.status = "graded"


def _take(handed: Path, to: Path, notebooks_only: bool) -> list[str]:
    """Copies what was handed in, files alone. Returns what was left out, and why."""
    if not handed.is_dir():
        found = [(handed.parent, handed.name)] if os.path.lexists(handed) else []
    else:
        found = []
        for place, folders, files in os.walk(handed):
            folders[:] = sorted(f for f in folders if not (notebooks_only and f.startswith(".")))
            found += [(Path(place), name) for name in sorted(files)]
            found += [(Path(place), f) for f in folders if Path(place, f).is_symlink()]
    told = []
    if len(found) > MOST_FILES:
        told.append(f"{len(found)} files; the first {MOST_FILES} were looked at")
    for place, name in found[:MOST_FILES]:
        path, shown = place / name, printable(name)
        if notebooks_only and not (NOTEBOOK.search(name) or name.lower().endswith(".zip")):
            continue
        try:
            if path.is_symlink():
                told.append(f"{shown}: a link, which is not followed")
            elif not path.is_file():
                told.append(f"{shown}: no file")
            elif path.stat().st_size > MOST_BYTES:
                told.append(f"{shown}: larger than {MOST_BYTES // 10**6} MB")
            else:
                target = to / (path.relative_to(handed) if handed.is_dir() else name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        except OSError as error:
            told.append(f"{shown}: cannot be read: {error.strerror}")
    return told


def _other(notebook, assignment: str, known: dict[str, set[str]]) -> str | None:
    """What a notebook is, if it is not of the assignment; None if it is."""
    found = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells}
    shares = {name: len(found & own) / len(own) for name, own in known.items() if own}
    best = max(shares, key=shares.get)
    if shares[best] > shares[assignment]:
        return f"it is of {best}, and {assignment} was expected."
    if shares[assignment] == 0:
        return (
            f"none of the cells of {assignment} is in it. Is it the chapter's own notebook, "
            "which is called alike?"
        )
    return None


def _parts(parts: list[Part], row: dict, ran, original) -> list[Part]:
    """The parts with their points and messages."""
    cells = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in ran.cells}
    texts = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in original.cells}
    handed_out = "\n".join(shown(cell.source) for cell in original.cells)
    graded = []
    for part in parts:
        points = float(row[part.name])
        message, public = "", True
        if points < part.most:
            outputs = cells[part.name].get("outputs", []) if part.name in cells else []
            message, public = _message(outputs, texts[part.name], handed_out)
        graded.append(Part(part.name, part.title, points, part.most, message, public))
    return graded


def _message(outputs, text: str, handed_out: str) -> tuple[str, bool]:
    """What a failed test said, and whether students may see it before the hidden tests are over."""
    error = next((o for o in outputs if o.output_type == "error"), None)
    if error is None:
        return "Part of the points.", True
    said = str(error.evalue).strip()
    if error.ename == "NotRunToItsEnd":
        return printable(said)[:_LONGEST], True
    if error.ename == "CellTimeoutError":
        return "It took longer than the grading allows.", True
    lines = [said if error.ename == "AssertionError" else f"{error.ename}: {said}".rstrip(": ")]
    lines += [line for line in error.traceback[1:] if line.startswith("  in ")]
    told = "\n".join(map(printable, lines)).strip()[:_LONGEST]
    return told or "The test failed.", is_public(error.ename, said, text, handed_out)


def _own_errors(ran) -> list[str]:
    """Answer cells that ended with an error. Its text is the student's and may say anything, also
    what a hidden test holds, so only Python's own names of errors are told."""
    told = []
    for cell in ran.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution") and cell.cell_type == "code":
            for output in cell.get("outputs", []):
                if output.output_type == "error" and output.ename != "NotRunToItsEnd":
                    known = hasattr(builtins, output.ename)
                    name = output.ename if known else "an error"
                    told.append(f"the cell {mark['grade_id']} ended with {name}")
                    break
    return told


def _read(path: Path):
    return nbformat.read(path, as_version=4)

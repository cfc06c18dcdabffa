"""What lies in a folder of submissions: whose it is, which of it is graded, and what the rest is.

A student is a folder, a file or a zip in the folder, by its own name. Nothing that lies there is
lost: what is not graded is in the submission's `others`, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grading.files import NOTEBOOK, SYSTEM, File, inside, printable, walk

LONGEST = 100  # bytes of a student's folder
_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
# What learning platforms put into the names of a class's files: Canvas' numbers, Moodle's words.
_LATE = re.compile(r"_LATE(?=_\d)")
_EXPORTED = re.compile(r"^.+?(?:_LATE)?_\d+_\d+_|_assignsubmission_")


@dataclass
class Submission:
    """What one student handed in of one assignment; `file` is None if there is nothing.

    `student` is safe as a folder's name and in nbgrader, and no other student's; `name` is how
    the student's folder or file is called. `others`: what else they handed in, and why it is not
    graded.
    """

    student: str
    name: str
    assignment: str
    file: File | None = None
    remarks: list[str] = field(default_factory=list)
    others: list[tuple[File, str]] = field(default_factory=list)


def find(folder: Path, assignments: Mapping[str, set[str]]) -> list[Submission]:
    """Every student's submission of every assignment that somebody handed in.

    `assignments` maps a name to the marks of its cells, by which a notebook is known that is
    called otherwise. Known layouts: `student/.../name.ipynb` (nbgrader's and most exports'),
    `student_name.ipynb`, a zip for a student, beside or inside a student's folder, and one zip
    of the whole class. Links are not followed. Who handed in one assignment and not another gets
    a submission without a file.
    """
    students: dict[str, list[File]] = {}
    late: set[str] = set()
    entries = [e for e in sorted(folder.iterdir()) if e.name.lower() not in SYSTEM]
    for entry in entries:
        for name, files in _of_entry(entry, assignments, alone=len(entries) == 1):
            students.setdefault(_LATE.sub("", name), []).extend(files)
            if _LATE.search(name):
                late.add(_LATE.sub("", name))
    means = {
        file: _meant(file, assignments)
        for files in students.values()
        for file in files
        if file.is_notebook
    }
    wanted = [a for a in assignments if a in means.values()]
    if not wanted and len(assignments) == 1:
        wanted = list(assignments)
    ids = _ids(students)
    found = []
    for name, files in sorted(students.items()):
        for assignment in wanted:
            submission = _choose(files, means, assignment, only=len(wanted) == 1)
            submission.student, submission.name = ids[name], printable(name)
            if name in late:
                submission.remarks.append("late, says the file's name")
            if alike := [printable(n) for n in students if n != name and _seen(n) == _seen(name)]:
                submission.remarks.append(f"another one looks alike: {', '.join(alike)}")
            found.append(submission)
    return found


def student_id(name: str) -> str:
    """A name that is safe as a folder's and in nbgrader: the same where it is safe already,
    else with a number that no other name has."""
    kept = re.sub(r"[^\w .@-]", "_", printable(unicodedata.normalize("NFC", name))).strip(" .")
    short = kept.encode()[:LONGEST].decode("utf-8", "ignore").strip(" .")
    if short == name:
        return name
    return f"{short or '_'}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"


def _ids(names) -> dict[str, str]:
    """`student_id` of each, apart also where capitals do not count."""
    ids, taken = {}, set()
    for name in sorted(names):
        own = student_id(name)
        if own.casefold() in taken:
            own = f"{own}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
        taken.add(own.casefold())
        ids[name] = own
    return ids


def _seen(name: str) -> str:
    return unicodedata.normalize("NFKC", printable(name)).casefold()


def _of_entry(entry: Path, assignments, *, alone: bool) -> Iterator[tuple[str, list[File]]]:
    """The students of one entry of the folder, and their files."""
    if entry.is_symlink():
        yield entry.name, [File(entry, trouble="a link, which is not followed")]
    elif entry.is_dir():
        yield entry.name, list(walk(entry))
    elif entry.suffix.lower() == ".zip":
        files = list(inside(File(entry, changed=entry.stat().st_mtime)))
        if (by_student := _class(files, assignments, alone)) is not None:
            yield from by_student.items()
        else:
            yield _without(entry.stem, assignments) or entry.stem, files
    else:
        stem = NOTEBOOK.sub("", entry.name) if NOTEBOOK.search(entry.name) else entry.stem
        yield _without(stem, assignments) or stem, [File(entry, changed=entry.stat().st_mtime)]


def _class(files: list[File], assignments, alone: bool) -> dict[str, list[File]] | None:
    """The students of a zip of a whole class, by its folders or its files' names; None if it is
    one student's."""
    students: dict[str, list[File]] = {}
    exported = 0
    for file in (f for f in files if not f.is_system):
        top, _, below = file.members[0].partition("/") if file.members else ("", "", "")
        name = top if below else (_without(re.sub(r"\.\w+$", "", top), assignments) or "")
        exported += bool(_EXPORTED.search(file.members[0] if file.members else ""))
        students.setdefault(name, []).append(file)
    with_notebooks = [n for n, own in students.items() if any(f.is_notebook for f in own)]
    named = len(students) > 1 and all(_without(name, assignments) for name in students)
    if (
        named
        and len(with_notebooks) > 1
        and (alone or exported == sum(map(len, students.values())))
    ):
        return students
    return None


def _without(stem: str, assignments) -> str:
    """A name without an assignment's in it; one without stays as it is."""
    rest = stem
    for assignment in assignments:
        rest = re.sub(re.escape(assignment), "", rest, flags=re.IGNORECASE)
    return stem if rest == stem else rest.strip(" _-.")


def _meant(file: File, assignments: Mapping[str, set[str]]) -> str | None:
    """The assignment that a notebook is of: by its name, else by the marks of its cells."""
    if named := [a for a in assignments if a.lower() in file.name.lower()]:
        return max(named, key=len)
    try:
        cells = json.loads(file.read())["cells"]
        marks = {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells}
    except Exception:  # whatever it is, it says nothing; if it is chosen, reading it will tell
        return None
    shares = {a: len(marks & own) / len(own) for a, own in assignments.items() if own}
    best = max(shares, key=shares.get, default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def _choose(files: list[File], means: dict, assignment: str, *, only: bool) -> Submission:
    """The newest notebook of an assignment, and what the other files are."""
    remarks, notebooks = [], [file for file in files if file.is_notebook]
    fitting = [file for file in notebooks if means[file] == assignment]
    unknown = [file for file in notebooks if means[file] is None]
    if not fitting and only and len(unknown) == 1 and len(notebooks) == 1:
        fitting = unknown
    if not fitting and only and not notebooks:
        fitting = [file for file in files if file.trouble and file.name.lower().endswith(".zip")][
            :1
        ]
    chosen = max(fitting, key=lambda file: file.changed) if fitting else None
    if chosen and assignment.lower() not in chosen.name.lower():
        remarks.append(f"the notebook was called {printable(chosen.name)}")
    if len(fitting) > 1:
        remarks.append(f"{len(fitting)} notebooks; the newest was graded, {printable(chosen.name)}")
    others = [(file, _why_not(file, means, assignment)) for file in files if file is not chosen]
    told = [
        printable(f.name)
        for f, _ in others
        if not f.is_system and means.get(f) in (None, assignment)
    ]
    if told:
        more = f" and {len(told) - 5} more" if len(told) > 5 else ""
        remarks.append(f"not graded: {', '.join(told[:5])}{more}")
    return Submission("", "", assignment, chosen, remarks, others)


def _why_not(file: File, means: dict, assignment: str) -> str:
    if file.trouble:
        return file.trouble
    if file.is_system:
        return "made by a system, not by a student"
    if not file.is_notebook:
        archive = file.name.lower().endswith(_ARCHIVES)
        return "an archive that is no zip: unpack it" if archive else "not a notebook"
    if means[file] == assignment:
        return "an older version"
    if means[file] is None:
        return "a notebook of no assignment"
    return f"of {means[file]}"

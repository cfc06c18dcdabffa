"""Makes the students' version of an assignment, checks that it gives nothing away, and zips it."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import nbformat

from grading.course import ASSIGNMENTS, Course, CourseError, keep_version, names
from grading.files import write_whole

SECRET = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


def release(out: Path, *, source: Path = ASSIGNMENTS / "source") -> list[Path]:
    """Writes `<name>.zip` for every assignment into `out`. Returns their paths.

    Each version is kept in `handed-out/<name>`, so that grading knows what students were given.

    Raises CourseError, and leaves no zip of that assignment, if a line of a solution or of a
    hidden test is left in the students' version, or nbgrader finds fault with the source.
    """
    work, written = out / "nbgrader", []
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in names(source):
        target = out / f"{name}.zip"
        target.unlink(missing_ok=True)
        course = Course(work, name, source)
        course.generate()
        ours, theirs = (
            nbformat.read(course.notebook(step), as_version=4) for step in ("source", "release")
        )
        nbformat.validate(theirs)
        if found := left_over(ours, theirs):
            listed = "\n".join(f"  {line}" for line in found[:10])
            raise CourseError(
                f"{name}: the students' version must hold no line of a solution or hidden test. "
                f"It holds:\n{listed}\nMark those lines, or change the ones that look the same."
            )
        keep_version(course.notebook("release"), out / "handed-out" / name)
        _zip(course.folder("release"), target, name)
        written.append(target)
    return written


def left_over(source, release) -> list[str]:
    """Lines of solutions and hidden tests that the students' version holds.

    A line that also stands in the open somewhere (an import, `return x`) is no secret.
    """
    secret: set[str] = set()
    public: set[str] = set()
    for cell in source.cells:
        depth = False
        for line in cell.source.splitlines():
            if mark := SECRET.search(line):
                depth = mark[1] == "BEGIN"
            else:
                (secret if depth else public).add(line.strip())
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution") and "### BEGIN SOLUTION" not in cell.source:
            secret |= {line.strip() for line in cell.source.splitlines()}
    given = [line.strip() for cell in release.cells for line in cell.source.splitlines()]
    marks = [line for line in given if SECRET.search(line)]
    outputs = [f"outputs of: {c.source[:40]}" for c in release.cells if c.get("outputs")]
    return marks + outputs + [line for line in given if line and line in secret - public]


def _zip(folder: Path, target: Path, name: str) -> None:
    """A zip that is the same whenever it is made from the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                inside = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}")
                inside.external_attr = 0o644 << 16
                inside.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(inside, path.read_bytes())
    write_whole(target, packed.getvalue())

"""Finds what students handed in, reads it, and puts it into the shape that was handed out."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

MOST_BYTES = 50_000_000
_IGNORED = (".ipynb_checkpoints", "__MACOSX")


class BrokenError(Exception):
    """A notebook that cannot be read; the message says why."""


@dataclass
class Submission:
    """What one student handed in of one assignment; `path` is None if there is nothing."""

    student: str
    assignment: str
    path: Path | None = None
    member: str | None = None  # of a zip
    remarks: list[str] = field(default_factory=list)

    def read(self) -> bytes:
        """The notebook's bytes. Raises BrokenError."""
        try:
            if self.member is None:
                if self.path.stat().st_size > MOST_BYTES:
                    raise BrokenError(f"larger than {MOST_BYTES // 10**6} MB")
                return self.path.read_bytes()
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                data = file.read(MOST_BYTES + 1)
        except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, NotImplementedError) as error:
            raise BrokenError(f"cannot be read: {error}") from error
        if len(data) > MOST_BYTES:
            raise BrokenError(f"larger than {MOST_BYTES // 10**6} MB")
        return data


def find(folder: Path, assignments: list[str]) -> list[Submission]:
    """Every student's submission of every assignment that somebody handed in.

    Known layouts: `student/.../name.ipynb` (nbgrader's and most exports'), `student_name.ipynb`,
    and a zip for a student, beside or inside a student's folder. Links are not followed.
    Who handed in one assignment and not another gets a submission without a path.
    """
    handed: dict[str, list[tuple[Path, str | None]]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in _IGNORED or entry.is_symlink():
            continue
        if entry.is_dir():
            handed.setdefault(student_id(entry.name), []).extend(_notebooks(entry))
        elif entry.suffix in (".ipynb", ".zip"):
            name = _without(entry.stem, assignments) or entry.stem
            handed.setdefault(student_id(name), []).extend(_notebooks(entry))
    names = [name for found in handed.values() for where in found for name in [_name(where)]]
    wanted = [a for a in assignments if any(_means(name, a) for name in names)]
    if not wanted and len(assignments) == 1:
        wanted = assignments
    return [
        _choose(student, found, assignment, only=len(wanted) == 1)
        for student, found in sorted(handed.items())
        for assignment in wanted
    ]


def student_id(name: str) -> str:
    """A name that is safe as a folder's and in nbgrader."""
    return re.sub(r"[^\w .@-]", "_", name).strip(" .") or "_"


def _notebooks(entry: Path) -> list[tuple[Path, str | None]]:
    paths = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
    found: list[tuple[Path, str | None]] = []
    for path in paths:
        if path.is_symlink() or not path.is_file() or set(_IGNORED) & set(path.parts):
            continue
        if path.suffix == ".ipynb":
            found.append((path, None))
        elif path.suffix == ".zip":
            try:
                with zipfile.ZipFile(path) as archive:
                    members = archive.namelist()
            except (OSError, zipfile.BadZipFile):
                members = [f"{path.stem}.ipynb"]  # reading it will say what is wrong
            notebooks = [m for m in members if m.endswith(".ipynb")]
            found += [(path, m) for m in notebooks if not any(i in m for i in _IGNORED)]
    return found


def _name(where: tuple[Path, str | None]) -> str:
    path, member = where
    return Path(member).stem if member else path.stem


def _means(name: str, assignment: str) -> bool:
    return assignment.lower() in name.lower()


def _without(stem: str, assignments: list[str]) -> str:
    for assignment in assignments:
        stem = re.sub(re.escape(assignment), "", stem, flags=re.IGNORECASE)
    return stem.strip(" _-.")


def _choose(student, found, assignment, *, only: bool) -> Submission:
    remarks = []
    fitting = [where for where in found if _means(_name(where), assignment)]
    if not fitting and only and len(found) == 1:
        fitting = found
        remarks.append(f"the notebook was called {_name(found[0])}")
    if not fitting:
        return Submission(student, assignment)
    path, member = max(fitting, key=lambda where: where[0].stat().st_mtime)
    if len(fitting) > 1:
        remarks.append(f"{len(fitting)} notebooks; the newest was graded, {member or path.name}")
    return Submission(student, assignment, path, member, remarks)


def parse(data: bytes) -> nbformat.NotebookNode:
    """A notebook of nbformat 4 with nothing but cells. Raises BrokenError."""
    if not data.strip():
        raise BrokenError("the file is empty")
    try:
        notebook = nbformat.read(io.StringIO(data.decode("utf-8-sig")), as_version=4)
        cells = [_cell(cell) for cell in notebook["cells"]]
    except RecursionError:
        raise BrokenError("no notebook: nested too deeply") from None
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise BrokenError(f"no notebook: {type(error).__name__}: {said}") from error
    return new_notebook(cells=[cell for cell in cells if cell is not None])


def _cell(cell):
    source = cell["source"]
    source = "".join(source) if isinstance(source, list) else str(source)
    source = source.encode("utf-8", "replace").decode("utf-8")
    metadata = cell.get("metadata", {})
    marks = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kept = {"nbgrader": {"grade_id": str(grade_id)}} if grade_id else {}
    match cell["cell_type"]:
        case "code":
            return new_code_cell(source, metadata=kept)
        case "markdown" | "raw":
            return new_markdown_cell(source, metadata=kept)
    return None


def rebuild(notebook, source, release) -> tuple[nbformat.NotebookNode, list[str]]:
    """A student's answers and own cells in the assignment's frame, and what was amiss.

    Marks, tests and their order are the assignment's, whatever the student did to them:
    `source` gives the cells that students do not write, `release` those that they do where
    they are missing. Cells of the student's own stay behind the cell that they follow.
    """
    frame = {_id(cell): cell for cell in source.cells if _id(cell)}
    blank = {_id(cell): cell for cell in release.cells if _id(cell)}
    own, groups, answers, remarks, at = [], {key: [] for key in frame}, {}, [], None
    for cell in notebook.cells:
        key = _id(cell)
        if key not in frame:
            (own if at is None else groups[at]).append(_free(cell))
            continue
        solution = frame[key].metadata.nbgrader.get("solution")
        if key in answers:
            remarks.append(f"{key}: there twice; the last one counts")
            if solution:
                groups[at].append(_free(answers[key]))
        elif not solution and cell.source.strip() not in (
            blank[key].source.strip(),
            frame[key].source.strip(),
        ):
            remarks.append(f"{key}: had been changed; the original was used")
        answers[key], at = cell, key
    cells = list(own)
    for key, original in frame.items():
        marks = original.metadata.nbgrader
        make = new_code_cell if original.cell_type == "code" else new_markdown_cell
        if key not in answers:
            remarks.append(f"{key}: missing" + ("" if marks.solution else "; put back"))
        if not marks.solution:
            text = original.source
        elif key in answers:
            text = answers[key].source
        else:
            text = blank[key].source if marks.grade else "# this cell was missing"
        cells += [make(text, metadata={"nbgrader": dict(blank[key].metadata.nbgrader)})]
        cells += groups[key]
    return new_notebook(cells=cells, metadata=release.metadata), remarks


def _id(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _free(cell):
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    return make(cell.source)

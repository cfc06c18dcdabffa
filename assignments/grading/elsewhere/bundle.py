"""What goes elsewhere with an assignment: the book's library, its records, and the grading."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

from grading.course import ASSIGNMENTS, CourseError, marks, names
from grading.files import write_whole

ROOT = ASSIGNMENTS.parent
TEMPLATES = Path(__file__).resolve().parent / "templates"
PYTHON = "3.12"
_LEFT_OUT = ("__pycache__", ".egg-info", ".ipynb_checkpoints", "/templates/")


def book(assignment: str, source: Path = ASSIGNMENTS / "source") -> dict[str, bytes]:
    """The files, by the paths that they have in the repository. The source of the assignment is
    among them, with solution and hidden tests; of the others there are the cells' marks alone.

    Raises CourseError if there is no such assignment.
    """
    if assignment not in names(source):
        raise CourseError(
            f"Expected one of the assignments {', '.join(names(source))}: ASSIGNMENT=... "
            f"Received: {assignment!r}"
        )
    files = {}
    for folder in ("src", "results", "assignments/grading"):
        files |= _below(ROOT / folder, folder)
    for name in ("requirements.lock", "requirements/course.txt", "assignments/nbgrader_config.py"):
        files[name] = (ROOT / name).read_bytes()
    files |= _below(source / assignment, f"assignments/source/{assignment}")
    known = {name: sorted(marks(name, source)) for name in names(source)}
    files["assignments/marks.json"] = json.dumps(known).encode()
    return files


def template(name: str, **values: str) -> str:
    """A file of `templates/` with its places filled in: @ASSIGNMENT@, @PYTHON@, @UV_VERSION@."""
    ours = (ROOT / "requirements" / "environment.py").read_text("utf-8")
    values |= {"PYTHON": PYTHON}
    values["UV_VERSION"] = re.search(r'^UV_VERSION = "(\S+)"$', ours, re.MULTILINE)[1]
    text = (TEMPLATES / name).read_text("utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)


def is_command(name: str) -> bool:
    """Whether a file is one that is called."""
    return name.endswith((".sh", "run_autograder", "autograder.py"))


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    """A zip that is the same whenever it is made from the same files. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            inside = zipfile.ZipInfo(name)
            inside.external_attr = (0o100755 if is_command(name) else 0o100644) << 16
            inside.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(inside, data)
    write_whole(path, packed.getvalue())
    return path


def packed_size(folder: Path) -> int:
    """Bytes of a folder as `tar -cz` packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    return packed.getbuffer().nbytes


def _below(folder: Path, name: str) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {f"{name}/{path.relative_to(folder).as_posix()}": path for path in paths}
    return {n: p.read_bytes() for n, p in found.items() if not any(x in n for x in _LEFT_OUT)}

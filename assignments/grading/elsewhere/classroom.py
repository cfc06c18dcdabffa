"""Classroom 50, which follows GitHub Classroom: its result.json, a template, the autograder.

The fields are those of "Advanced Autograding" in its wiki, schema classroom50/result/v1.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from grading.course import ASSIGNMENTS, Course, CourseError
from grading.elsewhere import bundle
from grading.elsewhere.gradescope import said
from grading.elsewhere.one import Outcome

SCHEMA = "classroom50/result/v1"
MOST_BYTES = 10 * 2**20  # of the autograder, packed: more is not fetched
KEEP = "template is for students; autograder holds the hidden tests"
# What a student's notebook imports; the versions are the lock's.
NEEDED = ("tensorflow", "keras", "numpy", "matplotlib", "pillow", "safetensors")
NEEDED += ("tensorflow-datasets", "importlib_resources", "ipykernel", "nbclient", "nbformat")


def result(outcome: Outcome, environment: Mapping[str, str]) -> dict:
    """What `result.json` holds. Points are whole numbers there, so parts of one are left out.

    `environment` is that of the runner, which also writes over what identifies the student.
    """
    commit = environment.get("COMMIT_URL") or "unknown"
    owner = environment.get("OWNER") or environment.get("USERNAME") or "unknown"
    tests = [
        {
            "test-name": f"{part.name}: {part.title}" if part.title else part.name,
            "passed": part.points >= part.most,
            "score": math.floor(part.points),
            "max-score": math.ceil(part.most),
            "message": part.message if part.public else "A hidden test failed.",
        }
        for part in outcome.parts
    ]
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM") or "unknown",
        "assignment": environment.get("ASSIGNMENT") or outcome.assignment,
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": owner,
        "submission": environment.get("SUBMISSION_TAG") or "submit/unknown",
        "commit": commit,
        "release": environment.get("RELEASE_URL") or commit,
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": now,
        "graded_at": now,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def release_body(outcome: Outcome, found: dict) -> str:
    """The page of one submission: points, what was said of it, and why tests failed."""
    lines = [f"### {outcome.assignment}: {found['score']} of {found['max-score']}", ""]
    lines += ["| test | | points |", "|---|---|---|"]
    for test in found["tests"]:
        name, passed = (
            test["test-name"].replace("|", "\\|"),
            "passed" if test["passed"] else "failed",
        )
        lines.append(f"| {name} | {passed} | {test['score']} / {test['max-score']} |")
    told = "\n".join(
        [
            *said(outcome),
            *(f"{t['test-name']}\n  {t['message']}" for t in found["tests"] if t["message"]),
        ]
    )
    if told:
        fence = "`" * (2 + max([1, *map(len, re.findall("`+", told))]))  # nothing in it ends it
        lines += ["", fence, told, fence]
    return "\n".join(lines) + "\n"


def export(assignment: str, out: Path, *, source: Path = ASSIGNMENTS / "source") -> Path:
    """Writes `<assignment>/template` and `<assignment>/autograder` into `out`. Returns the folder.

    Raises CourseError if there is no such assignment, or the autograder is too large to be
    fetched.
    """
    place = out / assignment
    book = bundle.book(assignment, source)
    for name in ("template", "autograder"):
        shutil.rmtree(place / name, ignore_errors=True)
    _write_all(place / "autograder", _autograder(assignment, book))
    packed = bundle.packed_size(place / "autograder")
    if packed > MOST_BYTES:
        shutil.rmtree(place)
        raise CourseError(
            f"The autograder of {assignment} has {packed} bytes, packed; Classroom 50 fetches "
            f"{MOST_BYTES} at most. Take large files out of results/."
        )
    _write_all(place / "template", _template(assignment, book, source))
    return place


def _autograder(assignment: str, book: dict[str, bytes]) -> dict[str, bytes]:
    files = {f"book/{name}": data for name, data in book.items()}
    for name in ("classroom/autograder.py", "install.sh"):
        files[Path(name).name] = bundle.template(name, ASSIGNMENT=assignment).encode()
    runtime = {"runs-on": "ubuntu-24.04", "python": bundle.PYTHON}
    return files | {"runtime.json": (json.dumps(runtime, indent=2) + "\n").encode()}


def _template(assignment: str, book: dict[str, bytes], source: Path) -> dict[str, bytes]:
    """What a student gets: no line of a solution or a hidden test is among it."""
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(scratch), assignment, source)
        course.generate()
        notebook = course.notebook("release").read_bytes()
    files = {f"assignment/{assignment}.ipynb": notebook}
    for name, data in book.items():
        if name.startswith(("src/", "results/")) and not name.startswith("results/weights/"):
            files[name] = data
    files["LICENSE"] = (ASSIGNMENTS.parent / "LICENSE").read_bytes()
    files["requirements.lock"] = book["requirements.lock"]
    files["requirements.txt"] = "\n".join(["-c requirements.lock", *NEEDED, ""]).encode()
    for name in ("README.md", "gitignore", "github/check.py", "github/workflows/check.yml"):
        target = re.sub(r"^git", ".git", name)
        files[target] = bundle.template(f"classroom/{name}", ASSIGNMENT=assignment).encode()
    return files


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if bundle.is_command(name):
            path.chmod(0o755)

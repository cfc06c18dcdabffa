"""Gradescope: its results.json, and the zip that is uploaded as an autograder.

The fields are those of Gradescope's "Autograder Specifications".
"""

from __future__ import annotations

from pathlib import Path

from grading.course import ASSIGNMENTS
from grading.elsewhere import bundle
from grading.elsewhere.one import Outcome, blank

AFTER = "after_published"
KEEP = "upload it as it is; it holds the hidden tests"


def results(outcome: Outcome) -> dict:
    """What `results.json` holds. What a hidden test says is shown once grades are published."""
    tests: list[dict] = []
    for part in outcome.parts:
        name = f"{part.name}: {part.title}" if part.title else part.name
        entry = {"name": name, "score": part.points, "max_score": part.most}
        entry |= {"visibility": "visible", "output": part.message if part.public else ""}
        tests.append(entry)
        if not part.public:
            entry["output"] = "A hidden test failed. What it says is shown with the grades."
            hidden = {"name": f"{part.name}: what the hidden test says", "output": part.message}
            tests.append({**hidden, "visibility": AFTER})
    return {
        "score": outcome.points,
        "execution_time": outcome.seconds,
        "output": "\n".join(said(outcome)),
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def said(outcome: Outcome) -> list[str]:
    """What the student is told beside the parts."""
    lines = list(outcome.remarks)
    if outcome.by_hand:
        lines.append(f"A person marks the written answer, {outcome.by_hand:g} points more.")
    return lines


def export(assignment: str, out: Path, *, source: Path = ASSIGNMENTS / "source") -> Path:
    """Writes `<assignment>.zip` into `out`: setup.sh and run_autograder at its root, and what
    they need. Returns its path. Raises CourseError if there is no such assignment."""
    files = {f"book/{name}": data for name, data in bundle.book(assignment, source).items()}
    points = sum(part.most for part in blank(assignment, source)[0])
    for name in ("gradescope/setup.sh", "gradescope/run_autograder", "install.sh"):
        text = bundle.template(name, ASSIGNMENT=assignment, POINTS=f"{points:g}")
        files[Path(name).name] = text.encode()
    return bundle.write_zip(out / f"{assignment}.zip", files)

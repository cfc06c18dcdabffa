"""What an expression in `claims/` can read of the project's files: assignments, plans, tests."""

import json
import re

import claims


def assignment_points():
    """Points in all, from tests and by hand; the same for every assignment, or an error."""
    found = set()
    for path in sorted((claims.ROOT / "assignments" / "source").glob("*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        by_hand = sum(m["points"] for m in marks if m.get("grade") and m["solution"])
        points = sum(m["points"] for m in marks if m.get("grade"))
        found.add((points, points - by_hand, by_hand))
    (only,) = found
    return list(only)


def grading_minutes():
    """How long the cells of a submission may run, as the course's configuration says."""
    text = (claims.ROOT / "assignments" / "nbgrader_config.py").read_text("utf-8")
    (seconds,) = re.findall(r'"total_seconds": (\d+)', text)
    return int(seconds) / 60


def bank_of_questions():
    """How many questions the bank has."""
    folder = claims.ROOT / "teaching" / "questions"
    return sum(path.read_text("utf-8").count("[[question]]\n") for path in folder.glob("*.toml"))


def plans():
    """The minutes of each meeting's plan, in the order of the page."""
    text = (claims.ROOT / "book" / "course-plans.md").read_text("utf-8")
    tables = re.findall(r"\{list-table\} Minutes of .*?\n```", text, re.DOTALL)
    return [[int(m) for m in re.findall(r"^\* - (\d+)$", t, re.MULTILINE)] for t in tables]


def meeting_minutes():
    """What they add up to: the same in every plan, or an error."""
    (minutes,) = {sum(plan) for plan in plans()}
    return minutes


def grading_gigabytes():
    """How much memory a submission may have, as the course's configuration says."""
    text = (claims.ROOT / "assignments" / "nbgrader_config.py").read_text("utf-8")
    (megabytes,) = re.findall(r'"memory_mb": (\d+)', text)
    return int(megabytes) / 1000


def between_backends():
    """How far the probabilities of two backends may lie apart in the test that compares them."""
    name = "tests/library/weights/test_weights_three_backends.py"
    (tolerance,) = re.findall(r"(?m)^TOLERANCE = (\S+)", (claims.ROOT / name).read_text("utf-8"))
    return float(tolerance)

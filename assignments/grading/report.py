"""The CSV of points, and the page for who handed in nothing that can be graded."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path

from grading.files import printable, write_whole

BY_HAND = "by hand"
FIRST = ("student", "assignment", "status", "points", "of", "to grade by hand")
LAST = ("seconds", "remarks", "submission", "feedback")


def write_csv(path: Path, rows: list[dict], parts: list[str]) -> None:
    """Writes all rows at once: who reads the file meanwhile sees the old one or the new one."""
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, [*FIRST, *parts, *LAST], restval="", extrasaction="ignore")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row["student"].lower(), row["assignment"])):
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    write_whole(path, _marked(table))


def write_files(path: Path, submissions: list, rows: list[dict]) -> None:
    """Writes what was done with each file that somebody handed in, a row for each."""
    status = {(row["id"], row["assignment"]): row["status"] for row in rows}
    done: dict[tuple[str, str], list[str]] = {}
    for submission in submissions:
        files = [(file, why) for file, why in submission.others]
        if submission.file is not None:
            key = submission.student, submission.assignment
            files.append((submission.file, f"{submission.assignment}: {status.get(key, 'waits')}"))
        for file, what in files:
            said = done.setdefault((submission.name, str(file)), [])
            if what not in said:
                said.append(what)
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(("student", "file", "what was done"))
    for (student, file), said in sorted(done.items()):
        # Of one assignment it is graded, of the others it is not: the first counts.
        kept = [what for what in said if not what.startswith("of ")] or said
        writer.writerow(map(_harmless, (student, file, "; ".join(kept))))
    write_whole(path, _marked(table))


def points(scores: dict[str, tuple[float | None, float]]) -> dict:
    """A row's columns of points, from points and maximum by graded cell."""
    by_hand = sum(most for came, most in scores.values() if came is None)
    row = {name: BY_HAND if came is None else _short(came) for name, (came, _) in scores.items()}
    row["points"] = _short(sum(came or 0 for came, _ in scores.values()))
    row["of"] = _short(sum(most for _, most in scores.values()))
    row["to grade by hand"] = _short(by_hand)
    return row


def page(student: str, assignment: str, message: str) -> str:
    """A feedback page that says why there are no points."""
    student, assignment, message = map(html.escape, (student, assignment, message))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{assignment}</title></head><body><h1>{assignment}</h1>"
        f"<p>{student}: no points could be given.</p><p>{message}</p></body></html>\n"
    )


def _marked(table: io.StringIO) -> bytes:
    """A table with the mark by which Excel knows UTF-8."""
    return table.getvalue().encode("utf-8-sig")


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 2)


def _harmless(value):
    """A text that a spreadsheet would take for a formula gets an apostrophe; what a screen would
    obey is an escape."""
    if not isinstance(value, str):
        return value
    value = printable(value)
    return f"'{value}" if value.lstrip().startswith(("=", "+", "-", "@")) else value

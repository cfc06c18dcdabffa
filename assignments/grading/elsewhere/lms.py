"""Points of `make grade` in a table that Moodle or Canvas exported, as they import it again.

Moodle: the assignment's grading worksheet, which it knows by "Identifier", "Grade" and "Last
modified (grade)"; or any list of participants, for the gradebook's import. Canvas: the
gradebook's export, of which the columns up to "Section" and one assignment go back.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grading.course import CourseError
from grading.files import write_whole

CANVAS = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID")
CANVAS += ("Integration ID", "Root Account", "Section")
MOODLE = ("Identifier", "Full name", "First name", "Last name", "Surname", "Username")
MOODLE += ("ID number", "Email address")
POSSIBLE = "    Points Possible"
# What the platforms put behind a name in the names of exported files: their number of the person.
_NUMBER = {
    "canvas": re.compile(r"^(?P<name>.*?)_(?P<number>\d+)_\d+(?:_|$)"),
    "moodle": re.compile(r"^(?P<name>.*?)_(?P<number>\d+)_assignsubmission_"),
}


@dataclass
class Roster:
    """A table that a platform exported: `people` are the rows that are of students."""

    header: list[str]
    rows: list[list[str]]
    people: list[int]
    delimiter: str

    def cell(self, row: int, name: str) -> str:
        """A cell by its column, as it is; empty where there is none."""
        at = self.header.index(name) if name in self.header else len(self.rows[row])
        return self.rows[row][at] if at < len(self.rows[row]) else ""


def write(
    grades: Path,
    roster: Path,
    platform: str,
    out: Path,
    *,
    assignment: str | None = None,
    column: str | None = None,
    id_column: str | None = None,
) -> list[str]:
    """Writes `out`, and beside it `<out>-left-over.csv`, who is in one table and not in the other.

    Returns what to tell the teacher. A grade that fits nobody, or several, is written to nobody.
    Raises CourseError if a table is not as expected.
    """
    rows = _grades(grades, assignment)
    name, most = rows[0]["assignment"], max(float(row["of"] or 0) for row in rows)
    table = _roster(roster, platform)
    id_column = id_column or _first(table, ("ID",) if platform == "canvas" else ("Identifier",))
    column = column or _column(table, platform, name)
    keys = _keys(table, platform, id_column)
    numbered = any(key.startswith("#") for key in keys)
    given: dict[int, list[dict]] = {}
    left = []
    for row in rows:
        found = keys.get(_key(row["student"], platform, numbered), set())
        if row["status"] != "graded":
            left.append((row["student"], row["points"], f"{row['status']}: {row['remarks']}"))
        elif len(found) == 1:
            given.setdefault(found.pop(), []).append(row)
        else:
            why = f"fits {len(found)} people of the roster" if found else "nobody of the roster"
            left.append((row["student"], row["points"], why))
    for at in [at for at, several in given.items() if len(several) > 1]:
        for row in given.pop(at):
            left.append((row["student"], row["points"], f"one of several for {_who(table, at)}"))
    points = {at: row["points"] for at, (row,) in given.items()}
    if platform == "canvas":
        _write_canvas(out, table, column, points, most)
    else:
        _write_moodle(out, table, column, points)
    without = [_who(table, at) for at in table.people if at not in points]
    beside = out.with_name(f"{out.stem}-left-over.csv")
    listed = left + [(who, "", "in the roster, without a grade") for who in without]
    guarded = [[re.sub(r"^(?=[=+\-@\t\r])", "'", cell) for cell in line] for line in listed]
    _write_table(beside, ["who", "points", "why"], guarded, ",")
    waiting = [row for (row,) in given.values() if row["to grade by hand"] not in ("0", "")]
    return list(_report(out, beside, points, left, without, waiting, table, column, most))


def _report(out, beside, points, left, without, waiting, table, column, most) -> Iterator[str]:
    yield f"{len(points)} grades of {len(points) + len(left)}: {out}, column {column!r}"
    for who, _, why in left:
        yield f"  not in it: {who}: {why}"
    if without:
        yield f"  {len(without)} of the roster without a grade, what stood there is kept: {beside}"
    if waiting:
        yield (
            f"  {len(waiting)} still lack the written answer's points: `make marking`, then "
            "`make grade` and this again"
        )
    there = _maximum(table, column)
    if there is not None and there != most:
        yield f"  the platform's maximum is {there:g}, these grades are of {most:g}: set it first"
    if column not in table.header:
        yield f"  the roster has no column {column!r}: the platform will ask whether to make it"


def _grades(path: Path, assignment: str | None) -> list[dict]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        rows = []
    if not rows or not {"student", "assignment", "status", "points", "of"} <= set(rows[0]):
        raise CourseError(f"Expected grades.csv, as `make grade` writes it. {path} is not like it.")
    of = sorted({row["assignment"] for row in rows})
    if len(of) > 1 if assignment is None else assignment not in of:
        raise CourseError(
            f"{path} holds the assignments {', '.join(of)}: choose one, --assignment {of[0]}."
        )
    rows = [row for row in rows if row["assignment"] == (assignment or of[0])]
    for row in rows:  # an apostrophe guards what a spreadsheet would take for a formula
        row["student"] = re.sub(r"^'(?=[=+\-@\t\r])", "", row["student"])
    return rows


def _roster(path: Path, platform: str) -> Roster:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"Expected a CSV in UTF-8, exported by {platform}: {error}") from error
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    header = [name.strip() for name in rows[0]] if rows else []
    wanted = CANVAS if platform == "canvas" else MOODLE
    known = [name for name in header if name in wanted]
    if not known or (platform == "canvas" and not {"ID", "Section"} <= set(known)):
        raise CourseError(
            f"Expected in {path} the columns of {platform.title()}'s export, in English, such as "
            f"{', '.join(wanted)}. It has: {', '.join(header) or 'nothing'}."
        )
    table = Roster(header, rows[1:], [], delimiter)
    table.people = [at for at in range(len(table.rows)) if _is_person(table, at, platform)]
    return table


def _is_person(table: Roster, at: int, platform: str) -> bool:
    if platform == "moodle":
        return any(cell.strip() for cell in table.rows[at])
    first = table.rows[at][0].strip()
    return bool(first) and first != POSSIBLE.strip() and first != "Student, Test"


def _first(table: Roster, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in table.header), None)


def _column(table: Roster, platform: str, assignment: str) -> str:
    """The roster's column of the points, or how a new one is called."""
    if platform == "moodle" and "Identifier" in table.header and "Grade" in table.header:
        return "Grade"
    known = CANVAS if platform == "canvas" else MOODLE
    found = [n for n in table.header if assignment.casefold() in n.casefold() and n not in known]
    if len(found) > 1:
        raise CourseError(f"Which column takes the points? --column with one of {', '.join(found)}")
    return found[0] if found else assignment


def _keys(table: Roster, platform: str, id_column: str | None) -> dict[str, set[int]]:
    """Whom each number and each name means; several people where they share one."""
    keys: dict[str, set[int]] = {}
    for at in table.people:
        cells = {n: table.cell(at, n) for n in (CANVAS if platform == "canvas" else MOODLE)}
        own = {
            _plain(cells.get(n, "")) for n in cells if n not in ("Section", "Root Account", "ID")
        }
        own.add(_plain(f"{cells.get('First name', '')} {cells.get('Last name', '')}"))
        own.add(_plain(f"{cells.get('FirstName', '')} {cells.get('LastName', '')}"))
        last, comma, first = cells.get("Student", "").partition(",")
        own.add(_plain(f"{first} {last}") if comma else "")
        own |= {_squeezed(cells.get("Student", ""))} if platform == "canvas" else set()
        # "Participant 4711" in Moodle, in whatever language; a bare number in Canvas
        number = re.search(r"(\d+)\s*$", table.cell(at, id_column)) if id_column else None
        own.add(f"#{number[1]}" if number else "")
        for key in own - {""}:
            keys.setdefault(key, set()).add(at)
    return keys


def _key(student: str, platform: str, numbered: bool) -> str:
    """By what a student of the grades is looked up: the platform's number, else the name. Where
    there are numbers on both sides, a name would be a guess."""
    found = _NUMBER[platform].match(student)
    if found and numbered:
        return f"#{found['number']}"
    return _plain(found["name"] if found else student)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _squeezed(name: str) -> str:
    """A name as Canvas writes it into files' names: small letters, and nothing between."""
    return re.sub(r"[^\w]", "", unicodedata.normalize("NFC", name)).lower()


def _who(table: Roster, at: int) -> str:
    names = ("Student", "Full name", "Email address", "ID", "Identifier")
    both = " ".join(table.cell(at, n) for n in ("First name", "Last name", "FirstName", "LastName"))
    found = next((cell for n in names if (cell := table.cell(at, n).strip())), "")
    return found or " ".join(both.split()) or f"row {at + 1}"


def _maximum(table: Roster, column: str) -> float | None:
    """What the platform has as the maximum of the column, where the roster says it."""
    for at in range(len(table.rows)):
        where = column if table.rows[at][0].strip() == POSSIBLE.strip() else None
        if at in table.people and column == "Grade":
            where = next((n for n in table.header if n.casefold() == "maximum grade"), None)
        if where and re.fullmatch(r"\d+([.,]\d+)?", text := table.cell(at, where).strip()):
            return float(text.replace(",", "."))
    return None


def _write_canvas(out: Path, table: Roster, column: str, points: dict, most: float) -> None:
    kept = [name for name in table.header if name in CANVAS]
    possible = [POSSIBLE, *[""] * (len(kept) - 1), f"{most:g}"]
    rows = [
        [*(table.cell(at, name) for name in kept), points.get(at, table.cell(at, column))]
        for at in table.people
    ]
    _write_table(out, [*kept, column], [possible, *rows], table.delimiter)


def _write_moodle(out: Path, table: Roster, column: str, points: dict) -> None:
    header = table.header if column in table.header else [*table.header, column]
    rows = []
    for at in table.people:
        cells = {name: table.cell(at, name) for name in header}
        cells[column] = points.get(at, cells[column])
        rows.append(list(cells.values()))
    _write_table(out, header, rows, ",")


def _write_table(path: Path, header: list[str], rows: list[list], delimiter: str) -> None:
    table = io.StringIO(newline="")
    csv.writer(table, delimiter=delimiter).writerows([header, *rows])
    write_whole(path, table.getvalue())

"""The commands of `python -m grading` for courses that live elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from grading.elsewhere import classroom, gradescope, lms
from grading.elsewhere.one import Outcome, grade_one
from grading.files import write_whole

PLATFORMS = ("gradescope", "classroom50")


def add(commands) -> None:
    """Adds the commands to a parser's."""
    one = commands.add_parser("one", help="grade one hand-in for Gradescope or Classroom 50")
    one.add_argument("notebook", type=Path, help="a notebook, a zip, or a folder of one student")
    one.add_argument("--assignment", required=True)
    one.add_argument("--as", dest="platform", required=True, choices=PLATFORMS)
    one.add_argument("--out", type=Path, required=True, help="the results file")
    one.add_argument("--cell-seconds", type=float, help="how long one cell may take; else 60")
    one.add_argument("--total-seconds", type=float, help="how long all may take; else 240")
    one.add_argument("--memory-mb", type=int, help="of the student's processes; else 3000")
    one.set_defaults(run=_one)
    for name, module in (("gradescope", gradescope), ("classroom", classroom)):
        make = commands.add_parser(name, help=f"make what is uploaded to {name.title()}")
        make.add_argument("assignment", nargs="?", default="")
        make.add_argument("--out", type=Path, default=Path("_build", name))
        make.set_defaults(run=_exporter(module))
    table = commands.add_parser("lms", help="write points into a table of Moodle or Canvas")
    table.add_argument("grades", type=Path, help="grades.csv, or the folder where it lies")
    table.add_argument("--as", dest="platform", required=True, choices=("moodle", "canvas"))
    table.add_argument("--roster", type=Path, required=True, help="the CSV that it exported")
    table.add_argument("--assignment", help="where the grades are of several")
    table.add_argument("--column", help="the roster's column of this assignment's points")
    table.add_argument("--id-column", help="the roster's column that says who it is")
    table.add_argument("--out", type=Path, help="else moodle.csv or canvas.csv beside the grades")
    table.set_defaults(run=_lms)


def _one(chosen) -> int:
    """Writes the results, whatever happens. Returns 1 where the fault is the grading's."""
    limits = {
        name: value
        for name in ("cell_seconds", "total_seconds", "memory_mb")
        if (value := getattr(chosen, name)) is not None
    }
    only = chosen.platform == "classroom50"
    outcome = grade_one(chosen.notebook, chosen.assignment, limits=limits, notebooks_only=only)
    write(outcome, chosen.platform, chosen.out, os.environ)
    for line in outcome.private:  # where only teachers look
        print(line.encode("ascii", "backslashreplace").decode())
    print(f"{outcome.assignment}: {outcome.status}, {outcome.points:g} of {outcome.most:g}")
    return int(outcome.status == "failed")


def write(outcome: Outcome, platform: str, out: Path, environment) -> None:
    """Writes a results file as the platform reads it: the old one, or all of the new one."""
    if platform == "gradescope":
        found = gradescope.results(outcome)
    else:
        found = classroom.result(outcome, environment)
        _replace(out.with_name("release-body.md"), classroom.release_body(outcome, found))
    _replace(out, json.dumps(found, indent=2) + "\n")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode("utf-8", "backslashreplace"))


def _exporter(module) -> Callable:
    def run(chosen) -> int:
        print(f"{module.export(chosen.assignment, chosen.out)}: {module.KEEP}")
        return 0

    return run


def _lms(chosen) -> int:
    grades = chosen.grades / "grades.csv" if chosen.grades.is_dir() else chosen.grades
    out = chosen.out or grades.with_name(f"{chosen.platform}.csv")
    report = lms.write(
        grades,
        chosen.roster,
        chosen.platform,
        out,
        assignment=chosen.assignment,
        column=chosen.column,
        id_column=chosen.id_column,
    )
    print("\n".join(report))
    return 0

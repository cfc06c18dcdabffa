"""`python -m grading release`, `grade FOLDER`, and what `elsewhere` adds: see `make`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grading.course import CourseError
from grading.elsewhere.commands import add as add_elsewhere
from grading.grade import grade
from grading.release import release


def main(arguments: list[str] | None = None) -> int:
    """Runs a command. Returns the exit status: 0, 1 (something is wrong), 130 (interrupted)."""
    parser = argparse.ArgumentParser(prog="grading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("release", help="make the students' versions and their zips")
    make.add_argument("--out", type=Path, default=Path("_build/assignments"))
    run = commands.add_parser("grade", help="grade a folder of submissions")
    run.add_argument("folder", type=Path)
    run.add_argument("--out", type=Path, help="where the CSV goes; else <folder>-graded")
    run.add_argument("--assignment", help="where the notebooks' names do not say it")
    run.add_argument("--again", action="store_true", help="also what is graded already")
    run.add_argument("--cell-seconds", type=float, help="how long one cell may take; else 60")
    add_elsewhere(commands)
    chosen = parser.parse_args(arguments)
    try:
        if hasattr(chosen, "run"):
            return chosen.run(chosen)
        if chosen.command == "release":
            for path in release(chosen.out):
                print(f"For students: {path}")
        else:
            options = {"assignment": chosen.assignment, "again": chosen.again}
            if chosen.cell_seconds is not None:
                options["limits"] = {"cell_seconds": chosen.cell_seconds}
            path = grade(chosen.folder, chosen.out, **options, say=_say)
            print(f"Points: {path}\nFeedback: {path.parent / 'feedback'}")
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Seconds of what happens once in a process: imports.py import|count|command."""

import subprocess
import sys

import serving


def imported():
    import helpers.counting
    import helpers.specs  # noqa: F401


def counted():
    from helpers import counting, specs

    for name in specs.names():
        counting.parameters(name)


def command():
    subprocess.run(
        [sys.executable, "-m", "helpers", "count", "resnet34"], check=True, capture_output=True
    )


if sys.argv[1] == "count":
    imported()
WORK = {"import": imported, "count": counted, "command": command}
serving.serve(serving.seconds(WORK[sys.argv[1]]))

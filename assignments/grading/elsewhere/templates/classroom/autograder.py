"""The autograder of @ASSIGNMENT@, which Classroom 50's runner calls in a student's checkout.

It installs the book beside itself and hands over to it. An exit status other than 0 tells the
runner that the fault is the grading's.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What the results say of themselves. Nothing else of the runner's environment goes on, no token.
NAMES = ("CLASSROOM", "ASSIGNMENT", "ASSIGNMENT_TYPE", "OWNER", "USERNAME", "SUBMISSION_TAG")
NAMES += ("COMMIT_URL", "RELEASE_URL", "REVIEW_URL", "PATH", "HOME")


def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="book-", dir=os.environ.get("RUNNER_TEMP")))
    work.chmod(0o755)  # students' code runs as another user, who reads the book there
    subprocess.run(["bash", HERE / "install.sh", HERE / "book", work], check=True)
    # As root the grading can shut students' code in, whatever the system allows to other users.
    root = os.getuid() != 0 and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0
    command = ["sudo", "-n"] if root else []
    command += ["env", "-i", *(f"{n}={os.environ[n]}" for n in NAMES if n in os.environ)]
    command += [f"PYTHONPATH={work / 'assignments'}", work / ".venv-course/bin/python"]
    command += ["-m", "grading", "one", ".", "--assignment", "@ASSIGNMENT@"]
    command += ["--as", "classroom50", "--out", "result.json", "--cell-seconds", "120"]
    status = subprocess.run(command, check=False).returncode
    if root:  # the runner reads and rewrites them as itself
        own = f"{os.getuid()}:{os.getgid()}"
        names = ["result.json", "release-body.md"]
        subprocess.run(["sudo", "-n", "chown", "-h", own, *names], check=False)
    return status


if __name__ == "__main__":
    sys.exit(main())

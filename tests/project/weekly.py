"""Keeps weekly.toml: when the proofs that not every run gives last passed.

python3 tests/project/weekly.py links        # it passed today, on this commit
python3 tests/project/weekly.py --due large  # exit 0 where what it is about has changed since
python3 tests/project/weekly.py --notebooks  # those to be run today, for `make test-outputs`
python3 tests/project/weekly.py --pages      # those to be looked at today, for `make test-site`
"""

import datetime
import json
import random
import re
import subprocess
import sys
import tomllib
from pathlib import Path

RECORD = Path(__file__).with_name("weekly.toml")
ROOT = RECORD.parents[2]


def proofs() -> dict[str, dict]:
    """What there is to prove."""
    return tomllib.loads(RECORD.read_text("utf-8"))


def git(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)


def written(text: str, proof: str, day: str, commit: str) -> str:
    """The record, with one proof's day and commit. Raises KeyError for a proof it lacks."""
    new, n = re.subn(
        rf'(?ms)(^\[{re.escape(proof)}\]\n.*?^passed = )"[^"]*"\ncommit = "[^"]*"',
        rf'\g<1>"{day}"\ncommit = "{commit}"',
        text,
        count=1,
    )
    if not n:
        raise KeyError(proof)
    return new


def due(proof: dict) -> bool:
    """Whether what a proof is about has changed since it passed, as far as git knows."""
    since = proof["commit"]
    return not since or git("diff", "--quiet", since, "--", *proof["about"]).returncode != 0


def _run(text: str) -> list:
    """What running a notebook is about: its code and the stored outputs. Text changes neither."""
    cells = (cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
    return [(cell["source"], cell["outputs"]) for cell in cells]


def changed(notebook: str, since: str) -> bool:
    """Whether code or outputs of a notebook differ from those of a commit, as far as git knows."""
    then = git("show", f"{since}:{notebook}")
    if not since or then.returncode:
        return True
    return _run(then.stdout) != _run((ROOT / notebook).read_text("utf-8"))


A_DAY = 3  # notebooks drawn; those that changed since all passed are run besides


def notebooks(day: str) -> list[str]:
    """The notebooks that `.ci/run` runs and compares on this day, as paths.

    Those whose code or outputs differ from when all of them passed, and some that the day draws. A
    change of the library can reach any of them, and nearly all import nearly all of it: so all
    run on GitHub with every change and every week.
    """
    every = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("notebooks/*.ipynb"))
    since = proofs()["outputs"]["commit"]
    differ = {name for name in every if changed(name, since)}
    return sorted(differ | set(random.Random(day).sample(every, A_DAY)))


# What shows on every page, or judges it.
SITE_WIDE = ("book/_ext/", "book/_static/", "book/interactive/", "tests/site/")
SITE_WIDE += ("_config.yml", "_toc.yml", "requirements.lock")
PAGES_A_DAY = 1 / 6


def _reached(source: str, changes: list[str]) -> bool:
    """Whether a page shows something that changed: itself, a file that it names, the claims."""
    text = (ROOT / source).read_text("utf-8")
    if source == "book/claims.md":
        return any(name.startswith(("book/claims/", "book/claims.md")) for name in changes)
    shown = [Path(name).name for name in changes if name.startswith(("images/", "notebooks/"))]
    return source in changes or any(name in text for name in shown)


def pages(day: str) -> list[str]:
    """The pages that `.ci/run` opens in a browser on this day; none stands for all.

    Those that show what has changed since all passed, and a part that the day draws. All, where
    what every page has in common has changed, or git does not know what did.
    """
    since = proofs()["site"]["commit"]
    differ = git("diff", "--name-only", since or "HEAD", "--")
    changes = differ.stdout.split()
    if not since or differ.returncode or any(name.startswith(SITE_WIDE) for name in changes):
        return []
    found = [path for part in ("book/*.md", "notebooks/*.ipynb") for path in ROOT.glob(part)]
    every = sorted(path.relative_to(ROOT).as_posix() for path in found)
    drawn = random.Random(day).sample(every, round(PAGES_A_DAY * len(every)))
    shown = {name for name in every if _reached(name, changes)} | set(drawn)
    return sorted(str(Path(name).with_suffix(".html")) for name in shown)


def main(arguments: list[str]) -> int | str:
    known = proofs()
    if arguments == ["--pages"]:
        print(*pages(datetime.date.today().isoformat()))
        return 0
    if arguments == ["--notebooks"]:
        print(*notebooks(datetime.date.today().isoformat()))
        return 0
    if not arguments or arguments[-1] not in known:
        return f"Expected one of {', '.join(known)}. Received: {' '.join(arguments)!r}"
    if arguments[0] == "--due":
        return int(not due(known[arguments[-1]]))
    if git("status", "--porcelain").stdout:
        return "Commit first: what passed must be a version that one can name."
    commit, day = git("rev-parse", "HEAD").stdout.strip(), datetime.date.today().isoformat()
    text = written(RECORD.read_text("utf-8"), arguments[-1], day, commit)
    RECORD.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

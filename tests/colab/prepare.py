"""Makes what a reader finds who opens the book's notebooks in Colab.

    python tests/colab/prepare.py _build/colab

writes into that folder

- `book.git`, a bare repository with the book as git would keep it, under the tag of its
  version, published as `somebody/residual-networks`;
- `notebooks/`, the notebooks of that repository, and the students' versions of the
  assignments from `_build/assignments`, with the solutions in place: untouched, they
  raise NotImplementedError by design.

`run.py` runs them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = "somebody/residual-networks"


def git(*arguments: str, folder: Path, **environment: str) -> str:
    """Runs git without what this machine's user has configured. Returns what it prints."""
    chosen = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environment}
    chosen |= {f"GIT_{who}_NAME": "A Reader" for who in ("AUTHOR", "COMMITTER")}
    chosen |= {f"GIT_{who}_EMAIL": "reader@example.org" for who in ("AUTHOR", "COMMITTER")}
    command = ["git", *arguments]
    result = subprocess.run(command, cwd=folder, env=chosen, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def copy_tree(target: Path) -> None:
    """What git keeps of the book, or would keep after the next `git add`."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", folder=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def publish(out: Path) -> Path:
    """Writes `book.git`. Returns the folder with the published files."""
    tree = out / "tree"
    copy_tree(tree)
    publishing = [sys.executable, str(tree / "book" / "_ext" / "places.py"), PLACE]
    subprocess.run(publishing, check=True, stdout=subprocess.DEVNULL)
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from places import Book

    git("init", "--quiet", folder=tree)
    git("add", "--force", ".", folder=tree)
    git("commit", "--quiet", "--message", "The book, published", folder=tree)
    git("tag", f"v{Book(tree).version}", folder=tree)
    git("clone", "--quiet", "--bare", str(tree), str(out / "book.git"), folder=out)
    return tree


def solved(students: str, teachers: str) -> str:
    """The students' version of an assignment with the solutions in their places."""
    answers = {}
    for cell in json.loads(teachers)["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution"):
            answers[marks["grade_id"]] = cell["source"]
    notebook = json.loads(students)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution"):
            cell["source"] = answers.pop(marks["grade_id"])
    if answers:
        raise RuntimeError(f"The students' version has no place for {', '.join(answers)}")
    return json.dumps(notebook)


def archive(name: str) -> Path:
    """The students' version of an assignment, as it is handed out."""
    path = ROOT / "_build" / "assignments" / f"{name}.zip"
    if not path.is_file():
        raise RuntimeError(f"Expected {path}: call `make assignments` first.")
    return path


def prepare(out: Path) -> list[str]:
    """Writes everything into `out`, anew. Returns the notebooks' names."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "notebooks").mkdir(parents=True)
    tree = publish(out)
    for path in sorted((tree / "notebooks").glob("*.ipynb")):
        shutil.copy(path, out / "notebooks")
    for source in sorted((tree / "assignments" / "source").glob("*/*.ipynb")):
        with zipfile.ZipFile(archive(source.stem)) as inside:
            students = inside.read(f"{source.stem}/{source.name}").decode()
        students = with_first_cell(students, source.read_text("utf-8"))
        target = out / "notebooks" / f"assignment-{source.name}"
        target.write_text(solved(students, source.read_text("utf-8")), "utf-8")
    shutil.rmtree(tree)
    return sorted(path.name for path in (out / "notebooks").iterdir())


def with_first_cell(students: str, teachers: str) -> str:
    """The zips are made before the address is set: gives them the published first cell."""
    notebook = json.loads(students)
    first, published = (
        next(cell for cell in cells if cell["cell_type"] == "code")
        for cells in (notebook["cells"], json.loads(teachers)["cells"])
    )
    first["source"] = published["source"]
    return json.dumps(notebook)


if __name__ == "__main__":
    print("\n".join(prepare(Path(sys.argv[1]).resolve())))

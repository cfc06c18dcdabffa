"""Runs the notebooks: `make notebooks` anew, `make run` a copy, `make figures` none.

Without a word every notebook is run and its outputs are stored, then the pages'
pictures are drawn. With --store=NAME, as --store=03-resnet34, one notebook and the
pictures; with --figures these alone; with a NAME a copy of that notebook is run in
_build/run, by the data and the backend that you chose.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OF_THE_READER = ("RESNET_BOOK_DATA", "RESNET_BOOK_RESULTS", "KERAS_BACKEND")
WITH_PETS = "notebooks/06-transfer.ipynb"


def plain(**more: str) -> dict[str, str]:
    """The environment in which outputs are made and compared, whatever is chosen.

    The images, records and backend of the repository; photographs of others are not
    stored.
    """
    kept = {key: value for key, value in os.environ.items() if key not in OF_THE_READER}
    return {**kept, "RESNET_BOOK_PHOTOGRAPHS": "hidden", **more}


def left_out() -> list[str]:
    """The notebooks that cannot run here, which is said: chapter 6 without its pets."""
    usual = Path.home() / "tensorflow_datasets"
    pets = Path(os.environ.get("TFDS_DATA_DIR") or usual) / "oxford_iiit_pet"
    if pets.is_dir():
        return []
    print(f"Left out: {WITH_PETS}. No {pets}: set TFDS_DATA_DIR", flush=True)
    return [WITH_PETS]


def run(*words: str, env: dict[str, str]) -> None:
    """Runs a command in the repository's root, and ends with its status if it fails."""
    if status := subprocess.run(words, cwd=ROOT, env=env).returncode:
        sys.exit(status)


def convert(*words: str, env: dict[str, str]) -> None:
    """nbconvert, which runs what it converts (executed.py).

    Under PYTEST_CURRENT_TEST ipykernel leaves TensorFlow's C++ log lines to the
    terminal and does not store them.
    """
    env = {**env, "PYTEST_CURRENT_TEST": "x", "PYTHONPATH": "notebooks"}
    nbconvert = ("-m", "nbconvert", "--config", "notebooks/executed.py")
    run(sys.executable, *nbconvert, *words, env=env)


def figures() -> None:
    """Draws the pages' pictures, from records and stored outputs."""
    run(sys.executable, "images/draw.py", env=plain())


def every() -> None:
    """Runs every notebook that can run here, stores its outputs, draws the pictures."""
    found = (path.relative_to(ROOT) for path in (ROOT / "notebooks").glob("*.ipynb"))
    missing = left_out()
    names = [name for name in sorted(map(Path.as_posix, found)) if name not in missing]
    convert("--inplace", *names, env=plain())
    figures()


def called(name: str) -> str:
    """The path of a notebook in the book. Ends where none is called so."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    if not path.is_file():
        there = ", ".join(sorted(one.stem for one in path.parent.glob("*.ipynb")))
        sys.exit(f"Expected a notebook: {there}. Received: {name!r}")
    return path.relative_to(ROOT).as_posix()


def one(name: str) -> None:
    """Runs one notebook, stores its outputs, draws the pictures."""
    path = called(name)
    if path in left_out():
        sys.exit(1)
    convert("--inplace", path, env=plain())
    figures()


def copy(name: str) -> None:
    """Runs a copy of one notebook, in _build/run."""
    convert("--output-dir", "_build/run", called(name), env=dict(os.environ))


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.exit(f"Expected one word, or none. Received: {' '.join(sys.argv[1:])}")
    match sys.argv[1:]:
        case []:
            every()
        case ["--figures"]:
            figures()
        case [word] if word.startswith("--store="):
            one(word.removeprefix("--store="))
        case [name]:
            copy(name)

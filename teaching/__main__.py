"""Writes what teachers ask for: `make teaching`.

`python teaching [FOLDER]` writes the bank of questions into FOLDER/questions, as Moodle XML and
as a QTI package for each page of the book, and the pack of figures, FOLDER/figures.zip. FOLDER is
`_build` unless another one is named.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Expressions in questions are those of the claims, which live beside their tests.
sys.path[:0] = [str(ROOT / name) for name in ("book/_ext", "tests/claims", "tests/oracles")]
os.environ.pop("RESNET_BOOK_RESULTS", None)  # the book's own records, not the reader's

import bank  # noqa: E402
import canvas  # noqa: E402
import figures  # noqa: E402
import moodle  # noqa: E402


def main(folder: Path) -> None:
    """Writes all of it and says what lies where."""
    questions = bank.load()
    out = folder / "questions"
    out.mkdir(parents=True, exist_ok=True)
    (out / "moodle.xml").write_bytes(moodle.quiz(questions))
    by_page = itertools.groupby(questions, lambda question: question.chapter)
    for chapter, of_page in by_page:
        (out / f"{chapter}-qti.zip").write_bytes(canvas.package(of_page))
    number = figures.pack(folder / "figures.zip")
    print(f"{len(questions)} questions: {out}/moodle.xml, and a QTI package for each page there")
    print(f"{number} figures, light and dark: {folder}/figures.zip")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build")

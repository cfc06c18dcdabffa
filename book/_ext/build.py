"""Builds the website and checks it: `make book`; `make serve` adds --if-changed.

Where the text of a page alone has changed, it alone is built anew; where something has that other
pages show, or that shows them, all are. Warnings are errors, and after one nothing is kept of the
build: a page that failed would not fail again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = "_build"
PAGES = ("index.md", "book/*.md")
SHOWN = (
    "_config.yml", "_toc.yml", "requirements.lock", "book/*.bib", "book/_*/*.*",
    "book/claims/*.toml", "book/interactive/served/*/*.*", "notebooks/*.ipynb", "images/*.*",
    "results/*.json", "results/*/*.*", "benchmarks/measured/*.json", "book/licences/*",
    "tests/book/check_site.py", "tests/torture/last.json", "tests/assignments/mutants/*",
    "src/helpers/specs/*.py", "src/helpers/counting/*.py", "src/helpers/datasets/*.py",
)  # fmt: skip
KEPT, CHECKED = ".kept", ".checked"  # in BUILT: since when its pages are kept; when it passed


def newer(root: Path, stamp: str, patterns: Iterable[str]) -> bool:
    """Whether a file that fits a pattern has changed since the stamp was set, or there is none.

    Raises ValueError for a pattern that no file fits.
    """
    patterns = tuple(patterns)
    found = {pattern: list(root.glob(pattern)) for pattern in patterns}
    if nothing := [pattern for pattern, files in found.items() if not files]:
        raise ValueError(f"Expected files that make up the website. Received none for {nothing}.")
    path = root / BUILT / stamp
    if not path.exists():
        return True
    since = path.stat().st_mtime_ns
    return any(file.stat().st_mtime_ns > since for files in found.values() for file in files)


def begin(root: Path) -> None:
    """Throws the old pages away where any of them may show what has changed."""
    (root / BUILT / CHECKED).unlink(missing_ok=True)
    if newer(root, KEPT, SHOWN):
        for folder in ("html", ".doctrees", "jupyter_execute"):
            shutil.rmtree(root / BUILT / folder, ignore_errors=True)
        (root / BUILT).mkdir(exist_ok=True)
        (root / BUILT / KEPT).touch()


def build(root: Path) -> None:
    """Jupyter Book, then check_site. Ends with the status of the one that fails."""
    begin(root)
    book = Path(sys.executable).with_name("jupyter-book")
    words = [book, "build", ".", "-n", "-W", "--keep-going", "--quiet"]
    if status := subprocess.run(words, cwd=root, stdout=subprocess.DEVNULL).returncode:
        (root / BUILT / KEPT).unlink(missing_ok=True)
        sys.exit(status)
    check = [sys.executable, "tests/book/check_site.py", f"{BUILT}/html"]
    if status := subprocess.run(check, cwd=root).returncode:
        sys.exit(status)
    (root / BUILT / CHECKED).touch()
    print(f"The book: {root / BUILT / 'html' / 'index.html'}")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--if-changed"]):
        sys.exit(f"Expected --if-changed or nothing. Received: {' '.join(sys.argv[1:])}")
    if not sys.argv[1:] or newer(ROOT, CHECKED, (*PAGES, *SHOWN)):
        build(ROOT)

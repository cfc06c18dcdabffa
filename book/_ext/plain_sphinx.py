"""The configuration for Sphinx alone, without Jupyter Book: `make book-sphinx` builds with it.

Jupyter Book 1 is no longer developed. Its own command, `jupyter-book config sphinx`, says in
Sphinx's words what it makes of `_config.yml`. Less what only Jupyter Book itself knows, and with
the way to our extensions, this is a whole `conf.py`:

    python book/_ext/plain_sphinx.py _build/sphinx/conf.py

writes it for a folder of its own, and `python book/_ext/plain_sphinx.py conf.py` for the day on
which the book leaves Jupyter Book: CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("_config.yml", "_toc.yml")
# Jupyter Book's own, and what its table of contents, `sphinx_external_toc`, loads by itself today.
LEFT_OUT = ("jupyter_book", "sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")
THEIRS = ("use_jupyterbook_latex",)
# What Sphinx looks for from the folder of conf.py, the rest from that of the pages.
PATHS = ("bibtex_bibfiles", "html_favicon", "html_logo", "html_static_path")
HEAD = '''"""Sphinx's configuration, written by book/_ext/plain_sphinx.py from _config.yml."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.joinpath({up!r}).resolve()
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "src")]

'''


def of_jupyter_book() -> str:
    """What `jupyter-book config sphinx` writes. It would write it beside the pages: not here."""
    command = shutil.which("jupyter-book", path=str(Path(sys.executable).parent))
    if command is None:
        raise FileNotFoundError(
            f"expected jupyter-book beside {sys.executable}, and it is not there: "
            "run this with the book's own environment, .venv"
        )
    with TemporaryDirectory() as folder:
        for name in SOURCES:
            shutil.copy(ROOT / name, folder)
        arguments = [command, "config", "sphinx", folder]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"jupyter-book config sphinx failed:\n{done.stdout}{done.stderr}")
        return (Path(folder) / "conf.py").read_text("utf-8")


def settings(text: str) -> dict[str, object]:
    """The settings in a conf.py that holds nothing else, by name. ValueError for another line."""
    found = {}
    for line in ast.parse(text).body:
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            raise ValueError(f"expected lines `name = value`. Received: {ast.unparse(line)}")
        found[line.targets[0].id] = ast.literal_eval(line.value)
    return found


def plain(conf: dict[str, object], up: str) -> dict[str, object]:
    """The settings without Jupyter Book's own; `up` leads from conf.py to the book.

    Raises ValueError where an extension that is to be left out is not there: then Jupyter Book
    has changed, and somebody must look.
    """
    missing = [name for name in LEFT_OUT if name not in conf["extensions"]]
    if missing:
        raise ValueError(
            f"expected the extensions {', '.join(LEFT_OUT)} of Jupyter Book, to leave them out. "
            f"Received a list without {', '.join(missing)}: is it still needed here?"
        )
    kept = {name: value for name, value in conf.items() if name not in THEIRS}
    kept["extensions"] = [name for name in conf["extensions"] if name not in LEFT_OUT]
    for name in PATHS:
        value = kept[name]
        moved = [_from(up, one) for one in ([value] if isinstance(value, str) else value)]
        kept[name] = moved[0] if isinstance(value, str) else moved
    return kept


def _from(up, path):
    return path if up == "." else f"{up}/{path}"


def written(conf: dict[str, object], up: str) -> str:
    """A conf.py with these settings."""
    lines = (f"{name} = {value!r}\n" for name, value in sorted(conf.items()))
    return HEAD.format(up=up) + "".join(lines)


def main(arguments: list[str]) -> int | str:
    """Writes the configuration to the one path given; returns what is wrong, or 0."""
    if len(arguments) != 1:
        return f"Usage: python book/_ext/plain_sphinx.py PATH/TO/conf.py. Received: {arguments}"
    target = Path(arguments[0]).resolve()
    up = Path(os.path.relpath(ROOT, target.parent)).as_posix()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(written(plain(settings(of_jupyter_book()), up), up), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

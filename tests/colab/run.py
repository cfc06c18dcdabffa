"""Runs the book's notebooks as Colab does: each alone, in an empty folder and home.

    python tests/colab/run.py _build/colab --python .venv-colab/bin/python
    python tests/colab/run.py _build/colab --python python3 --only 01 --only assignment-01
    python tests/colab/run.py _build/colab --python python3 --graded

`--graded` runs the assignments as they are graded: with recorded runs in the place of those
that a student trains. Notebooks always run as they stand.

The notebooks and the repository are those that `prepare.py` made. git leads the address in
the notebooks' first cell to that repository; nothing else is set, and the kernel is that of
`--python`. Photographs that a notebook would download come from TFDS_DATA_DIR; where they are
not, it is left out, with a word, or with `--download` it downloads them. Needs nbclient, which
Colab has, too. Says how long everything took, also in time of processors, which a busy machine
changes less. Ends with "N passed, N failed".
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

PLACE = "https://github.com/somebody/residual-networks"
PHOTOGRAPHS = "oxford_iiit_pet"  # what a notebook downloads; all else makes its own images
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def kernel(python: str, folder: Path) -> None:
    """Makes the interpreter known to Jupyter as the kernel "reader"."""
    place = folder / "kernels" / "reader"
    place.mkdir(parents=True)
    command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": command, "display_name": "A reader's Python", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(specification))
    os.environ["JUPYTER_PATH"] = str(folder)


def packages(python: str) -> str:
    """What is installed beside an interpreter, with versions."""
    code = (
        "import importlib.metadata as m\n"
        "print(*sorted({f'{d.name} {d.version}' for d in m.distributions()}), sep='\\n')"
    )
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout


def downloads(path: Path) -> bool:
    """Whether the notebook loads photographs, which TensorFlow Datasets downloads."""
    cells = nbformat.read(path, as_version=4).cells
    return any(cell.cell_type == "code" and PHOTOGRAPHS in cell.source for cell in cells)


def downloaded() -> bool:
    """Whether TFDS_DATA_DIR has the photographs."""
    folder = os.environ.get("TFDS_DATA_DIR")
    return bool(folder) and (Path(folder) / PHOTOGRAPHS).is_dir()


def environment(
    home: Path, repository: Path, graded: bool = False, photographs: bool = False
) -> dict[str, str]:
    """What a reader's kernel finds set: little, and nothing of the book."""
    settings = home / "gitconfig"
    address = repository.resolve().as_uri()
    settings.write_text(
        f'[url "{address}"]\n\tinsteadOf = {PLACE}\n'
        "[safe]\n\tdirectory = *\n"  # in a container it belongs to somebody else
    )
    kept = ["PATH", "LANG", "LD_LIBRARY_PATH", "NVIDIA_VISIBLE_DEVICES"]
    kept += ["TFDS_DATA_DIR"] * photographs
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **({"NBGRADER_EXECUTION": "autograde"} if graded else {}),
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(settings),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a debugger's words on the terminal
    }


def run(path: Path, repository: Path, limit: int, graded: bool = False) -> tuple[str, float, str]:
    """Runs one notebook. Returns its name, the seconds and, if it failed, why."""
    notebook, start = nbformat.read(path, as_version=4), time.monotonic()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(path.read_bytes())
        client = NotebookClient(
            notebook,
            kernel_name="reader",
            timeout=limit,
            resources={"metadata": {"path": folder}},
        )
        why = ""
        try:
            client.execute(env=environment(Path(home), repository, graded, downloads(path)))
            source = Path(home) / ".cache" / "resnet-book"
            if not list(source.glob("*/src/helpers/__init__.py")):
                why = "helpers did not come from the repository: is it installed there already?"
        except CellExecutionError as error:
            why = COLOURS.sub("", str(error))
        except (TimeoutError, DeadKernelError) as error:
            why = f"{type(error).__name__}: {error}"
    return path.stem, time.monotonic() - start, why


def attempts(paths: list[Path], options: argparse.Namespace) -> Iterator[tuple[str, float, str]]:
    """Runs the notebooks, `--together` at a time."""
    repository = options.prepared / "book.git"

    def one(path):
        graded = options.graded and path.stem.startswith("assignment")
        return run(path, repository, options.limit, graded)

    with ThreadPoolExecutor(options.together) as pool:
        yield from pool.map(one, paths)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--python", required=True, help="the interpreter whose kernel runs them")
    parser.add_argument("--only", action="append", default=[], help="names that begin like this")
    parser.add_argument("--graded", action="store_true", help="train nothing in assignments")
    parser.add_argument("--together", type=int, default=1, help="how many at a time")
    parser.add_argument("--limit", type=int, default=1200, help="seconds for one cell")
    parser.add_argument("--download", action="store_true", help="the network may be used")
    options = parser.parse_args()
    options.python = shutil.which(options.python) or parser.error(f"no {options.python} here")
    options.python = os.path.abspath(options.python)  # a link, which tells an environment
    chosen = [
        path
        for path in sorted((options.prepared / "notebooks").glob("*.ipynb"))
        if not options.only or path.stem.startswith(tuple(options.only))
    ]
    if not options.download and not downloaded():
        for path in filter(downloads, list(chosen)):
            print(f"left out {path.stem}: TFDS_DATA_DIR names no folder with {PHOTOGRAPHS}")
            chosen.remove(path)
    before, failed, start = packages(options.python), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kernel(options.python, Path(folder))
        for name, seconds, why in attempts(chosen, options):
            print(f"{'FAILED' if why else 'passed'} {name} in {seconds:.0f} s", flush=True)
            if why:
                failed += 1
                print(why, flush=True)
    if packages(options.python) != before:
        failed += 1
        print("FAILED: the notebooks changed what is installed, and must leave it as it is")
    took, used = time.monotonic() - start, os.times()
    processors = used.children_user + used.children_system
    print(f"{took / 60:.1f} minutes; {processors / 60:.1f} minutes of processors")
    print(f"{len(chosen) + 1 - failed} passed, {failed} failed")
    return int(bool(failed) or not chosen)


if __name__ == "__main__":
    sys.exit(main())

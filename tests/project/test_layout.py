"""The house as its tree shows it: files of one concern, tests that mirror the library."""

import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300  # lines of a file that somebody wrote; what is longer holds two things
TRACKED = subprocess.run(
    ["git", "ls-files", "*.py", "*.mjs", "*.js"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
LIBRARY = ROOT / "src" / "helpers"


@pytest.mark.parametrize("name", [name for name in TRACKED if "vendor/" not in name])
def test_a_file_is_one_room(name):
    path = ROOT / name
    if not path.exists():
        return  # removed, and not committed yet
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines: split it by concern."


def test_the_tests_of_the_library_mirror_it():
    doors = {p.stem for p in LIBRARY.iterdir() if not p.name.startswith("_")}
    folders = {p.name for p in (ROOT / "tests/library").iterdir() if p.is_dir()} - {"__pycache__"}
    assert folders <= doors
    assert {p.name for p in LIBRARY.iterdir() if p.is_dir()} - {"__pycache__"} == folders


def test_a_package_has_a_face():
    """What you import is listed in its `__init__.py`; nothing of it is private."""
    for folder in (p for p in LIBRARY.rglob("*") if p.is_dir() and p.name != "__pycache__"):
        text = (folder / "__init__.py").read_text("utf-8")
        assert "__all__" in text, folder
        names = text.split("__all__")[1]
        assert '"_' not in names, folder


def test_no_two_files_of_tests_share_a_name():
    """pytest imports a file by its name alone, and refuses the second of two."""
    names = [Path(name).name for name in TRACKED if name.startswith("tests/")]
    tests = [name for name in names if name.startswith("test_")]
    assert sorted(tests) == sorted(set(tests))


def test_no_two_folders_on_the_path_of_the_tests_have_a_module_of_one_name():
    """Of two, the first is imported, whichever was meant. Only a conftest.py goes by its place."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = [ROOT / name for name in settings["tool"]["pytest"]["ini_options"]["pythonpath"]]
    names = Counter(path.stem for folder in folders for path in folder.glob("*.py"))
    assert {name for name, count in names.items() if count > 1} <= {"conftest"}

"""Which tests a change can reach: for `make test` and `make backends`.

A test of the library reaches what it imports, and what that imports in turn (grimp has the
library's graph, the one that import-linter reads). What reads the repository's files, or is no
test of the library, runs every day, and so does a part that the day draws: should a way from a
change to a test ever be missed here, some days later it is not. GitHub runs all with every change.
"""

import ast
import datetime
import functools
import random
import tomllib
from pathlib import Path

import grimp

import needed
import weekly

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "src" / "helpers"
A_DAY = 1 / 6  # of the tests that no change reaches
# A change of these reaches every test: what is installed where they run, and how pytest runs.
ALL = ("requirements.lock", "pyproject.toml")
ALSO = {"backends": {"requirements/backends.txt"}}  # for that list alone
# What a test that says this reaches besides its imports.
SAYING = {
    "book_records": ("results/",),
    "rootpath": ("notebooks/", "book/"),
    "subprocess": ("src/helpers/",),
    "sys.executable": ("src/helpers/",),
    "several_processes": ("src/helpers/",),
    "__file__": ("",),
    "ROOT": ("",),
}


@functools.cache
def graph() -> grimp.ImportGraph:
    """Who imports whom in the library, in functions, too."""
    return grimp.build_graph("helpers")


@functools.cache
def loaded(module: str) -> frozenset[str]:
    """What an import of this module runs: importing a.b runs a/__init__.py, too."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            parent = name.rpartition(".")[0]
            waiting += [*graph().find_modules_directly_imported_by(name), *filter(None, [parent])]
    return frozenset(found)


@functools.cache
def shared() -> dict[str, Path]:
    """The modules that tests share, by the name under which a test imports them."""
    folders = [ROOT / "tests" / name for name in ("support", "oracles")]
    return {path.stem: path for folder in folders for path in folder.glob("*.py")}


@functools.cache
def imported(path: Path) -> set[str]:
    """The modules that a file names in imports; `from a import b` names a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@functools.cache
def _files(module: str) -> set[str]:
    """The files of a module of the library: its own, or its package's with what lies beside."""
    path = LIBRARY.joinpath(*module.split(".")[1:])
    folder = path if path.is_dir() else path.parent
    beside = {p for p in folder.iterdir() if p.is_file() and p.suffix != ".py"}
    own = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return {p.relative_to(ROOT).as_posix() for p in {own, *beside}}


@functools.cache
def reach(test: Path) -> set[str]:
    """Files, and folders with a stroke at their end, on which a test of the library depends."""
    found, waiting = set(), [test]
    modules = set()
    while waiting:
        path = waiting.pop()
        if (name := path.relative_to(ROOT).as_posix()) in found:
            continue
        found.add(name)
        text = path.read_text("utf-8")
        found |= {place for word, places in SAYING.items() if word in text for place in places}
        names = imported(path)
        waiting += [file for name, file in shared().items() if name in names]
        modules |= names & graph().modules
    conftests = (folder / "conftest.py" for folder in test.parents)
    found |= {p.relative_to(ROOT).as_posix() for p in conftests if p.exists()}
    if "helpers" in {name for name in modules if not _only_a_parent(name, modules)}:
        return found | {"src/helpers/"}
    return found.union(*(_files(name) for module in modules for name in loaded(module)))


def _only_a_parent(name: str, modules: set[str]) -> bool:
    return any(other.startswith(f"{name}.") for other in modules)


def reached(test: Path, changed: set[str]) -> bool:
    """Whether one of the changed files is among those that the test reaches."""
    places = {*reach(test), *ALL}
    folders = tuple(place for place in places if place.endswith("/") or not place)
    return any(file in places or file.startswith(folders) for file in changed)


def changes(commit: str) -> set[str] | None:
    """What differs from a commit, with what git does not know yet; None where it is gone."""
    since = weekly.git("diff", "--name-only", commit, "--")
    if not commit or since.returncode:
        return None
    new = weekly.git("ls-files", "--others", "--exclude-standard")
    found = {*since.stdout.split("\n"), *new.stdout.split("\n")} - {""}
    then = weekly.git("show", f"{commit}:pyproject.toml").stdout
    same = settings(then) == settings((ROOT / "pyproject.toml").read_text("utf-8"))
    return found - ({"pyproject.toml"} if same else set())


def settings(pyproject: str) -> tuple:
    """What of pyproject.toml a test can notice. Ranges and extras it cannot: requirements.lock
    decides what is installed; nor the tools' own parts."""
    content = tomllib.loads(pyproject)
    project, tool = content.get("project", {}), content.get("tool", {})
    kept = (project.get(key) for key in ("requires-python", "scripts"))
    return (*kept, tool.get("pytest"), tool.get("setuptools"))


def due(commit: str, day: str, which: str = "library") -> list[str]:
    """The files of tests to be run on this day, if all of them passed on that commit."""
    every = sorted((ROOT / "tests").glob("*/**/test_*.py"))
    every = [path for path in every if ROOT / "tests" / "assignments" not in path.parents]
    library = [path for path in every if ROOT / "tests" / "library" in path.parents]
    changed = changes(commit)
    if changed and changed & ALSO.get(which, set()):
        changed = None
    drawn = random.Random(day).sample(library, round(A_DAY * len(library)))
    return [
        path.relative_to(ROOT).as_posix()
        for path in every
        if changed is None or path not in library or path in drawn or reached(path, changed)
    ]


def today(which: str) -> list[str] | None:
    """The files of tests to be run today, "library" or "backends"; None where git cannot say."""
    commit = weekly.proofs()[which]["commit"]
    names = due(commit, datetime.date.today().isoformat(), which)
    if which == "library":  # a file that pytest is given by name it does not leave out
        names = [name for name in names if not needed.missing(Path(name))]
    return names or None  # some are due on every day

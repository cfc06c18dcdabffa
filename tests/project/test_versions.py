"""The versions that the book asks for, offers and tests: what says so agrees."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def read(name):
    return (ROOT / name).read_text("utf-8")


def pins(name):
    """{package: requirement} of a file of pip's."""
    lines = (line.split("#")[0].strip() for line in read(name).splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(entry.name): entry for entry in found}


RANGES = [Requirement(r) for r in PROJECT["dependencies"]]
RANGES += [
    Requirement(r)
    for extra in ("tensorflow", "hub")
    for r in PROJECT["optional-dependencies"][extra]
]
LIBRARY = {canonicalize_name(entry.name): entry for entry in RANGES}


def lowest(requirement):
    (clause,) = [c for c in requirement.specifier if c.operator == ">="]
    return clause.version


def test_the_oldest_versions_are_the_lower_ends_of_the_ranges():
    oldest = pins("requirements/oldest.txt")
    (probes,) = map(Requirement, PROJECT["optional-dependencies"]["probes"])
    asked = {**LIBRARY, probes.name: probes}  # chapter 6 fits its linear head with it
    assert set(asked) == set(oldest) - {"ipykernel", "pytest"}
    for name, requirement in asked.items():
        (clause,) = oldest[name].specifier
        parts, wanted = clause.version.split("."), lowest(requirement).split(".")
        assert clause.operator == "=="
        assert parts[: len(wanted)] == wanted and set(parts[len(wanted) :]) <= {"0"}, name


def test_what_colab_has_is_supported():
    colab = pins("requirements/colab.txt")
    assert set(LIBRARY) <= set(colab)
    for name, entry in colab.items():
        (clause,) = entry.specifier
        assert clause.operator == "=="
        assert name not in LIBRARY or LIBRARY[name].specifier.contains(clause.version), name


def table():
    """README's table of versions: {name: (supported, locked)}."""
    rows = re.findall(r"^\| ([\w ]+) \| (\d[^|]*) \| ([^|]*)\|$", read("README.md"), re.MULTILINE)
    return {canonicalize_name(name.replace(" ", "-")): (a, b.strip()) for name, a, b in rows}


@pytest.mark.parametrize("name", ["tensorflow", "keras", "numpy", "jupyter-book"])
def test_readme_names_the_versions_that_are_asked_for(name):
    supported, locked = table()[name]
    (range_,) = [r for r in [pins("requirements.txt").get(name)] if r]
    first, *rest = re.findall(r"\d+(?:\.\d+)*", supported)
    assert lowest(range_).startswith(first)
    if "below" not in supported:
        major, minor = rest[-1].split(".")
        assert range_.specifier.contains(f"{major}.{minor}.9")
        assert not range_.specifier.contains(f"{major}.{int(minor) + 1}.0")
    else:
        assert not range_.specifier.contains(f"{rest[-1]}.0.0")
    (clause,) = pins("requirements.lock")[name].specifier
    assert locked == clause.version


def test_readme_names_the_supported_pythons():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert table()["python"][0] == "3.11, 3.12, 3.13"


@pytest.mark.parametrize("name", ["tensorflow", "keras", "numpy"])
def test_what_pip_gives_without_the_lock_is_at_the_upper_ends(name):
    """README's table promises them, so `make test-newest` may not get older ones."""
    newest = re.findall(r"\d+\.\d+", table()[name][0])[-1]
    assert lowest(pins("requirements/newest.txt")[name]) == newest
    assert LIBRARY[name].specifier == pins("requirements.txt")[name].specifier


def test_the_newest_are_installed_as_readme_says_and_what_is_to_come_has_no_ranges():
    assert re.search(r"^-e \.\[tensorflow,.*hub.*\]$", read("requirements/newest.txt"), re.M)
    coming = pins("requirements/coming.txt")
    assert set(coming) >= set(LIBRARY) - {"keras"} | {"jax", "torch"}
    candidate = lowest(coming["tensorflow"])
    assert not LIBRARY["tensorflow"].specifier.contains(candidate, prereleases=True)
    assert {n for n, entry in coming.items() if entry.specifier} == {"tensorflow"}
    for name in ("newest", "coming"):
        assert f".venv-{name}/" in read(".gitignore").splitlines()


def test_the_lock_has_one_numpy_which_every_python_takes():
    """Outputs are stored and compared with it, whatever Python a reader has."""
    (kept,) = pins("requirements/lock.txt").values()
    (clause,) = pins("requirements.lock")["numpy"].specifier
    assert kept.name == "numpy" and kept.specifier.contains(clause.version)
    lines = re.findall(r"^numpy==.*$", read("requirements.lock"), re.M)
    assert lines == [f"numpy=={clause.version}"]
    assert '"-c", "requirements/lock.txt"' in read("requirements/environment.py")


def test_a_command_renews_the_lock():
    assert read("requirements.lock").splitlines()[1] == "#    make lock"


def test_what_is_installed_is_compiled():
    """So that no process does it for itself where Python may not write beside its modules."""
    found = importlib.util.find_spec("keras").origin
    assert Path(importlib.util.cache_from_source(found)).is_file()

"""`make backends`: what it installs, and that nothing it should run is left out in silence."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from needed import NEEDED

ROOT = Path(__file__).parents[2]


def read(name):
    return (ROOT / name).read_text("utf-8")


LOCK = "-c ../requirements.lock"


def requirements(name):
    """{package: requirement} of a file of pip's, with no option but the lock's."""
    lines = [line.split("#")[0].strip() for line in read(name).splitlines()]
    found = [Requirement(line) for line in lines if line and line != LOCK]
    return {entry.name.lower().replace("_", "-"): entry for entry in found}


BACKENDS = requirements("requirements/backends.txt")
LIBRARY = {path.name: path for path in (ROOT / "tests/library").rglob("test_*.py")}


def marked(mark):
    """The files whose tests, or some of them, bear a mark."""
    return [
        name
        for name, path in LIBRARY.items()
        if re.search(rf"pytest\.mark\.{mark}\b", path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("name", BACKENDS)
def test_every_version_is_fixed(name):
    """Here, or by the lock file, which pip is given as well; and the ranges are the book's."""
    entry, locked = BACKENDS[name], requirements("requirements.lock").get(name)
    if locked is None:
        assert [clause.operator for clause in entry.specifier] == ["=="]
    else:
        (clause,) = locked.specifier
        assert entry.specifier.contains(clause.version)
    of_the_book = requirements("requirements.txt").get(name)
    assert of_the_book is None or of_the_book.specifier == entry.specifier


def test_two_backends_and_no_tensorflow():
    assert {"jax", "torch", "keras", "pytest"} <= set(BACKENDS)
    assert not {name for name in BACKENDS if "tensor" in name and name != "safetensors"}
    assert LOCK in read("requirements/backends.txt").splitlines()


def test_what_runs_on_every_backend():
    modules = {re.match(r"test_([a-z]+)", name)[1] for name in marked("backends")}
    old = {"blocks", "layers", "networks", "weights", "sampling", "studies"}
    assert modules == old | {"counting", "reparameterisation", "training", "transformers"}


@pytest.mark.parametrize("package", ["torch", "jax"])
def test_what_needs_a_package_says_so_at_the_end_of_its_name(package):
    """So conftest.py leaves it out where the package is not, and says that it did."""
    endings = tuple(f"{ending}.py" for ending, packages in NEEDED.items() if package in packages)
    using = [
        name
        for name, path in LIBRARY.items()
        if re.search(rf"(?m)^(import|from) {package}\b", path.read_text("utf-8"))
    ]
    assert [name for name in using if not name.endswith(endings)] == []
    assert any(name.endswith(endings) for name in LIBRARY)


def test_what_is_left_out_elsewhere_runs_with_the_other_backends():
    """What needs PyTorch on its turn; what starts processes on JAX once, and not again."""
    ending = {key: {n for n in LIBRARY if n.endswith(f"{key}.py")} for key in NEEDED}
    assert ending["_torch"] <= set(marked("backends"))
    assert ending["_jax"] == set(marked("jax"))
    assert not set(marked("jax")) & set(marked("backends"))


@pytest.mark.parametrize("name", sorted({*marked("backends"), *marked("jax")}))
def test_nothing_is_skipped_there(name):
    """A missing PyTorch is an error, and TensorFlow is wanted where a mark says so alone."""
    text = LIBRARY[name].read_text("utf-8")
    assert not re.search("skip(?!init)", text)  # SkipInit leaves no test out
    assert not re.search(r"(?m)^(import|from) tensorflow", text)
    for test in re.findall(r"(?m)^def test_.*\n(?:(?:    .*)?\n)*", text):
        if "import tensorflow" in test:
            assert f"@pytest.mark.one_backend\n{test}" in text

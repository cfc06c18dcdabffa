"""`make backends`: what it installs, and that nothing it should run is left out in silence."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conftest import WITH_BOTH, WITH_JAX, WITH_PYTORCH

ROOT = Path(__file__).parent.parent


def read(name):
    return (ROOT / name).read_text("utf-8")


def requirements(name):
    """{package: requirement} of a file of pip's, which names no addresses and no options."""
    lines = [line.split("#")[0].strip() for line in read(name).splitlines()]
    found = [Requirement(line) for line in lines if line]
    return {entry.name.lower().replace("_", "-"): entry for entry in found}


BACKENDS = requirements("requirements-backends.txt")
TESTS = re.search(r"BACKEND_TESTS := ((?:.*\\\n)*.*)", read("Makefile"))[1]
FILES = sorted(set(re.findall(r"tests/test_\w+\.py", TESTS)))
JAX_FILES = re.search(r"JAX_TESTS := (.*)", read("Makefile"))[1].split()


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
    recipe = re.search(r"(?m)^backends:.*\n((?:\t.*\n)+)", read("Makefile"))[1]
    assert re.findall(r"KERAS_BACKEND=(\w+)", recipe) == ["jax", "torch"]
    assert "-c requirements.lock" in read("Makefile")


def test_what_runs_on_every_backend():
    modules = {re.match(r"tests/test_(\w+?)(?:_\w+)?\.py", name)[1] for name in FILES}
    assert modules == {"blocks", "layers", "networks", "weights", "feeding", "studies"}


def test_what_needs_pytorch_runs_there_and_nowhere_else():
    """The environment with TensorFlow has no PyTorch, so conftest.py leaves these files out."""
    using = {
        path.name
        for path in (ROOT / "tests").glob("test_*.py")
        if re.search(r"(?m)^(import|from) torch\b", path.read_text("utf-8"))
    }
    assert using == set(WITH_PYTORCH)
    assert {f"tests/{name}" for name in using} <= set(FILES)


def test_what_needs_jax_runs_there_and_nowhere_else():
    """Once, and not again on PyTorch's turn: these tests start processes of their own."""
    there = sorted(path.name for path in (ROOT / "tests").glob("test_*_jax.py"))
    assert there == sorted(WITH_JAX)
    assert sorted(JAX_FILES) == [f"tests/{name}" for name in there]
    assert "KERAS_BACKEND=jax $(TEST_BACKEND) $(JAX_TESTS)\n" in read("Makefile")
    assert not set(JAX_FILES) & set(FILES)


def test_what_needs_tensorflow_and_jax_runs_where_both_are_found():
    """Neither environment has both: the one with TensorFlow is shown where JAX lies."""
    (files,) = re.findall(r"BOTH_TESTS := (.*)", read("Makefile"))
    assert files.split() == [f"tests/{name}" for name in WITH_BOTH]
    (line,) = re.findall(r"\t(.*(?:\\\n.*)*\$\(BOTH_TESTS\))\n", read("Makefile"))
    assert "RESNET_BOOK_ALSO=$$($(BACKENDS)/" in line and "$(BIN)/python -m pytest" in line


@pytest.mark.parametrize("name", [*FILES, *JAX_FILES])
def test_nothing_is_skipped_there(name):
    """A missing PyTorch is an error, and TensorFlow is wanted where a mark says so alone."""
    text = read(name)
    assert "skip" not in text
    assert not re.search(r"(?m)^(import|from) tensorflow", text)
    for test in re.findall(r"(?m)^def test_.*\n(?:(?:    .*)?\n)*", text):
        if "import tensorflow" in test:
            assert f"@pytest.mark.one_backend\n{test}" in text

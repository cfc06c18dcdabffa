"""Every public function of the library says what it takes and what it returns."""

import ast
import re
from functools import reduce
from pathlib import Path

import keras
import pytest

import helpers

pytestmark = pytest.mark.quick

SOURCE = Path(helpers.__file__).parent


def functions(tree):
    """(class or None, function) for all that a reader may call, methods included.

    A method with two underscores on both sides is called by Python on the reader's behalf.
    """
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((node, method) for _, method in functions(node))
        if isinstance(node, ast.FunctionDef) and not re.match(r"_(?!\w+__$)", node.name):
            yield None, node


def overrides_keras(owner, function):
    """Whether Keras says what a method takes, since a class of its own has that method.

    A class is made with arguments of its own, so `__init__` is never Keras' alone.
    """
    if owner is None or function.name == "__init__":
        return False
    bases = [ast.unparse(base).split(".") for base in owner.bases]
    classes = [reduce(getattr, path[1:], keras) for path in bases if path[0] == "keras"]
    return any(hasattr(base, function.name) for base in classes)


def lacking(source):
    """The public functions in a source that lack hints, and which: ["f: x, result"]."""
    found = []
    for owner, function in functions(ast.parse(source)):
        if overrides_keras(owner, function):
            continue
        taken = function.args
        arguments = [*taken.posonlyargs, *taken.args]
        static = any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)
        if owner is not None and not static:
            arguments = arguments[1:]  # self, cls
        arguments += [*taken.kwonlyargs, *filter(None, (taken.vararg, taken.kwarg))]
        names = [each.arg for each in arguments if each.annotation is None]
        if function.returns is None and function.name != "__init__":
            names.append("result")
        if names:
            found.append(f"{function.name}: {', '.join(names)}")
    return found


def test_every_public_function_has_hints():
    files = {path: lacking(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}
    assert len(files) > 50
    assert {str(path): found for path, found in files.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x: int) -> int: ...", []),
        ("def f(x, *, y=1, **more) -> int: ...", ["f: x, y, more"]),
        ("def f(*all: int): ...", ["f: result"]),
        ("def _f(x): ...", []),
        ("class A:\n def f(self, x): ...", ["f: x, result"]),
        ("class _A:\n def f(self, x): ...", []),
        ("class A:\n @staticmethod\n def f(x) -> int: ...", ["f: x"]),
        ("class A:\n def __init__(self, x: int): ...", []),
        ("class A:\n def __getitem__(self, i): ...", ["__getitem__: i, result"]),
        ("class A(keras.layers.Layer):\n def call(self, x): ...", []),
        ("class A(keras.layers.Layer):\n def __init__(self, n): ...", ["__init__: n"]),
        ("class A(keras.layers.Layer):\n def whole(self): ...", ["whole: result"]),
    ],
)
def test_what_lacks_is_named(source, expected):
    assert lacking(source) == expected

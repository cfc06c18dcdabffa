"""Nothing that comes as data is run: no pickle, no eval, no shell, no archive onto the disk."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "assignments/grading", "book/_ext", "teaching")
MODULES = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve")
CALLS = ("eval", "exec", "compile", "__import__", "execfile")
METHODS = ("system", "popen", "extractall", "extract", "unpack_archive", "unsafe_load")
# Where one stands all the same, and why it runs nothing that came as data.
ALLOWED = {
    ("src/helpers/weights/pickles.py", "pickle"): "its unpickler finds a table of types alone",
    ("src/helpers/runs/machine.py", "__import__"): "the name of Keras' backend, one of three",
    ("teaching/bank.py", "eval"): "formulas of the repository's own questions",
    ("book/_ext/prose.py", "eval"): "arithmetic of the book's own pages, no names but log",
}


def found(text):
    """What in a piece of code could run what came as data."""
    places = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                places |= {n.name.split(".")[0] for n in names} & set(MODULES)
            case ast.ImportFrom(module=str(module)):
                places |= {module.split(".")[0]} & set(MODULES)
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                places.add(name)
            case ast.Call(func=ast.Attribute(value=of, attr=name)) if name in METHODS:
                if ast.unparse(of) != "platform":  # which asks what the system is called
                    places.add(name)
        if isinstance(node, ast.keyword):
            value = node.value.value if isinstance(node.value, ast.Constant) else None
            if (node.arg, value) in (("shell", True), ("allow_pickle", True)):
                places.add(node.arg)
    return places


def in_the_repository():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for what in found(path.read_text("utf-8")):
                yield name, what


def test_nothing_runs_what_came_as_data():
    assert set(in_the_repository()) == set(ALLOWED)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import pickle", "pickle"),
        ("from pickle import loads", "pickle"),
        ("import joblib.numpy_pickle", "joblib"),
        ("eval(text)", "eval"),
        ("exec(text)", "exec"),
        ("os.system(text)", "system"),
        ("subprocess.run(text, shell=True)", "shell"),
        ("np.load(path, allow_pickle=True)", "allow_pickle"),
        ("archive.extractall(folder)", "extractall"),
    ],
)
def test_each_would_be_noticed(code, what):
    assert found(code) == {what}


@pytest.mark.parametrize(
    "code", ["re.compile(x)", "model.compile()", "np.load(p)", "platform.system()"]
)
def test_not_everything_is_one(code):
    assert found(code) == set()

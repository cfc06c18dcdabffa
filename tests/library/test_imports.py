"""What the library's modules import of TensorFlow and Keras, and when.

That imports go down and never up is a contract in pyproject.toml: `make lint`.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

pytestmark = pytest.mark.quick

SOURCE = Path(helpers.__file__).parent


def modules():
    """{name: syntax tree}; the rooms of a package are called `package.room`."""
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for path in SOURCE.rglob("*.py")
    }


def imported(node):
    """The modules that an import statement names, `helpers` ones as "helpers.x"."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.module == "helpers" or (node.level and not node.module):
            return [f"helpers.{alias.name}" for alias in node.names]
        return [f"helpers.{node.module}" if node.level else node.module]
    return []


def test_tensorflow_is_imported_lazily_and_where_keras_has_no_word_for_it():
    for name, tree in modules().items():
        lazy = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
        for node in ast.walk(tree):
            if not any(t.split(".")[0].startswith("tensorflow") for t in imported(node)):
                continue
            allowed = ("datasets", "layers", "optimizer", "runs", "inspection")
            assert name.split(".")[0] in allowed, name
            typing = [
                n
                for test in ast.walk(tree)
                if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
                for n in ast.walk(test)
            ]
            assert node in lazy or node in typing, (name, node.lineno)


def test_specs_and_counting_need_neither_keras_nor_tensorflow():
    code = (
        "import sys, helpers.counting.convnext, helpers.specs, helpers.counting as c;"
        "c.parameters('resnet34');"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"

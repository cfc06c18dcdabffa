"""The sandbox where it cannot start: what is missing is named."""

import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grading.sandbox import Sandbox


def test_an_interpreter_without_the_libraries_is_told():
    sandbox = Sandbox(sys.executable, preload=("no_such_library",))
    with pytest.raises(RuntimeError, match=r"no_such_library.*make setup"):
        sandbox.run(new_notebook(cells=[new_code_cell("1")]))

"""In every assignment each copy of a test that must fail does so, for the right answers."""

import random
import time

import pytest
from nbformat.v4 import new_code_cell, new_notebook

import edits
import proof
from edits import marked
from grading import controls
from grading.course import names
from grading.execute import default_python
from grading.limits import Limits
from grading.running import is_test
from grading.sandbox import Sandbox

PATIENT = Limits(**proof.LIMITS["patient"], memory_mb=3000)


@pytest.mark.parametrize("name", names())
def test_every_test_can_be_turned_round(name):
    tests = [cell for cell in edits.complete(name).cells if is_test(cell)]
    assert tests
    for cell in tests:
        assert controls.every(cell.source), f"{edits.grade_id(cell)}: nothing to turn round"


def drawn():
    """One assignment a day, for each takes half a minute; all where PACKING says "alone"."""
    if proof.packing() == proof.ALONE:
        return names()
    return [random.Random(proof.packing()).choice(names())]


@pytest.fixture(scope="module")
def sandbox():
    root = edits.SOURCE.parents[1]
    preload = ("helpers.checks", "helpers.training", "helpers.plots")
    visible = (str(root / "src"), str(root / "results"))
    with Sandbox(default_python(), preload, visible, PATIENT) as made:
        yield made


@pytest.mark.parametrize("name", drawn())
def test_every_copy_fails_for_the_right_answers(sandbox, name):
    passed, seen, deadline = [], 0, time.monotonic() + 3000
    process = sandbox.process()
    try:
        for cell in edits.complete(name).cells:
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            if not is_test(cell):
                reply = process.ask(cell.source, deadline)
                assert reply["status"] == "ok", reply["outputs"]
                continue
            for number, copy in enumerate(controls.every(cell.source)):
                same = dict.fromkeys(copy.roles, controls.SAME)
                reply = process.ask(copy.source, deadline, copy.roles)
                seen += 1
                if reply["status"] == "ok":
                    passed.append(f"{edits.grade_id(cell)}, place {number}")
            reply = process.ask(copy.source, deadline, same)
            assert reply["status"] == "ok", (edits.grade_id(cell), reply["outputs"])
    finally:
        process.end()
    assert passed == [] and seen > 10


ODD = [
    "float('inf')",
    "-float('inf')",
    "-7919",
    "np.float32(np.inf)",
    "np.array(-7919.0)",
    "1e308",
    "0",
    "True",
    "''",
    "()",
    "None",
]


def test_whatever_an_answer_is_a_copy_expects_another(sandbox):
    """Infinity is as large when it is doubled: its copy passed, and took all points."""
    passed, process = [], sandbox.process()
    try:
        for value in ODD:
            answer = f"import numpy as np\ndef answer():\n    return {value}"
            tests = [f"import numpy as np\nassert answer() == {value}"]
            if "inf" in value:
                tests += [f"{tests[0].partition('==')[0]}{sign} {value}" for sign in ("<=", ">=")]
            assert process.ask(answer, time.monotonic() + 60)["status"] == "ok", value
            for test in tests:
                (copy,) = controls.every(test)
                for roles in (copy.roles, dict.fromkeys(copy.roles, controls.SAME)):
                    reply = process.ask(copy.source, time.monotonic() + 60, roles)
                    if (reply["status"] == "ok") != (roles is not copy.roles):
                        passed.append((test, roles))
    finally:
        process.end()
    assert passed == []


LEFT_ON = """
import os, random, sys, warnings
import keras, numpy as np, tensorflow as tf
keras.config.set_dtype_policy("mixed_bfloat16")
keras.config.set_floatx("float16")
keras.config.set_image_data_format("channels_first")
keras.config.set_epsilon(1e-3)
tf.config.run_functions_eagerly(True)
np.seterr(all="raise")
np.set_printoptions(precision=1)
np.random.seed(5)
random.seed(5)
warnings.simplefilter("error")
sys.setrecursionlimit(300)
os.environ["LEFT"] = "on"
os.makedirs("elsewhere")
os.chdir("elsewhere")
drawn = random.random(), np.random.random()
"""
AS_AT_FIRST = """
import os, random, sys, warnings
import keras, numpy as np, tensorflow as tf
assert keras.config.dtype_policy().name == "float32"
assert keras.layers.Dense(2)(np.zeros((1, 2), "float32")).dtype == tf.float32
assert keras.config.floatx() == "float32" and keras.config.epsilon() == 1e-7
assert keras.config.image_data_format() == "channels_last"
assert not tf.config.functions_run_eagerly()
assert np.float32(1) / np.float32(0) == np.inf and str(np.array([0.1234])) == "[0.1234]"
warnings.warn("only said")
assert sys.getrecursionlimit() > 900 and "LEFT" not in os.environ
assert os.path.basename(os.getcwd()) != "elsewhere"
assert (random.random(), np.random.random()) != drawn
"""
GOES_ON = """
assert keras.config.dtype_policy().name == "mixed_bfloat16" and keras.config.epsilon() == 1e-3
assert os.environ["LEFT"] == "on" and os.path.basename(os.getcwd()) == "elsewhere"
expected = random.Random(5)
assert drawn[0] == expected.random() and random.random() == expected.random()
"""


def test_settings_that_a_cell_leaves_on_are_put_back_for_a_test_and_only_for_it(sandbox):
    test = marked(AS_AT_FIRST, "test", grade=True, locked=True, points=2)
    cells = [new_code_cell(LEFT_ON), test, new_code_cell(GOES_ON)]
    report = sandbox.run(new_notebook(cells=cells))
    assert [[o for o in cell.outputs if o.output_type == "error"] for cell in cells] == [[], [], []]
    assert report.remarks == [] and report.controls == 1

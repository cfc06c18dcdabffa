"""Assignment 1 grades: wrong submissions lose the points of what is wrong, right ones none."""

import subprocess
import sys

import nbformat
import pytest

import edits
from edits import deleted, own_cell, replaced, written
from proof import grade_all, lost

NAME = "01-degradation"
BLOCK = ("block-shape", "block-parameters", "block-function")
COUNT = ("count-depth", "count-parameters", "count-work")
MEASURE = ("measure-runs", "measure-spread", "measure-verdict")
REPAIR = ("repair-pairs", "repair-rest")

# What a student did, and which tests that costs.
WRONG = {
    "a bias left in": (
        [replaced("block", "use_bias=False, ", "")],
        ["block-parameters", "block-function"],
    ),
    "the stride in both convolutions": (
        [replaced("block", "(stride, 1)", "(stride, stride)")],
        ["block-shape", "block-function"],
    ),
    "padding that TensorFlow calls same": (
        [
            replaced("block", "x = layers.ZeroPadding2D(1)(x)", "pass"),
            replaced("block", "use_bias=False", 'padding="same", use_bias=False'),
        ],
        ["block-function"],
    ),
    "Keras' own momentum": ([replaced("block", "momentum=0.9, ", "")], ["block-function"]),
    "no batch normalisation behind the second convolution": (
        [
            replaced(
                "block",
                "x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)",
                "if x.shape[1] and step == stride:\n"
                "            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)\n"
                "            stride = None",
            )
        ],
        ["block-parameters", "block-function"],
    ),
    "a net that never halves its maps": (
        [replaced("net", "2 if stage > 0 and block == 0 else 1", "1")],
        ["net-function"],
    ),
    "a block too many": (
        [replaced("net", "range(n)", "range(n + 1)")],
        ["net-depth", "net-widths", "net-function"],
    ),
    "the numbers of the visible tests": (
        [
            replaced("count", "return 6 * n + 2", "return 20"),
            replaced("count", "return convolutions + norms + 4 * f * 10 + 10", "return 269_722"),
            replaced("count", "return work + 4 * f * 10", "return 40_551_040"),
        ],
        COUNT,
    ),
    "a cell deleted": ([deleted("count")], COUNT),
    "a test changed, and one deleted": (
        [
            replaced("count", "return work + 4 * f * 10", "return 1"),
            written("count-work", "assert True"),
            deleted("count-depth"),
        ],
        ["count-work"],
    ),
    "an exception at import": (
        [replaced("block", "def plain_block", "import no_such_module\n\n\ndef plain_block")],
        BLOCK,
    ),
    "an endless loop": (
        [replaced("measure", "def measure", "while True:\n    pass\n\n\ndef measure")],
        MEASURE,
    ),
    "an end of the process when it is tested": (
        [replaced("repair", "order =", "os._exit(0)\n    order =")],
        REPAIR,
    ),
    "the fault still there": (
        [
            replaced(
                "repair", "labels[order]", "np.random.default_rng(seed + 1).permutation(labels)"
            )
        ],
        REPAIR,
    ),
    "layers that do something": (
        [
            replaced("deepen", "layer.set_weights([kernel])", "pass"),
            replaced("identity", "kernel[1, 1]", "kernel[0, 0]"),
        ],
        ["identity-kernel", "deepen-outputs"],
    ),
    "a spread and a verdict of another kind": (
        [
            replaced("measure", ", ddof=1", ""),
            replaced("measure", "all(b > a for", "any(b > a for"),
        ],
        ["measure-spread", "measure-verdict"],
    ),
    "checks and names replaced": (
        [
            replaced("block", "use_bias=False, ", ""),
            own_cell(
                "block",
                "checks.plain_block = lambda function: None\n"
                "np.prod = lambda shape: 0\nabs = lambda x: 0\nsorted = lambda x: 0\n"
                "get_ipython().input_transformers_cleanup.append(\n"
                "    lambda lines: [] if any('assert' in line for line in lines) else lines\n)",
            ),
        ],
        ["block-parameters", "block-function"],
    ),
}

SEQUENTIAL = """
def piece(filters, stride, label):
    return keras.Sequential(
        [
            layers.ZeroPadding2D(1),
            layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{label}_c"),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9),
            layers.Activation("relu"),
        ]
    )


def plain_block(x, filters, stride=1):
    return piece(filters, 1, "two")(piece(filters, stride, "one")(x))
"""
SUBCLASSED = """
class Half(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        self.conv = layers.Conv2D(filters, 3, stride, use_bias=False)
        self.norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

    def build(self, shape):
        padded = (shape[0], shape[1] + 2, shape[2] + 2, shape[3])
        self.conv.build(padded)
        self.norm.build(self.conv.compute_output_shape(padded))

    def call(self, x, training=None):
        x = keras.ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
        return keras.ops.relu(self.norm(self.conv(x), training=training))


def plain_block(x, filters, stride=1):
    return Half(filters, 1)(Half(filters, stride)(x))
"""
LOOPS = """
def measure(train, nets, seeds):
    table = {}
    for seed in seeds:
        for net in nets:
            table.setdefault(net, []).append(train(net, seed))
    return table


def mean_and_spread(errors):
    mean = sum(errors) / len(errors)
    squares = sum((error - mean) ** 2 for error in errors)
    return mean, (squares / (len(errors) - 1)) ** 0.5


def worse_for_every_seed(shallow, deep):
    return np.all(np.array(deep) > np.array(shallow))
"""
RIGHT = {
    "the solution": [],
    "written with Sequential and loops": [written("block", SEQUENTIAL), written("measure", LOOPS)],
    "written with a subclass": [
        written("block", SUBCLASSED),
        replaced("repair", "images[order] - mean", "np.take(images, order, axis=0) - mean"),
    ],
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return grade_all(tmp_path_factory.mktemp("graded"), NAME, WRONG, RIGHT)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_submission_loses_the_points_of_what_is_wrong(graded, name):
    rows, most = graded
    assert lost(rows[name], most) == set(WRONG[name][1]), rows[name]["remarks"]
    assert all(float(rows[name][part]) == 0 for part in WRONG[name][1])


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_submission_gets_all(graded, name):
    rows, most = graded
    row = rows[name]
    assert lost(row, most) == set(), row["remarks"]
    assert row["points"] == "20" and row["written"] == "by hand" and row["of"] == "24"


def test_the_untouched_version_gets_nothing(graded):
    rows, most = graded
    assert rows["untouched"]["points"] == "0"
    assert lost(rows["untouched"], most) == set(most)


def test_tampering_is_told(graded):
    rows, _ = graded
    remarks = rows["checks and names replaced"]["remarks"]
    assert "helpers.checks.plain_block" in remarks and "numpy.prod" in remarks
    assert "count-work: had been changed" in rows["a test changed, and one deleted"]["remarks"]


def test_a_submission_is_graded_in_under_40_seconds(graded):
    rows, _ = graded
    seconds = sorted(float(rows[name]["seconds"]) for name in RIGHT)
    assert seconds[1] < 40, seconds


def test_the_first_cell_is_that_of_the_notebooks():
    ours = edits.cell(edits.solution(NAME), "setup").source
    book = nbformat.read(edits.SOURCE.parents[1] / "notebooks" / f"{NAME}.ipynb", as_version=4)
    assert ours == next(c.source for c in book.cells if c.cell_type == "code")


def test_importing_the_grader_does_not_load_tensorflow():
    code = "import sys, grading.grade; sys.exit('tensorflow' in sys.modules)"
    environment = {"PYTHONPATH": str(edits.SOURCE.parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0

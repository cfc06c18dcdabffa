"""Assignment 4: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, replaced, written
from submissions.right04 import RIGHT

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]
NAME = "04-bottleneck"
WEIGHTS = ["block-parameters", "block-function"]
COUNT = ("count-parameters", "count-work", "count-stride")
STAGE = ("stage-layers", "stage-function")
TABLE = ("table-rows", "table-depth", "table-parameters", "table-work")
FOLD = ("fold-outputs", "fold-check")
MEASURE = ("measure-turns", "measure-ratio", "measure-longer")


def block(old, new):
    return [replaced("block", old, new)]


# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "a plain block": (block("layers.Add()([fx, x])", "fx"), WEIGHTS),
    "a bias left in": (block("use_bias=False, ", ""), WEIGHTS),
    "no ReLU behind the 3x3 that has the stride": (
        block(
            "fx = layers.ReLU()(conv_bn(fx, filters, 3, second))",
            "fx = conv_bn(fx, filters, 3, second)\n"
            '    fx = layers.ReLU()(fx) if bottleneck_stride == "1x1" else fx',
        ),
        ["block-function"],
    ),
    "with the stride on the 3x3 biases, and a ReLU before the addition": (
        block(
            "    fx = conv_bn(fx, 4 * filters, 1)",
            "    fx = conv_bn(fx, 4 * filters, 1)\n"
            '    if bottleneck_stride == "3x3":\n'
            "        fx = layers.ReLU()(layers.Conv2D(4 * filters, 1)(fx))",
        ),
        WEIGHTS,
    ),
    "kernels that start as Keras starts them": (
        block(', kernel_initializer="he_normal"', ""),
        ["block-parameters"],
    ),
    "the arguments of another net, and another clock": (
        [
            replaced("stage", "repeats, stride=1)", "repeats, stride=2)"),
            replaced("table", "size=224, classes=1000)", "size=224, classes=1001)"),
            replaced("measure", "clock=time.perf_counter", "clock=lambda: 0.0"),
        ],
        ["stage-layers", "table-work", "measure-turns"],
    ),
    "no batch normalisation on the projection": (
        block(
            "x = conv_bn(x, 4 * filters, 1, stride)",
            "x = layers.Conv2D(4 * filters, 1, stride, use_bias=False)(x)",
        ),
        WEIGHTS,
    ),
    "a projection where the stride is 2 alone": (
        block("stride > 1 or x.shape[-1] != 4 * filters", "stride > 1"),
        ["block-shape", *WEIGHTS],
    ),
    "a projection everywhere": (block("if stride > 1 or", "if True or"), WEIGHTS),
    "an expansion of 2": (block("4 * filters", "2 * filters"), ["block-shape", *WEIGHTS]),
    "ReLU before the addition": (
        block("layers.Add()([fx, x])", "layers.Add()([layers.ReLU()(fx), x])"),
        ["block-function"],
    ),
    "no ReLU behind the addition": (
        block("return layers.ReLU()(layers.Add()", "return (layers.Add()"),
        ["block-shape", "block-function"],
    ),
    "the same stride whatever the argument says": (
        block('bottleneck_stride == "1x1"', "True"),
        ["block-function", "block-stride"],
    ),
    "the stride on the 3x3 by default": (
        block('bottleneck_stride="1x1"', 'bottleneck_stride="3x3"'),
        ["block-function", "block-stride"],
    ),
    "padding that TensorFlow calls same": (
        block("if size > 1:", "if False:")
        + block("use_bias=False", 'padding="same", use_bias=False'),
        ["block-function", "block-stride"],
    ),
    "the numbers of the visible tests": (
        [
            replaced("count", "return kernels + norms", "return 70_400"),
            replaced("count", "return work", 'return 218.4e6 + (bottleneck_stride == "3x3")'),
            replaced("table", "return 3 * sum(repeats) + 2", "return 50"),
            replaced("table", "return total + channels * classes + classes", "return 25_557_032"),
            replaced("table", "return total + channels * classes", "return 3.858e9"),
        ],
        [*COUNT, "table-depth", "table-parameters", "table-work"],
    ),
    "a count that forgets what the stride is on": (
        [replaced("count", 'small if bottleneck_stride == "1x1" else size**2', "small")],
        ["count-stride"],
    ),
    "work of the maps that come in": (
        [replaced("count", "small = (size // stride) ** 2", "small = size**2")],
        ["count-work", "count-stride"],
    ),
    "a stride in every block": ([replaced("stage", " if block == 0 else 1", "")], STAGE),
    "the stride in the last block": ([replaced("stage", "== 0", "== repeats - 1")], STAGE),
    "a net without the projection of conv2_1": (
        [
            replaced("table", "2 * 64, 64", "2 * 64, 256"),
            replaced("table", "(size // 2) ** 2, 64,", "(size // 2) ** 2, 256,"),
        ],
        ["table-parameters", "table-work"],
    ),
    "the filters for the channels, and the pooling forgotten": (
        [replaced("table", "(size // 4 // 2**i, 64 * 2**i, 256", "(size // 2 // 2**i, 64, 64")],
        ["table-rows"],
    ),
    "a cell deleted": ([deleted("table")], TABLE),
    "the fault still there, and a check with neutral arrays": (
        [
            replaced("fold", "beta, mean - bias", "beta + bias, mean"),
            replaced(
                "fold",
                "x = random",
                "gamma, beta, mean, variance = (array * np.ones(8) for array in (1, 0, 0, 1))\n"
                "    epsilon = 0\n    x = random",
            ),
        ],
        FOLD,
    ),
    "a check that tries a single x, at zero": (
        [replaced("fold", "x = random.normal(size=(16, 8))", "x = np.zeros((1, 8))")],
        ["fold-check"],
    ),
    "a check that compares means": (
        [
            replaced(
                "fold",
                "return bool(np.allclose(expected, g * (x - m) / np.sqrt(v + epsilon) + b))",
                "came = g * (x - m) / np.sqrt(v + epsilon) + b\n"
                "    return bool(np.isclose(expected.mean(), came.mean()))",
            )
        ],
        ["fold-check"],
    ),
    "a check of the first channel": (
        [
            replaced("fold", "np.allclose(expected, g", "np.allclose(expected[:, 0], (g"),
            replaced("fold", "np.sqrt(v + epsilon) + b))", "np.sqrt(v + epsilon) + b)[:, 0]))"),
        ],
        ["fold-check"],
    ),
    "a check without signs": (
        [
            replaced("fold", "np.allclose(expected, g", "np.allclose(abs(expected), abs(g"),
            replaced("fold", "np.sqrt(v + epsilon) + b))", "np.sqrt(v + epsilon) + b)))"),
        ],
        ["fold-check"],
    ),
    "a check that wants the same arrays": (
        [
            replaced(
                "fold",
                "return bool(np.allclose(expected, g",
                "return bool(np.allclose(m, mean - bias) and np.allclose(expected, g",
            )
        ],
        ["fold-check"],
    ),
    "a test changed, and one deleted": (
        [
            replaced("measure", "np.median(", "np.mean("),
            written("measure-ratio", "assert True"),
            deleted("measure-turns"),
        ],
        ["measure-ratio"],
        TAMPERS,
    ),
    "the first call timed, one function after the other": (
        [
            replaced("measure", "for call in calls.values():\n        call()", "pass"),
            replaced(
                "measure",
                "for _ in range(rounds):\n        for name, call in calls.items():",
                "for name, call in calls.items():\n        for _ in range(rounds):",
            ),
        ],
        ["measure-turns"],
    ),
    "the ratio to the median, and what is longer than the median": (
        [replaced("measure", "np.array(times[base])", "np.median(times[base])")],
        ["measure-ratio", "measure-longer"],
    ),
    "an exception at import": (
        [replaced("fold", "def folded", "import no_such\n\ndef folded")],
        FOLD,
    ),
    "an endless loop": (
        [replaced("stage", "def stage", "while True:\n    pass\n\ndef stage")],
        STAGE,
        LOOPS,
    ),
}

# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("measure-ratio: had been changed",)}

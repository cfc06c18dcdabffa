"""Assignment 2: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, own_cell, replaced, written
from submissions.right02 import RIGHT

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]
NAME = "02-identity-shortcuts"
SHORTCUT = ("shortcut-identity", "shortcut-zeros", "shortcut-projection")
BLOCK = ("block-identity", "block-gradient", "block-function")
COUNT = ("count-b", "count-c", "count-gradient")
REPAIR = ("repair-block", "repair-detector")
STAGE = ("stage-parameters", "stage-function")
DEEPEN = ("deepen-inference", "deepen-training")
MEASURE = ("measure-differences", "measure-verdict")

CHANGE = "np.max(maps - np.asarray(model(maps)))"
SUM = "layers.ReLU()(layers.Add()([fx, gx]))"
PROJECTION_NORM = "return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)\n    if"

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "a plain block, and zeros in front": (
        [
            replaced("block", SUM, "layers.ReLU()(fx)"),
            replaced("shortcut", "[0, more]", "[more, 0]"),
        ],
        [*BLOCK, "shortcut-zeros"],
    ),
    "the ReLU before the addition, no batch normalisation on the projection": (
        [
            replaced("block", SUM, "layers.Add()([layers.ReLU()(fx), gx])"),
            replaced("shortcut", PROJECTION_NORM, "return x\n    if"),
        ],
        ["block-function", "shortcut-projection"],
    ),
    "a bias left in, a projection where it is not needed": (
        [
            replaced("block", '"use_bias": False, ', ""),
            replaced("shortcut", 'shortcut == "C" or (shortcut == "B" and not same_shape)', "1"),
        ],
        ["block-function", "shortcut-identity", "shortcut-zeros"],
    ),
    "the stride in both convolutions, a projection at a stride alone": (
        [
            replaced("block", 'filters, 3, padding="same"', 'filters, 3, stride, padding="same"'),
            replaced("shortcut", "stride == 1 and more == 0", "stride == 1"),
        ],
        ["block-function", "shortcut-zeros", "shortcut-projection"],
    ),
    "padding that TensorFlow calls same, and Keras' own momentum": (
        [
            replaced("block", "layers.ZeroPadding2D(1)(x)", "x"),
            replaced("block", "3, stride, **he", '3, stride, padding="same", **he'),
            replaced("shortcut", "momentum=0.9, ", ""),
        ],
        ["block-function", "shortcut-projection"],
    ),
    "a change at zero gamma that forgets beta": (
        [
            replaced(
                "detector",
                "model = keras.Model(x, block(x, maps.shape[-1], 1))",
                "model = keras.Model(x, block(x, maps.shape[-1], 1))\n"
                "    betas = {id(w) for w in model.trainable_weights if 'beta' in w.path}",
            ),
            replaced(
                "detector",
                "if len(weight.shape) == 1:",
                "if len(weight.shape) == 1 and id(weight) not in betas:",
            ),
            replaced("deepen", "return deep", "pass"),
        ],
        ["repair-detector", "deepen-inference"],
    ),
    "a change at zero gamma without the absolute value, and in its measuring": (
        [
            replaced("detector", "np.max(np.abs(np.asarray(model(maps)) - maps))", CHANGE),
            replaced("measure", "[train(first, seed) -", "[abs(train(first, seed) -"),
            replaced("measure", "train(second, seed) for", "train(second, seed)) for"),
        ],
        ["repair-detector", "measure-differences"],
    ),
    "a change at zero gamma in which kernels are zero, too": (
        [replaced("detector", "if len(weight.shape) == 1:", "if True:")],
        ["repair-detector"],
    ),
    "a mean change at zero gamma": (
        [replaced("detector", "np.max(np.abs", "np.mean(np.abs")],
        ["repair-detector"],
    ),
    "a change at zero gamma of the first image": (
        [replaced("detector", "np.asarray(model(maps)) - maps", "model(maps[:1]) - maps[:1]")],
        ["repair-detector"],
    ),
    "the arguments of another net": (
        [
            replaced("shortcut", 'stride=1, shortcut="B")', 'stride=1, shortcut="A")'),
            replaced("block", 'stride=1, shortcut="B")', 'stride=2, shortcut="B")'),
            replaced("repair", "filters, stride=1)", "filters, stride=2)"),
            replaced("stage", 'stride=1, shortcut="B")', 'stride=1, shortcut="A")'),
        ],
        ["shortcut-projection", "block-identity", "repair-block", "stage-parameters"],
    ),
    "option C forgotten": (
        [replaced("stage", "if block == 0 else 1, shortcut)", 'if block == 0 else 1, "B")')],
        STAGE,
    ),
    "the numbers of the visible tests": (
        [
            written(
                "count",
                "def added_parameters(shortcut, n, filters=16):\n"
                '    return {"A": 0, "B": 2752, "C": 14_240}[shortcut]\n\n\n'
                "def gradient(a, s, blocks):\n    return 1",
            ),
            replaced("detector", "return float(", "return 0 * float("),
        ],
        [*COUNT, "repair-detector"],
    ),
    "a cell deleted": ([deleted("count", "stage")], [*COUNT, *STAGE]),
    "a test changed, and one deleted": (
        [
            replaced("count", "added += channels * wide + 2 * wide", "added += channels * wide"),
            written("count-b", "assert True"),
            deleted("count-c"),
        ],
        ["count-b", "count-c"],
        TAMPERS,
    ),
    "an exception at import": (
        [replaced("shortcut", "def shortcut", "import no_such_module\n\n\ndef shortcut")],
        SHORTCUT,
    ),
    "an endless loop": (
        [replaced("measure", "def differences", "while True:\n    pass\n\n\ndef differences")],
        MEASURE,
        LOOPS,
    ),
    "the fault still there, the stride in every block": (
        [
            replaced("repair", 'given_shortcut(x, filters, stride, "B")', "x"),
            replaced("repair", "[fx, gx]", "[fx, x]"),
            replaced("stage", "stride if block == 0 else 1", "stride"),
        ],
        ["repair-block", *STAGE],
    ),
    "betas and a tie forgotten": (
        [
            replaced("deepen", "layer.beta.assign(np.zeros(layer.beta.shape))", "pass"),
            replaced("measure", "d > 0", "d >= 0"),
        ],
        [*DEEPEN, "measure-verdict"],
    ),
    "the identity in inference mode alone, and the other sign": (
        [
            replaced(
                "deepen",
                'elif layer.name.endswith("_2_bn"):\n',
                'elif layer.name.endswith("_2_bn"):\n'
                "            layer.moving_mean.assign(np.zeros(layer.gamma.shape))\n"
                "            layer.moving_variance.assign(np.full(layer.gamma.shape, 1e30))\n"
                "            layer.beta.assign(np.zeros(layer.beta.shape))\n"
                "        elif False:\n",
            ),
            replaced(
                "measure", "train(first, seed) - train(second", "train(second, seed) - train(first"
            ),
        ],
        ["deepen-training", "measure-differences"],
    ),
    "checks and names replaced": (
        [
            replaced("block", '"use_bias": False, ', ""),
            own_cell("block", "checks.basic_block = lambda *a, **k: None\nnp.max = lambda x: 0"),
        ],
        ["block-function"],
        TAMPERS,
    ),
}

# What the remarks say about a submission.
TOLD = {
    "checks and names replaced": ("helpers.checks.basic_block", "numpy.max"),
    "a test changed, and one deleted": ("count-b: had been changed",),
}

"""Assignment 1: what wrong and right submissions change in the solution."""

from edits import ENDS, LOOPS, TAMPERS, deleted, own_cell, replaced, written

NAME = "01-degradation"
BLOCK = ("block-shape", "block-parameters", "block-function")
COUNT = ("count-depth", "count-parameters", "count-work")
MEASURE = ("measure-runs", "measure-spread", "measure-verdict")
REPAIR = ("repair-pairs", "repair-rest")

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "a bias left in": (
        [replaced("block", "use_bias=False, ", "")],
        ["block-parameters", "block-function"],
    ),
    "kernels that start as Keras starts them, and nothing returned": (
        [
            replaced("block", ', kernel_initializer="he_normal"', ""),
            replaced("deepen", "return deep", "pass"),
        ],
        ["block-parameters", "deepen-outputs"],
    ),
    "the arguments of another net": (
        [
            replaced("block", "filters, stride=1)", "filters, stride=2)"),
            replaced("net", "filters=16, size=32)", "filters=64, size=224)"),
        ],
        ["block-shape", "net-widths"],
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
        TAMPERS,
    ),
    "an exception at import": (
        [replaced("block", "def plain_block", "import no_such_module\n\n\ndef plain_block")],
        BLOCK,
    ),
    "an endless loop": (
        [replaced("measure", "def measure", "while True:\n    pass\n\n\ndef measure")],
        MEASURE,
        LOOPS,
    ),
    "an end of the process when it is tested": (
        [replaced("repair", "order =", "os._exit(0)\n    order =")],
        REPAIR,
        ENDS,
    ),
    "the fault still there, and batch normalisation left as it was trained": (
        [
            replaced(
                "repair", "labels[order]", "np.random.default_rng(seed + 1).permutation(labels)"
            ),
            replaced("deepen", "layer.set_weights([gamma, 0 * one, 0 * one, one])", "pass"),
        ],
        [*REPAIR, "deepen-outputs"],
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
        TAMPERS,
    ),
}

SEQUENTIAL = """
HE = {"use_bias": False, "kernel_initializer": keras.initializers.HeUniform()}


def piece(filters, stride, label):
    return keras.Sequential(
        [
            layers.ZeroPadding2D(1),
            layers.Conv2D(filters, 3, stride, name=f"{label}_c", **HE),
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
        he = keras.initializers.HeNormal()
        self.conv = layers.Conv2D(filters, 3, stride, use_bias=False, kernel_initializer=he)
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
RAW = """
class Half(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        self.filters, self.stride = filters, stride

    def build(self, shape):
        one = (self.filters,)
        fixed = {"initializer": "zeros", "trainable": False}
        self.moving_mean = self.add_weight(shape=one, **fixed)
        self.moving_variance = self.add_weight(shape=one, **{**fixed, "initializer": "ones"})
        self.beta = self.add_weight(shape=one, initializer="zeros")
        self.gamma = self.add_weight(shape=one, initializer="ones")
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], *one), initializer="he_uniform")

    def call(self, x, training=False):
        ops = keras.ops
        x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
        x = ops.conv(x, self.kernel, self.stride, "valid")
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean, variance = ops.moments(x, axes=(0, 1, 2))
            self.moving_mean.assign(0.9 * self.moving_mean + 0.1 * mean)
            self.moving_variance.assign(0.9 * self.moving_variance + 0.1 * variance)
        x = (x - mean) / ops.sqrt(variance + 1e-5)
        return ops.relu(self.gamma * x + self.beta)


def plain_block(x, filters, stride=1):
    return Half(filters, 1)(Half(filters, stride)(x))
"""
RIGHT = {
    "the solution": [],
    "written with weights of its own": [written("block", RAW)],
    "written with Sequential and loops": [written("block", SEQUENTIAL), written("measure", LOOPS)],
    "written with a subclass": [
        written("block", SUBCLASSED),
        replaced("repair", "images[order] - mean", "np.take(images, order, axis=0) - mean"),
    ],
}
# What the remarks say about a submission.
TOLD = {
    "checks and names replaced": ("helpers.checks.plain_block", "numpy.prod"),
    "a test changed, and one deleted": ("count-work: had been changed",),
}

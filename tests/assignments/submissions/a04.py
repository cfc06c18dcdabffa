"""Assignment 4: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, replaced, written

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
        ["block-stride"],
    ),
    "the stride on the 3x3 by default": (
        block('bottleneck_stride="1x1"', 'bottleneck_stride="3x3"'),
        ["block-function", "block-stride"],
    ),
    "padding that TensorFlow calls same": (
        block("if size > 1:", "if False:")
        + block("use_bias=False", 'padding="same", use_bias=False'),
        ["block-stride"],
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

SEQUENTIAL = """
def piece(filters, size, stride, label, relu=True):
    parts = [layers.ZeroPadding2D(1)] if size == 3 else []
    parts += [
        layers.Conv2D(filters, size, strides=stride, use_bias=False, name=f"{label}_c"),
        layers.BatchNormalization(-1, 0.9, 1e-5, gamma_initializer="zeros"),
    ]
    return keras.Sequential(parts + [layers.Activation("relu")] * relu)


def bottleneck_block(x, filters, stride=1, bottleneck_stride="1x1"):
    on_3x3 = bottleneck_stride == "3x3"
    shortcut = x
    if (stride, x.shape[-1]) != (1, filters * 4):
        shortcut = piece(4 * filters, 1, stride, "short", relu=False)(x)
    x = piece(filters, 1, 1 if on_3x3 else stride, "one")(x)
    x = piece(filters, 3, stride if on_3x3 else 1, "two")(x)
    x = piece(4 * filters, 1, 1, "three", relu=False)(x)
    return layers.Activation("relu")(shortcut + x)
"""
SUBCLASSED = """
class Bottleneck(layers.Layer):
    def __init__(self, filters, stride, bottleneck_stride):
        super().__init__()
        strides = {"1x1": (stride, 1, 1), "3x3": (1, stride, 1)}[bottleneck_stride]
        wide = (filters, filters, 4 * filters)
        self.convs = [
            layers.Conv2D(f, size, step, use_bias=False)
            for f, size, step in zip(wide, (1, 3, 1), strides)
        ]
        self.norms = [layers.BatchNormalization(momentum=0.9, epsilon=1e-5) for _ in wide]
        self.filters, self.stride, self.project = filters, stride, None

    def build(self, shape):
        if self.stride != 1 or shape[-1] != 4 * self.filters:
            self.project = layers.Conv2D(4 * self.filters, 1, self.stride, use_bias=False)
            self.project_norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

    def call(self, x, training=None):
        y = x
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            if i == 1:
                y = keras.ops.pad(y, [(0, 0), (1, 1), (1, 1), (0, 0)])
            y = norm(conv(y), training=training)
            y = y if i == 2 else keras.ops.relu(y)
        if self.project is not None:
            x = self.project_norm(self.project(x), training=training)
        return keras.ops.relu(x + y)


def bottleneck_block(x, filters, stride=1, bottleneck_stride="1x1"):
    return Bottleneck(filters, stride, bottleneck_stride)(x)
"""
PLAIN_PYTHON = """
def timed(calls, rounds, clock=time.perf_counter):
    times = {name: () for name in calls}
    for number in range(-1, rounds):
        for name in reversed(calls) if number % 2 else calls:
            begin = clock()
            calls[name]()
            times[name] += (clock() - begin,) * (number >= 0)
    return times


def ratio(times, name, base):
    found = sorted(a / b for a, b in zip(times[name], times[base]))
    middle = len(found) // 2
    return (found[middle] + found[-middle - 1]) / 2


def longer(times, name, base):
    rounds = list(zip(times[name], times[base]))
    return sum(a > b for a, b in rounds) / len(rounds)
"""
INTO_BETA = """
def folded(bias, gamma, beta, mean, variance, epsilon=1e-5):
    scale = gamma / np.sqrt(variance + epsilon)
    return np.array([gamma, beta + scale * bias, mean, variance])


def is_right(fold):
    for seed in range(3):
        random = np.random.default_rng(seed)
        arrays = bias, gamma, beta, mean, variance = random.uniform(0.5, 3, (5, 4))
        x = keras.random.normal((7, 4), seed=seed)
        layer = layers.BatchNormalization(epsilon=1e-5)
        layer.build((None, 4))
        layer.set_weights(arrays[1:])
        expected = layer(x + bias)
        layer.set_weights(list(fold(*arrays, 1e-5)))
        if np.max(np.abs(expected - layer(x))) > 1e-4:
            return False
    return True
"""
RECURSIVE = """
def stage(x, filters, repeats, stride=1):
    if repeats == 0:
        return x
    return stage(given_bottleneck(x, filters, stride), filters, repeats - 1)
"""
RIGHT = {
    "the solution": [],
    "written with Sequential and loops": [
        written("block", SEQUENTIAL),
        written("measure", PLAIN_PYTHON),
        written("stage", RECURSIVE),
    ],
    "written with a subclass": [
        written("block", SUBCLASSED),
        written("fold", INTO_BETA),
        replaced("table", "return [\n", "return [list(row) for row in [\n"),
        replaced("table", "enumerate(repeats)\n    ]", "enumerate(repeats)\n    ]]"),
    ],
}
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("measure-ratio: had been changed",)}

"""Assignment 2: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, own_cell, replaced, written

NAME = "02-identity-shortcuts"
SHORTCUT = ("shortcut-identity", "shortcut-zeros", "shortcut-projection")
BLOCK = ("block-identity", "block-gradient", "block-function")
COUNT = ("count-b", "count-c", "count-gradient")
REPAIR = ("repair-block", "repair-detector")
STAGE = ("stage-parameters", "stage-function")
DEEPEN = ("deepen-inference", "deepen-training")
MEASURE = ("measure-differences", "measure-verdict")

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
            replaced("shortcut", 'option == "C" or (option == "B" and not same_shape)', "1"),
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
    "the numbers of the visible tests": (
        [
            written(
                "count",
                "def added_parameters(option, n, filters=16):\n"
                '    return {"A": 0, "B": 2752, "C": 14_240}[option]\n\n\n'
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

SEQUENTIAL = """
def residual_block(x, filters, stride=1, option="B"):
    def conv(stride):
        return [
            layers.ZeroPadding2D(1),
            layers.Conv2D(filters, (3, 3), strides=(stride, stride), use_bias=False),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9),
        ]

    main = keras.Sequential([*conv(stride), layers.Activation("relu"), *conv(1)], name="main")
    return keras.activations.relu(given_shortcut(x, filters, stride, option) + main(x))
"""
LAMBDA = """
def shortcut(x, filters, stride=1, option="B"):
    same = stride == 1 and x.shape[-1] == filters
    if {"A": False, "B": not same, "C": True}[option]:
        return keras.Sequential(
            [
                layers.Conv2D(filters, 1, stride, padding="same", use_bias=False, name="p"),
                layers.BatchNormalization(epsilon=1e-5, momentum=0.9),
            ]
        )(x)
    if not same:
        x = layers.MaxPooling2D(1, strides=stride)(x)
        x = layers.Lambda(lambda t: ops.concatenate([t, 0 * t], axis=-1))(x)
        if x.shape[-1] < filters:
            more = filters - x.shape[-1]
            zeros = layers.Lambda(lambda t: ops.repeat(0 * t[..., :1], more, axis=-1))(x)
            x = layers.Concatenate()([x, zeros])
        x = x[..., :filters]
    return layers.Identity()(x)
"""
SUBCLASSED = """
class Residual(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        self.parts = []
        for step in (stride, 1):
            self.parts.append(layers.Conv2D(filters, 3, step, use_bias=False))
            self.parts.append(layers.BatchNormalization(momentum=0.9, epsilon=1e-5))

    def call(self, x, training=None):
        conv1, norm1, conv2, norm2 = self.parts
        around = [(0, 0), (1, 1), (1, 1), (0, 0)]
        x = ops.relu(norm1(conv1(ops.pad(x, around)), training=training))
        return norm2(conv2(ops.pad(x, around)), training=training)


def residual_block(x, filters, stride=1, option="B"):
    gx = given_shortcut(x, filters, stride, option)
    return layers.ReLU()(layers.Add()([gx, Residual(filters, stride)(x)]))
"""
ZEROS = """
class Zeros(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        self.filters, self.stride = filters, stride

    def call(self, x):
        x = x[:, :: self.stride, :: self.stride]
        return ops.pad(x, [(0, 0)] * 3 + [(0, self.filters - x.shape[-1])])


def shortcut(x, filters, stride=1, option="B"):
    changes = stride != 1 or x.shape[-1] != filters
    if option == "A" and changes:
        return Zeros(filters, stride)(x)
    if option == "C" or changes:
        x = layers.Conv2D(filters, 1, stride, use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    return x
"""
FORMULAS = """
def added_parameters(option, n, filters=16):
    f = filters
    first = (2 * f**2 + 4 * f) + (8 * f**2 + 8 * f)
    rest = n * (f**2 + 2 * f) + (n - 1) * (4 * f**2 + 4 * f) + (n - 1) * (16 * f**2 + 8 * f)
    return {"A": 0, "B": first, "C": first + rest}[option]


def gradient(a, s, blocks):
    product = 1
    for _ in range(blocks):
        product *= s + a
    return product
"""
MEASURED = """
def differences(train, first, second, seeds):
    errors = {net: np.array([train(net, seed) for seed in seeds]) for net in (first, second)}
    return errors[first] - errors[second]


def tells_apart(differences):
    return abs(np.sum(np.sign(differences))) == len(differences)
"""
RIGHT = {
    "the solution": [],
    "written with Sequential, Lambda and formulas": [
        written("block", SEQUENTIAL),
        written("shortcut", LAMBDA),
        written("count", FORMULAS),
        written("measure", MEASURED),
        replaced(
            "deepen", 'layer.name.endswith("_2_bn")', "isinstance(layer, layers.BatchNormalization)"
        ),
    ],
    "written with subclasses": [
        written("block", SUBCLASSED),
        written("shortcut", ZEROS),
        written("repair", SUBCLASSED.replace("residual_block", "repaired_block")),
        replaced(
            "stage",
            "given_block(x, filters, stride if block == 0 else 1, option)",
            "given_block(x, filters, [stride, 1][block > 0], option)",
        ),
    ],
}
# What the remarks say about a submission.
TOLD = {
    "checks and names replaced": ("helpers.checks.basic_block", "numpy.max"),
    "a test changed, and one deleted": ("count-b: had been changed",),
}

"""Assignment 3: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, own_cell, replaced, written

NAME = "03-resnet34"
STEM = ("conv-centre", "stem-function")
TABLE = ("table-sides", "table-parameters", "table-work")
WINDOWS = ("windows-field", "windows-shift", "windows-odd")
REPAIR = ("repair-parameters", "repair-function")
NET = ("net-widths", "net-parameters", "net-function")
MEASURE = ("measure-error", "measure-price", "measure-spread")

ONES = """ops.pad(
        x, [(0, 0), *[(kernel_size // 2,) * 2] * 2, (0, 0)], constant_values=1.0
    )"""
DILATED = """
def conv(x, filters, kernel_size, stride=1):
    x = layers.ZeroPadding2D(kernel_size - 1)(x)
    x = layers.Conv2D(filters, kernel_size, dilation_rate=2, use_bias=False)(x)
    return x[:, ::stride, ::stride]
"""
POOLING = "x = layers.ZeroPadding2D(1)(x)\n    return layers.MaxPooling2D(3, strides=2)(x)"

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "padding that TensorFlow calls same": (
        [
            replaced("conv", "x = layers.ZeroPadding2D(kernel_size // 2)(x)", "pass"),
            replaced("conv", "stride, **he", 'stride, padding="same", **he'),
            replaced("stem", POOLING, 'return layers.MaxPooling2D(3, 2, padding="same")(x)'),
        ],
        STEM,
    ),
    "padded with ones": (
        [replaced("conv", "layers.ZeroPadding2D(kernel_size // 2)(x)", ONES)],
        ["conv-centre"],
    ),
    "dilated, with a padding to match": ([written("conv", DILATED)], ["conv-centre"]),
    "the arguments of another net, small batches in training mode, a gain taken for a loss": (
        [
            replaced("conv", "kernel_size, stride=1)", "kernel_size, stride=2)"),
            replaced("stem", "filters=64)", "filters=16)"),
            replaced("table", "def sides(side=224)", "def sides(side=32)"),
            replaced("net", "repeats=(3, 4, 6, 3), filters=64", "repeats=(2, 2, 2, 2), filters=64"),
            replaced(
                "measure",
                "model.predict(images, verbose=0)",
                "np.asarray(model(images, training=len(images) < 50))",
            ),
            replaced(
                "measure",
                "error(change(model)) - error(model)",
                "abs(error(change(model)) - error(model))",
            ),
        ],
        [*STEM, "table-sides", "net-parameters", "measure-error", "measure-price"],
    ),
    "a bias left in, a pooling of 2x2": (
        [
            replaced("conv", '"use_bias": False, ', ""),
            replaced("stem", POOLING, "return layers.MaxPooling2D(2)(x)"),
        ],
        STEM,
    ),
    "the numbers of the visible tests": (
        [
            written(
                "table",
                "def sides(side=224):\n"
                '    return {"conv1": 112, "conv2_x": 56, "conv3_x": 28, "conv4_x": 14, '
                '"conv5_x": 7}\n\n\n'
                "def row_parameters(*_):\n    return 9536\n\n\n"
                "def row_work(*_):\n    return 693_633_024",
            ),
            written(
                "windows",
                "def field(windows):\n    return 11\n\n\n"
                "def shift(windows, side):\n    return int(windows[0][1] == 2)",
            ),
        ],
        [*TABLE, *WINDOWS],
    ),
    "no projections in the count, rounded down, fields without steps": (
        [
            replaced("table", " + 4 * wide * n + projection", " + 4 * wide * n"),
            replaced("table", " + (before * wide if i else 0)", ""),
            replaced("table", "(side + 1) // 2", "side // 2"),
            replaced("windows", "(kernel_size - 1) * step", "kernel_size - 1"),
        ],
        [*TABLE, "windows-field"],
    ),
    "a window that is smaller than its stride forgotten": (
        [replaced("windows", "max(", "("), replaced("windows", "side, 0)", "side)")],
        ["windows-odd"],
    ),
    "every map taken for even": (
        [replaced("windows", "kernel_size // 2 - padded // 2", "int(stride > 1)")],
        ["windows-odd"],
    ),
    "cells deleted": ([deleted("windows", "net")], [*WINDOWS, *NET]),
    "a test changed, and one deleted": (
        [
            replaced("repair", "if step > 1 or x.shape[-1] != filters:", "if step > 1:"),
            written("repair-parameters", "assert True"),
            deleted("repair-function"),
        ],
        REPAIR,
        TAMPERS,
    ),
    "an exception at import": (
        [replaced("repair", "def repaired_stage", "import no_such\n\n\ndef repaired_stage")],
        REPAIR,
    ),
    "an endless loop": (
        [replaced("table", "def sides", "while True:\n    pass\n\n\ndef sides")],
        TABLE,
        LOOPS,
    ),
    "the fault still there, and filters that are never doubled": (
        [
            replaced("repair", "if step > 1 or x.shape[-1] != filters:", "if block == 0:"),
            replaced("net", "filters * 2**stage", "filters"),
        ],
        [*REPAIR, *NET],
    ),
    "the stride in the last block of a stage": (
        [replaced("net", "and block == 0", "and block == blocks_of_it - 1")],
        ["net-parameters", "net-function"],
    ),
    "a stride in the first stage, too": (
        [replaced("net", "2 if stage > 0 and block == 0", "2 if block == 0")],
        ["net-parameters", "net-function"],
    ),
    "in training mode, trained twice, divided by n": (
        [
            replaced("measure", "model.predict(images, verbose=0)", "model(images, training=True)"),
            replaced(
                "measure",
                "error(change(model)) - error(model) for model in models",
                "error(change(train(seed))) - error(train(seed)) for seed in seeds",
            ),
            replaced("measure", ", ddof=1", ""),
        ],
        MEASURE,
    ),
    "checks and names replaced": (
        [
            replaced("net", "2 if stage > 0 and block == 0 else 1", "1"),
            own_cell(
                "net", "checks.same_outputs = lambda *a, **k: None\nnp.allclose = lambda *a: True"
            ),
        ],
        ["net-function"],
        TAMPERS,
    ),
}

PADDED = """
def conv(x, filters, kernel_size, stride=1):
    border = (kernel_size // 2,) * 2
    x = ops.pad(x, [(0, 0), border, border, (0, 0)])
    return layers.Convolution2D(filters, (kernel_size,) * 2, (stride,) * 2, use_bias=False)(x)
"""
POOLED = """
def stem(x, filters=64):
    x = given_conv_bn_relu(x, filters, 7, 2)
    x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-1e30)
    return ops.max_pool(x, 3, 2)
"""
LISTED = """
def rows_of(side, filters, repeats, classes):
    side, channels = -(-side // 2), filters
    convolutions = {"conv1": [(7, 3, filters, side)]}
    side = -(-side // 2)
    for stage, number in enumerate(repeats):
        row = convolutions[f"conv{stage + 2}_x"] = []
        wide = channels
        if stage:
            side, wide = -(-side // 2), 2 * channels
            row.append((1, channels, wide, side))
        for _ in range(number):
            row += [(3, channels, wide, side), (3, wide, wide, side)]
            channels = wide
    return convolutions, channels


def sides(side=224):
    rows, _ = rows_of(side, 1, (1, 1, 1, 1), 1)
    return {row: found[-1][-1] for row, found in rows.items()}


def row_parameters(row, filters=64, repeats=(3, 4, 6, 3), classes=1000):
    rows, channels = rows_of(224, filters, repeats, classes)
    if row == "fc":
        return (channels + 1) * classes
    return sum(k * k * c * f + 2 * f for k, c, f, _ in rows[row])


def row_work(row, side=224, filters=64, repeats=(3, 4, 6, 3), classes=1000):
    rows, channels = rows_of(side, filters, repeats, classes)
    if row == "fc":
        return channels * classes
    return sum(k * k * c * f * s * s for k, c, f, s in rows[row])
"""
MEASURED = """
def field(windows):
    if not windows:
        return 1
    (kernel_size, stride), *rest = windows
    return kernel_size + (field(rest) - 1) * stride


def shift(windows, side):
    if not windows:
        return 0
    (kernel_size, stride), *rest = windows
    m = int(np.ceil(side / stride))
    left = max((m - 1) * stride + kernel_size - side, 0) // 2
    return (kernel_size - 1) // 2 - left + stride * shift(rest, m)
"""
SUBCLASSED_CONV = """
class Around(layers.Conv2D):
    def call(self, x):
        b = self.kernel_size[0] // 2
        return super().call(ops.pad(x, [[0, 0], [b, b], [b, b], [0, 0]]))

    def compute_output_shape(self, shape):
        n, *sides, _ = shape
        return (n, *(-(-side // self.strides[0]) for side in sides), self.filters)


def conv(x, filters, kernel_size, stride=1):
    return Around(filters, kernel_size, stride, use_bias=False)(x)
"""
SUBCLASSED_NET = """
class Net(keras.Model):
    def __init__(self, repeats, filters, size, classes):
        images = keras.Input((size, size, 3), name="pixels")
        x, stride = given_stem(images, filters), 1
        for number in repeats:
            for step in [stride] + [1] * (number - 1):
                x = given_block(x, filters, step)
            stride, filters = 2, 2 * filters
        head = keras.Sequential([layers.Dense(classes), layers.Softmax()], name="head")
        super().__init__(inputs=images, outputs=head(ops.mean(x, axis=(1, 2))))


def resnet(repeats=(3, 4, 6, 3), filters=64, size=224, classes=1000):
    return Net(repeats, filters, size, classes)
"""
RECURSIVE = """
def repaired_stage(x, filters, repeats, stride=1):
    if repeats == 0:
        return x
    fx = given_f(x, filters, stride)
    gx = x if fx.shape == x.shape else given_projection(x, filters, stride)
    return repaired_stage(ops.relu(gx + fx), filters, repeats - 1)
"""
ARRAYS = """
def error(model, images, labels):
    wrong = 0
    for image, label in zip(np.array_split(images, 9), np.array_split(labels, 9)):
        wrong += sum(np.array(model(image, training=False)).argmax(axis=1) != label)
    return wrong / len(images)


def price(train, change, error, seeds):
    return np.array([-error(model) + error(change(model)) for model in map(train, seeds)])


def mean_and_standard_error(values):
    n, mean = len(values), sum(values) / len(values)
    return mean, (sum((v - mean) ** 2 for v in values) / (n * (n - 1))) ** 0.5
"""
RIGHT = {
    "the solution": [],
    "written with operations, lists and recursion": [
        written("conv", PADDED),
        written("stem", POOLED),
        written("table", LISTED),
        written("windows", MEASURED),
        written("repair", RECURSIVE),
    ],
    "written with subclasses and arrays": [
        written("conv", SUBCLASSED_CONV),
        written("net", SUBCLASSED_NET),
        written("measure", ARRAYS),
    ],
}
# What the remarks say about a submission.
TOLD = {
    "checks and names replaced": ("helpers.checks.same_outputs", "numpy.allclose"),
    "a test changed, and one deleted": ("repair-parameters: had been changed",),
}

"""Assignment 4: right submissions, each written in its own way."""

from edits import replaced, written

SEQUENTIAL = """
HE = {"kernel_initializer": "he_uniform"}


def piece(filters, size, stride, label, relu=True):
    parts = [layers.ZeroPadding2D(1)] if size == 3 else []
    parts += [
        layers.Conv2D(filters, size, stride, use_bias=False, name=f"{label}_c", **HE),
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
            layers.Conv2D(f, size, step, use_bias=False, kernel_initializer="he_normal")
            for f, size, step in zip(wide, (1, 3, 1), strides)
        ]
        self.norms = [layers.BatchNormalization(momentum=0.9, epsilon=1e-5) for _ in wide]
        self.filters, self.stride, self.project = filters, stride, None

    def build(self, shape):
        if self.stride != 1 or shape[-1] != 4 * self.filters:
            he = {"use_bias": False, "kernel_initializer": "he_normal"}
            self.project = layers.Conv2D(4 * self.filters, 1, self.stride, **he)
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
DENSE = """
def bottleneck_block(x, filters, stride=1, bottleneck_stride="1x1"):
    he = {"use_bias": False, "kernel_initializer": "he_normal"}
    norm = functools.partial(layers.BatchNormalization, momentum=0.9, epsilon=1e-5)

    def subsampled(x, wanted):
        return x[:, ::stride, ::stride] if wanted and stride > 1 else x

    y = norm()(subsampled(layers.Dense(filters, **he)(x), bottleneck_stride == "1x1"))
    y = layers.ZeroPadding2D(1)(layers.ReLU()(y))
    y = norm()(layers.Conv2D(filters, 3, 1 if bottleneck_stride == "1x1" else stride, **he)(y))
    y = norm()(layers.Dense(4 * filters, **he)(layers.ReLU()(y)))
    if stride > 1 or x.shape[-1] != 4 * filters:
        x = norm()(subsampled(layers.Dense(4 * filters, **he)(x), True))
    return layers.ReLU()(y + x)
"""
RIGHT = {
    "the solution": [],
    "written with Dense": [written("block", DENSE)],
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

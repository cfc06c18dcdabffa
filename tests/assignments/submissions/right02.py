"""Assignment 2: right submissions, each written in its own way."""

from edits import replaced, written

SEQUENTIAL = """
def residual_block(x, filters, stride=1, shortcut="B"):
    def conv(stride):
        return [
            layers.ZeroPadding2D(1),
            layers.Conv2D(filters, (3, 3), strides=(stride, stride), use_bias=False),
            layers.BatchNormalization(epsilon=1e-5, momentum=0.9),
        ]

    main = keras.Sequential([*conv(stride), layers.Activation("relu"), *conv(1)], name="main")
    return keras.activations.relu(given_shortcut(x, filters, stride, shortcut) + main(x))
"""
LAMBDA = """
def shortcut(x, filters, stride=1, shortcut="B"):
    same = stride == 1 and x.shape[-1] == filters
    if {"A": False, "B": not same, "C": True}[shortcut]:
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


def residual_block(x, filters, stride=1, shortcut="B"):
    gx = given_shortcut(x, filters, stride, shortcut)
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


def shortcut(x, filters, stride=1, shortcut="B"):
    changes = stride != 1 or x.shape[-1] != filters
    if shortcut == "A" and changes:
        return Zeros(filters, stride)(x)
    if shortcut == "C" or changes:
        x = layers.Conv2D(filters, 1, stride, use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    return x
"""
FORMULAS = """
def added_parameters(shortcut, n, filters=16):
    f = filters
    first = (2 * f**2 + 4 * f) + (8 * f**2 + 8 * f)
    rest = n * (f**2 + 2 * f) + (n - 1) * (4 * f**2 + 4 * f) + (n - 1) * (16 * f**2 + 8 * f)
    return {"A": 0, "B": first, "C": first + rest}[shortcut]


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
DENSE = """
def shortcut(x, filters, stride=1, shortcut="B"):
    same = stride == 1 and x.shape[-1] == filters
    if shortcut == "C" or (shortcut == "B" and not same):
        x = layers.Dense(filters, use_bias=False)(x)[:, ::stride, ::stride]
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    if same:
        return x
    return ops.pad(x[:, ::stride, ::stride], [(0, 0)] * 3 + [(0, filters - x.shape[-1])])
"""
TAPE = """
import tensorflow as tf


def gradient(a, s, blocks):
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x
        for _ in range(blocks):
            y = a * y + s * y
    return tape.gradient(y, x).numpy()
"""
RAW = """
class Norm:
    def __init__(self, layer, filters):
        vector = {"shape": (filters,)}
        self.gamma = layer.add_weight(initializer="ones", **vector)
        self.beta = layer.add_weight(initializer="zeros", **vector)
        self.mean = layer.add_weight(initializer="zeros", trainable=False, **vector)
        self.variance = layer.add_weight(initializer="ones", trainable=False, **vector)

    def __call__(self, x, training):
        if not training:
            return self.apply(x, self.mean, self.variance)
        mean, variance = ops.moments(x, axes=(0, 1, 2))
        for old, new in ((self.mean, mean), (self.variance, variance)):
            old.assign(0.9 * old + 0.1 * new)
        return self.apply(x, mean, variance)

    def apply(self, x, mean, variance):
        return self.gamma * (x - mean) / ops.sqrt(variance + 1e-5) + self.beta


class Raw(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        self.filters, self.stride = filters, stride

    def build(self, shape):
        f = self.filters
        self.kernels = [self.add_weight(shape=(3, 3, c, f)) for c in (shape[-1], f)]
        self.norms = [Norm(self, f) for _ in range(2)]

    def call(self, x, training=False):
        around = [(0, 0), (1, 1), (1, 1), (0, 0)]
        x = ops.conv(ops.pad(x, around), self.kernels[0], self.stride, "valid")
        x = ops.relu(self.norms[0](x, training))
        x = ops.conv(ops.pad(x, around), self.kernels[1], 1, "valid")
        return self.norms[1](x, training)


def residual_block(x, filters, stride=1, shortcut="B"):
    fx = Raw(filters, stride)(x)
    return layers.ReLU()(layers.Add()([fx, given_shortcut(x, filters, stride, shortcut)]))
"""
RIGHT = {
    "the solution": [],
    "written with weights of its own, Dense and a tape": [
        written("block", RAW),
        written("shortcut", DENSE),
        written("count", FORMULAS + TAPE),
        written(
            "repair", RAW.replace("residual_block", "repaired_block").replace("shortcut)", '"B")')
        ),
    ],
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
            "given_block(x, filters, stride if block == 0 else 1, shortcut)",
            "given_block(x, filters, [stride, 1][block > 0], shortcut)",
        ),
    ],
}

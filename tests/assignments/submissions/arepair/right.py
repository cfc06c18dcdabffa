"""Right answers, in other styles than the solution."""

from edits import replaced, written

TENSORFLOW = {
    "fitting": """
def fitting(batches, images, labels):
    table, right, seen = tf.cast(images, "float32"), 0, 0
    for x, y in batches:
        gaps = tf.abs(tf.cast(x, "float32")[:, None] - table[None])
        at = tf.argmin(tf.reduce_sum(gaps, axis=[2, 3, 4]), axis=1)
        right += int(np.sum(np.asarray(labels)[at.numpy()] == np.asarray(y)))
        seen += len(at)
    return right / seen
""",
    "restless": """
def restless(view, images, calls):
    every = tf.stack([tf.cast(view(images), "float64") for _ in range(calls)])
    gaps = tf.reduce_max(every, axis=0) - tf.reduce_min(every, axis=0)
    return tf.reduce_mean(tf.cast(tf.reduce_any(gaps > 0, axis=[1, 2, 3]), "float64"))
""",
    "view": """
def mended_view(images, training):
    x = tf.cast(images, "float32")
    if not training:
        return x
    return tf.map_fn(tf.image.random_flip_left_right, x)
""",
    "fits": """
def fits(model, loss, images, labels):
    said = model(images)
    are = tf.reduce_all(said >= 0) and tf.reduce_all(tf.abs(tf.reduce_sum(said, 1) - 1) < 1e-4)
    scores = tf.math.log(said) if are else said  # softmax takes a logarithm back
    wanted = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
    return abs(float(loss(labels, said)) - float(tf.reduce_mean(wanted))) < 1e-3


def floor(classes):
    sure = tf.one_hot([0], classes)
    return tf.nn.sparse_softmax_cross_entropy_with_logits([0], sure)[0]
""",
}
NUMPY = {
    "batches": """
class Batches:
    def __init__(self, images, labels, size, seed):
        self.held, self.random = (images, labels, size), np.random.default_rng(seed)

    def __iter__(self):
        images, labels, size = self.held
        order = self.random.permutation(len(images))
        for i in range(0, len(order), size):
            yield images[order[i : i + size]], labels[order[i : i + size]]


def mended_batches(images, labels, size, seed):
    return Batches(images, labels, size, seed)
""",
    "view": """
def mended_view(images, training):
    rows = []
    for image in images:
        turn = training and np.random.rand() < 0.5
        rows.append(np.fliplr(image) if turn else image)
    return np.stack(rows).astype(np.float32)
""",
    "lag": """
def left(momentum, steps):
    value = 1.0
    for _ in range(steps):
        value *= momentum
    return value


def steps_until(momentum, share):
    return max(0, int(np.ceil(np.log(share) / np.log(momentum) - 1e-9)))
""",
    "report": """
def mended_report(validation, test):
    return min(zip(validation, range(len(test)), test))[1:]
""",
}
KERAS = {
    "arrives": """
def arrives(model, view, images):
    x = view(images)
    for layer in model.layers:
        if any(weight.path.endswith("kernel") for weight in layer.weights):
            break
        x = x if isinstance(layer, layers.InputLayer) else layer(x)
    return np.mean(x), np.std(x)
""",
    "silent": """
def silent(model, images):
    found = set()
    for layer in model.layers:
        if "bias" not in [weight.path.rpartition("/")[2] for weight in layer.weights]:
            continue
        twin = keras.models.clone_model(model)
        twin.set_weights(model.get_weights())
        before = np.array(twin(images, training=True))
        same = twin.get_layer(layer.name)
        same.bias.assign(np.linspace(-4, 5, same.bias.shape[0]))
        if np.allclose(before, np.array(twin(images, training=True)), atol=1e-3):
            found.add(layer.name)
    return found
""",
    "branch": """
class Branch(layers.Layer):
    def __init__(self, filters, stride):
        super().__init__()
        norm = {"momentum": 0.9, "epsilon": 1e-5}
        self.parts = [
            layers.Conv2D(filters, 3, stride, use_bias=False, kernel_initializer="he_normal"),
            layers.BatchNormalization(**norm),
            layers.Conv2D(filters, 3, use_bias=False, kernel_initializer="he_normal"),
            layers.BatchNormalization(**norm),
        ]

    def call(self, x, training=None):
        around = [(0, 0), (1, 1), (1, 1), (0, 0)]
        one, norm, two, last = self.parts
        x = ops.relu(norm(one(ops.pad(x, around)), training=training))
        return last(two(ops.pad(x, around)), training=training)


def mended_f(x, filters, stride=1):
    return Branch(filters, stride)(x)
""",
    "renewed": """
def renewed(model, batches):
    norms = [x for x in model.layers if isinstance(x, layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for k, batch in enumerate(batches):
        for norm in norms:
            norm.momentum = k / (k + 1)
        model(batch, training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return model
""",
}
BY_HAND = {
    "bends": """
def bends(f, maps):
    x, y = np.asarray(maps), np.asarray(maps)[::-1]
    middle = np.asarray(f((x - 3 * y) / 2), "float64")
    ends = (np.asarray(f(x), "float64") + np.asarray(f(-3 * y), "float64")) / 2
    return np.max(np.abs(ends - middle)) > 1e-3 * np.max(np.abs(ends))
""",
    "peeks": """
def peeks(report, epochs):
    import random

    chance = random.Random(1)
    for _ in range(1000):
        validation = [chance.choice([5, 10, 15, 20]) for _ in range(epochs)]
        one = [chance.choice(range(0, 101, 5)) for _ in range(epochs)]
        another = [chance.choice(range(0, 101, 5)) for _ in range(epochs)]
        if report(list(validation), one) != report(list(validation), another):
            return 1
    return 0
""",
    "renewed": """
def renewed(model, batches):
    x = [np.array(batch) for batch in batches]
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, layers.BatchNormalization):
            mean = [a.mean(tuple(range(a.ndim - 1))) for a in x]
            variance = [a.var(tuple(range(a.ndim - 1))) for a in x]
            gamma, beta = np.array(layer.gamma), np.array(layer.beta)
            layer.moving_mean.assign(np.mean(mean, axis=0))
            layer.moving_variance.assign(np.mean(variance, axis=0))
            rows = zip(x, mean, variance)
            x = [(a - m) / np.sqrt(v + layer.epsilon) * gamma + beta for a, m, v in rows]
        else:
            x = [np.array(layer(a)) for a in x]
    return model
""",
}
LOGARITHMS = {
    "fits": """
def fits(model, loss, images, labels):
    said = np.asarray(model(images), "float64")
    if not (np.allclose(said.sum(axis=1), 1) and (said >= 0).all()):
        said = np.exp(said - said.max(axis=1, keepdims=True))
        said /= said.sum(axis=1, keepdims=True)
    own = -sum(np.log(p[y]) for p, y in zip(said, labels)) / len(labels)
    return np.isclose(float(loss(np.asarray(labels), np.asarray(model(images)))), own, atol=1e-3)


def floor(classes):
    return -math.log(math.e / (math.e + classes - 1))


import math
""",
    "fitting": """
def fitting(batches, images, labels):
    right = []
    for some, theirs in batches:
        for x, y in zip(np.asarray(some), np.asarray(theirs)):
            (at,) = np.flatnonzero((images == x).all(axis=(1, 2, 3)))
            right.append(labels[at] == y)
    return sum(right) / len(right)
""",
    "lag": """
def left(momentum, steps):
    return math.exp(steps * math.log(momentum))


def steps_until(momentum, share):
    return next(n for n in range(100_000) if momentum**n <= share)


import math
""",
}
RIGHT = {
    "the solution": [],
    "TensorFlow's operations": [written(cell, text) for cell, text in TENSORFLOW.items()],
    "NumPy, and a class of batches": [written(cell, text) for cell, text in NUMPY.items()],
    "layers called by hand, a twin, a subclass": [
        written(cell, text) for cell, text in KERAS.items()
    ],
    "convexity, and batch normalisation by hand": [
        written(cell, text) for cell, text in BY_HAND.items()
    ],
    "logarithms and lists": [written(cell, text) for cell, text in LOGARITHMS.items()],
    "small differences": [
        replaced("batches", "pairs.shuffle(len(images), seed=seed)", "pairs.shuffle(5000, seed)"),
        replaced("peeks", "range(300)", "range(900)"),
        replaced("silent", "return found", "return sorted(found, reverse=True)"),
        replaced("bends", "-2 * maps[::-1]", "-0.5 * np.roll(maps, 2, axis=0)"),
        replaced("view", "x[turned, :, ::-1]", "np.flip(x[turned], 2)"),
    ],
}

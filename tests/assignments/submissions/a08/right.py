"""Right answers, in other styles than the solution."""

from edits import replaced, written

TENSORFLOW = {
    "paths": """
import tensorflow as tf


def shares(n):
    parts = tf.ones(1, "float64")
    for _ in range(n):
        parts = (tf.pad(parts, [[0, 1]]) + tf.pad(parts, [[1, 0]])) / 2
    return parts


def contributions(parts, gradients):
    both = tf.multiply(tf.cast(parts, "float64"), tf.cast(gradients, "float64"))
    return both / tf.reduce_sum(both)


def narrowest(parts, least):
    sums = tf.concat([[0.0], tf.cumsum(tf.cast(parts, "float64"))], axis=0).numpy()
    runs = [(b - a, sums[b] - sums[a], a) for b in range(len(sums)) for a in range(b)]
    width, _, first = min(
        (width, -held, first) for width, held, first in runs if held >= least - 1e-12
    )
    return tf.constant(first), tf.constant(first + width - 1)
""",
    "lesion": """
def scores_without(model, images, removed):
    kept = model.get_weights()
    for weight in model.weights:
        layer, name = weight.path.split("/")[-2:]
        if layer.removesuffix("_2_bn") in removed and name in ("gamma", "beta"):
            weight.assign(tf.zeros_like(weight))
    scores = model(images)
    model.set_weights(kept)
    return scores


def damage(answers, labels, blocks):
    def right(removed):
        return tf.reduce_mean(tf.cast(tf.argmax(answers(removed), 1) == labels, "float64"))

    whole = right(())
    return {block: 100 * (whole - right((block,))) for block in blocks}


import tensorflow as tf
""",
    "response": """
def response(maps):
    variances = tf.math.reduce_variance(tf.constant(maps), axis=[0, 1, 2])
    return tf.sqrt(tf.reduce_mean(variances))


def predicted(gamma):
    return tf.norm(tf.constant(gamma)) / len(gamma) ** 0.5


import tensorflow as tf
""",
    "refine": """
import tensorflow as tf


def flat(z):
    return tf.cast(tf.reshape(z, (len(z), -1)), "float32")


def ratios(x, f):
    return tf.norm(flat(f), axis=1) / tf.norm(flat(x), axis=1)


def angles(x, f):
    x, y = flat(x), flat(x) + flat(f)
    x, y = x / tf.norm(x, axis=1, keepdims=True), y / tf.norm(y, axis=1, keepdims=True)
    half = tf.atan2(tf.norm(x - y, axis=1), tf.norm(x + y, axis=1))
    return 2 * half * 180 / 3.14159265
""",
    "cka": """
def cka(a, b):
    a, b = (tf.cast(tf.reshape(z, (len(z), -1)), "float64") for z in (a, b))
    a, b = a - tf.reduce_mean(a, 0), b - tf.reduce_mean(b, 0)
    k, m = a @ tf.transpose(a), b @ tf.transpose(b)
    return tf.reduce_sum(k * m) / tf.norm(k) / tf.norm(m)


import tensorflow as tf
""",
    "chance": """
import tensorflow as tf


def by_chance(similarity, images, first, second, draws):
    found = [
        similarity(tf.random.normal((images, first)), tf.random.normal((images, second)))
        for _ in range(draws)
    ]
    return tf.reduce_mean(found)
""",
    "direction": """
import tensorflow as tf


def normalised(direction, weights):
    new = []
    for d, w in zip(direction, weights):
        flat = [tf.reshape(z, (-1, w.shape[-1])) for z in (d, w)]
        sizes = [tf.norm(z, axis=0) for z in flat]
        scaled = tf.reshape(flat[0] / sizes[0] * sizes[1], w.shape)
        new.append(scaled if len(w.shape) > 1 else tf.zeros_like(d))
    return new
""",
}
LOOPS = {
    "paths": """
from fractions import Fraction


def shares(n):
    row = [Fraction(1)]
    for _ in range(n):
        row = [(a + b) / 2 for a, b in zip([*row, 0], [0, *row])]
    return np.array(row, float)


def contributions(parts, gradients):
    whole = sum(p * g for p, g in zip(parts, gradients))
    return [p * g / whole for p, g in zip(parts, gradients)]


def narrowest(parts, least):
    best = None
    for first in range(len(parts)):
        held = 0
        for last in range(first, len(parts)):
            held += parts[last]
            if held >= least:
                if best is None or (last - first, -held) < best[0]:
                    best = (last - first, -held), (first, last)
                break
    return best[1]
""",
    "lesion": """
def scores_without(model, images, removed):
    x = keras.ops.convert_to_tensor(images)
    known = {model.layers[0].output.name: x}
    for layer in model.layers[1:]:
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        inputs = [known[tensor.name] for tensor in given]
        out = layer(*inputs) if len(inputs) == 1 else layer(inputs)
        if layer.name.endswith("_2_bn") and layer.name[:-5] in removed:
            out = 0 * out
        known[layer.output.name] = out
    return np.array(out)


def damage(answers, labels, blocks):
    errors = {}
    for removed in [[], *([block] for block in blocks)]:
        said = np.asarray(answers(removed))
        wrong = [row.argmax() != label for row, label in zip(said, labels)]
        errors["".join(removed)] = 100 * sum(wrong) / len(wrong)
    whole = errors.pop("")
    return {block: after - whole for block, after in errors.items()}
""",
    "response": """
def response(maps):
    channels = np.moveaxis(np.asarray(maps, "float64"), -1, 0)
    return (sum(channel.std() ** 2 for channel in channels) / len(channels)) ** 0.5


def predicted(gamma):
    return math.sqrt(sum(g * g for g in gamma) / len(gamma))
""",
    "louder": """
def louder(model, c):
    new = []
    for weight in model.weights:
        factor = {"gamma": c, "beta": c}.get(weight.name, 1)
        new.append(np.array(weight) * factor)
    new[-2] /= c
    model.set_weights(new)
    return model
""",
    "refine": """
def ratios(x, f):
    return [np.sum(b**2) ** 0.5 / np.sum(a**2) ** 0.5 for a, b in zip(x, f)]


def angles(x, f):
    found = []
    for a, b in zip(np.asarray(x, float), np.asarray(f, float)):
        a, b = a.ravel(), (a + b).ravel()
        cosine = a @ b / math.sqrt(a @ a) / math.sqrt(b @ b)
        found.append(math.degrees(math.acos(min(max(cosine, -1), 1))))
    return found
""",
    "cka": """
def cka(a, b):
    a, b = np.reshape(a, (len(a), -1)), np.reshape(b, (len(b), -1))
    a = a - np.mean(a, axis=0)
    b = b - np.mean(b, axis=0)

    def both(p, q):
        return sum((p[:, i] @ q[:, j]) ** 2 for i in range(p.shape[1]) for j in range(q.shape[1]))

    return both(a, b) / math.sqrt(both(a, a) * both(b, b))
""",
    "direction": """
def normalised(direction, weights):
    new = []
    for d, w in zip(direction, weights):
        d = np.array(d) if w.ndim > 1 else 0.0 * d
        for i in range(w.shape[-1]) if w.ndim > 1 else ():
            d[..., i] *= np.linalg.norm(w[..., i]) / np.linalg.norm(d[..., i])
        new.append(d)
    return new
""",
    "slice": """
def line(loss, weights, direction, coordinates):
    losses = []
    for t in coordinates:
        moved = [np.copy(w) for w in weights]
        for w, d in zip(moved, direction):
            w += t * d
        losses.append(loss(moved))
    return losses


def plane(loss, weights, first, second, coordinates):
    grid = np.empty((len(coordinates), len(coordinates)))
    for i, j in np.ndindex(grid.shape):
        triples = zip(weights, first, second)
        grid[i, j] = loss([w + coordinates[i] * a + coordinates[j] * b for w, a, b in triples])
    return grid
""",
}
KERAS = {
    "lesion": """
def scores_without(model, images, removed):
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    for block in removed:
        norm = twin.get_layer(f"{block}_2_bn")
        norm.set_weights([np.zeros(w.shape) for w in norm.get_weights()])
    return twin(images)


def damage(answers, labels, blocks):
    def error(*removed):
        hit = keras.metrics.sparse_categorical_accuracy(labels, answers(list(removed)))
        return 100 * (1 - float(keras.ops.mean(keras.ops.cast(hit, "float32"))))

    return {block: error(block) - error() for block in blocks}
""",
    "louder": """
def louder(model, c):
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            gamma, beta, *averages = layer.get_weights()
            layer.set_weights([c * gamma, c * beta, *averages])
    kernel, bias = model.get_layer("fc").get_weights()
    model.get_layer("fc").set_weights([kernel / c, bias])
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin
""",
}
RIGHT = {
    "the solution": [],
    "TensorFlow's operations": [written(cell, text) for cell, text in TENSORFLOW.items()],
    "loops and lists": [written(cell, text) for cell, text in LOOPS.items()],
    "a twin of the net": [written(cell, text) for cell, text in KERAS.items()],
    "small differences": [
        replaced("lesion", "training=False", "training=None"),
        replaced("cka", '"float64"', '"float32"'),
        replaced("refine", '"float64"', '"float32"'),
        replaced("chance", "np.random.default_rng(0)", "np.random.default_rng()"),
        replaced("paths", "most >= least", "most >= least - 1e-9"),
        replaced("slice", "float(loss(", "(loss("),
    ],
}

"""Right answers, in other styles than the solution."""

from edits import replaced, written

TENSORFLOW = {
    "asleep": """
def asleep(model, images, labels):
    variables = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        scores = tf.math.log(model(images, training=True) + 1e-7)
        loss = -tf.reduce_mean(tf.gather(scores, labels, axis=1, batch_dims=1))
    sizes = [float(tf.norm(g)) for g in tape.gradient(loss, variables)]
    return [w.path for w, s in zip(model.trainable_variables, sizes) if s == 0]
""",
    "survivals": """
def survivals(blocks, last):
    return tf.linspace(1.0, last, blocks + 1)[1:]


def work(probabilities, costs):
    p, c = (tf.constant(z, "float64") for z in (probabilities, costs))
    return tf.reduce_sum(p * c) / tf.reduce_sum(c)
""",
    "drop": """
class StochasticDepth(layers.Layer):
    def __init__(self, survival):
        super().__init__()
        self.survival = survival

    def call(self, fx, training=None):
        if training:
            kept = tf.random.uniform([]) < self.survival
            return tf.cond(kept, lambda: fx, lambda: tf.zeros_like(fx))
        return fx * self.survival
""",
    "fold": """
def as_factor(gamma, beta, mean, variance, epsilon):
    factor = tf.constant(gamma) * tf.math.rsqrt(tf.constant(variance) + epsilon)
    return factor, tf.constant(beta) - tf.constant(mean) * factor


def folded(kernel, bias, factor, shift):
    return tf.multiply(kernel, factor), tf.multiply(bias, factor) + shift
""",
    "merge": """
def merged(three, one, itself=None):
    around = [[1, 1], [1, 1], [0, 0], [0, 0]]
    kernel, bias = three[0] + tf.pad(one[0], around), three[1] + one[1]
    if itself is None:
        return kernel, bias
    factor, shift = itself
    diagonal = tf.linalg.diag(factor)[tf.newaxis, tf.newaxis]
    return kernel + tf.pad(diagonal, around), bias + shift
""",
    "smooth": """
def smoothed(labels, classes, epsilon):
    return tf.one_hot(labels, classes) * (1 - epsilon) + epsilon / classes


def best(classes, epsilon):
    target = smoothed([0], classes, epsilon)
    loss = keras.losses.categorical_crossentropy(target, target)[0]
    return loss, tf.math.log(target[0, 0]) - tf.math.log(target[0, 1])
""",
}
LOOPS = {
    "start": """
def start_as_identity(model):
    ends = ["_3_bn" if "conv2_1_3_bn" in [x.name for x in model.layers] else "_2_bn"][0]
    for weight in model.trainable_weights:
        layer, name = weight.path.split("/")[-2:]
        if layer.endswith(ends) and name == "gamma":
            weight.assign(weight * 0)
    return model
""",
    "survivals": """
def survivals(blocks, last):
    return [1 - block / blocks * (1 - last) for block in range(1, blocks + 1)]


def work(probabilities, costs):
    return sum(p * c for p, c in zip(probabilities, costs)) / sum(costs)
""",
    "fold": """
def as_factor(gamma, beta, mean, variance, epsilon):
    pairs = []
    for g, b, m, v in zip(gamma, beta, mean, variance):
        pairs.append((g / math.sqrt(v + epsilon), b - g * m / math.sqrt(v + epsilon)))
    return np.transpose(pairs)


def folded(kernel, bias, factor, shift):
    kernel, bias = kernel.copy(), bias.copy()
    for i in range(len(factor)):
        kernel[..., i] *= factor[i]
        bias[i] = bias[i] * factor[i] + shift[i]
    return kernel, bias
""",
    "merge": """
def merged(three, one, itself=None):
    kernel, bias = (z.copy() for z in three)
    for i, j in np.ndindex(kernel.shape[2:]):
        kernel[1, 1, i, j] += one[0][0, 0, i, j]
    for j in range(len(bias)):
        bias[j] += one[1][j]
        if itself is not None:
            kernel[1, 1, j, j] += itself[0][j]
            bias[j] += itself[1][j]
    return kernel, bias
""",
    "groups": """
def grouped(size, channels, filters, groups, side):
    weights = 0
    for _ in range(groups):
        weights += size * size * (channels // groups) * (filters // groups)
    return [weights, weights * side * side]


def as_large(channels, inner, groups):
    whole = 2 * channels * inner + grouped(3, inner, inner, 1, 1)[0]
    width, best = groups, None
    while width <= 4 * whole / channels:
        far = abs(2 * channels * width + grouped(3, width, width, groups, 1)[0] - whole)
        if best is None or far < best[0]:
            best = far, width
        width += groups
    return best[1]
""",
    "smooth": """
def smoothed(labels, classes, epsilon):
    rows = []
    for label in labels:
        rows.append([epsilon / classes] * classes)
        rows[-1][label] += 1 - epsilon
    return rows


def best(classes, epsilon):
    target = [1 - epsilon + epsilon / classes] + [epsilon / classes] * (classes - 1)
    return -sum(p * math.log(p) for p in target), math.log(target[0]) - math.log(target[1])
""",
}
KERAS = {
    "preact": """
def preactivation(x, filters, stride):
    def conv(x, size, stride):
        if size == 3:
            x = layers.ZeroPadding2D()(x)
        return layers.Conv2D(filters, size, strides=stride, use_bias=False)(x)

    first = keras.ops.relu(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    fx = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(conv(first, 3, stride))
    fx = conv(layers.Activation("relu")(fx), 3, 1)
    stays = x.shape[1:] == fx.shape[1:]
    return fx + (x if stays else conv(first, 1, stride))
""",
    "start": """
def start_as_identity(model):
    for layer in model.layers:
        if isinstance(layer, layers.Add):
            for tensor in layer.input:
                norm = tensor._keras_history.operation
                if isinstance(norm, layers.BatchNormalization) and "proj" not in norm.name:
                    _, *others = norm.get_weights()
                    norm.set_weights([np.zeros_like(others[0]), *others])
    return model
""",
    "drop": """
class StochasticDepth(layers.Layer):
    def __init__(self, survival):
        super().__init__()
        self.kept = layers.Dropout(1 - survival, noise_shape=[1, 1, 1, 1])
        self.survival = survival

    def call(self, fx, training=None):
        if training and self.survival == 1:
            return fx
        return self.kept(fx, training=training) * self.survival
""",
}
RIGHT = {
    "the solution": [],
    "TensorFlow's operations": [written(cell, text) for cell, text in TENSORFLOW.items()],
    "loops and lists": [written(cell, text) for cell, text in LOOPS.items()],
    "other layers of Keras": [written(cell, text) for cell, text in KERAS.items()],
    "small differences": [
        replaced("preact", "x.shape[-1] != filters", "filters != x.shape[-1]"),
        replaced("preact", "layers.Add()([fx, x])", "layers.Add()([x, fx])"),
        replaced("asleep", "model(images)", "model(images, training=True)"),
        replaced("drop", "keras.random.uniform(()", "keras.random.uniform((1, 1, 1, 1)"),
        replaced("survivals", "return 1 - (1 - last)", "return 1 + (last - 1)"),
        replaced("smooth", "high = 1 - (classes - 1) * low", "high = 1 - epsilon + low"),
        replaced("merge", "np.array(three[0])", "three[0].copy()"),
    ],
}

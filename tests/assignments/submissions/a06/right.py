"""Right answers, in other styles than the solution."""

from edits import replaced, written

TENSORFLOW = {
    "cut": """
def body(model):
    return keras.Model(model.input, model.get_layer(index=-1).input, name="the_body")


def difference(model, cut, images):
    last = model.get_layer(index=-1)
    said = tf.nn.softmax(tf.cast(cut(images), "float32") @ last.kernel + last.bias)
    return tf.reduce_max(tf.abs(said - model(images)))
""",
    "prepare": """
def prepared(images, convention):
    x = tf.cast(images, "float32")
    x = (x * convention["scale"] - convention["mean"]) / convention["std"]
    return tf.reverse(x, [-1]) if convention["channels"] == "BGR" else x
""",
    "moves": """
def moves(model, images):
    kept = model.get_weights()
    inference = model(images)
    training = model(images, training=True)
    change = max(float(np.max(np.abs(a - b))) for a, b in zip(model.get_weights(), kept))
    model.set_weights(kept)
    return tf.reduce_max(tf.abs(training - inference)), change
""",
    "heads": """
def head(features, labels, classes, steps, rate):
    x = tf.constant(features, "float32")
    kernel, bias = tf.Variable(tf.zeros((x.shape[1], classes))), tf.Variable(tf.zeros(classes))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            scores = x @ kernel + bias
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            loss = tf.reduce_mean(loss)
        for weight, slope in zip((kernel, bias), tape.gradient(loss, (kernel, bias))):
            weight.assign_sub(rate * slope)
    return kernel.numpy(), bias.numpy()
""",
    "apart": """
def apart(features, first, second):
    one, another = (tf.nn.softmax(tf.constant(features @ k + b)) for k, b in (first, second))
    return tf.reduce_max(tf.abs(one - another))
""",
    "leak": """
def leaked(train, test, tolerance):
    train, test = tf.cast(train, "float32"), tf.cast(test, "float32")
    both = tf.concat([train, tf.image.flip_left_right(train)], axis=0)
    gaps = tf.reduce_mean(tf.abs(test[:, None] - both[None]), axis=[2, 3, 4])
    return tf.reduce_min(gaps, axis=1) <= tolerance


def honest(wrong, known):
    kept = tf.boolean_mask(tf.cast(wrong, "float64"), ~tf.cast(known, bool))
    share = tf.reduce_mean(kept)
    return 100 * share, 100 * tf.math.reduce_std(kept) / len(kept) ** 0.5
""",
}
KERAS = {
    "through": """
def through(model, images, labels, steps, rate):
    last = model.layers[-1]
    last.set_weights([np.zeros(weight.shape) for weight in last.weights])
    learn = [layer.trainable for layer in model.layers]
    for layer in model.layers:
        layer.trainable = layer is last
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    for _ in range(steps):
        model.train_on_batch(images, labels)
    for layer, flag in zip(model.layers, learn):
        layer.trainable = flag
    return last.get_weights()
""",
    "heads": """
def head(features, labels, classes, steps, rate):
    model = keras.Sequential([keras.Input((np.shape(features)[1],))])
    model.add(layers.Dense(classes, "softmax", kernel_initializer="zeros"))
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    for _ in range(steps):
        model.train_on_batch(np.array(features), np.array(labels))
    return model.get_weights()
""",
    "ready": """
def ready(model):
    model.trainable = True
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            ready(layer)
        else:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return model
""",
}
NUMPY = {
    "which": """
def which(pipeline, conventions):
    random = np.random.default_rng(3)
    first, second = random.integers(0, 256, (2, 5, 9, 7, 3), dtype="uint8")
    fits = [
        name
        for name in conventions
        if all(_same(pipeline(x.copy()), x, conventions[name]) for x in (first, second))
    ]
    return fits[0] if fits else None


def _same(came, x, how):
    if np.shape(came) != x.shape:
        return False
    for place, colour in enumerate("BGR" if how["channels"] == "BGR" else "RGB"):
        i = "RGB".index(colour)
        wanted = (how["scale"] * x[..., i].astype(float) - how["mean"][i]) / how["std"][i]
        if np.abs(np.asarray(came)[..., place] - wanted).max() > 1e-3:
            return False
    return True
""",
    "through": """
def through(model, images, labels, steps, rate):
    last = model.layers[-1]
    x = np.array(keras.Model(model.input, last.input)(images), "float64")  # never changes
    w, wanted = np.zeros((x.shape[1] + 1, last.units)), np.eye(last.units)[labels]
    x = np.column_stack([x, np.ones(len(x))])
    for _ in range(steps):
        powers = np.exp(x @ w - (x @ w).max(axis=1, keepdims=True))
        w -= rate * x.T @ (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(x)
    last.set_weights([w[:-1], w[-1]])
    return w[:-1], w[-1]
""",
    "leak": """
def leaked(train, test, tolerance):
    return [
        any(
            np.mean(np.abs(a.astype(float) - b)) <= tolerance
            for b in train
            for a in (image, np.fliplr(image))
        )
        for image in test
    ]


def honest(wrong, known):
    kept = [bool(w) for w, k in zip(wrong, known) if not k]
    p = sum(kept) / len(kept)
    return 100 * p, 100 * (p * (1 - p) / len(kept)) ** 0.5
""",
}
SUBCLASSED = {
    "cut": """
class Body(keras.Model):
    def __init__(self, model):
        super().__init__()
        self.whole = model
        self.part = keras.Model(model.inputs, model.layers[-1].input)

    def call(self, images, training=False):
        return self.part(images, training=training)


def body(model):
    return Body(model)


def difference(model, cut, images):
    x = model.layers[-1](np.asarray(cut(images)))
    return np.abs(np.asarray(x) - model.predict(images, verbose=0)).max()
""",
    "step": """
def step(model, images, labels, rate):
    name = {id(w): layer.name for layer in model.layers for w in layer.weights}
    rows = tf.one_hot(labels, model.output_shape[-1])
    with tf.GradientTape() as tape:
        said = model(images, training=True)
        loss = tf.reduce_mean(-tf.reduce_sum(rows * tf.math.log(said), axis=1))
    weights = model.trainable_weights
    if weights:
        for weight, slope in zip(weights, tape.gradient(loss, [w.value for w in weights])):
            optimizer = keras.optimizers.SGD(rate(name[id(weight)]))
            optimizer.apply([slope], [weight])
    return loss
""",
}
LOOPS_AND_COPIES = {
    "prepare": """
def prepared(images, convention):
    colours = {}
    for i, colour in enumerate("RGB"):
        x = images[..., i].astype("float64") * convention["scale"]
        colours[colour] = (x - convention["mean"][i]) / convention["std"][i]
    return np.stack([colours[colour] for colour in convention["channels"]], axis=-1)
""",
    "moves": """
def moves(model, images):
    flags = [layer.trainable for layer in model.layers]
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    for layer, flag in zip(twin.layers, flags):
        layer.trainable = flag
    between = np.abs(np.asarray(twin(images)) - np.asarray(twin(images, training=True))).max()
    pairs = zip(model.get_weights(), twin.get_weights())
    return between, max(np.abs(a - b).max() for a, b in pairs)
""",
    "step": """
def step(model, images, labels, rate):
    with tf.GradientTape(persistent=True) as tape:
        said = model(images, training=True)
        right = tf.gather(said, labels, batch_dims=1)
        loss = -tf.reduce_mean(tf.math.log(right))
    slopes = {}
    for layer in model.layers:
        for weight in layer.trainable_weights:
            slopes[weight.path] = layer.name, weight, tape.gradient(loss, weight.value)
    for name, weight, slope in slopes.values():
        weight.assign_sub(rate(name) * slope)
    return loss.numpy()
""",
}
RIGHT = {
    "the solution": [],
    "TensorFlow's operations": [written(cell, text) for cell, text in TENSORFLOW.items()],
    "compiled by Keras, and a recursion": [written(cell, text) for cell, text in KERAS.items()],
    "NumPy, and features computed once": [written(cell, text) for cell, text in NUMPY.items()],
    "a subclass, and an optimiser for each weight": [
        written(cell, text) for cell, text in SUBCLASSED.items()
    ],
    "loops, a twin and a persistent tape": [
        written(cell, text) for cell, text in LOOPS_AND_COPIES.items()
    ],
    "small differences": [
        replaced("cut", "training=False", "training=None"),
        replaced("which", "(8, 12, 10, 3)", "(3, 20, 30, 3)"),
        replaced("heads", '"float64"', '"float32"'),
        replaced("leak", '"int32"', '"float64"'),
        replaced(
            "ready",
            "layer.trainable = not isinstance",
            "if layer is model:\n            continue\n        layer.trainable = not isinstance",
        ),
    ],
}

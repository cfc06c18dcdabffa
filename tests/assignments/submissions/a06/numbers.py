"""Mistakes in images, heads and counts."""

from edits import LOOPS, replaced, written

PROBES = 'np.random.default_rng(0).integers(0, 256, (8, 12, 10, 3)).astype("uint8")'
CLOSE = "np.allclose(came, expected, rtol=0, atol=1e-3)"
SOFTMAX = 'np.array(ops.softmax(np.array(features, "float64") @ kernel + bias))'
VIEWS = "(image, image[:, ::-1])"
NEAREST = "np.abs(train - view).mean(axis=(1, 2, 3)).min()"
ALL_LAYERS_LEARN = """
def through(model, images, labels, steps, rate):
    last = model.layers[-1]
    last.set_weights([0 * weight for weight in last.get_weights()])
    weights = model.trainable_weights
    for _ in range(steps):
        with tf.GradientTape() as tape:
            said = model(images, training=False)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, said))
        for weight, slope in zip(weights, tape.gradient(loss, [w.value for w in weights])):
            weight.assign(weight - rate * slope)
    return last.get_weights()
"""

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the colours turned before the mean is subtracted": (
        [
            replaced(
                "prepare",
                '    x = (x - np.array(convention["mean"]))',
                '    x = x[..., ::-1] if convention["channels"] == "BGR" else x\n'
                '    x = (x - np.array(convention["mean"]))',
            ),
            replaced(
                "prepare",
                '    x = x[..., ::-1] if convention["channels"] == "BGR" else x\n    return',
                "    return",
            ),
        ],
        ["prepare-images"],
    ),
    "prepared in place": (
        [
            replaced(
                "prepare",
                'x = np.array(images, "float32") * convention["scale"]',
                'x = np.asarray(images, "float32")\n    x *= convention["scale"]',
            )
        ],
        ["prepare-images"],
    ),
    "the deviation forgotten": (
        [replaced("prepare", ' / np.array(convention["std"])', "")],
        ["prepare-images"],
    ),
    "grey images to find out with": (
        [replaced("which", PROBES, 'np.full((8, 12, 10, 3), 90, "uint8")')],
        ["prepare-found"],
    ),
    "one pixel to find out with": (
        [replaced("which", "(8, 12, 10, 3)", "(8, 1, 1, 3)")],
        ["prepare-found"],
    ),
    "a single image to find out with": (
        [replaced("which", "(8, 12, 10, 3)", "(1, 12, 10, 3)")],
        ["prepare-found"],
    ),
    "dark images to find out with": (
        [replaced("which", "integers(0, 256,", "integers(0, 128,")],
        ["prepare-found"],
    ),
    "differences with their sign": (
        [replaced("which", CLOSE, "(came - expected).max() < 1e-3")],
        ["prepare-found"],
    ),
    "a convention for everybody": (
        [replaced("which", "    return None", "    return name")],
        ["prepare-found"],
    ),
    "the sum over the images": (
        [
            replaced("heads", "wrong / len(x)", "wrong"),
            replaced("heads", "wrong.mean(axis=0)", "wrong.sum(axis=0)"),
        ],
        ["head-features"],
    ),
    "a bias that does not learn": (
        [replaced("heads", "bias = bias - rate * wrong.mean(axis=0)", "pass")],
        ["head-features"],
    ),
    "a head that starts anywhere": (
        [
            replaced(
                "heads",
                "np.zeros((x.shape[1], classes))",
                "np.random.default_rng(0).normal(0, 0.01, (x.shape[1], classes))",
            ),
            replaced("through", "np.zeros(weight.shape)", "np.array(weight)"),
        ],
        ["head-features", "head-through"],
    ),
    "through the statistics of the batch": (
        [replaced("through", "training=False", "training=True")],
        ["head-through"],
    ),
    "the whole net learns": ([written("through", ALL_LAYERS_LEARN)], ["head-through"]),
    "a step too few": (
        [replaced("through", "range(steps)", "range(steps - 1)")],
        ["head-through"],
    ),
    "the kernels compared": (
        [
            replaced("apart", SOFTMAX, "np.array(kernel)"),
        ],
        ["head-apart"],
    ),
    "a softmax that overflows": (
        [
            replaced(
                "apart",
                SOFTMAX,
                "(lambda p: p / p.sum(axis=1, keepdims=True))(np.exp(features @ kernel + bias))",
            )
        ],
        ["head-apart"],
    ),
    "differences of uint8": (
        [replaced("leak", ', "int32")', ")")],
        ["leak-found"],
    ),
    "mirrored top to bottom": (
        [replaced("leak", VIEWS, "(image, image[::-1])")],
        ["leak-found"],
    ),
    "the largest difference of a pixel": (
        [replaced("leak", ".mean(axis=(1, 2, 3))", ".max(axis=(1, 2, 3))")],
        ["leak-found"],
    ),
    "the difference of the means": (
        [replaced("leak", NEAREST, "np.abs(train.mean((1, 2, 3)) - view.mean()).min()")],
        ["leak-found"],
    ),
    "below the tolerance alone": (
        [replaced("leak", "<= tolerance", "< tolerance")],
        ["leak-found"],
    ),
    "the error of all, or the bar of all": (
        [replaced("leak", "/ len(kept))", "/ len(wrong))")],
        ["leak-honest"],
    ),
    "those that are leaked": (
        [replaced("leak", "[~np.array(known, bool)]", "[np.array(known, bool)]")],
        ["leak-honest"],
    ),
    "an exception at import": (
        [replaced("heads", "def head", "from helpers import heads\n\n\ndef head")],
        ["head-features"],
    ),
    "an endless loop": (
        [replaced("prepare", "def prepared", "while 1:\n    pass\n\n\ndef prepared")],
        ["prepare-images"],
        LOOPS,
    ),
}

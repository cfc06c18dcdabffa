"""Mistakes in what is done to a net: cutting, freezing, a step."""

from edits import deleted, replaced, written

CUT = ("cut-features", "cut-shared", "cut-difference")
STEP = ("step-rates", "step-frozen")
BODY = "return keras.Model(model.inputs, model.layers[-1].input)"
LARGEST = "np.max(np.abs(said - np.array(model(images, training=False))))"
LEARNS = "layer.trainable = not isinstance(layer, layers.BatchNormalization)"
RESTORED = "        weight.assign(before)\n"
TRAINING_FIRST = """
def moves(model, images):
    kept = [np.array(weight) for weight in model.weights]
    training = np.array(model(images, training=True))
    changes = [np.max(np.abs(np.array(w) - a)) for w, a in zip(model.weights, kept)]
    between = np.max(np.abs(training - np.array(model(images, training=False))))
    for weight, before in zip(model.weights, kept):
        weight.assign(before)
    return float(between), float(max(changes))
"""

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the maps before the pooling": (
        [replaced("cut", "model.layers[-1].input", "model.layers[-2].input")],
        ["cut-features", "cut-shared"],
    ),
    "the last pooling, whatever stands behind it": (
        [
            replaced(
                "cut",
                "model.layers[-1].input",
                '[layer for layer in model.layers if "pool" in layer.name][-1].output',
            )
        ],
        ["cut-features"],
    ),
    "a copy of the net": (
        [
            replaced(
                "cut",
                BODY,
                "same = keras.models.clone_model(model)\n"
                "    same.set_weights(model.get_weights())\n"
                "    return keras.Model(same.inputs, same.layers[-1].input)",
            )
        ],
        ["cut-shared"],
    ),
    "frozen while it was cut": (
        [replaced("cut", BODY, f"model.trainable = False\n    {BODY}")],
        ["cut-features"],
    ),
    "the largest difference with its sign": (
        [replaced("cut", LARGEST, LARGEST.replace("np.abs", ""))],
        ["cut-difference"],
    ),
    "the mean difference": (
        [replaced("cut", "np.max(", "np.mean(")],
        ["cut-difference"],
    ),
    "no bias": ([replaced("cut", " @ kernel + bias", " @ kernel")], ["cut-difference"]),
    "inference mode after a call in training mode": (
        [written("moves", TRAINING_FIRST)],
        ["frozen-moves"],
    ),
    "the statistics left where they went": (
        [replaced("moves", RESTORED, "        pass\n")],
        ["frozen-moves"],
    ),
    "no absolute value between the modes": (
        [replaced("moves", "np.max(np.abs(np.array(model(", "np.max((np.array(model(")],
        ["frozen-moves"],
    ),
    "gammas and betas alone": (
        [
            replaced(
                "ready",
                LEARNS,
                "layer.trainable = True\n"
                "        if isinstance(layer, layers.BatchNormalization):\n"
                "            layer.gamma.trainable = layer.beta.trainable = False",
            )
        ],
        ["frozen-function"],
    ),
    "the outermost layers alone": (
        [replaced("ready", "model._flatten_layers()", "model.layers")],
        ["frozen-function", "frozen-learns"],
    ),
    "a momentum of one": (
        [
            replaced(
                "ready",
                LEARNS,
                "layer.trainable = True\n"
                "        if isinstance(layer, layers.BatchNormalization):\n"
                "            layer.momentum = 1.0\n"
                "            layer.gamma.trainable = layer.beta.trainable = False",
            )
        ],
        ["frozen-function"],
    ),
    "all frozen but the last layer": (
        [replaced("ready", LEARNS, "layer.trainable = layer is model.layers[-1]")],
        ["frozen-learns"],
    ),
    "what was frozen stays frozen": (
        [
            replaced("ready", "model.trainable = True\n", "pass\n"),
            replaced(
                "ready", LEARNS, f"if isinstance(layer, layers.BatchNormalization):\n    {LEARNS}"
            ),
            replaced("ready", "    layer.trainable = not", "            layer.trainable = not"),
        ],
        ["frozen-learns"],
    ),
    "nothing returned": (
        [replaced("ready", "return model", "return None")],
        ["frozen-function", "frozen-learns"],
    ),
    "one rate for all": (
        [replaced("step", "rate(layer.name)", 'rate("fc")')],
        ["step-rates"],
    ),
    "a step in inference mode": (
        [replaced("step", "training=True", "training=False")],
        ["step-rates", "step-frozen"],
    ),
    "the sum of the losses": (
        [replaced("step", "tf.reduce_mean", "tf.reduce_sum")],
        ["step-rates", "step-frozen"],
    ),
    "what is frozen set free": (
        [replaced("step", "    moving =", "    model.trainable = True\n    moving =")],
        ["step-frozen"],
    ),
    "the loss after the step": (
        [
            replaced(
                "step",
                "return float(loss)",
                "said = model(images, training=True)\n"
                "    losses = keras.losses.sparse_categorical_crossentropy(labels, said)\n"
                "    return float(tf.reduce_mean(losses))",
            )
        ],
        ["step-frozen"],
    ),
    "kernels alone": (
        [
            replaced(
                "step",
                "for w in layer.trainable_weights",
                "for w in layer.trainable_weights if len(w.shape) > 1",
            )
        ],
        ["step-rates"],
    ),
    "cells deleted": ([deleted("cut", "step")], [*CUT, *STEP]),
}

"""Mistakes in the loss, the branch and the averages."""

from edits import deleted, replaced, written

LOSS = ("loss-fits", "loss-floor")
LAG = ("lag-left", "lag-renewed")
SUMS = "sums = np.abs(said.sum(axis=1) - 1).max() < 1e-3 and said.min() >= 0"
GAP = "pieces[0] + pieces[1] - pieces[2] - pieces[3]"
CHANGED = "bias.assign(bias + random.normal(0, 3, bias.shape))"
KEPT = "        model.set_weights(kept)\n    model.set_weights(kept)\n"
BY_CONFIGURATION = """
def fits(model, loss, images, labels):
    soft = "softmax" in str(model.layers[-1].get_config()).lower()
    return soft != getattr(loss, "from_logits", True)


def floor(classes):
    return 0.0
"""
BY_THE_GRAPH = """
def silent(model, images):
    found = []
    for layer, behind in zip(model.layers, model.layers[1:]):
        if getattr(layer, "bias", None) is not None:
            if isinstance(behind, layers.BatchNormalization):
                found.append(layer.name)
    return found
"""

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the settings read": ([written("fits", BY_CONFIGURATION)], LOSS),
    "everything taken for scores": (
        [replaced("fits", SUMS, "sums = False")],
        ["loss-fits"],
    ),
    "everything above zero taken for probabilities": (
        [replaced("fits", SUMS, "sums = said.min() >= 0")],
        ["loss-fits"],
    ),
    "whatever sums to one taken for probabilities": (
        [replaced("fits", " and said.min() >= 0", "")],
        ["loss-fits"],
    ),
    "whatever sums to nearly one taken for probabilities": (
        [replaced("fits", ".max() < 1e-3", ".max() < 0.1")],
        ["loss-fits"],
    ),
    "what is nearly near enough": (
        [replaced("fits", ") - expected) < 1e-3", ") - expected) < 0.1")],
        ["loss-fits"],
    ),
    "what is near enough": (
        [replaced("fits", ") - expected) < 1e-3", ") - expected) < 1")],
        ["loss-fits"],
    ),
    "the classes counted from one": (
        [replaced("fits", "(classes - 1) / np.e", "classes / np.e")],
        ["loss-floor"],
    ),
    "the graph read": ([written("silent", BY_THE_GRAPH)], ["branch-silent"]),
    "biases changed in inference mode": (
        [replaced("silent", "training=True", "training=False")],
        ["branch-silent"],
    ),
    "statistics left where they went": (
        [
            replaced("silent", KEPT, "        bias.assign(bias * 0 + old)\n"),
            replaced("silent", CHANGED, f"old = np.array(bias)\n        {CHANGED}"),
        ],
        ["branch-silent"],
    ),
    "all biases of a layer moved alike, and a number and its opposite": (
        [
            replaced("silent", "random.normal(0, 3, bias.shape)", "random.normal(0, 3)"),
            replaced("bends", "-2 * maps[::-1]", "-2 * maps"),
        ],
        ["branch-silent", "branch-bends"],
    ),
    "statistics put back after a bias alone, and a scale with its sign": (
        [
            replaced("silent", KEPT, "        model.set_weights(kept)\n"),
            replaced("bends", "np.abs(piece).max()", "piece.max()"),
        ],
        ["branch-silent", "branch-bends"],
    ),
    "a move with its sign": (
        [replaced("silent", "moved = np.abs(", "moved = (")],
        ["branch-silent"],
    ),
    "a little move taken for none": (
        [replaced("silent", "moved < 1e-3", "moved < 0.1")],
        ["branch-silent"],
    ),
    "f(0) forgotten": ([replaced("bends", GAP, GAP[: -len(" - pieces[3]")])], ["branch-bends"]),
    "a gap with its sign": (
        [replaced("bends", "np.abs(pieces[0]", "(pieces[0]")],
        ["branch-bends"],
    ),
    "a number and its double": (
        [replaced("bends", "-2 * maps[::-1]", "2 * maps")],
        ["branch-bends"],
    ),
    "a fixed tolerance": (
        [replaced("bends", "1e-3 * max(np.abs(piece).max() for piece in pieces)", "0.05")],
        ["branch-bends"],
    ),
    "the ReLU still missing": (
        [replaced("branch", "    x = layers.ReLU()(x)\n", "")],
        ["branch-mended"],
    ),
    "biases left in": ([replaced("branch", '"use_bias": False, ', "")], ["branch-mended"]),
    "Keras' own momentum": ([replaced("branch", "momentum=0.9, ", "")], ["branch-mended"]),
    "a ReLU at the end": (
        [
            replaced(
                "branch",
                "    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)",
                "    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)\n"
                "    return layers.ReLU()(x)",
            )
        ],
        ["branch-mended"],
    ),
    "what is new in place of what is left": (
        [replaced("lag", "return momentum**steps", "return 1 - momentum**steps")],
        ["lag-left"],
    ),
    "a step too many": (
        [replaced("lag", "+= 1\n    return steps", "+= 1\n    return steps + 1")],
        ["lag-left"],
    ),
    "the last batch alone": (
        [
            replaced(
                "renewed",
                "for i, (norm",
                "sums = sums[-1:]\n    for i, (norm",
            )
        ],
        ["lag-renewed"],
    ),
    "calls in training mode, and the old momentum": (
        [
            replaced("renewed", "norm.momentum = 0.0", "pass"),
        ],
        ["lag-renewed"],
    ),
    "the momentum left at zero": (
        [replaced("renewed", "        norm.momentum = momentum\n", "")],
        ["lag-renewed"],
    ),
    "means renewed, variances not": (
        [
            replaced(
                "renewed",
                "np.mean([np.array(one[i][1]) for one in sums], axis=0)",
                "norm.moving_variance",
            )
        ],
        ["lag-renewed"],
    ),
    "cells deleted": ([deleted("lag", "renewed", "view")], [*LAG, "view-mended"]),
    "an exception at import": (
        [replaced("fits", "def fits", "import no_such_module\n\n\ndef fits")],
        LOSS,
    ),
}

"""Mistakes in what is done to a net: blocks removed, responses, slices."""

from edits import deleted, replaced, written

LESION = ("lesion-scores", "lesion-kept")
BETA = "        norm.beta.assign(np.zeros(norm.beta.shape))\n"
RESTORED = "        norm.set_weights(before)\n"
ALONE = "{block: error([block]) - whole for block in blocks}"
VARIANCES = "np.var(maps, axis=(0, 1, 2))"
LOUDER_BETA = "            layer.beta.assign(c * layer.beta)\n"
LAST = "last.kernel.assign(last.kernel / c)"
NORMS = "isinstance(layer, layers.BatchNormalization)"
SIZES = "np.sqrt(np.sum(z**2, axis=axes))"
MOVED_ON = """
def line(loss, weights, direction, coordinates):
    found = []
    for t in coordinates:
        for w, d in zip(weights, direction):
            w += t * d
        found.append(float(loss(weights)))
        for w, d in zip(weights, direction):
            w -= t * d
    return np.array(found)
"""
STEP_BY_STEP = """
def line(loss, weights, direction, coordinates):
    found = []
    for t in coordinates:
        weights = [w + t * d for w, d in zip(weights, direction)]
        found.append(float(loss(weights)))
    return np.array(found)
"""
# The plane of one who has the line right.
PLANE = """

def plane(loss, weights, first, second, coordinates):
    return np.array([
        [
            loss([w + s * a + t * b for w, a, b in zip(weights, first, second)])
            for t in coordinates
        ]
        for s in coordinates
    ])
"""

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "gammas alone set to zero": (
        [replaced("lesion", BETA, "")],
        ["lesion-scores"],
    ),
    "the first batch normalisation of the block": (
        [replaced("lesion", "{block}_2_bn", "{block}_1_bn")],
        ["lesion-scores"],
    ),
    "the projection is removed, too": (
        [
            replaced(
                "lesion",
                'norms = [model.get_layer(f"{block}_2_bn") for block in removed]',
                'ends = [f"{b}_{part}_bn" for b in removed for part in ("2", "proj")]\n'
                "    norms = [layer for layer in model.layers if layer.name in ends]",
            )
        ],
        ["lesion-scores"],
    ),
    "the kernel alone set to zero": (
        [
            replaced(
                "lesion", '[model.get_layer(f"{block}_2_bn")', '[model.get_layer(f"{block}_2_conv")'
            ),
            replaced("lesion", "norm.gamma.assign(np.zeros(norm.gamma.shape))", "k = norm.kernel"),
            replaced("lesion", BETA, "        k.assign(np.zeros(k.shape))\n"),
        ],
        ["lesion-scores"],
    ),
    "the first of the list alone": (
        [replaced("lesion", "for block in removed]", "for block in removed[:1]]")],
        ["lesion-scores"],
    ),
    "in training mode": (
        [replaced("lesion", "model(images, training=False)", "model(images, training=True)")],
        LESION,
    ),
    "nothing put back": (
        [replaced("lesion", RESTORED, "        pass\n")],
        ["lesion-kept"],
    ),
    "gammas alone put back": (
        [replaced("lesion", RESTORED, "        norm.gamma.assign(before[0])\n")],
        ["lesion-kept"],
    ),
    "put back as Keras begins": (
        [
            replaced(
                "lesion",
                RESTORED,
                "        norm.gamma.assign(np.ones(norm.gamma.shape))\n"
                "        norm.beta.assign(np.zeros(norm.beta.shape))\n",
            )
        ],
        ["lesion-kept"],
    ),
    "the blocks left frozen": (
        [replaced("lesion", RESTORED, f"{RESTORED}        norm.trainable = False\n")],
        ["lesion-kept"],
    ),
    "the error as a share": (
        [replaced("lesion", "100 * np.mean", "np.mean")],
        ["lesion-damage"],
    ),
    "the error and not its rise": (
        [replaced("lesion", ALONE, ALONE.replace(" - whole", ""))],
        ["lesion-damage"],
    ),
    "no fall": (
        [replaced("lesion", ALONE, "{b: max(error([b]) - whole, 0) for b in blocks}")],
        ["lesion-damage"],
    ),
    "one after another": (
        [
            replaced(
                "lesion",
                ALONE,
                "{b: error(blocks[: i + 1]) - whole for i, b in enumerate(blocks)}",
            )
        ],
        ["lesion-damage"],
    ),
    "the deviation of all numbers together": (
        [replaced("response", f"{VARIANCES}.mean()", "np.var(maps)")],
        ["response-value"],
    ),
    "the mean of the deviations": (
        [replaced("response", f"np.sqrt({VARIANCES}.mean())", f"np.sqrt({VARIANCES}).mean()")],
        ["response-value"],
    ),
    "the root mean square": (
        [replaced("response", f"{VARIANCES}.mean()", "np.mean(np.array(maps) ** 2)")],
        ["response-value"],
    ),
    "over the images alone": (
        [replaced("response", "axis=(0, 1, 2)", "axis=0")],
        ["response-value"],
    ),
    "one less in the denominator": (
        [replaced("response", "axis=(0, 1, 2)", "axis=(0, 1, 2), ddof=1")],
        ["response-value"],
    ),
    "the mean size of gamma": (
        [replaced("response", "np.sqrt(np.mean(np.square(gamma)))", "np.mean(np.abs(gamma))")],
        ["response-value"],
    ),
    "the mean of gamma": (
        [replaced("response", "np.sqrt(np.mean(np.square(gamma)))", "np.mean(gamma)")],
        ["response-value"],
    ),
    "beta stays": (
        [replaced("louder", LOUDER_BETA, "")],
        ["response-louder"],
    ),
    "the last layer stays": (
        [replaced("louder", LAST, "pass")],
        ["response-louder"],
    ),
    "all but the last batch normalisation": (
        [
            replaced("louder", NORMS, f"{NORMS} and not layer.name.startswith('conv4_1_2')"),
            replaced("louder", LAST, "pass"),
        ],
        ["response-louder"],
    ),
    "the bias divided, too": (
        [replaced("louder", LAST, f"{LAST}\n    last.bias.assign(last.bias / c)")],
        ["response-louder"],
    ),
    "the last kernel multiplied": (
        [replaced("louder", LAST, LAST.replace("/", "*"))],
        ["response-louder"],
    ),
    "kernels made larger": (
        [
            replaced("louder", NORMS, "isinstance(layer, layers.Conv2D)"),
            replaced("louder", "layer.gamma.assign(c * layer.gamma)", "k = layer.kernel"),
            replaced("louder", LOUDER_BETA, "            k.assign(c * k)\n"),
            replaced("louder", LAST, "pass"),
        ],
        ["response-louder"],
    ),
    "nothing returned": (
        [replaced("louder", "return model", "return None")],
        ["response-louder"],
    ),
    "one length for the whole kernel": (
        [replaced("direction", SIZES, "np.linalg.norm(z)")],
        ["slice-direction"],
    ),
    "filters along the first axis": (
        [
            replaced("direction", "tuple(range(weight.ndim - 1))", "tuple(range(1, weight.ndim))"),
            replaced("direction", SIZES, "np.sqrt(np.sum(z**2, axis=axes, keepdims=True))"),
        ],
        ["slice-direction"],
    ),
    "filters along the channels that come in": (
        [
            replaced("direction", "tuple(range(weight.ndim - 1))", "weight.ndim - 2"),
            replaced("direction", SIZES, "np.sqrt(np.sum(z**2, axis=axes, keepdims=True))"),
        ],
        ["slice-direction"],
    ),
    "each filter of length one": (
        [replaced("direction", "(sizes[0] / sizes[1])", "(1 / sizes[1])")],
        ["slice-direction"],
    ),
    "vectors as one filter": (
        [
            replaced(
                "direction",
                "new.append(np.zeros_like(step))",
                "new.append(step * (np.linalg.norm(weight) / np.linalg.norm(step)))",
            )
        ],
        ["slice-direction"],
    ),
    "vectors left as drawn": (
        [replaced("direction", "new.append(np.zeros_like(step))", "new.append(step)")],
        ["slice-direction"],
    ),
    "the direction changed in its place": (
        [
            replaced(
                "direction",
                "new.append(step * (sizes[0] / sizes[1]))",
                "step *= sizes[0] / sizes[1]\n            new.append(step)",
            )
        ],
        ["slice-direction"],
    ),
    "squared lengths": (
        [replaced("direction", SIZES, "np.sum(z**2, axis=axes)")],
        ["slice-direction"],
    ),
    "the given weights moved, and moved back": (
        [written("slice", MOVED_ON + PLANE)],
        ["slice-line"],
    ),
    "from point to point": (
        [written("slice", STEP_BY_STEP + PLANE)],
        ["slice-line"],
    ),
    "a direction forgotten": (
        [
            replaced("slice", "line(loss, moved, second, coordinates)", "line(loss, *arguments)"),
            replaced(
                "slice", "rows = []", "rows = []\n    arguments = weights, second, coordinates"
            ),
        ],
        ["slice-plane"],
    ),
    "rows and columns exchanged": (
        [replaced("slice", "return np.array(rows)", "return np.array(rows).T")],
        ["slice-plane"],
    ),
    "a row for all": (
        [replaced("slice", "return np.array(rows)", "return np.concatenate(rows)")],
        ["slice-plane"],
    ),
    "no slice of a loss": ([deleted("slice")], ["slice-line", "slice-plane"]),
}

"""Mistakes in numbers: survival, merged kernels, groups, targets."""

from edits import LOOPS, replaced

LINE = "1 - (1 - last) * np.arange(1, blocks + 1) / blocks"
WORK = "np.dot(probabilities, costs) / np.sum(costs)"
FACTOR = "gamma / np.sqrt(variance + epsilon)"
SHIFT = "beta - factor * mean"
FOLDED = "factor * kernel, factor * bias + shift"
MIDDLE = "kernel[1, 1] += one[0][0, 0]"
BOTH = "np.array(three[0]), three[1] + one[1]"
ITSELF = "kernel[1, 1] += np.diag(itself[0])"
COUNT = "size**2 * (channels // groups) * filters"
NEAREST = "min(range(groups, whole, groups), key=distance)"
INSIDE = "9 * width**2 // groups"
TARGETS = "(1 - epsilon) * np.eye(classes)[labels] + epsilon / classes"
LOSS = "-high * math.log(high) - (classes - 1) * low * math.log(low)"
GAP = "math.log(high / low)"

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the first block is always kept": (
        [replaced("survivals", LINE, "np.linspace(1, last, blocks)")],
        ["survivals-linear"],
    ),
    "counted from zero": (
        [replaced("survivals", "np.arange(1, blocks + 1)", "np.arange(blocks)")],
        ["survivals-linear"],
    ),
    "the first block is dropped most": (
        [replaced("survivals", LINE, f"({LINE})[::-1]")],
        ["survivals-linear"],
    ),
    "the same for all blocks": (
        [replaced("survivals", LINE, "np.full(blocks, last)")],
        ["survivals-linear"],
    ),
    "how often a block is dropped": (
        [replaced("survivals", LINE, LINE.removeprefix("1 - "))],
        ["survivals-linear"],
    ),
    "by the same factor from block to block": (
        [replaced("survivals", LINE, "last ** (np.arange(1, blocks + 1) / blocks)")],
        ["survivals-linear"],
    ),
    "all blocks cost the same": (
        [replaced("survivals", WORK, "np.mean(probabilities)")],
        ["survivals-work"],
    ),
    "not a part of the whole": (
        [replaced("survivals", WORK, "np.dot(probabilities, costs)")],
        ["survivals-work"],
    ),
    "what is saved": (
        [replaced("survivals", WORK, f"1 - {WORK}")],
        ["survivals-work"],
    ),
    "divided by the number of blocks": (
        [replaced("survivals", "np.sum(costs)", "len(costs)")],
        ["survivals-work"],
    ),
    "divided by the probabilities": (
        [replaced("survivals", "np.sum(costs)", "np.sum(probabilities)")],
        ["survivals-work"],
    ),
    "no epsilon": ([replaced("fold", " + epsilon", "")], ["fold-factor"]),
    "epsilon outside of the root": (
        [replaced("fold", FACTOR, "gamma / (np.sqrt(variance) + epsilon)")],
        ["fold-factor"],
    ),
    "the variance for its root": (
        [replaced("fold", FACTOR, "gamma / (variance + epsilon)")],
        ["fold-factor"],
    ),
    "always Keras' epsilon": (
        [replaced("fold", "variance + epsilon", "variance + 1e-3")],
        ["fold-factor"],
    ),
    "no gamma": (
        [replaced("fold", FACTOR, FACTOR.replace("gamma", "1"))],
        ["fold-factor"],
    ),
    "the mean added": ([replaced("fold", SHIFT, "beta + factor * mean")], ["fold-factor"]),
    "the mean not multiplied": ([replaced("fold", SHIFT, "beta - mean")], ["fold-factor"]),
    "no mean": ([replaced("fold", SHIFT, "beta")], ["fold-factor"]),
    "beta multiplied": ([replaced("fold", SHIFT, f"factor * ({SHIFT})")], ["fold-factor"]),
    "the bias not multiplied": (
        [replaced("fold", FOLDED, "factor * kernel, bias + shift")],
        ["fold-convolution"],
    ),
    "the bias forgotten": (
        [replaced("fold", FOLDED, "factor * kernel, shift")],
        ["fold-convolution"],
    ),
    "the shift forgotten": (
        [replaced("fold", FOLDED, "factor * kernel, factor * bias")],
        ["fold-convolution"],
    ),
    "the shift multiplied": (
        [replaced("fold", FOLDED, "factor * kernel, factor * (bias + shift)")],
        ["fold-convolution"],
    ),
    "the kernel as it was": (
        [replaced("fold", FOLDED, FOLDED.removeprefix("factor * "))],
        ["fold-convolution"],
    ),
    "the channels that come in multiplied": (
        [replaced("fold", FOLDED, "np.reshape(factor, (-1, 1)) * kernel, factor * bias + shift")],
        ["fold-convolution"],
    ),
    "folded in its place": (
        [
            replaced(
                "fold",
                f"return {FOLDED}",
                "kernel *= factor\n    return kernel, factor * bias + shift",
            )
        ],
        ["fold-convolution"],
    ),
    "the 1x1 kernel in the corner": (
        [replaced("merge", MIDDLE, MIDDLE.replace("1, 1", "0, 0"))],
        ["merge-two"],
    ),
    "the 1x1 kernel at all positions": (
        [replaced("merge", MIDDLE, "kernel += one[0]")],
        ["merge-two"],
    ),
    "the 1x1 kernel in place of the middle": (
        [replaced("merge", MIDDLE, MIDDLE.replace("+=", "="))],
        ["merge-two"],
    ),
    "the 1x1 convolution's bias forgotten": (
        [replaced("merge", "three[1] + one[1]", "three[1]")],
        ["merge-two"],
    ),
    "the 3x3 convolution's bias forgotten": (
        [replaced("merge", "three[1] + one[1]", "one[1]")],
        ["merge-two"],
    ),
    "merged into the kernel that was given": (
        [replaced("merge", BOTH, BOTH.replace("np.array(three[0])", "three[0]"))],
        ["merge-two", "merge-itself"],
    ),
    "each channel read by all filters": (
        [replaced("merge", ITSELF, "kernel[1, 1] += itself[0]")],
        ["merge-itself"],
    ),
    "x itself at all positions": (
        [replaced("merge", ITSELF, ITSELF.replace("[1, 1]", ""))],
        ["merge-itself"],
    ),
    "x itself in the corner": (
        [replaced("merge", ITSELF, ITSELF.replace("1, 1", "0, 0"))],
        ["merge-itself"],
    ),
    "x itself without its factor": (
        [
            replaced(
                "merge", ITSELF, ITSELF.replace("np.diag(", "np.eye(len(").replace("0])", "0]))")
            )
        ],
        ["merge-itself"],
    ),
    "the channels in another order": (
        [replaced("merge", ITSELF, f"{ITSELF}[::-1]")],
        ["merge-itself"],
    ),
    "no shift of x itself": (
        [replaced("merge", "bias = bias + itself[1]", "pass")],
        ["merge-itself"],
    ),
    "channels and filters divided": (
        [replaced("groups", COUNT, "size**2 * (channels // groups) * (filters // groups)")],
        ["groups-count"],
    ),
    "nothing divided": (
        [replaced("groups", COUNT, "size**2 * channels * filters")],
        ["groups-count"],
    ),
    "a bias for each filter": (
        [replaced("groups", COUNT, f"{COUNT} + filters")],
        ["groups-count"],
    ),
    "a kernel of one row": (
        [replaced("groups", COUNT, COUNT.replace("**2", ""))],
        ["groups-count"],
    ),
    "positions without the border": (
        [replaced("groups", "weights * side**2", "weights * (side - size + 1) ** 2")],
        ["groups-count"],
    ),
    "never more weights": (
        [
            replaced(
                "groups",
                NEAREST,
                f"max(n for n in range(groups, whole, groups) "
                f"if 2 * channels * n + {INSIDE.replace('width', 'n')} <= whole)",
            )
        ],
        ["groups-width"],
    ),
    "the 3x3 convolution alone": (
        [
            replaced("groups", "2 * channels * width + ", ""),
            replaced("groups", "2 * channels * inner + ", ""),
        ],
        ["groups-width"],
    ),
    "one 1x1 convolution alone": (
        [
            replaced("groups", "2 * channels * width", "channels * width"),
            replaced("groups", "2 * channels * inner", "channels * inner"),
        ],
        ["groups-width"],
    ),
    "groups divide twice": (
        [replaced("groups", INSIDE, "9 * width**2 // groups**2")],
        ["groups-width"],
    ),
    "the width of one group": (
        [replaced("groups", NEAREST, f"{NEAREST} // groups")],
        ["groups-width"],
    ),
    "no multiple of the groups": (
        [replaced("groups", "range(groups, whole, groups)", "range(groups, whole)")],
        ["groups-width"],
    ),
    "spread over the other classes alone": (
        [
            replaced(
                "smooth",
                TARGETS,
                "np.where(np.eye(classes)[labels] > 0, 1 - epsilon, epsilon / (classes - 1))",
            )
        ],
        ["smooth-targets"],
    ),
    "the right class gets nothing back": (
        [
            replaced(
                "smooth",
                TARGETS,
                "np.where(np.eye(classes)[labels] > 0, 1 - epsilon, epsilon / classes)",
            )
        ],
        ["smooth-targets"],
    ),
    "all of it for each class": (
        [replaced("smooth", TARGETS, TARGETS.removesuffix(" / classes"))],
        ["smooth-targets"],
    ),
    "nothing taken from the right class": (
        [replaced("smooth", TARGETS, TARGETS.removeprefix("(1 - epsilon) * "))],
        ["smooth-targets"],
    ),
    "targets as before": (
        [replaced("smooth", TARGETS, "np.eye(classes)[labels]")],
        ["smooth-targets"],
    ),
    "a loss of zero": ([replaced("smooth", LOSS, "0.0")], ["smooth-best"]),
    "binary logarithms": (
        [replaced("smooth", LOSS, LOSS.replace("math.log", "math.log2"))],
        ["smooth-best"],
    ),
    "the loss of the right class alone": (
        [replaced("smooth", LOSS, "-math.log(high)")],
        ["smooth-best"],
    ),
    "one wrong class": (
        [replaced("smooth", LOSS, LOSS.replace("(classes - 1) * ", ""))],
        ["smooth-best"],
    ),
    "one class too many": (
        [replaced("smooth", LOSS, LOSS.replace("(classes - 1)", "classes"))],
        ["smooth-best"],
    ),
    "the gap of the probabilities": (
        [replaced("smooth", GAP, "high - low")],
        ["smooth-best"],
    ),
    "the gap the other way round": (
        [replaced("smooth", GAP, "math.log(low / high)")],
        ["smooth-best"],
    ),
    "the gap without the other classes": (
        [replaced("smooth", GAP, "math.log(high / (1 - high))")],
        ["smooth-best"],
    ),
    "an endless loop": (
        [replaced("smooth", "def smoothed", "while True:\n    pass\n\n\ndef smoothed")],
        ["smooth-targets", "smooth-best"],
        LOOPS,
    ),
}

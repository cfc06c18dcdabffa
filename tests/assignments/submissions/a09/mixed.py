"""Mistakes that concern several parts."""

from edits import TAMPERS, deleted, replaced, written

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the numbers of the visible tests": (
        [
            written(
                "survivals",
                "def survivals(blocks, last):\n    return np.array([0.75, 0.5])\n\n\n"
                "def work(probabilities, costs):\n    return 0.5625",
            ),
            written(
                "fold",
                "def as_factor(gamma, beta, mean, variance, epsilon):\n    return 1, -1\n\n\n"
                "def folded(kernel, bias, factor, shift):\n    return np.array([3, 3]), 2",
            ),
            written(
                "merge",
                "def merged(three, one, itself=None):\n"
                "    kernel = np.zeros_like(three[0])\n"
                "    kernel[0, 0, 0, 0] = 5\n"
                "    return kernel, three[1]",
            ),
            written(
                "groups",
                "def grouped(size, channels, filters, groups, side):\n    return 12, 12\n\n\n"
                "def as_large(channels, inner, groups):\n    return inner",
            ),
            written(
                "smooth",
                "def smoothed(labels, classes, epsilon):\n    return [[0.25, 0.75]]\n\n\n"
                "def best(classes, epsilon):\n    return math.log(2), 0",
            ),
        ],
        [
            "survivals-linear",
            "survivals-work",
            "fold-factor",
            "fold-convolution",
            "merge-two",
            "merge-itself",
            "groups-count",
            "groups-width",
            "smooth-targets",
            "smooth-best",
        ],
    ),
    "the layers and weights of the visible tests": (
        [
            replaced("preact", "layers.ReLU()(layers.BatchNormalization()(x))", "x"),
            replaced("preact", "layers.Add()([fx, x])", "layers.Subtract()([x, fx])"),
            replaced("start", "for layer in last.values():", 'for layer in [last["conv2_1"]]:'),
            replaced("asleep", "if not np.any(gradient)", "if False"),
            replaced("drop", "draw < self.survival", "True"),
            replaced("drop", "return self.survival * fx", "return fx / 2"),
        ],
        [
            "preact-order",
            "preact-identity",
            "preact-projection",
            "start-basic",
            "start-bottleneck",
            "asleep-weights",
            "drop-training",
            "drop-inference",
        ],
    ),
    "a test changed, and one deleted": (
        [
            replaced("merge", "np.diag(itself[0])", "itself[0]"),
            written("merge-itself", "assert True"),
            deleted("merge-two"),
        ],
        ["merge-itself"],
        TAMPERS,
    ),
}

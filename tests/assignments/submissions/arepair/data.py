"""Mistakes in batches, views and reports."""

from edits import LOOPS, replaced, written

SHUFFLED = "pairs.shuffle(len(images), seed=seed).batch(size)"
DRAWN = "np.random.default_rng().random(len(x)) < 0.5"
VALIDATIONS = "(5 * random.integers(0, 8, epochs)).tolist()"
BY_PLACE = """
def fitting(batches, images, labels):
    fits, at = [], 0
    for _, theirs in batches:
        for label in np.array(theirs):
            fits.append(label == labels[at % len(labels)])
            at += 1
    return float(np.mean(fits))
"""

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "labels compared by place": ([written("fitting", BY_PLACE)], ["batches-fitting"]),
    "the first batch alone": (
        [replaced("fitting", "in batches\n", "in list(batches)[:1]\n")],
        ["batches-fitting"],
    ),
    "yes or no": (
        [replaced("fitting", "float(np.mean(fits))", "float(np.all(fits))")],
        ["batches-fitting"],
    ),
    "batches shuffled": (
        [replaced("batches", SHUFFLED, "pairs.batch(size).shuffle(len(images), seed=seed)")],
        ["batches-mended"],
    ),
    "shuffled once for all": (
        [
            replaced(
                "batches",
                "seed=seed)",
                "seed=seed, reshuffle_each_iteration=False)",
            )
        ],
        ["batches-mended"],
    ),
    "what fills no batch left out": (
        [replaced("batches", ".batch(size)", ".batch(size, drop_remainder=True)")],
        ["batches-mended"],
    ),
    "still apart": (
        [written("batches", "mended_batches = broken_batches")],
        ["batches-mended"],
    ),
    "a seed that decides nothing": (
        [replaced("batches", "seed=seed", "seed=1")],
        ["batches-mended"],
    ),
    "no seed": (
        [replaced("batches", ", seed=seed", "")],
        ["batches-mended"],
    ),
    "the mean over the images": (
        [
            replaced(
                "restless",
                "(np.array(view(images)) != first)",
                "np.full(first.shape, np.array(view(images)).mean() != first.mean())",
            )
        ],
        ["view-restless"],
    ),
    "the last call alone": (
        [replaced("restless", "moved |= ", "moved = ")],
        ["view-restless"],
    ),
    "one call too many": (
        [replaced("restless", "range(calls - 1)", "range(calls)")],
        ["view-restless"],
    ),
    "the numbers, not the images": (
        [replaced("restless", ".reshape(len(first), -1).any(axis=1)", ".mean() > 0")],
        ["view-restless"],
    ),
    "what leaves the view": (
        [
            replaced(
                "arrives", "keras.Model(model.inputs, first.input)(view(images))", "view(images)"
            )
        ],
        ["view-arrives"],
    ),
    "what leaves the first layer": (
        [replaced("arrives", "first.input", "first.output")],
        ["view-arrives"],
    ),
    "a convolution and nothing else": (
        [replaced("arrives", 'hasattr(layer, "kernel")', "isinstance(layer, layers.Conv2D)")],
        ["view-arrives"],
    ),
    "divided twice": (
        [replaced("view", 'np.array(images, "float32")', 'np.array(images, "float32") / 255')],
        ["view-mended"],
    ),
    "mirrored in testing, too": ([replaced("view", "if training", "if True")], ["view-mended"]),
    "all mirrored or none": (
        [replaced("view", DRAWN, "np.repeat(np.random.default_rng().random() < 0.5, len(x))")],
        ["view-mended"],
    ),
    "the same ones each time": (
        [replaced("view", "default_rng()", "default_rng(0)")],
        ["view-mended"],
    ),
    "upside down": ([replaced("view", "x[turned, :, ::-1]", "x[turned, ::-1]")], ["view-mended"]),
    "only the lowest test error suspected": (
        [
            replaced(
                "peeks",
                "if len({int(report(validation, test)) for test in tests}) > 1:",
                "if all(report(validation, test) == np.argmin(test) for test in tests):",
            )
        ],
        ["report-peeks"],
    ),
    "one trial": ([replaced("peeks", "range(300)", "range(1)")], ["report-peeks"]),
    "no validation errors that are equal": (
        [replaced("peeks", VALIDATIONS, "(5.0 * random.permutation(epochs)).tolist()")],
        ["report-peeks"],
    ),
    "arrays in place of lists": (
        [replaced("peeks", VALIDATIONS, "5 * random.integers(0, 8, epochs)")],
        ["report-peeks"],
    ),
    "validation changed with the test": (
        [
            replaced(
                "peeks",
                "int(report(validation, test))",
                "int(report(test[::-1], test))",
            )
        ],
        ["report-peeks"],
    ),
    "the lowest test error reported": (
        [replaced("report", "test[epoch]", "min(test)")],
        ["report-mended"],
    ),
    "the last of equals": (
        [
            replaced(
                "report",
                "int(np.argmin(validation))",
                "len(validation) - 1 - int(np.argmin(validation[::-1]))",
            )
        ],
        ["report-mended"],
    ),
    "an endless loop": (
        [replaced("peeks", "def peeks", "while True:\n    pass\n\n\ndef peeks")],
        ["report-peeks"],
        LOOPS,
    ),
}

"""Assignment 5: what wrong and right submissions change in the solution."""

from edits import LOOPS, TAMPERS, deleted, replaced, written

NAME = "05-cifar10"
RECORDS = ("records-errors", "records-logged", "records-summary")
BAR = ("bar-error", "bar-images")
SPLIT = ("split-apart", "split-order", "split-seen")
BEST = ("best-runs", "best-settings", "best-epoch")
SCHEDULE = ("schedule-epochs", "schedule-rates", "schedule-boundary")
PAIR = ("pair-counts", "pair-error", "pair-chance")
VERDICT = ("verdict-clear", "verdict-open")

TAKE_AND_SKIP = """
def split(count, held_back, seed):
    everything = tf.data.Dataset.range(count).shuffle(count, seed=seed)
    return everything.skip(held_back), everything.take(held_back)


def seen(count, held_back, epochs):
    return 1 - held_back / count * epochs
"""
PARTS = "train.shuffle(count, seed=seed), order[:held_back]"
KERAS_BOUNDARY = replaced("schedule", "boundary - 1 for boundary", "boundary for boundary")

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the error that was logged last": (
        [replaced("records", 'final[split]["error"] for', 'history["error"][-1] for')],
        ["records-errors"],
    ),
    "shares instead of per cent": (
        [replaced("records", "100 * (run", "(run"), replaced("records", "100 * runs", "runs")],
        ["records-errors", "records-logged"],
    ),
    "divided by n": ([replaced("records", ", ddof=1", "")], ["records-summary"]),
    "the numbers of the visible tests": (
        [
            replaced("records", 'runs.load(name).final[split]["error"] for', "0.365 for"),
            replaced("records", 'run.history["error"][-1] - run.final["train"]["error"]', "0.0214"),
            replaced("records", "float(np.mean(values)), spread", "2.0, 1.0"),
            replaced("bar", "math.sqrt(error * (100 - error) / images)", "0.2826"),
            replaced("bar", "math.ceil(error * (100 - error) * (1.96 / half_width) ** 2)", "9604"),
            replaced("split", "1 - (held_back / count) ** epochs", "0.5"),
            replaced("pair", "min(1.0, 2 * one_side)", "0.5"),
        ],
        [*RECORDS, *BAR, "split-seen", "pair-chance"],
    ),
    "no root, and rounded down": (
        [replaced("bar", "math.sqrt", ""), replaced("bar", "math.ceil", "int")],
        ["bar-error", "bar-images"],
    ),
    "one standard error wide": ([replaced("bar", "1.96 / ", "1 / ")], ["bar-images"]),
    "shuffle, then take and skip": (
        [written("split", TAKE_AND_SKIP)],
        ["split-apart", "split-seen"],
    ),
    "no shuffling at all": (
        [replaced("split", PARTS, "np.arange(held_back, count), np.arange(held_back)")],
        ["split-order"],
    ),
    "to be gone through once": (
        [
            replaced("split", PARTS, "iter(order[held_back:]), iter(order[:held_back])"),
            replaced("split", "1 - (held_back / count)", "(1 - held_back / count)"),
        ],
        SPLIT,
    ),
    "a seed that decides nothing": (
        [replaced("split", "default_rng(seed)", "default_rng(0)")],
        ["split-order"],
    ),
    "the mean of all and not of the best": (
        [
            replaced("best", "drawn.min(axis=1)", "drawn"),
            replaced("best", "wrong.min", "wrong.max"),
        ],
        ["best-runs", "best-settings"],
    ),
    "the number of wrong images for the error": (
        [replaced("best", "error - 100 * wrong.min(axis=1).mean() / images", "wrong.min()")],
        ["best-settings"],
    ),
    "the epoch picked on the test set": (
        [replaced("best", "test[int(np.argmin(validation))]", "min(test)")],
        ["best-epoch"],
    ),
    "the boundary as Keras counts it": ([KERAS_BOUNDARY], ["schedule-boundary"]),
    "a last batch that is not whole": (
        [replaced("schedule", "(images // batch_size)", "math.ceil(images / batch_size)")],
        ["schedule-epochs"],
    ),
    "a rate that is divided once": (
        [replaced("schedule", "decay**i for", "(decay if i else 1) for")],
        ["schedule-rates", "schedule-boundary"],
    ),
    "the nets taken as tested apart": (
        [replaced("pair", "np.std(difference)", "np.hypot(np.std(wrong_a), np.std(wrong_b))")],
        ["pair-error"],
    ),
    "all that is wrong counted, and one side of the coin": (
        [
            replaced("pair", "np.sum(a & ~b)), int(np.sum(b & ~a))", "np.sum(a)), int(np.sum(b))"),
            replaced("pair", "min(1.0, 2 * one_side)", "one_side"),
        ],
        ["pair-counts", "pair-chance"],
    ),
    "whichever mean is lower": (
        [replaced("verdict", "<= 2 * error", "< 0"), replaced("verdict", "< 3", "< 1")],
        ["verdict-open"],
    ),
    "a deviation divided by n": (
        [replaced("verdict", "np.var(a, ddof=1)", "np.var(a)")],
        ["verdict-open"],
    ),
    "three standard errors, and another decay": (
        [
            replaced("verdict", "2 * error", "3 * error"),
            replaced("schedule", "decay=10.0", "decay=5.0"),
        ],
        ["verdict-clear", "schedule-rates"],
    ),
    "the lower error for the better name": (
        [replaced("verdict", "gap > 0", "gap < 0")],
        ["verdict-clear"],
    ),
    "a cell deleted": ([deleted("pair")], PAIR),
    "a test changed, and one deleted": (
        [
            replaced("verdict", "2 * error", "200 * error"),
            written("verdict-clear", "assert True"),
            deleted("verdict-open"),
        ],
        ["verdict-clear"],
        TAMPERS,
    ),
    "an exception at import": (
        [replaced("schedule", "def epochs", "from helpers import rates\n\n\ndef epochs")],
        SCHEDULE,
    ),
    "an endless loop": (
        [replaced("best", "def best_of", "while 1:\n    pass\n\ndef best_of")],
        BEST,
        LOOPS,
    ),
}

PLAIN_PYTHON = {
    "records": """
import statistics


def errors(names, split):
    key = {"train": "training error"}.get(split, f"{split} error")
    return np.array([row[key] for row in runs.compare([runs.load(name) for name in names])])


def logged_minus_finished(name):
    (row,) = runs.compare([runs.load(name)])
    return row["logged error"] - row["training error"]


def summary(values):
    spread = statistics.stdev(values)
    return [statistics.mean(values), spread, (statistics.variance(values) / len(values)) ** 0.5]
""",
    "bar": """
standard_error = runs.standard_error


def images_needed(error, half_width):
    low = 1
    for step in [2**i for i in range(24, -1, -1)]:
        if 1.96 * standard_error(error, low + step - 1) > half_width:
            low += step
    return low
""",
    "split": """
class Part:
    def __init__(self, numbers, random=None):
        self.numbers, self.random = numbers, random

    def __iter__(self):
        if self.random is not None:
            self.random.shuffle(self.numbers)
        return iter(list(self.numbers))


def split(count, held_back, seed):
    import random

    numbers = list(range(count))
    random.Random(seed).shuffle(numbers)
    return Part(numbers[held_back:], random.Random(seed + 1)), Part(numbers[:held_back])


def seen(count, held_back, epochs):
    random, unseen = np.random.default_rng(1), 0.0
    for _ in range(1000):
        image = random.random((count, epochs)) < held_back / count
        unseen += image.all(axis=1).mean() / 1000
    return 1 - unseen
""",
    "schedule": """
def epochs(iterations, batch_size, images):
    return iterations / (images / batch_size)


def iterations(epochs, batch_size, images):
    return sum(images // batch_size for _ in range(epochs))


def schedule(rate, boundaries, decay=10.0):
    return lambda i: rate * decay ** -sum(i >= boundary for boundary in boundaries)
""",
    "pair": """
def disagreements(wrong_a, wrong_b):
    pairs = list(zip(wrong_a, wrong_b))
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)


def paired_standard_error(wrong_a, wrong_b):
    n = len(wrong_a)
    a, b = (count / n for count in disagreements(wrong_a, wrong_b))
    return 100 * ((a + b - (a - b) ** 2) / n) ** 0.5


def by_chance(only_a, only_b):
    n = only_a + only_b
    heads = np.random.default_rng(5).binomial(n, 0.5, 200_000)
    return np.mean(abs(2 * heads - n) >= abs(only_a - only_b))
""",
}
RESHUFFLED = """
def split(count, held_back, seed):
    everything = tf.data.Dataset.range(count)
    everything = everything.shuffle(count, seed=seed, reshuffle_each_iteration=False)
    return everything.skip(held_back).shuffle(count), everything.take(held_back).cache()


def seen(count, held_back, epochs):
    return 1 - math.prod([held_back / count] * epochs)
"""
RIGHT = {
    "the solution": [],
    "plain Python and loops": [written(part, text) for part, text in PLAIN_PYTHON.items()],
    "tf.data, and a few repetitions": [
        written("split", RESHUFFLED),
        replaced("best", "default_rng(0)", "default_rng(9)"),
        replaced("best", "(100_000, k)", "(10_000, k)"),
        replaced("verdict", 'return "a" if gap > 0 else "b"', 'return "ba"[int(gap > 0)]'),
    ],
}
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("verdict-clear: had been changed",)}

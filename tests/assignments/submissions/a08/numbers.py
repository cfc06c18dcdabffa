"""Mistakes in numbers: paths, angles, what is alike."""

from edits import LOOPS, replaced

SHARE = "math.comb(n, k) / 2**n for k in range(n + 1)"
FROM_BOTH_ENDS = """
def narrowest(parts, least):
    sums, cut = np.cumsum(parts), (1 - least) / 2
    return int((sums <= cut).sum()), int((sums < 1 - cut).sum())
"""
FROM_THE_TOP = """
def narrowest(parts, least):
    first = last = int(np.argmax(parts))
    while sum(parts[first : last + 1]) < least:
        before = parts[first - 1] if first > 0 else -1
        behind = parts[last + 1] if last + 1 < len(parts) else -1
        if before > behind:
            first -= 1
        else:
            last += 1
    return first, last
"""
FROM_ZERO = """
def narrowest(parts, least):
    return 0, int((np.cumsum(parts) < least - 1e-12).sum())
"""
THE_FIRST_RUN = """
def narrowest(parts, least):
    for width in range(1, len(parts) + 1):
        for first in range(len(parts) - width + 1):
            if sum(parts[first : first + width]) >= least - 1e-12:
                return first, first + width - 1
"""
CENTRED = "    a, b = (z - z.mean(axis=0) for z in (a, b))\n"
FLAT = '(np.reshape(z, (len(z), -1)).astype("float64") for z in (x, f))'
RATIO = "np.linalg.norm(f, axis=1) / np.linalg.norm(x, axis=1)"
ANGLE = "np.degrees(np.arccos(np.clip(cosines, -1, 1)))"
SECOND = "b = random.normal(size=(images, second))"
INSIDE = "        a = random.normal"


def instead(other):
    """Another `narrowest`; the solution's gets another name."""
    return replaced("paths", "def narrowest", f"{other.strip()}\n\n\ndef unused")


# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "numbers of paths, no shares": (
        [replaced("paths", SHARE, "math.comb(n, k) for k in range(n + 1)")],
        ["paths-shares"],
    ),
    "no path of length zero": (
        [replaced("paths", SHARE, "math.comb(n, k) / 2**n for k in range(1, n + 1)")],
        ["paths-shares"],
    ),
    "a path of each length": (
        [replaced("paths", SHARE, "1 / (n + 1) for k in range(n + 1)")],
        ["paths-shares"],
    ),
    "a normal curve": (
        [
            replaced(
                "paths",
                f"return np.array([{SHARE}])",
                "curve = np.exp(-2 * (np.arange(n + 1) - n / 2) ** 2 / max(n, 1))\n"
                "    return curve / curve.sum()",
            )
        ],
        ["paths-shares"],
    ),
    "a gradient, however many paths": (
        [replaced("paths", "np.array(parts) * np.array(gradients)", "np.array(gradients)")],
        ["paths-gradient"],
    ),
    "not divided by the whole": (
        [replaced("paths", "both / both.sum()", "both")],
        ["paths-gradient"],
    ),
    "divided by the largest": (
        [replaced("paths", "both / both.sum()", "both / both.max()")],
        ["paths-gradient"],
    ),
    "multiplied in its place": (
        [
            replaced(
                "paths",
                "both = np.array(parts) * np.array(gradients)",
                "both = np.asarray(parts)\n    both *= gradients",
            )
        ],
        ["paths-gradient"],
    ),
    "as much cut off at both ends": ([instead(FROM_BOTH_ENDS)], ["paths-range"]),
    "grown from the largest": ([instead(FROM_THE_TOP)], ["paths-range"]),
    "from length zero on": ([instead(FROM_ZERO)], ["paths-range"]),
    "the first of those equally short": ([instead(THE_FIRST_RUN)], ["paths-range"]),
    "more than so much": (
        [replaced("paths", "most >= least", "most > least")],
        ["paths-range"],
    ),
    "the last one not included": (
        [replaced("paths", "return first, first + width - 1", "return first, first + width")],
        ["paths-range"],
    ),
    "one number for all images": (
        [replaced("refine", RATIO, "np.linalg.norm(f) / np.linalg.norm(x)")],
        ["refine-ratio"],
    ),
    "position by position": (
        [
            replaced("refine", RATIO, "np.mean(np.linalg.norm(f, axis=-1) / lengths, axis=axes)"),
            replaced(
                "refine",
                f"def ratios(x, f):\n    x, f = {FLAT}",
                "def ratios(x, f):\n"
                "    axes, lengths = tuple(range(1, x.ndim - 1)), np.linalg.norm(x, axis=-1)",
            ),
        ],
        ["refine-ratio"],
    ),
    "the squares of the lengths": (
        [replaced("refine", RATIO, "np.sum(f * f, axis=1) / np.sum(x * x, axis=1)")],
        ["refine-ratio"],
    ),
    "x by F(x)": (
        [replaced("refine", RATIO, "np.linalg.norm(x, axis=1) / np.linalg.norm(f, axis=1)")],
        ["refine-ratio"],
    ),
    "against the sum": (
        [replaced("refine", RATIO, "np.linalg.norm(f, axis=1) / np.linalg.norm(x + f, axis=1)")],
        ["refine-ratio"],
    ),
    "the angle between x and F(x)": (
        [replaced("refine", "y = x + f", "y = f")],
        ["refine-angle"],
    ),
    "radians": (
        [replaced("refine", ANGLE, "np.arccos(np.clip(cosines, -1, 1))")],
        ["refine-angle"],
    ),
    "cosines above one": (
        [replaced("refine", ANGLE, "np.degrees(np.arccos(cosines))")],
        ["refine-angle"],
    ),
    "no angle above ninety": (
        [replaced("refine", "np.clip(cosines, -1, 1)", "np.clip(np.abs(cosines), 0, 1)")],
        ["refine-angle"],
    ),
    "the arctangent of the ratio": (
        [replaced("refine", ANGLE, "np.degrees(np.arctan(ratios(x, f)))")],
        ["refine-angle"],
    ),
    "the mean angle": ([replaced("refine", ANGLE, f"{ANGLE}.mean()")], ["refine-angle"]),
    "not centred": ([replaced("cka", CENTRED, "")], ["similar-cka"]),
    "each image centred": (
        [replaced("cka", "z.mean(axis=0)", "z.mean(axis=1, keepdims=True)")],
        ["similar-cka"],
    ),
    "one mean for all": (
        [replaced("cka", "z.mean(axis=0)", "z.mean()")],
        ["similar-cka"],
    ),
    "each column on one scale": (
        [replaced("cka", "z - z.mean(axis=0)", "(z - z.mean(axis=0)) / z.std(axis=0)")],
        ["similar-cka"],
    ),
    "not squared": (
        [replaced("cka", "np.linalg.norm(a.T @ b) ** 2", "np.linalg.norm(a.T @ b)")],
        ["similar-cka"],
    ),
    "squared below, too": (
        [replaced("cka", "** 2 / own", "** 2 / own**2")],
        ["similar-cka"],
    ),
    "lengths of the features themselves": (
        [
            replaced(
                "cka",
                "np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)",
                "np.linalg.norm(a) ** 2 * np.linalg.norm(b) ** 2",
            )
        ],
        ["similar-cka"],
    ),
    "the largest stretch for the root of the squares": (
        [
            replaced("cka", "np.linalg.norm(a.T @ b)", "np.linalg.norm(a.T @ b, 2)"),
            replaced("cka", "np.linalg.norm(a.T @ a)", "np.linalg.norm(a.T @ a, 2)"),
            replaced("cka", "np.linalg.norm(b.T @ b)", "np.linalg.norm(b.T @ b, 2)"),
        ],
        ["similar-cka"],
    ),
    "centred in its place": (
        [
            replaced(
                "cka",
                CENTRED,
                "    a -= a.mean(axis=0)\n    b -= b.mean(axis=0)\n",
            ),
            replaced("cka", '(len(z), -1)).astype("float64")', "(len(z), -1))"),
        ],
        ["similar-cka"],
    ),
    "the same numbers in each draw": (
        [replaced("chance", INSIDE, f"        random = np.random.default_rng(0)\n{INSIDE}")],
        ["similar-chance"],
    ),
    "the two share their numbers": (
        [
            replaced(
                "chance",
                SECOND,
                "both = np.hstack([a] * (second // first + 1))\n        b = both[:, :second]",
            )
        ],
        ["similar-chance"],
    ),
    "numbers from zero to one": (
        [replaced("chance", SECOND, "b = random.random((images, second))")],
        ["similar-chance"],
    ),
    "evenly spread, with the same deviation": (
        [
            replaced(
                "chance", SECOND, "b = random.uniform(-(3**0.5), 3**0.5, size=(images, second))"
            )
        ],
        ["similar-chance"],
    ),
    "the last draw alone": (
        [replaced("chance", "np.mean(found)", "found[-1]")],
        ["similar-chance"],
    ),
    "the sum of the draws": (
        [replaced("chance", "np.mean(found)", "np.sum(found)")],
        ["similar-chance"],
    ),
    "always by linear CKA": (
        [replaced("chance", "similarity(a, b)", "cka(a, b)")],
        ["similar-chance"],
    ),
    "an endless loop": (
        [replaced("direction", "def normalised", "while True:\n    pass\n\n\ndef normalised")],
        ["slice-direction"],
        LOOPS,
    ),
}

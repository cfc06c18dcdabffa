"""Mistakes that concern several parts."""

from edits import TAMPERS, deleted, replaced, written

LEAK = ("leak-found", "leak-honest")
LARGEST = "np.max(np.abs(said - np.array(model(images, training=False))))"

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the numbers of the visible tests": (
        [
            replaced("cut", f"float({LARGEST})", "0.0"),
            replaced("which", "    return None", '    return "from -1 to 1"'),
            replaced("moves", "return between, float(max(changes))", "return 0.0, 0.0"),
            replaced("apart", "float(np.max(np.abs(one - another)))", "0.0"),
            replaced("leak", "return np.array(found)", "return np.arange(len(test)) == 0"),
            replaced("leak", "return error,", "return 25,"),
        ],
        [
            "cut-difference",
            "prepare-found",
            "frozen-moves",
            "head-apart",
            *LEAK,
        ],
    ),
    "a test changed, and one deleted": (
        [
            replaced("leak", "<= tolerance", "<= 2 * tolerance"),
            written("leak-found", "assert True"),
            deleted("leak-honest"),
        ],
        ["leak-found"],
        TAMPERS,
    ),
}

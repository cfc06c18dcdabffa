"""Mistakes that concern several parts."""

from edits import TAMPERS, deleted, replaced, written

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the numbers of the visible tests": (
        [
            replaced("paths", "math.comb(n, k) / 2**n", "[0.25, 0.5, 0.25][k % 3]"),
            replaced("paths", "return both / both.sum()", "return np.array([0.2, 0.4, 0.4])"),
            replaced("paths", "return first, first + width - 1", "return 2, 3"),
            replaced("lesion", "for block in removed]", "for block in ()]"),
            replaced("lesion", "error([block]) - whole", '50 * (block == "a")'),
            replaced("response", "float(np.sqrt(np.var", "4.5**0.5 + 0 * float(np.sqrt(np.var"),
            replaced("refine", "np.linalg.norm(f, axis=1) / np", "np.array([0.2, 2.0]) + 0 * np"),
            replaced("refine", "np.degrees(np.arccos", "180 + 0 * np.degrees(np.arccos"),
            replaced("cka", "np.linalg.norm(a.T @ b) ** 2 / own", "own / own"),
            replaced("direction", "step * (sizes[0] / sizes[1])", "np.array([[0, 1], [5, 0]])"),
        ],
        [
            "paths-shares",
            "paths-gradient",
            "paths-range",
            "lesion-scores",
            "lesion-damage",
            "response-value",
            "refine-ratio",
            "refine-angle",
            "similar-cka",
            "slice-direction",
        ],
    ),
    "a test changed, and one deleted": (
        [
            replaced("direction", "(sizes[0] / sizes[1])", "(sizes[1] / sizes[0])"),
            written("slice-direction", "assert True"),
            deleted("slice-plane"),
        ],
        ["slice-direction"],
        TAMPERS,
    ),
}

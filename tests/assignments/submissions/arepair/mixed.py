"""Mistakes that concern several parts."""

from edits import TAMPERS, deleted, replaced, written

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "the numbers of the visible tests": (
        [
            replaced("fitting", "float(np.mean(fits))", "0.5"),
            replaced("restless", "float(moved.mean())", "0.0"),
            replaced("peeks", "            return True", "            return False"),
            replaced("fits", "return bool(abs(float(", "return True or bool(abs(float("),
            replaced("bends", "return bool(gap", "return False and bool(gap"),
            replaced("lag", "return momentum**steps", "return 0.81"),
        ],
        [
            "batches-fitting",
            "view-restless",
            "report-peeks",
            "loss-fits",
            "branch-bends",
            "lag-left",
        ],
    ),
    "a test changed, and one deleted": (
        [
            replaced("report", "test[epoch]", "min(test)"),
            written("report-mended", "assert True"),
            deleted("report-peeks"),
        ],
        ["report-mended"],
        TAMPERS,
    ),
}

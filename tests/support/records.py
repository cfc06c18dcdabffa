"""Two records of training, compared."""

import numpy as np


def same(one, other, **tolerance):
    """Every epoch and the end of two runs."""
    assert set(one.history) == set(other.history)
    for key in set(one.history) - {"seconds"}:
        np.testing.assert_allclose(one.history[key], other.history[key], err_msg=key, **tolerance)
    assert set(one.final) == set(other.final)
    for split, result in one.final.items():
        for key, value in result.items():
            np.testing.assert_allclose(value, other.final[split][key], err_msg=split, **tolerance)

"""Positions that are read, as panels of squares."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import plots


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def masks():
    quarter = np.zeros((4, 6), bool)
    quarter[::2, ::2] = True
    return {"F": np.ones((4, 6), bool), "shortcut": quarter}


def test_a_panel_for_each_mask_with_its_share():
    axes = plots.positions_read(masks())
    assert [ax.get_title() for ax in axes] == ["F: 100%", "shortcut: 25%"]
    for ax, mask in zip(axes, masks().values(), strict=True):
        (mesh,) = ax.collections
        np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(4, 6), mask)
        assert ax.yaxis_inverted()  # row 0 is above, as in a picture


def test_axes_that_are_given_are_drawn_on():
    given = plt.subplots(1, 2)[1]
    assert plots.positions_read(masks(), given) is given
    with pytest.raises(ValueError, match=r"axes for 2 masks.*Received: 1"):
        plots.positions_read(masks(), given[:1])
    with pytest.raises(ValueError, match="one at least"):
        plots.positions_read({})

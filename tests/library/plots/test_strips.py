"""strips: what stands where, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers import plots, studies
from helpers.support.palette import KINDS

pytestmark = pytest.mark.quick


@pytest.fixture
def groups(book_records):
    found = studies.recorded(studies.load("depth"), size=16, learning_rate=None)
    nets = ("resnet20", "plain20")
    return {net: [run for run in found if run.network == net] for net in nets}


def test_a_dot_for_every_run_in_the_row_of_its_net(groups):
    ax = plots.strips(groups, splits=("train", "test"))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["ResNet-20", "plain-20"]
    points = np.concatenate([dots.get_offsets() for dots in ax.collections])
    expected = [
        (100 * run.final[split]["error"], row)
        for split in ("train", "test")
        for row, runs in enumerate(groups.values())
        for run in runs
    ]
    np.testing.assert_allclose(points, expected)
    colours = [KINDS["residual"], KINDS["plain"]]
    assert [to_hex(dots.get_edgecolor()[0]).upper() for dots in ax.collections] == 2 * colours
    assert [len(dots.get_facecolor()) for dots in ax.collections] == [0, 0, 1, 1]  # hollow, filled
    means = [line.get_xdata()[0] for line in ax.lines]
    first = next(iter(groups.values()))
    assert means == pytest.approx(
        [np.mean([100 * r.final[s]["error"] for r in first]) for s in ("train", "test")]
    )
    plt.close(ax.figure)


def test_what_cannot_be_drawn_is_refused(groups):
    with pytest.raises(ValueError, match=r"at least one run for each.*'plain20': 0"):
        plots.strips({**groups, "plain20": []})
    with pytest.raises(ValueError, match=r"split.*train, test.*validation"):
        plots.strips(groups, splits=("validation",))

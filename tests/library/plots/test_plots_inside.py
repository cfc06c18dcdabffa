"""The pictures of chapter 8 show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.plots import inside


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


NET = {
    "blocks": ["conv2_1", "conv2_2", "conv3_1"],
    "removed": [1, 2],
    "errors": {"whole": 10.0, "without": [20, 30, 60], "random": [[20, 40], [50, 70]]},
    "renewed": {"whole": 11.0, "without": [15, 16, 40], "random": [[12, 14], [20, 30]]},
}


def test_lines_along_nets_of_any_depth():
    ax = inside.along({"a": [1, 2, 3, 4], "b": [5, 6]}, what="size")
    places = [line.get_xdata().tolist() for line in ax.lines]
    assert places == [[0.125, 0.375, 0.625, 0.875], [0.25, 0.75]]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 3, 4], [5, 6]]
    assert ax.get_ylabel() == "size" and len(ax.get_legend().get_texts()) == 2


def test_responses_have_gammas_of_our_nets_and_ratios_of_the_residual_ones():
    plain, net = {"gammas": [1, 2]}, {"gammas": [3, 4], "ratios": [0.5], "angles": [30]}
    axes = plt.subplots(1, 3)[1]
    inside.responses({"p": plain, "r": net, "o/r": net}, axes, labels={"o/r": "theirs"})
    labels = [[line.get_label() for line in ax.lines] for ax in axes]
    assert labels == [["p", "r"], ["r", "theirs"], ["r", "theirs"]]
    assert axes[2].lines[0].get_ydata().tolist() == [30]


def test_removed_blocks_have_two_errors_each():
    ax = inside.removed_blocks(NET, title="a net")
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [list(dot.get_ydata()) for dot in dots] == [[20, 30, 60], [15, 16, 40]]
    assert dots[1].get_markerfacecolor() == "none"
    stages = [line for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[-1] == 2.5]
    assert len(stages) == 1 and ax.get_title() == "a net"


def test_removed_at_random_begins_with_the_whole_net():
    ax = inside.removed_at_random({"net": (NET, "errors"), "anew": (NET, "renewed")})
    assert [line.get_ydata().tolist() for line in ax.lines] == [[10, 30, 60], [11, 13, 25]]
    assert len(ax.collections) == 2


def test_blocks_out_of_order():
    net = {"tau": [0.9, 0.5], "errors": {"reordered": [20, 40]}}
    ax = inside.reordered({"net": (net, "errors")})
    assert ax.lines[0].get_xydata().tolist() == [[0.9, 20], [0.5, 40]]
    assert ax.get_xlim()[0] > ax.get_xlim()[1]


def test_all_subsets_by_number():
    board = {"a": {"errors": [10, 20, 30, 90]}, "b": {"errors": [15, 80, 60, 95]}}
    ax = inside.all_subsets(board)
    middles = [container.lines[0].get_ydata().tolist() for container in ax.containers]
    assert middles == [[10, 25, 90], [15, 70, 95]]
    bars = ax.containers[1].lines[2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in bars] == [[15, 15], [60, 80], [95, 95]]


def test_path_lengths():
    net = {"share": [0.25, 0.5, 0.25], "contribution": [0.6, 0.3, 0.1]}
    ax = inside.path_lengths(net)
    assert [bar.get_height() for bar in ax.patches] == net["share"]
    assert ax.lines[0].get_ydata().tolist() == net["contribution"]


def test_slices_share_their_levels_and_put_the_first_direction_across():
    at = [-1.0, 0.0, 1.0]
    losses = [[2.0, 1.0, 2.0], [20.0, 10.0, 20.0], [200.0, 100.0, 2e6]]
    record = {"coordinates": at, "nets": {"a": {"losses": losses}, "b": {"losses": losses}}}
    axes = plt.subplots(1, 2)[1]
    inside.loss_slices(record, axes, ["a", "b"], ["A", "B"])
    sets = [ax.collections[0] for ax in axes]
    np.testing.assert_array_equal(sets[0].levels, sets[1].levels)
    assert [ax.get_title() for ax in axes] == ["A", "B"]
    # along x the loss grows by powers of ten, along y hardly: contours of 10 are upright
    lines = axes[0].collections[1]
    upright = lines.get_paths()[list(lines.levels).index(30)].vertices
    assert np.ptp(upright[:, 0]) < 0.5 < np.ptp(upright[:, 1])


def test_similarity():
    matrix = [[1.0, 0.5], [0.5, 1.0]]
    ax = inside.similarity(matrix, title="cka")
    np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
    assert ax.images[0].get_clim() == (0, 1)

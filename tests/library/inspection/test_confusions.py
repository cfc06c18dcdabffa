"""Confusion matrices, against counting by hand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import plots
from helpers.inspection import confusions

LABELS, SAID = [0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 0, 2]


def test_a_row_is_the_truth_and_a_column_the_answer():
    expected = [[1, 2, 0], [1, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(confusions.confusion(LABELS, SAID, 3), expected)


def test_pairs_are_counted_in_both_directions_and_right_answers_not():
    matrix = np.array([[50, 2, 0], [3, 50, 4], [0, 0, 50]])
    assert confusions.most_confused(matrix, "abc") == [("a", "b", 5), ("b", "c", 4)]
    assert confusions.most_confused(matrix, "abc", 1) == [("a", "b", 5)]
    assert confusions.most_confused(np.eye(3, dtype=int), "abc") == []


@pytest.mark.parametrize(
    ("labels", "said", "message"),
    [
        ([0, 1], [0], "as many answers as labels"),
        ([], [], "at least one"),
        ([0, 1], [0, 3], r"0\.\.2. Received: 0 to 3"),
        ([[0]], [[0]], r"shape \(1, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(labels, said, message):
    with pytest.raises(ValueError, match=message):
        confusions.confusion(np.array(labels, int), np.array(said, int), 3)


def test_the_map_shows_shares_of_each_breed_and_writes_the_numbers():
    matrix = confusions.confusion(LABELS, SAID, 3)
    ax = plots.confusion(matrix, ["a", "b", "c"], title="some images")
    np.testing.assert_allclose(ax.images[0].get_array()[0], [100 / 3, 200 / 3, 0])
    assert ax.figure.axes[1].get_ylabel() == r"% of the breed's photographs"
    assert [text.get_text() for text in ax.texts] == [str(n) for n in matrix.flat]
    assert ax.get_title() == "some images"
    plt.close(ax.figure)
    ax = plots.confusion(np.eye(37, dtype=int), [str(i) for i in range(37)], title="all")
    assert not ax.texts and len(ax.get_yticklabels()) == 37
    plt.close(ax.figure)

"""What of a graded hand-in is said to whom, and in which numbers. Nothing is run here."""

import pytest

from grading.elsewhere import classroom, gradescope, one
from grading.elsewhere.messages import is_public, title_of

CELL = (
    "# 2 points: the sides.\n"
    "assert side == 4, f'Expected a side of 4, came {side}.'\n"
    "### BEGIN HIDDEN TESTS\n"
    "assert sides == [3], 'The sides of the other maps differ.'\n"
    "assert side == 4, f'The stride is not that of {name}: {side}'\n"
    "### END HIDDEN TESTS\n"
)


@pytest.mark.parametrize(
    ("kind", "said", "public"),
    [
        ("AssertionError", "Expected a side of 4, came [1,\n2].", True),
        ("AssertionError", "The sides of the other maps differ.", False),
        ("AssertionError", "Expected a side of 5, came 4.", False),
        ("AssertionError", "", False),
        ("ValueError", "Expected a side of 4, came 3.", False),
        ("NotImplementedError", "", True),
        ("NameError", "name 'side' is not defined", True),
        ("NameError", "name 'sides' is not defined", False),
    ],
)
def test_a_message_is_shown_if_it_is_a_visible_tests(kind, said, public):
    handed_out = "def side():\n    ..."
    assert is_public(kind, said, CELL, handed_out) is public
    assert is_public(kind, said, "assert side == 4", handed_out), "no hidden tests in the cell"


def test_a_title_is_what_the_test_says_of_itself():
    assert title_of(CELL) == "the sides"
    assert title_of("# 1 point\nassert x") == title_of("assert x") == ""


def test_points_are_whole_in_classroom_50():
    parts = [one.Part("a", "", 1.5, 2, "Part of the points."), one.Part("b", "", 1, 1)]
    found = classroom.result(one.Outcome("tiny", "graded", parts), {})
    assert [(t["score"], t["max-score"], t["passed"]) for t in found["tests"]] == [
        (1, 2, False),
        (1, 1, True),
    ]
    assert gradescope.results(one.Outcome("tiny", "graded", parts))["score"] == 2.5


def test_a_page_cannot_be_broken_out_of():
    parts = [one.Part("a|b", "", 0, 1, "```\n# not a heading\n````")]
    outcome = one.Outcome("tiny", "graded", parts)
    page = classroom.release_body(outcome, classroom.result(outcome, {}))
    assert "a\\|b" in page
    assert page.count("`````") == 2, "the fence is longer than any that is inside"

"""Marks of a person, where somebody hands in again and where a source changes. No code is run."""

import pytest
from nbgrader.api import Gradebook

import edits
from grading.course import CourseError
from grading.release import release
from trial import two_answers

pytestmark = pytest.mark.usefixtures("pretended")


def test_a_mark_stays_with_the_text_that_it_was_given_to_and_no_other(course):
    for student in ("ada", "bob"):
        course.hands_in(student)
    course.grades()
    for student in ("ada", "bob"):
        course.marked(student, why=0.5, how=3)
    course.hands_in("ada", edits.written("why", "It is not so."))
    course.hands_in("bob", edits.own_cell("root", "# more, and the same texts"))
    found = course.grades()
    assert (found["ada"]["why"], found["ada"]["how"]) == ("by hand", "3")
    assert (found["ada"]["points"], found["ada"]["to grade by hand"]) == ("8", "1")
    assert "why: the answer has changed since a person gave it 0.5" in found["ada"]["remarks"]
    assert "how" not in found["ada"]["remarks"]
    assert (found["bob"]["why"], found["bob"]["how"], found["bob"]["remarks"]) == ("0.5", "3", "")
    with Gradebook(f"sqlite:///{course.out / 'gradebook.db'}") as book:
        waits = {
            (student, mark.name)
            for student in ("ada", "bob")
            for mark in book.find_submission_notebook("tiny", "tiny", student).grades
            if mark.needs_manual_grade
        }
    assert waits == {("ada", "why")}
    assert "A word about how" in course.page("ada") and "A word about why" in course.page("bob")
    assert "A word about why" not in course.page("ada")
    assert course.grades()["ada"]["why"] == "by hand"  # and it stays so


def test_a_picture_is_part_of_an_answer_and_code_of_a_tests_mark(course):
    def pasted(data):
        def edit(notebook):
            cell = edits.cell(notebook, "why")
            cell.source = "![it](attachment:a.png)"
            cell.attachments = {"a.png": {"image/png": data}}

        return edit

    course.hands_in("ada", pasted("AAAA"))
    course.hands_in("bob")
    course.grades()
    course.marked("ada", why=1)
    course.marked("bob", why=1, double_test=1.5)
    course.hands_in("ada", pasted("BBBB"))
    course.hands_in("bob", edits.replaced("double", "x + x", "2 * x"))
    found = course.grades()
    assert found["ada"]["why"] == "by hand"
    assert (found["bob"]["why"], found["bob"]["double-test"]) == ("1", "2")
    assert "double-test: the answer has changed" in found["bob"]["remarks"]


def test_changed_points_make_nobody_look_like_a_tamperer(course):
    source = edits.edited(two_answers(), edits.written("setup", "import math  # 2 points"))
    course.source_is(source)
    for student in ("ada", "bob", "cy"):
        course.hands_in(student, notebook=source)
    course.hands_in("cy", edits.written("double-test", "pass"), notebook=source)
    course.grades()
    course.marked("ada", why=1)
    new = edits.edited(source, edits.written("setup", "import math  # 5 points"))
    edits.cell(new, "double-test").metadata.nbgrader.points = 5
    course.source_is(new)
    course.hands_in("dora", notebook=new)
    found = course.grades()
    assert {row["of"] for row in found.values()} == {"13"}
    assert {s: row["remarks"] for s, row in found.items() if row["remarks"]} == {
        "cy": "double-test: had been changed; the original was used"
    }
    assert found["ada"]["why"] == "1"  # the same text: the mark stays
    assert [line for line in course.said if "source has changed" in line] == [course.said[0]]


def test_a_test_added_after_grading_is_graded_and_marks_stay(course):
    for student in ("ada", "bob"):
        course.hands_in(student)
    course.grades()
    course.marked("ada", why=1)
    new = two_answers()
    test = "assert root(4) == 2\n### BEGIN HIDDEN TESTS\nassert root(9) == 3\n### END HIDDEN TESTS"
    added = edits.marked(test, "root-test-2", grade=True, locked=True, points=2)
    new.cells.insert(5, added)
    edits.deleted("double", "double-test")(new)
    course.source_is(new)
    course.hands_in("cy", notebook=new)
    found = course.grades()
    assert {row["of"] for row in found.values()} == {"10"}
    assert {row["root-test-2"] for row in found.values()} == {"2"}
    assert "double-test" not in found["ada"] and found["ada"]["why"] == "1"
    assert {row["remarks"] for row in found.values()} == {""}


def test_the_version_that_was_handed_out_is_known_from_the_release(course, monkeypatch):
    out = course.folder / "release"
    course.source_is(edits.edited(two_answers(), edits.written("setup", "import math  # old")))
    release(out, source=course.source)
    course.hands_in("ada", edits.written("setup", "import math  # old"))
    course.source_is(two_answers())
    release(out, source=course.source)
    monkeypatch.setattr("grading.grade.HANDED_OUT", out / "handed-out")
    assert len(list((out / "handed-out" / "tiny").iterdir())) == 2
    assert course.grades()["ada"]["remarks"] == ""


def test_a_source_at_fault_does_not_stop_the_other_assignments(course):
    course.source_is(two_answers(), name="other")
    for name in ("tiny", "other"):
        course.hands_in("ada", name=name)
    broken = edits.edited(two_answers(), edits.replaced("double", "### END SOLUTION", ""))
    course.source_is(broken, name="other")
    course.grades()
    text = (course.out / "grades.csv").read_text("utf-8-sig")
    assert "ada,tiny,graded,5" in text and "ada,other,not graded" in text
    assert any("other cannot be graded" in line for line in course.said)
    course.source_is(broken)
    with pytest.raises(CourseError, match="tiny cannot be graded"):
        course.grades()

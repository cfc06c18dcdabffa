"""The students' versions: nothing of a solution or a hidden test is left in them."""

import re
import zipfile

import nbformat
import pytest

import edits
from grading.course import CourseError, names
from grading.release import left_over, release


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return {path.stem: path for path in release(tmp_path_factory.mktemp("release"))}


def notebook_of(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{path.stem}/{path.stem}.ipynb"]
        return nbformat.reads(archive.read(f"{path.stem}/{path.stem}.ipynb").decode(), as_version=4)


def test_every_assignment_has_a_zip(released):
    assert sorted(released) == names() and released


@pytest.mark.parametrize("name", names())
def test_nothing_of_a_solution_is_left(released, name):
    theirs = notebook_of(released[name])
    ours = nbformat.read(edits.SOURCE / name / f"{name}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in theirs.cells)
    assert not re.search("SOLUTION|HIDDEN|MARK SCHEME", text)
    assert left_over(ours, theirs) == []
    nbformat.validate(theirs)
    assert all(not cell.get("outputs") for cell in theirs.cells)
    answers = [c for c in theirs.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert answers
    for cell in answers:
        assert "raise NotImplementedError" in cell.source or "Your answer here" in cell.source


@pytest.mark.parametrize("name", names())
def test_the_marks_are_in_order(name):
    ours = nbformat.read(edits.SOURCE / name / f"{name}.ipynb", as_version=4)
    marks = [cell.metadata.nbgrader for cell in ours.cells if "nbgrader" in cell.metadata]
    ids = [mark.grade_id for mark in marks]
    assert len(set(ids)) == len(ids)
    assert all(mark.points > 0 for mark in marks if mark.grade)
    for cell in ours.cells:
        mark = cell.metadata.get("nbgrader", {})
        assert not cell.get("outputs"), "a source is kept without outputs"
        if mark.get("grade") and not mark.get("solution"):
            assert "### BEGIN HIDDEN TESTS" in cell.source, mark["grade_id"]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION", "b = 2"),
        ("### BEGIN HIDDEN TESTS\nassert b == 2\n### END HIDDEN TESTS", "assert b == 2"),
        ("a = 1", "### END SOLUTION"),
    ],
)
def test_a_line_that_is_left_would_be_noticed(source, left):
    make = nbformat.v4.new_notebook
    ours, theirs = make(cells=[edits.marked(source, "x")]), make(cells=[edits.marked(left, "x")])
    assert left_over(ours, theirs) == [left]


def test_a_line_that_stands_in_the_open_is_no_secret():
    text = "a = 1\n### BEGIN SOLUTION\na = 1\n### END SOLUTION"
    ours = nbformat.v4.new_notebook(cells=[edits.marked(text, "x")])
    theirs = nbformat.v4.new_notebook(cells=[edits.marked("a = 1", "x")])
    assert left_over(ours, theirs) == []


def test_a_source_with_its_marks_in_disorder_is_refused(tmp_path):
    notebook = edits.edited(edits.tiny(), edits.replaced("double", "### END SOLUTION", ""))
    (tmp_path / "source" / "tiny").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "source" / "tiny" / "tiny.ipynb")
    with pytest.raises(CourseError, match=r"(?i)end solution"):
        release(tmp_path / "out", source=tmp_path / "source")
    assert list((tmp_path / "out").glob("*.zip")) == []


def test_a_source_that_leaks_is_refused(tmp_path):
    """A solution without marks around it is handed out as it is."""
    notebook = edits.edited(edits.tiny(), edits.replaced("double", "    ### END SOLUTION", ""))
    notebook = edits.edited(notebook, edits.replaced("double", "    ### BEGIN SOLUTION\n", ""))
    (tmp_path / "source" / "tiny").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "source" / "tiny" / "tiny.ipynb")
    written = release(tmp_path / "out", source=tmp_path / "source")
    text = "\n".join(cell.source for cell in notebook_of(written[0]).cells)
    assert "x + x" not in text  # nbgrader then clears the whole cell


def test_the_same_source_gives_the_same_zip(tmp_path, tiny_source):
    (one,) = release(tmp_path / "one", source=tiny_source)
    (two,) = release(tmp_path / "two", source=tiny_source)
    a, b = notebook_of(one), notebook_of(two)
    assert [c.source for c in a.cells] == [c.source for c in b.cells]

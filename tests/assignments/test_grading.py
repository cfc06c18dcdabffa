"""The loop over submissions: nobody is lost, whatever was handed in. Nothing is run here."""

import signal
import zipfile

import nbformat
import pytest

import edits
from grading import execute
from grading.course import CourseError
from grading.grade import grade
from pretended import hand_in
from proof import rows

pytestmark = pytest.mark.usefixtures("pretended")


def test_every_layout_is_found(tmp_path, source):
    folder = tmp_path / "in"
    hand_in(folder / "ada" / "tiny.ipynb")
    hand_in(folder / "bob" / "tiny" / "tiny.ipynb")  # nbgrader's
    hand_in(folder / "cy_tiny.ipynb")
    hand_in(folder / "Dora Q_123_file" / "Tiny (2).ipynb")
    hand_in(folder / "eve" / "my homework.ipynb")
    hand_in(tmp_path / "x.ipynb")
    for name in ("fay.zip", "gus_tiny.zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.write(tmp_path / "x.ipynb", "deep/tiny.ipynb")
    found = rows(grade(folder, source=source, say=lambda line: None))
    assert set(found) == {"ada", "bob", "cy", "Dora Q_123_file", "eve", "fay", "gus"}
    assert {row["status"] for row in found.values()} == {"graded"}
    assert {row["points"] for row in found.values()} == {"5"}
    assert {row["to grade by hand"] for row in found.values()} == {"1"}
    assert "my homework" in found["eve"]["remarks"]


def test_what_cannot_be_graded_is_a_row_that_says_so(tmp_path, source):
    folder = tmp_path / "in"
    hand_in(folder / "ada" / "tiny.ipynb")
    broken = {
        "empty": b"",
        "half": b'{"cells": [{"cell_type"',
        "list": b"[1, 2]",
        "bytes": bytes(range(256)),
        "cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}',
        "deep": b"[" * 100_000,
    }
    for student, data in broken.items():
        (folder / student).mkdir()
        (folder / student / "tiny.ipynb").write_bytes(data)
    (folder / "zip.zip").write_bytes(b"PK no zip")
    (folder / "nothing").mkdir()
    (folder / "link").mkdir()
    (folder / "link" / "tiny.ipynb").symlink_to(source / "tiny" / "tiny.ipynb")
    path = grade(folder, source=source, say=lambda line: None)
    found = rows(path)
    assert {found[student]["status"] for student in broken} == {"broken"}
    assert found["zip"]["status"] == "broken"
    assert found["nothing"]["status"] == found["link"]["status"] == "missing"
    assert found["ada"]["points"] == "5"
    for student, row in found.items():
        assert (path.parent / row["feedback"]).is_file(), student
        assert row["remarks"] or student == "ada"


def test_nothing_to_grade_is_said(tmp_path, source):
    (tmp_path / "in").mkdir()
    with pytest.raises(CourseError, match="is empty"):
        grade(tmp_path / "in", source=source)
    with pytest.raises(CourseError, match="SUBMISSIONS=folder"):
        grade(tmp_path / "no", source=source)
    with pytest.raises(CourseError, match="tiny"):
        grade(tmp_path / "in", source=source, assignment="other")


@pytest.fixture
def interruptible():
    """Ctrl-C counts, also where a shell began the tests in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_hundred_submissions_interrupted_and_gone_on_with(
    tmp_path, source, pretended, monkeypatch, interruptible
):
    folder, lines = tmp_path / "in", []
    for number in range(100):
        notebook = edits.tiny()
        notebook.cells[1].source += f"\n# {number}" + "  wrong" * (number % 10 == 3)
        hand_in(folder / f"student{number:03}" / "tiny.ipynb", notebook)
    old, stop = execute.SandboxedExecute.run, [40]

    def run(self, notebook):
        stop[0] -= 1
        if stop[0] == 0:
            signal.raise_signal(signal.SIGINT)
        return old(self, notebook)

    monkeypatch.setattr(execute.SandboxedExecute, "run", run)
    with pytest.raises(KeyboardInterrupt):
        grade(folder, source=source, say=lines.append)
    half = rows(tmp_path / "in-graded" / "grades.csv")
    assert len(half) == 100
    assert [row["status"] for row in half.values()].count("graded") == 39
    assert [row["status"] for row in half.values()].count("not graded yet") == 61
    assert "goes on here" in lines[-1]
    found = rows(grade(folder, source=source, say=lines.append))
    assert len(pretended) == 100  # none twice
    assert [row["points"] for row in found.values()].count("0") == 10
    assert [row["points"] for row in found.values()].count("5") == 90
    assert lines[-1].startswith("[100/100] student099")


def test_what_changed_is_graded_anew(tmp_path, source, pretended):
    folder = tmp_path / "in"
    for student in ("ada", "bob"):
        hand_in(folder / student / "tiny.ipynb")
    grade(folder, source=source, say=lambda line: None)
    hand_in(
        folder / "bob" / "tiny.ipynb", edits.edited(edits.tiny(), edits.own_cell("root", "#wrong"))
    )
    found = rows(grade(folder, source=source, say=lambda line: None))
    assert len(pretended) == 3 and found["bob"]["points"] == "0" and found["ada"]["points"] == "5"
    grade(folder, source=source, say=lambda line: None, again=True)
    assert len(pretended) == 5


def test_points_and_words_by_hand_are_in_the_next_csv_and_feedback(tmp_path, source, pretended):
    from nbgrader.api import Gradebook

    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb")
    path = grade(tmp_path / "in", source=source, say=lambda line: None)
    assert rows(path)["ada"]["why"] == "by hand"
    with Gradebook(f"sqlite:///{path.parent / 'gradebook.db'}") as gradebook:
        mark = gradebook.find_grade("why", "tiny", "tiny", "ada")
        mark.manual_score, mark.needs_manual_grade = 0.5, False
        comment = gradebook.find_comment("why", "tiny", "tiny", "ada")
        comment.manual_comment = "Say what the second half is."
        gradebook.db.commit()
    page = path.parent / rows(path)["ada"]["feedback"]
    assert "second half" not in page.read_text("utf-8")
    row = rows(grade(tmp_path / "in", source=source, say=lambda line: None))["ada"]
    assert (row["why"], row["points"], row["to grade by hand"]) == ("0.5", "5.5", "0")
    assert "second half" in page.read_text("utf-8")
    assert len(pretended) == 1
    made = page.stat().st_mtime_ns
    grade(tmp_path / "in", source=source, say=lambda line: None)
    assert page.stat().st_mtime_ns == made  # nothing new: nothing written


def test_marks_tests_and_order_are_the_assignments(tmp_path, source, pretended):
    def meddled(notebook):
        for cell in notebook.cells:
            marks = cell.metadata["nbgrader"]
            marks |= {"points": 100, "grade": False, "locked": False, "solution": True}
        notebook.cells.reverse()
        fake = {**edits.marked("1", "bonus", grade=True, points=50)}
        notebook.cells.append(nbformat.from_dict(fake))

    folder = tmp_path / "in"
    hand_in(folder / "ada" / "tiny.ipynb", edits.edited(edits.tiny(), meddled))
    lost = edits.tiny()
    for cell in lost.cells:
        cell.metadata = {}
    hand_in(folder / "bob" / "tiny.ipynb", lost)
    twice = edits.tiny()
    copied = nbformat.from_dict({**twice.cells[1], "source": "last = 1", "id": "copied"})
    twice.cells.insert(2, copied)
    hand_in(folder / "cy" / "tiny.ipynb", twice)
    found = rows(grade(folder, source=source, say=lambda line: None))
    assert {row["of"] for row in found.values()} == {"6"}
    order = [text.index("42, 'twice 21'") < text.index("root(49)") for text in pretended]
    assert order == [True] * 3
    assert "put back" in found["bob"]["remarks"] and "twice" in found["cy"]["remarks"]
    assert "last = 1" in pretended[2]


def test_feedback_does_not_show_hidden_tests_or_run_a_students_html(tmp_path, source):
    notebook = edits.edited(
        edits.tiny(), edits.written("why", "<script>alert('x')</script><b>bold</b>")
    )
    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb", notebook)
    path = grade(tmp_path / "in", source=source, say=lambda line: None)
    html = (path.parent / rows(path)["ada"]["feedback"]).read_text("utf-8")
    assert "(hidden tests)" in html and "bold" in html
    assert "twice 21" not in html
    assert "<script>alert" not in html


def test_a_formula_is_text_in_the_csv(tmp_path, source):
    hand_in(tmp_path / "in" / "@SUM(1)" / "tiny.ipynb")
    (name,) = rows(grade(tmp_path / "in", source=source, say=lambda line: None))
    assert name == "'@SUM(1)"


def test_no_submission_is_changed(tmp_path, source):
    path = tmp_path / "in" / "ada" / "tiny.ipynb"
    hand_in(path)
    before = path.read_bytes()
    grade(tmp_path / "in", source=source, say=lambda line: None)
    assert path.read_bytes() == before and len(list((tmp_path / "in").rglob("*"))) == 2
    with pytest.raises(CourseError, match="among the submissions"):
        grade(tmp_path / "in", tmp_path / "in" / "out", source=source)

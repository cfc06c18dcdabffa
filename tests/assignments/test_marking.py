"""Marks of a person, and what surrounds them: who hands in again, a source that changes, the page
that waits, the folder's configuration. No code is run here."""

import functools
import re

import nbformat
import nbgrader.api
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

import edits
from grading import execute
from grading.configuration import configure
from grading.course import ASSIGNMENTS, CourseError
from grading.grade import grade
from grading.release import release
from grading.sandbox import Report
from proof import rows

# nbgrader asks for this in a process of its own, for each new gradebook.
version = functools.cache(nbgrader.api.get_alembic_version)


@pytest.fixture(autouse=True)
def pretended(monkeypatch):
    """Runs no code: a test fails if the notebook says "wrong"; counts the runs."""
    ran = []
    monkeypatch.setattr(nbgrader.api, "get_alembic_version", version)

    def run(self, notebook):
        text = "\n".join(cell.source for cell in notebook.cells)
        ran.append(text)
        for cell in notebook.cells:
            if cell.cell_type == "code" and "wrong" in text and "assert" in cell.source:
                cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
        return Report(protected=["files", "network", "processes"])

    monkeypatch.setattr(execute.SandboxedExecute, "run", run)
    return ran


def two_answers():
    """The small assignment with a second written answer."""
    notebook = edits.tiny()
    marks = {"markdown": True, "grade": True, "solution": True, "points": 4}
    notebook.cells.append(edits.marked("As Figure 2 says.", "how", **marks))
    return notebook


def hand_in(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture
def course(tmp_path):
    """A course whose sources and hand-ins are written, graded and marked in a line each."""
    return Trial(tmp_path)


class Trial:
    def __init__(self, folder):
        self.folder, self.said = folder, []
        self.source = folder / "source"
        self.source_is(two_answers())

    def source_is(self, notebook, name="tiny"):
        hand_in(self.source / name / f"{name}.ipynb", notebook)

    def hands_in(self, student, *changes, name="tiny", notebook=None):
        made = edits.edited(notebook or two_answers(), *changes)
        hand_in(self.folder / "in" / student / f"{name}.ipynb", made)

    def grades(self, **options):
        self.said = []
        path = grade(self.folder / "in", source=self.source, say=self.said.append, **options)
        self.out = path.parent
        return rows(path)

    def marked(self, student, **marks):
        """A person gives marks, and says a word to each."""
        with Gradebook(f"sqlite:///{self.out / 'gradebook.db'}") as book:
            for cell, points in marks.items():
                cell = cell.replace("_", "-")
                mark = book.find_grade(cell, "tiny", "tiny", student)
                mark.manual_score, mark.needs_manual_grade = points, False
                if "test" not in cell:
                    comment = book.find_comment(cell, "tiny", "tiny", student)
                    comment.manual_comment = f"A word about {cell}."
            book.db.commit()

    def page(self, student):
        return (self.out / "feedback" / student / "tiny" / "tiny.html").read_text("utf-8")


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


def test_until_a_person_has_marked_the_page_says_that_the_answer_waits(course):
    course.hands_in("ada", edits.written("why", r"So $x^2$, ![p](https://e.example/x.png)."))
    course.grades()
    page = course.page("ada")
    assert "5.0 of 10.0 points; 5.0 of them wait for a person" in page
    assert "waits for a person, who gives up to 4" in page
    assert "0.0" not in re.sub("<style>.*?</style>", "", page, flags=re.S).replace("10.0", "")
    assert "<msup>" in page and "<script" not in page
    asks = re.findall(
        r"""(?:src|srcset|action|data|poster)\s*=\s*["'](?!data:)|url\(|@import""", page
    )
    assert asks == [] and "default-src 'none'" in page and "<link" not in page
    course.marked("ada", why=0, how=4)
    course.grades()
    assert "9.0 of 10.0 points." in course.page("ada") and "waits" not in course.page("ada")


def test_the_chapters_own_notebook_is_said_at_once_and_not_run(course, pretended):
    source = ASSIGNMENTS / "source" / "01-degradation" / "01-degradation.ipynb"
    course.source_is(nbformat.read(source, as_version=4), name="01-degradation")
    chapter = ASSIGNMENTS.parent / "notebooks" / "01-degradation.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    course.hands_in("ada", name="01-degradation", notebook=notebook)
    row = course.grades()["ada"]
    assert (row["status"], row["points"], row["of"], pretended) == (
        "another notebook",
        "0",
        "24",
        [],
    )
    assert "The chapter's own notebook has the same name" in row["remarks"]
    assert row["remarks"].count(";") == 0
    page = (course.out / row["feedback"]).read_text("utf-8")
    assert "hand in the one with the tasks" in page


def test_control_characters_are_inert_everywhere(course):
    hostile = "\x1b]0;owned\x07\x9b2J\u202e\r=HYPERLINK(1)"
    own = nbformat.v4.new_markdown_cell(f"text {hostile}")
    course.hands_in(
        f"=a\x1b[31m{chr(0x202E)}",
        edits.written("why", f"so {hostile}"),
        edits.own_cell("root", f"# code {hostile}"),
        lambda notebook: notebook.cells.append(own),
        edits.deleted("double-test"),
    )
    (row,) = course.grades().values()
    assert row["status"] == "graded" and row["student"].startswith("'=a\\x1b[31m")
    pages = [p.read_text("utf-8") for p in course.out.rglob("*.html")]
    texts = [(course.out / name).read_text("utf-8-sig") for name in ("grades.csv", "files.csv")]
    assert len(pages) == 1 and r"\x1b]0;owned\x07\x9b2J\u202e" in pages[0]
    for text in (*texts, *pages, *course.said):
        assert all(c.isprintable() or c in "\n\r\t\xa0" for c in text)
    for line in course.said:
        assert line.isprintable()


def settings(folder):
    return PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()


def test_nbgrader_itself_runs_in_the_cage_where_the_grades_lie(course, pretended):
    course.hands_in("ada")
    course.grades(limits={"cell_seconds": 7})
    config = settings(course.out)
    assert config.SandboxedExecute.limits["cell_seconds"] == 7
    config.CourseDirectory.root = str(course.out)
    api = NbGraderAPI(config=config)
    assert api.autograde("tiny", "ada")["success"] and len(pretended) == 2
    assert api.generate_feedback("tiny", "ada")["success"]
    assert "(hidden tests)" in course.page("ada") and "twice 21" not in course.page("ada")


def test_where_the_course_is_gone_nothing_is_run_and_nothing_published(course, pretended, capsys):
    course.hands_in("ada")
    course.grades()
    path = course.out / "nbgrader_config.py"
    text = path.read_text("utf-8").replace(str(ASSIGNMENTS), str(course.folder / "gone"))
    path.write_text(text.replace("grading.", "gone."))  # as where it cannot be imported
    config = settings(course.out)
    assert "make grade" in capsys.readouterr().out
    config.CourseDirectory.root = str(course.out)
    api = NbGraderAPI(config=config)
    page = course.page("ada")
    assert not api.autograde("tiny", "ada")["success"] and len(pretended) == 1
    assert not api.generate_feedback("tiny", "ada")["success"]
    assert not list((course.out / "feedback").rglob("*.html")) or course.page("ada") == page


def test_a_configuration_of_somebody_else_is_not_overwritten(course):
    course.hands_in("ada")
    out = course.folder / "in-graded"
    out.mkdir()
    (out / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="Choose another folder"):
        course.grades()
    (out / "nbgrader_config.py").unlink()
    configure(out, {"cell_seconds": 3})
    configure(out, anew=False)
    assert settings(out).SandboxedExecute.limits["cell_seconds"] == 3

"""What lies in a folder of grades: pages that wait for a person, what no screen obeys, and a
configuration by which nbgrader does there what `make grade` does. No code is run."""

import re

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

import edits
from grading.configuration import configure
from grading.course import ASSIGNMENTS, CourseError

pytestmark = pytest.mark.usefixtures("pretended")


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

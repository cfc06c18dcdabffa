"""One hand-in, graded for a platform: whatever it is, a results file that is right."""

import copy
import dataclasses
import io
import json
import os
import shutil
import sys
import zipfile

import nbformat
import pytest

import edits
from grading import execute
from grading.__main__ import main
from grading.course import Course
from grading.elsewhere import one
from grading.elsewhere.commands import write
from grading.elsewhere.one import grade_one
from grading.limits import Limits
from grading.sandbox import Sandbox

LIMITS = Limits(cell_seconds=20, grace_seconds=2, total_seconds=60, memory_mb=600, nice=0)
SECRET = "twice 21"  # the message of the tiny assignment's hidden test


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(sys.executable, limits=LIMITS) as made:
        yield made


@pytest.fixture(scope="module")
def prepared(tiny_source, tmp_path_factory):
    """The course as nbgrader makes it. Making it anew for each hand-in is most of the time."""
    course = Course(tmp_path_factory.mktemp("prepared"), "tiny", tiny_source)
    course.generate()
    return course.root


@pytest.fixture(autouse=True)
def without_tensorflow(sandbox, prepared, monkeypatch):
    monkeypatch.setattr(execute.SandboxedExecute, "run", lambda self, nb: sandbox.run(nb))
    monkeypatch.setattr(
        Course, "generate", lambda self: shutil.copytree(prepared, self.root, dirs_exist_ok=True)
    )


@pytest.fixture(scope="module")
def source(tiny_source, tmp_path_factory):
    """The tiny assignment, and another, which the autograder knows by its marks alone."""
    place = tmp_path_factory.mktemp("elsewhere") / "source"
    shutil.copytree(tiny_source, place)
    place.with_name("marks.json").write_text(json.dumps({"large": ["setup", "one", "two"]}))
    return place


def text(*changes, notebook=None):
    return nbformat.writes(edits.edited(notebook or edits.tiny(), *changes)).encode()


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/") + ".ipynb", data)
    return packed.getvalue()


def large():
    cells = [edits.marked("1", name) for name in ("setup", "one", "two")]
    return nbformat.v4.new_notebook(cells=cells)


def unmarked():
    notebook = copy.deepcopy(edits.tiny())
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


WRONG = edits.written("double", "def double(x):\n    return 4")
ENDS = edits.written("double", "import os\nos._exit(3)")
# name: file -> content; status, points, and what the student is told
ODD = {
    "as it should be": ({"tiny.ipynb": text()}, "graded", 5, ""),
    "another name": ({"Homework (2).IPYNB": text()}, "graded", 5, "was called Homework (2).IPYNB"),
    "a name in another script": ({"домашка 😀.ipynb": text()}, "graded", 5, "домашка"),
    "a name that commands a terminal": ({"\x1b[2Jtiny\n.ipynb": text()}, "graded", 5, ""),
    "a very long name": ({"a" * 249 + ".ipynb": text()}, "graded", 5, "aaaa"),
    "in a folder": ({"week 1/[mine]/tiny.ipynb": text()}, "graded", 5, ""),
    "in a zip": ({"all.zip": zipped(deep__tiny=text())}, "graded", 5, ""),
    "beside other files": (
        {"report.pdf": b"%PDF", "tiny.ipynb": text()},
        "graded",
        5,
        "not graded: report.pdf",
    ),
    "what a Mac puts there": ({"._tiny.ipynb": b"\0", "tiny.ipynb": text()}, "graded", 5, ""),
    "wrong": ({"tiny.ipynb": text(WRONG)}, "graded", 3, ""),
    "ends its process": ({"tiny.ipynb": text(ENDS)}, "graded", 3, "ended its process"),
    "no Python": ({"tiny.ipynb": text(edits.written("root", "oops("))}, "graded", 2, "SyntaxError"),
    "half of the points": (
        {"tiny.ipynb": text(edits.written("root", "def root(x):\n    return round(x**0.5)"))},
        "graded",
        3,
        "",
    ),
    "a test that was changed": (
        {"tiny.ipynb": text(edits.written("root-test", "3"))},
        "graded",
        5,
        "root-test: had been changed",
    ),
    "prints what is no character": (
        {"tiny.ipynb": text(edits.own_cell("double", "print('\\ud800', '\\x1b[2J')"))},
        "graded",
        5,
        "",
    ),
    "of another assignment": ({"x.ipynb": text(notebook=large())}, "other", 0, "it is of large"),
    "the chapter's notebook": ({"tiny.ipynb": text(notebook=unmarked())}, "other", 0, "chapter's"),
    "nothing": ({}, "missing", 0, "Expected tiny.ipynb"),
    "a picture": ({"page.jpg": b"\xff\xd8"}, "missing", 0, "page.jpg"),
    "empty": ({"tiny.ipynb": b""}, "broken", 0, "the file is empty"),
    "cut short": ({"tiny.ipynb": text()[:300]}, "broken", 0, "no notebook"),
    "too deep": ({"tiny.ipynb": b"[" * 100_000}, "broken", 0, "no notebook"),
    "a list": ({"tiny.ipynb": b"[1, 2]"}, "broken", 0, "no notebook"),
    "bytes": ({"tiny.ipynb": bytes(range(256))}, "broken", 0, "no notebook"),
    "a damaged zip": ({"tiny.zip": b"PK\3\4 not at all"}, "broken", 0, "damaged"),
}
ENVIRONMENT = {
    "CLASSROOM": "nets-2027",
    "ASSIGNMENT": "tiny",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2027-01-11T08-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/commit/a1b2c3d",
    "RELEASE_URL": "https://example.org/releases/1",
}


def hand_in(folder, files):
    folder.mkdir()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def on_gradescope(outcome, tmp_path):
    """results.json, held to Gradescope's specifications."""
    write(outcome, "gradescope", tmp_path / "out" / "results.json", {})
    found = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert set(found) == {"score", "execution_time", "output", "stdout_visibility", "tests"}
    assert found["stdout_visibility"] == "hidden"
    for test in found["tests"]:
        assert set(test) <= {"name", "score", "max_score", "output", "visibility"}
        assert test["visibility"] in ("visible", "after_published")
        assert 0 <= test.get("score", 0) <= test.get("max_score", 0)
        assert test["visibility"] == "visible" or "score" not in test
    assert found["score"] == sum(test.get("score", 0) for test in found["tests"])
    return found


def in_classroom(outcome, tmp_path):
    """result.json, held to the contract of Classroom 50."""
    write(outcome, "classroom50", tmp_path / "out" / "result.json", ENVIRONMENT)
    found = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert found["schema"] == "classroom50/result/v1"
    assert (found["classroom"], found["assignment"]) == ("nets-2027", "tiny")
    assert found["submission"].startswith("submit/")
    for name in ("owner", "commit", "release", "review", "datetime"):
        assert isinstance(found[name], str) and found[name]
    for test in found["tests"]:
        assert isinstance(test["test-name"], str) and test["test-name"]
        assert type(test["passed"]) is bool
        assert type(test["score"]) is type(test["max-score"]) is int
        assert 0 <= test["score"] <= test["max-score"]
    assert found["score"] == sum(test["score"] for test in found["tests"])
    assert found["max-score"] == sum(test["max-score"] for test in found["tests"])
    return found


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_handed_in_has_a_result_that_is_right(name, tmp_path, source):
    files, status, points, told = ODD[name]
    outcome = grade_one(hand_in(tmp_path / "in", files), "tiny", source=source)
    assert (outcome.status, outcome.points, outcome.most) == (status, points, 5), outcome
    assert (outcome.by_hand, [part.name for part in outcome.parts]) == (
        1,
        ["double-test", "root-test"],
    )
    there = on_gradescope(outcome, tmp_path)
    assert there["score"] == points and told in there["output"]
    assert "\x1b" not in there["output"] and "isolation" not in there["output"]
    here = in_classroom(outcome, tmp_path)
    assert (here["score"], here["max-score"]) == (points, 5)
    page = (tmp_path / "out" / "release-body.md").read_text("utf-8")
    assert f"{points} of 5" in page and told in page


def test_links_pipes_and_what_is_not_there(tmp_path, source):
    folder = hand_in(tmp_path / "in", {})
    (tmp_path / "secret.ipynb").write_bytes(text())
    (folder / "tiny.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    outcome = grade_one(folder, "tiny", source=source)
    assert outcome.status == "missing"
    assert "tiny.ipynb: a link, which is not followed" in outcome.remarks
    assert "pipe.ipynb: no file" in outcome.remarks
    assert grade_one(tmp_path / "nowhere", "tiny", source=source).status == "missing"
    assert grade_one(tmp_path / "secret.ipynb", "tiny", source=source).points == 5


def test_what_is_no_name_in_utf8_is_graded(tmp_path, source):
    folder = hand_in(tmp_path / "in", {})
    with open(os.fsencode(folder) + b"/x\xe9.ipynb", "wb") as file:
        file.write(text())
    outcome = grade_one(folder, "tiny", source=source)
    assert outcome.points == 5
    assert "\\udce9" in on_gradescope(outcome, tmp_path)["output"]


def test_in_a_repository_only_notebooks_count(tmp_path, source):
    files = {"assignment/tiny.ipynb": text(), "README.md": b"", ".github/x.ipynb": b"", "a.py": b""}
    folder = hand_in(tmp_path / "in", files)
    outcome = grade_one(folder, "tiny", source=source, notebooks_only=True)
    assert (outcome.points, outcome.remarks) == (5, [])


# --- the grading's own faults, and hidden tests --------------------------------


def test_a_grading_that_fails_is_said_to_be_ours(tmp_path, source, monkeypatch):
    folder = hand_in(tmp_path / "in", {"tiny.ipynb": text()})
    for error in (RuntimeError("no TensorFlow here"), MemoryError(), OSError(28, "disk full")):

        def fails(self, notebook, error=error):
            raise error

        monkeypatch.setattr(execute.SandboxedExecute, "run", fails)
        outcome = grade_one(folder, "tiny", source=source)
        assert (outcome.status, outcome.points, outcome.most) == ("failed", 0, 5)
        found = on_gradescope(outcome, tmp_path)
        assert "not of your notebook" in found["output"]
        assert "TensorFlow" not in found["output"], "the student can do nothing about it"
        assert in_classroom(outcome, tmp_path)["max-score"] == 5
    monkeypatch.setattr(one, "find", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in grade_one(folder, "tiny", source=source).private[0]


def test_the_command_writes_results_and_says_whose_fault_it_is(tmp_path, capsys):
    out = tmp_path / "deep" / "results.json"
    command = ["one", str(tmp_path / "x"), "--out", str(out), "--as", "gradescope", "--assignment"]
    assert main([*command, "no-such"]) == 1
    assert "not of your notebook" in json.loads(out.read_text())["output"]
    assert main([*command, "01-degradation"]) == 0
    found = json.loads(out.read_text())
    assert "Expected 01-degradation.ipynb" in found["output"]
    assert (found["score"], sum(test["max_score"] for test in found["tests"])) == (0, 20)
    assert "missing, 0 of 20" in capsys.readouterr().out


def test_what_hidden_tests_say_is_shown_when_grades_are_published(tmp_path, source):
    folder = hand_in(tmp_path / "in", {"tiny.ipynb": text(WRONG)})
    outcome = grade_one(folder, "tiny", source=source)
    found = on_gradescope(outcome, tmp_path)
    holding = [test for test in found["tests"] if SECRET in test["output"]]
    assert [test["visibility"] for test in holding] == ["after_published"]
    in_classroom(outcome, tmp_path)
    for name in ("result.json", "release-body.md"):
        assert SECRET not in (tmp_path / "out" / name).read_text("utf-8"), "there nothing is hidden"


def test_an_error_may_be_called_anything(tmp_path, source):
    """What a cell of the student's says of itself is not repeated: it may hold a hidden test."""
    raises = f"raise type('{SECRET}', (Exception,), {{}})('{SECRET}')"
    folder = hand_in(tmp_path / "in", {"tiny.ipynb": text(edits.written("root", raises))})
    outcome = grade_one(folder, "tiny", source=source)
    assert "the cell root ended with an error" in outcome.remarks
    assert SECRET not in json.dumps(outcome.remarks)


def test_isolation_is_told_to_teachers_alone(tmp_path, source, sandbox, monkeypatch):
    def run(self, notebook):
        return dataclasses.replace(sandbox.run(notebook), protected=[])

    monkeypatch.setattr(execute.SandboxedExecute, "run", run)
    outcome = grade_one(hand_in(tmp_path / "in", {"tiny.ipynb": text()}), "tiny", source=source)
    assert (outcome.points, outcome.remarks) == (5, [])
    assert "isolation of files, network, processes" in outcome.private[0]

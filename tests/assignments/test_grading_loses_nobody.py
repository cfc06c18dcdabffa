"""Whatever a submission holds or is called, its points and those behind it stand."""

import csv
import json
import os
from pathlib import Path

import nbformat
import pytest

import edits
import grading.grade as grading_grade
from grading import execute
from grading.files import printable
from grading.grade import grade
from grading.sandbox import Report
from pretended import hand_in
from proof import rows

pytestmark = pytest.mark.usefixtures("pretended")

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_pasted_picture_costs_nothing_and_is_on_the_page(tmp_path, source):
    folder, notebook = tmp_path / "in", edits.tiny()
    (text,) = (c for c in notebook.cells if c.metadata.nbgrader.grade_id == "why")
    text.source = "See ![it](attachment:image.png) and ![gone](attachment:lost.png)."
    text.attachments = {"image.png": {"image/png": PNG}, "x": {"text/html": "<script>"}}
    hand_in(folder / "ada" / "tiny.ipynb", notebook)
    path = grade(folder, source=source, say=lambda line: None)
    row = rows(path)["ada"]
    assert (row["status"], row["points"], row["remarks"]) == ("graded", "5", "")
    html = (path.parent / row["feedback"]).read_text("utf-8")
    assert PNG in html and "no picture lost.png" in html and "<script>" not in html.lower()


def test_line_ends_of_windows_are_no_changes(tmp_path, source):
    notebook = edits.tiny()
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb", notebook)
    row = rows(grade(tmp_path / "in", source=source, say=lambda line: None))["ada"]
    assert (row["points"], row["remarks"]) == ("5", "")


def test_what_a_cell_prints_never_touches_the_points(tmp_path, source, monkeypatch):
    old = execute.SandboxedExecute.run

    def run(self, notebook):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                text = "caf\udce9.png \x1b]0;title\x07 \x00 \u202e<b>"
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
        return old(self, notebook)

    monkeypatch.setattr(execute.SandboxedExecute, "run", run)
    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb")
    path = grade(tmp_path / "in", source=source, say=lambda line: None)
    row = rows(path)["ada"]
    assert (row["status"], row["points"]) == ("graded", "5")
    html = (path.parent / row["feedback"]).read_text("utf-8")
    assert r"caf\udce9.png \x1b]0;title\x07 \x00 \u202e&lt;b&gt;" in html


def test_names_of_any_kind_are_rows_of_their_own(tmp_path, source):
    names = ["किरण", "कुरण", "Smith, J", "Smith_ J", "王" * 80, os.fsdecode(b"Ren\xe9 Dupont")]
    for name in names:
        hand_in(tmp_path / "in" / name / "tiny.ipynb")
    lines = []
    found = rows(grade(tmp_path / "in", source=source, say=lines.append))
    assert set(found) == {printable(name) for name in names}
    assert {row["points"] for row in found.values()} == {"5"}
    assert all(line.isprintable() for line in lines)
    again = rows(grade(tmp_path / "in", source=source, say=lines.append))
    assert again == found and lines[-1].endswith("(as before)")


def test_brackets_and_relative_paths_and_links_on_the_way(tmp_path, source, monkeypatch):
    folder = tmp_path / "[2025] ML*" / "in"
    hand_in(folder / "ada" / "tiny.ipynb")
    path = grade(folder, source=source, say=lambda line: None)
    assert rows(path)["ada"]["points"] == "5"
    assert path == folder.parent / "in-graded" / "grades.csv"
    assert (path.parent / rows(path)["ada"]["feedback"]).is_file()
    monkeypatch.chdir(folder.parent)
    path = grade(Path("in"), Path("there/below"), source=source, say=lambda line: None)
    assert rows(path)["ada"]["points"] == "5" and path.is_file()
    (tmp_path / "short").symlink_to(folder.parent, target_is_directory=True)
    path = grade(tmp_path / "short" / "in", tmp_path / "short" / "x", source=source, say=print)
    assert rows(path)["ada"]["points"] == "5"


def test_an_error_around_one_student_is_a_row_and_not_the_end(tmp_path, source, monkeypatch):
    for student in ("ada", "bob", "cy"):
        hand_in(tmp_path / "in" / student / "tiny.ipynb")
    whole = grading_grade.rebuild

    def rebuild(notebook, *rest):
        if len(called) == 1:
            called.append(1)
            raise OverflowError("what nobody thought of")
        called.append(1)
        return whole(notebook, *rest)

    called = []
    monkeypatch.setattr(grading_grade, "rebuild", rebuild)
    found = rows(grade(tmp_path / "in", source=source, say=lambda line: None))
    assert [found[s]["status"] for s in ("ada", "bob", "cy")] == ["graded", "broken", "graded"]
    assert "OverflowError: what nobody thought of" in found["bob"]["remarks"]
    found = rows(grade(tmp_path / "in", source=source, say=lambda line: None))
    assert {row["points"] for row in found.values()} == {"5"}  # a second call goes on


def test_points_stand_where_the_page_cannot_be_made(tmp_path, source, monkeypatch):
    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb")
    no = lambda *_, **__: {"success": False, "error": "no page", "log": ""}  # noqa: E731
    monkeypatch.setattr("nbgrader.apps.NbGraderAPI.generate_feedback", no)
    path = grade(tmp_path / "in", source=source, say=lambda line: None)
    row = rows(path)["ada"]
    assert (row["status"], row["points"]) == ("graded", "5")
    assert "no feedback page: no page" in row["remarks"]
    assert "could not be made" in (path.parent / row["feedback"]).read_text("utf-8")


def test_every_file_has_a_row_that_says_what_was_done(tmp_path, source):
    folder = tmp_path / "in"
    hand_in(folder / "ada" / "tiny.ipynb")
    for name in ("ada/._tiny.ipynb", "ada/report.pdf", "bob.pdf"):
        (folder / name).write_bytes(b"%PDF")
    path = grade(folder, source=source, say=lambda line: None)
    with open(path.parent / "files.csv", encoding="utf-8-sig", newline="") as file:
        done = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert {name: row["what was done"] for name, row in done.items()} == {
        "tiny.ipynb": "tiny: graded",
        "._tiny.ipynb": "made by a system, not by a student",
        "report.pdf": "not a notebook",
        "bob.pdf": "not a notebook",
    }
    assert rows(path)["bob"]["status"] == "missing"
    assert "bob.pdf" in rows(path)["bob"]["remarks"]


def test_a_system_without_isolation_is_named(tmp_path, source, monkeypatch):
    run = lambda self, notebook: Report(protected=["processes"])  # noqa: E731
    monkeypatch.setattr(execute.SandboxedExecute, "run", run)
    hand_in(tmp_path / "in" / "ada" / "tiny.ipynb")
    path = grade(tmp_path / "in", source=source, say=lambda line: None)
    assert "without isolation of files, network" in rows(path)["ada"]["remarks"]
    assert json.loads((path.parent / "rows" / "tiny ada.json").read_text())["status"] == "graded"

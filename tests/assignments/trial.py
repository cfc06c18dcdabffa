"""A course of one small assignment, whose source and hand-ins a test changes in a line."""

from __future__ import annotations

import functools

import nbformat
import nbgrader.api
from nbgrader.api import Gradebook

import edits
from grading import execute
from grading.grade import grade
from grading.sandbox import Report
from proof import rows

# nbgrader asks for this in a process of its own, for each new gradebook.
version = functools.cache(nbgrader.api.get_alembic_version)


def pretend(monkeypatch) -> list[str]:
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


class Trial:
    """The course, its students and the teacher."""

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

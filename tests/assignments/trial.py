"""A course of one small assignment, whose source and hand-ins a test changes in a line."""

from __future__ import annotations

from nbgrader.api import Gradebook

import edits
from grading.grade import grade
from pretended import hand_in
from proof import rows


def two_answers():
    """The small assignment with a second written answer."""
    notebook = edits.tiny()
    marks = {"markdown": True, "grade": True, "solution": True, "points": 4}
    notebook.cells.append(edits.marked("As Figure 2 says.", "how", **marks))
    return notebook


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

"""What a feedback page shows: points, or that a person is awaited; tests without their hidden part;
outputs in which nothing acts."""

from __future__ import annotations

import re

from nbconvert.exporters import HTMLExporter
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor

from grading.markup import PICTURES, is_picture
from grading.running import is_test

_MARK = re.compile(r"### (BEGIN|END) HIDDEN TESTS")


class FeedbackExporter(HTMLExporter):
    """nbconvert's, under a name of its own: what is set for it is not for formgrader."""


class Points(GetGrades):
    """nbgrader's step, which takes points from the gradebook; it also notes who is awaited."""

    def preprocess(self, nb, resources):
        """Notes the points that wait for a person."""
        nb, resources = super().preprocess(nb, resources)
        marks = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
        resources["nbgrader"]["waiting"] = sum(m["points"] for m in marks if m.get("waits"))
        return nb, resources

    def _get_score(self, cell, resources) -> None:
        super()._get_score(cell, resources)
        marks = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(
            marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        marks["waits"] = bool(grade.needs_manual_grade and grade.manual_score is None)


class HideTests(NbGraderPreprocessor):
    """Takes the hidden part out of test cells.

    nbgrader's own `ClearHiddenTests` ends with an error where a student wrote its marks into
    a cell of their own.
    """

    def preprocess_cell(self, cell, resources, index):
        """One cell of the graded notebook, as the student may see it."""
        if is_test(cell):
            cell.source = without_hidden(cell.source)
        return cell, resources


def without_hidden(source: str) -> str:
    """A test's lines but those from a mark BEGIN to the next END. A mark alone hides nothing."""
    kept, begun = [], None
    for line in source.splitlines():
        mark = _MARK.search(line)
        if mark is None:
            kept.append(line)
        elif mark[1] == "BEGIN":
            begun = len(kept)
        elif begun is not None:
            kept[begun:] = ["# (hidden tests)"]
            begun = None
    return "\n".join(kept).rstrip()


class InertOutputs(NbGraderPreprocessor):
    """Keeps text and pictures of what cells showed: no HTML, no script, no SVG.

    nbgrader's formgrader shows outputs on the teacher's own address, as they are.
    """

    def preprocess_cell(self, cell, resources, index):
        """One cell that has been run."""
        for output in cell.get("outputs", ()):
            if "data" not in output:
                continue
            kept = {k: v for k, v in output.data.items() if k in PICTURES and is_picture(k, v)}
            if isinstance(text := output.data.get("text/plain"), str):
                kept["text/plain"] = text
            left = ", ".join(sorted(set(output.data) - set(kept)))
            output.data = kept or {"text/plain": f"(not shown: {left})"}
            output.metadata = {}
        return cell, resources

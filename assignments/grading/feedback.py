"""What a feedback page does not show: hidden tests, and HTML that a student wrote."""

from __future__ import annotations

import re
from urllib.parse import unquote

from nbgrader.preprocessors import NbGraderPreprocessor

from grading.running import is_test

_HIDDEN = re.compile(r"^.*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[^\n]*\n?", re.S | re.M)
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_PASTED = re.compile(r"attachment:([^)\s\"'>]+)")


class HideTests(NbGraderPreprocessor):
    """Takes the hidden part out of test cells, and the effect out of HTML in text cells.

    nbgrader's own `ClearHiddenTests` ends with an error where a student wrote its marks into
    a cell of their own.
    """

    def preprocess_cell(self, cell, resources, index):
        """One cell of the graded notebook, as the student may see it."""
        if is_test(cell):
            cell.source = _HIDDEN.sub("# (hidden tests)\n", cell.source).rstrip()
        elif cell.cell_type == "markdown":
            pasted = cell.get("attachments", {})
            text = _PASTED.sub(  # nbconvert ends where a picture is named and not there
                lambda m: m[0] if unquote(m[1]) in pasted else f"no picture {m[1]}", cell.source
            )
            text = _TAG.sub("&lt;", text)
            cell.source = re.sub("(?i)(javascript|vbscript|data):", r"\1 :", text)
        return cell, resources

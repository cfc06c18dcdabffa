"""nbgrader's configuration of the course. `python -m grading` and `nbgrader` itself read it."""

import sys
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

HERE = Path(__file__).resolve().parent if "__file__" in globals() else Path.cwd()
sys.path.insert(0, str(HERE))

from grading.execute import SandboxedExecute  # noqa: E402
from grading.feedback import FeedbackExporter, HideTests, InertOutputs, Points  # noqa: E402

c = get_config()  # noqa: F821  (given by traitlets)

c.CourseDirectory.course_id = "residual-networks"
c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# nbgrader's own list, but for the step that runs students' code, and for what it leaves.
c.Autograde.autograde_preprocessors = [
    SandboxedExecute,
    InertOutputs,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.SandboxedExecute.visible = [str(HERE.parent / name) for name in ("src", "results")]
c.SandboxedExecute.preload = ["helpers.checks", "helpers.training", "helpers.plots"]
c.SandboxedExecute.limits = {"cell_seconds": 60, "total_seconds": 240, "memory_mb": 3000}

# Feedback shows what failed and why, not the hidden tests.
c.GenerateFeedback.preprocessors = [Points, HideTests, InertOutputs, CSSHTMLHeaderPreprocessor]
c.GenerateFeedback.exporter_class = FeedbackExporter
c.FeedbackExporter.template_name = "course"  # a page that loads nothing
c.FeedbackExporter.extra_template_basedirs = [str(HERE / "grading" / "pages")]
# Wherever students' texts become HTML, on feedback pages and in formgrader: nothing in it acts.
c.HTMLExporter.filters = {
    "markdown2html": "grading.markup.markdown2html",
    "highlight_code": "grading.markup.highlight_code",
}

"""The course as nbgrader sees it: its configuration, its sources, a folder to work in."""

from __future__ import annotations

import atexit
import contextlib
import glob
import hashlib
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from grading import gradebook
from grading.files import write_whole

ASSIGNMENTS = Path(__file__).resolve().parent.parent
HANDED_OUT = ASSIGNMENTS.parent / "_build" / "assignments" / "handed-out"

warnings.filterwarnings("ignore", message="Object of type .* not in session")  # nbgrader's own

# nbgrader calls `alembic` by its name, to make its database; it lies beside our Python.
_BIN = str(Path(sys.executable).parent)
if _BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_BIN, os.environ.get("PATH", os.defpath)])


class CourseError(Exception):
    """Something is wrong with what the teacher gave; the message says what to do."""


def names(source: Path = ASSIGNMENTS / "source") -> list[str]:
    """The assignments that there are: `source/<name>/<name>.ipynb`."""
    return sorted(p.name for p in source.iterdir() if (p / f"{p.name}.ipynb").is_file())


def marks(name: str, source: Path = ASSIGNMENTS / "source") -> set[str]:
    """The marks of an assignment's cells, which every student's copy of it carries."""
    cells = nbformat.read(source / name / f"{name}.ipynb", as_version=4).cells
    return {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells} - {None}


class Course:
    """One assignment in a folder of nbgrader's: source, release, submitted, autograded, feedback.

    `source` is the folder of all assignments' sources; what this one has is copied into
    `root`, so that `root` also says against what was graded. `limits` are those of
    `grading.limits.Limits` that should differ from `nbgrader_config.py`.
    """

    def __init__(
        self,
        root: Path,
        assignment: str,
        source: Path = ASSIGNMENTS / "source",
        limits: dict | None = None,
    ) -> None:
        if assignment not in names(source):
            raise CourseError(
                f"Expected one of the assignments {', '.join(names(source))}. "
                f"Received: {assignment!r}"
            )
        self.root, self.assignment = without_patterns(Path(root).resolve()), assignment
        self.versions: list = []  # that were handed out before
        self._from = source / assignment
        config = PyFileConfigLoader("nbgrader_config.py", str(ASSIGNMENTS)).load_config()
        config.CourseDirectory.root = str(self.root)
        config.SandboxedExecute.limits = {**config.SandboxedExecute.limits, **(limits or {})}
        self.api = NbGraderAPI(config=config)
        self.api.log.setLevel("WARNING")  # into the results, and not onto the screen
        self.api.log.propagate = False

    def folder(self, step: str, student: str = ".") -> Path:
        """Where nbgrader keeps the assignment in one of its steps."""
        return self.root / step / student / self.assignment

    def notebook(self, step: str, student: str = ".") -> Path:
        """The notebook of one step."""
        return self.folder(step, student) / f"{self.assignment}.ipynb"

    def generate(self) -> None:
        """Writes the students' version and the cells' originals into the gradebook.

        A version that is there already is kept in `handed-out`. Raises CourseError with
        nbgrader's words if the source is not as it must be.
        """
        with contextlib.suppress(OSError, ValueError):  # none, or half: nobody was given it
            keep_version(self.notebook("release"), self.root / "handed-out" / self.assignment)
        shutil.rmtree(self.folder("source"), ignore_errors=True)
        shutil.copytree(self._from, self.folder("source"))
        cells = nbformat.read(self.notebook("source"), as_version=4).cells
        with self.api.gradebook as book:
            gradebook.make_room(book, self.assignment, cells)
        result = self.api.generate_assignment(self.assignment, force=True, create=True)
        if not result["success"]:
            raise CourseError(f"nbgrader made no students' version.\n{why(result)}")

    def grade(self, student: str) -> tuple[str | None, str | None]:
        """Grades what lies in `submitted`, and writes the feedback page.

        Returns for each of the two steps None, or why nbgrader could not. Points stand without
        a page.
        """
        for step in ("autograded", "feedback"):
            shutil.rmtree(self.folder(step, student), ignore_errors=True)
        failed = [None, None]
        for i, step in enumerate((self.api.autograde, self.api.generate_feedback)):
            result = step(self.assignment, student, force=True)
            if not result["success"]:
                if str(result.get("error")).rstrip().endswith("KeyboardInterrupt"):
                    raise KeyboardInterrupt  # nbgrader takes it for a failure of the submission
                failed[i] = why(result) or "it did not say why"
                break
            if i == 0:
                with self.api.gradebook as book:
                    gradebook.settle(book, self.assignment, student)
        return failed[0], failed[1]

    def renew_feedback(self, student: str) -> None:
        """Writes the feedback page anew, with what a person has added since."""
        result = self.api.generate_feedback(self.assignment, student, force=True)
        if not result["success"]:
            raise CourseError(f"No feedback page could be made for {student}.\n{why(result)}")

    def older(self, *places: Path) -> list:
        """Versions that were handed out before, as far as they are kept: here, and in places."""
        now = nbformat.read(self.notebook("release"), as_version=4)
        found = []
        for place in (self.root / "handed-out", *places):
            for path in sorted((place / self.assignment).glob("*.ipynb")):
                version = nbformat.read(path, as_version=4)
                if [c.source for c in version.cells] != [c.source for c in now.cells]:
                    found.append(version)
        return found

    def by_hand(self, student: str) -> list:
        """Points and comments that a person has given, by cell."""
        with self.api.gradebook as book:
            return gradebook.by_hand(book, self.assignment, student)

    def take_back(self, student: str, notebook, tell: Callable[[list[str]], None]) -> None:
        """Takes back the marks of answers that are others in `notebook`. `tell` gets what to say,
        before it is done."""
        try:
            old = nbformat.read(self.notebook("submitted", student), as_version=4)
        except (OSError, ValueError):
            old = nbformat.v4.new_notebook()
        with self.api.gradebook as book:
            gradebook.forget(
                book,
                self.assignment,
                student,
                lambda cell: _answer(old, cell) != _answer(notebook, cell),
                tell,
            )

    def scores(self, student: str) -> dict[str, tuple[float | None, float]]:
        """Points and maximum by graded cell; None where a person has to look."""
        with self.api.gradebook as book:
            found = book.find_submission_notebook(self.assignment, self.assignment, student)
            scores = {}
            for grade in found.grades:
                by_hand = grade.needs_manual_grade and grade.manual_score is None
                scores[grade.name] = (None if by_hand else grade.score, grade.max_score)
            return scores

    def maximum(self) -> dict[str, float]:
        """Points that each graded cell can give, in the order of the notebook."""
        cells = nbformat.read(self.notebook("release"), as_version=4).cells
        data = [cell.metadata.get("nbgrader", {}) for cell in cells]
        return {d["grade_id"]: float(d["points"]) for d in data if d.get("grade") or d.get("task")}


def keep_version(notebook: Path, folder: Path) -> None:
    """Keeps a students' version under a name that says what is in it. Raises OSError or ValueError
    where there is none, or half of one."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\0".join(cell.source for cell in cells)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.ipynb"
    write_whole(folder / name, notebook.read_text("utf-8"))


def _answer(notebook, grade_id: str) -> list:
    """What a mark of this cell is about: its text and pictures; of a test, all that they wrote."""
    marked = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    for cell, marks in marked:
        if marks.get("grade_id") == grade_id and marks.get("solution"):
            return [cell.source.strip(), cell.get("attachments") or {}]
    theirs = [cell for cell, marks in marked if not marks or marks.get("solution")]
    return [cell.source.strip() for cell in theirs if cell.cell_type == "code"]


def without_patterns(root: Path) -> Path:
    """The same folder by a path in which nothing is a pattern: nbgrader looks for files by glob,
    and takes brackets in a path for one."""
    if glob.escape(str(root)) == str(root):
        return root
    link = Path(tempfile.mkdtemp(prefix="grades-"), "grades")
    link.symlink_to(root, target_is_directory=True)
    atexit.register(shutil.rmtree, link.parent, ignore_errors=True)
    return link


def why(result: dict) -> str:
    """What nbgrader said, without its tracebacks' places and its closing words."""
    said = "\n".join(str(result.get(key) or "") for key in ("log", "error"))
    said = re.sub(r'^ *File ".*\n.*\n( *[~^]+\n)?', "", said, flags=re.MULTILINE)
    kept = [line.strip() for line in said.splitlines() if line.strip()]
    kept = [line for line in kept if not re.search("Traceback|above traceback|WARNING", line)]
    return "\n".join(kept[:6])

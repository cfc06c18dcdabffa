"""What nbgrader's gradebook has of one assignment, beyond what nbgrader does by itself."""

from __future__ import annotations

import functools
from collections.abc import Callable

from nbgrader import api, utils
from nbgrader.api import (
    Comment,
    Grade,
    GradeCell,
    MissingEntry,
    SolutionCell,
    SourceCell,
    TaskCell,
)
from sqlalchemy import NullPool, create_engine


@functools.lru_cache(maxsize=4)
def _engine(url: str, **how):
    """One engine of each gradebook, which keeps no connection open.

    nbgrader makes a new one whenever it opens the gradebook, three times for each submission, and
    with each SQLAlchemy keeps what it has compiled, of the last hundred: 0.13 MiB a submission.
    """
    return create_engine(url, poolclass=NullPool, **how)


api.create_engine = _engine


def by_hand(gradebook, assignment: str, student: str) -> list:
    """Points and comments that a person has given, by cell."""
    found = gradebook.find_submission_notebook(assignment, assignment, student)
    points = [[g.name, g.manual_score, g.extra_credit] for g in found.grades]
    said = [[c.name, c.manual_comment] for c in found.comments if c.manual_comment]
    return sorted(p for p in points if p[1:] != [None, None]) + sorted(said)


def forget(
    gradebook,
    assignment: str,
    student: str,
    changed: Callable[[str], bool],
    tell: Callable[[list[str]], None],
) -> None:
    """Takes back what a person gave to cells that have changed since. `tell` gets what to say,
    before anything is taken back: whoever is killed here has it written down."""
    try:
        found = gradebook.find_submission_notebook(assignment, assignment, student)
    except MissingEntry:
        return
    said = []
    for grade in found.grades:
        if (grade.manual_score, grade.extra_credit) != (None, None) and changed(grade.name):
            given = (grade.manual_score or 0) + (grade.extra_credit or 0)
            said.append(
                f"{grade.name}: the answer has changed since a person gave it {given:g}; that "
                "mark is taken back"
            )
            grade.manual_score = grade.extra_credit = None
    for comment in found.comments:
        if comment.manual_comment and changed(comment.name):
            comment.manual_comment = None
    tell(said)
    gradebook.db.commit()


def settle(gradebook, assignment: str, student: str) -> None:
    """A mark that a person gave stands: nbgrader would have it looked at once more."""
    found = gradebook.find_submission_notebook(assignment, assignment, student)
    for grade in found.grades:
        if grade.manual_score is not None:
            grade.needs_manual_grade = False
    gradebook.db.commit()


def make_room(gradebook, assignment: str, cells: list) -> None:
    """Adds to those who are graded already the cells that are new in the source, and takes away
    those that are gone. nbgrader refuses both once somebody is graded."""
    try:
        notebook = gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return
    if not notebook.submissions:
        return
    session = gradebook.db
    for kind, present, belongs in (
        (GradeCell, notebook.grade_cells, utils.is_grade),
        (SolutionCell, notebook.solution_cells, utils.is_solution),
        (TaskCell, notebook.task_cells, utils.is_task),
        (SourceCell, notebook.source_cells, _is_kept),
    ):
        wanted = {cell.metadata.nbgrader.grade_id: cell for cell in cells if belongs(cell)}
        old = {cell.name: cell for cell in present}
        for name in old.keys() - wanted.keys():
            for row in (*(_rows(old[name], "grades")), *(_rows(old[name], "comments"))):
                session.delete(row)
            session.delete(old[name])
        for name in wanted.keys() - old.keys():
            session.add(_new(kind, wanted[name], notebook))
    session.commit()


def _rows(cell, kind: str) -> list:
    return list(getattr(cell, kind, None) or ())


def _is_kept(cell) -> bool:
    return any(
        belongs(cell)
        for belongs in (utils.is_grade, utils.is_solution, utils.is_locked, utils.is_task)
    )


def _new(kind: type, cell, notebook):
    """A cell of the gradebook, with a row for everyone who is graded already."""
    marks, new = cell.metadata.nbgrader, kind(name=cell.metadata.nbgrader.grade_id)
    new.notebook = notebook
    if kind is SolutionCell:
        new.comments = [Comment(notebook=submitted) for submitted in notebook.submissions]
        return new
    new.cell_type = cell.cell_type
    if kind is SourceCell:
        new.source, new.locked = cell.source, utils.is_locked(cell)
        return new
    new.max_score = float(marks["points"])
    new.grades = [Grade(notebook=submitted) for submitted in notebook.submissions]
    if kind is TaskCell:
        new.comments = [Comment(notebook=submitted) for submitted in notebook.submissions]
    return new

"""Assignments grade: wrong submissions lose the points of what is wrong, right ones none."""

import ast
import itertools
import re
import subprocess
import sys

import nbformat
import pytest

import edits
import proof
from grading.course import names

NAMES = names()
DATA = {name: proof.submissions(name) for name in NAMES}
WRONG = [(name, mistake) for name in NAMES for mistake in DATA[name].WRONG]
RIGHT = [(name, style) for name in NAMES for style in DATA[name].RIGHT]
UNTOUCHED = [(name, proof.UNTOUCHED) for name in NAMES]
SOLUTIONS = [(name, "the solution") for name in NAMES]


def of_assignments(pairs):
    """Under names that begin with the assignment's number: conftest.py keeps these together."""
    return pytest.mark.parametrize(
        ("graded", "student"),
        [pytest.param(*p, id="-".join(p)) for p in pairs],
        indirect=["graded"],
        scope="module",
    )


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """Those submissions of an assignment that the chosen tests look at."""
    chosen = [getattr(item, "callspec", None) for item in request.session.items]
    params = [spec.params for spec in chosen if spec and "student" in spec.params]
    wanted = {p["student"] for p in params if p["graded"] == request.param}
    return proof.Graded(tmp_path_factory.mktemp("graded"), request.param, wanted)


@of_assignments(WRONG)
def test_a_wrong_submission_loses_the_points_of_what_is_wrong(graded, student):
    wrong = DATA[graded.assignment].WRONG
    cost = {part for name in graded.together[student] for part in wrong[name][1]}
    assert graded.lost(student) == cost, graded.told(student)
    assert all(graded.got(student, part) == 0 for part in cost), graded.told(student)
    for words in DATA[graded.assignment].TOLD.get(student, ()):
        assert words in graded.rows[student]["remarks"]


@of_assignments(RIGHT)
def test_a_right_submission_gets_all(graded, student):
    row = graded.rows[student]
    assert graded.lost(student) == set(), row["remarks"]
    assert row["points"] == "20" and row["written"] == "by hand" and row["of"] == "24"


@of_assignments(UNTOUCHED)
def test_the_untouched_version_gets_nothing(graded, student):
    assert graded.rows[student]["points"] == "0"
    assert graded.lost(student) == set(graded.most)


@of_assignments(SOLUTIONS)
def test_every_cell_of_the_solution_runs(graded, student):
    (path,) = graded.root.glob(f"autograded/the_solution/*/{graded.assignment}.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [o for o in outputs if o.output_type == "error"] == []
    assert (graded.root / graded.rows[student]["feedback"]).stat().st_size > 10_000


# --- which mistakes share a submission ----------------------------------------------


@pytest.fixture(scope="module", params=NAMES)
def mistakes(request):
    """What each mistake of an assignment is about, and those that stay alone."""
    wrong = DATA[request.param].WRONG
    return proof.parts(edits.solution(request.param), wrong), proof.alone(wrong)


def test_every_mistake_is_handed_in_once_and_none_meets_one_of_its_part(mistakes):
    about, alone = mistakes
    groups = proof.packed(about, alone, "a seed")
    assert sorted(itertools.chain(*groups)) == sorted(about)
    assert len(groups) < len(about)
    for group in groups:
        assert len(group) == 1 or not alone & set(group)
        assert sum(len(about[m]) for m in group) == len(set().union(*(about[m] for m in group)))
    assert len(proof.packed(about, alone, proof.ALONE)) == len(about)


def test_every_two_that_can_share_a_submission_do_so_one_day(mistakes):
    about, alone = mistakes
    pairs = itertools.combinations(sorted(set(about) - alone), 2)
    waiting = {frozenset((a, b)) for a, b in pairs if not about[a] & about[b]}
    assert waiting
    for day in range(1000):
        for group in proof.packed(about, alone, str(day)):
            waiting -= set(map(frozenset, itertools.combinations(group, 2)))
    assert waiting == set()


def test_what_ends_or_tampers_is_handed_in_alone():
    for name in NAMES:
        alone = proof.alone(DATA[name].WRONG)
        assert {"an endless loop", "a test changed, and one deleted"} <= alone
        assert set(DATA[name].TOLD) <= alone


# --- around ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_first_cell_is_that_of_the_notebooks(name):
    ours = edits.cell(edits.solution(name), "setup").source
    book = edits.SOURCE.parents[1] / "notebooks" / "01-degradation.ipynb"  # the same in all
    cells = nbformat.read(book, as_version=4).cells
    assert ours == next(c.source for c in cells if c.cell_type == "code")


@pytest.mark.parametrize("name", NAMES)
def test_a_task_names_no_part_of_the_library_that_is_not_imported(name):
    cells = edits.solution(name).cells
    tasks = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    assert unknown(tasks, trees) == set()


def test_a_part_that_is_not_imported_would_be_noticed():
    trees = [ast.parse("from helpers import specs")]
    assert unknown("See `specs.get(name)`, `plots.curves(run)`.", trees) == {"plots"}
    assert unknown("`from helpers import plots`; `plots.curves(run)`", trees) == set()


def unknown(tasks, trees):
    """The parts of `helpers` that a text calls and neither imports nor finds imported."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    parts = {path.stem for path in (edits.SOURCE.parents[1] / "src" / "helpers").iterdir()}
    called = set(re.findall(r"(?<![\w.])(\w+)\.\w+\(", tasks))
    return (called & parts) - imported - set(re.findall(r"import (\w+)", tasks))


def test_importing_the_grader_does_not_load_tensorflow():
    code = "import sys, grading.grade; sys.exit('tensorflow' in sys.modules)"
    environment = {"PYTHONPATH": str(edits.SOURCE.parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0

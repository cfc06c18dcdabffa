"""The tests of the assignments test: what the tables of mutants say is so.

The tables are written by `python tests/assignments/mutants.py`, in the book's environment.
"""

import datetime
import json
import random
import subprocess

import pytest

import mutants
import mutations
import reasons
from grading.course import names
from grading.execute import default_python

NAMES = names()
A_DAY = 3  # mutants of each assignment that run again
MOST = 0.05  # of the mutants that are wrong may keep all points


@pytest.fixture(scope="module", params=NAMES)
def found(request):
    """An assignment, and the rows of its table."""
    return mutants.Assignment(request.param), mutants.read(request.param)


def whole(assignment, rows):
    """Whether a table is about the assignment as it is now, all of it."""
    digests = {cell: assignment.digest(cell) for cell in assignment.solutions}
    expected = [mutants.row_of(m, "", digests[m.cell]) for m in assignment.mutants()]
    return [{**row, "caught by": ""} for row in rows] == expected


def test_a_changed_assignment_demands_a_new_table(found):
    assignment, rows = found
    assert whole(assignment, rows), (
        "The assignment or what is changed in it is not what the table is about. Run "
        f"`.venv/bin/python tests/assignments/mutants.py {assignment.name[:2]}`."
    )


def test_few_mutants_keep_all_points_and_each_has_its_reason(found):
    assignment, rows = found
    kept = [reasons.key(row) for row in rows if not row["caught by"]]
    listed = reasons.of(assignment.name)
    assert sorted(kept) == sorted(listed)
    assert all(reason.why for reason in listed.values())
    survive = [name for name in kept if not listed[name].equivalent]
    assert len(survive) < MOST * (len(rows) - len(kept) + len(survive)), survive


def test_those_drawn_today_do_what_the_table_says():
    today = datetime.date.today().isoformat()
    drawn = {name: random.Random(today + name).sample(mutants.read(name), A_DAY) for name in NAMES}
    wanted = {name: [reasons.key(row) for row in rows] for name, rows in drawn.items()}
    command = [default_python(), mutants.__file__, "--drawn", json.dumps(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, env=mutants.environment())
    assert done.returncode == 0, done.stderr[-4000:]
    came = json.loads(done.stdout.splitlines()[-1])
    for name, rows in drawn.items():
        for row, by in zip(rows, came[name], strict=True):
            assert bool(by) == bool(row["caught by"]), (
                f"{today}: {name}, {reasons.key(row)}: caught by {by or 'no test'}, in the table "
                f"by {row['caught by'] or 'none'}"
            )


# --- what makes the mutants -----------------------------------------------------------


def kinds(source):
    return {(m.kind, m.change) for m in mutations.changed("cell", source)}


@pytest.mark.parametrize(
    ("source", "kind", "change"),
    [
        ("a = b - c", "operator", "a = b [- -> +] c"),
        ("a = b - c", "order", "a = [b - c -> c - b]"),
        ("def f(a):\n    a += 2", "operator", "a [+ -> -]= 2"),
        ("a = b < c", "operator", "a = b [< -> <=] c"),
        ("a = b and c", "condition", "a = [b and -> nothing]c"),
        ("a = -b", "operator", "a = [- -> nothing]b"),
        ("a = 3", "constant", "a = [3 -> 4]"),
        ("a = 1e-5", "constant", "a = [1e-05 -> 0.001]"),
        ("a = True", "constant", "a = [True -> False]"),
        ("a = b(c, d)", "order", "a = b([c, d -> d, c])"),
        ("a = b(c, d=1)", "argument", "a = b(c[, d=1 -> nothing])"),
        ("a = abs(b)", "call", "a = [abs(b) -> b]"),
        ("a = b[1:]", "slice", "a = b[[1 -> nothing]:]"),
        ("a = b if c else d", "condition", "a = [b if c else -> nothing]d"),
        ("a = 'A'", "constant", "a = '[A -> Ax]'"),
        ("def f(x):\n    return x", "return", "return [x -> None]"),
        ("def f(x):\n    a = 1\n    b = 2", "order", "[ -> b = 2;]a = 1"),
        ("def f(x):\n    a = 1\n    b = 2", "statement", "[a = 1 -> nothing]"),
    ],
)
def test_each_usual_mistake_is_made(source, kind, change):
    assert (kind, change) in kinds(source)


def test_no_mutant_comes_twice_and_none_is_the_solution():
    source = "def f(x, y=2):\n    x = x * 2\n    x = x * 2\n    return max(x, y)"
    made = mutations.changed("cell", source)
    assert len({m.source for m in made}) == len(made) == len({m.change for m in made})
    assert all(m.source != source for m in made)


def test_a_test_that_cannot_fail_keeps_the_points_of_a_mutant(monkeypatch):
    assignment = mutants.Assignment(NAMES[0])
    assignment.given, assignment.solutions = {}, {"double": "def double(x):\n    return 2 * x"}
    made = assignment.mutants()
    for test, caught in (("double(1)", {""}), ("assert double(3) == 6", {"test"})):
        assignment.tests = {"test": test}
        assert {assignment.caught(mutant) for mutant in made} == caught
    assignment.tests = {"test": "double(1)\nwhile True:\n    pass"}
    assert assignment.caught(made[0], seconds=1) == mutants.LATE

"""Submissions that mean harm: none gets a point, reads a hidden test, or leaves its cage."""

import ast
import random
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from edits import marked
from grading import calls, controls
from grading.limits import Limits
from grading.running import Run, is_test
from grading.sandbox import Sandbox
from hostile import answers, secrets, verdicts

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(
    cell_seconds=4, grace_seconds=2, total_seconds=60, memory_mb=600, disk_mb=32, nice=0
)
WRONG = "def double(x): return None\ndef root(x): return None"
RIGHT = "def double(x): return 2 * x\ndef root(x): return x ** 0.5"
SECRET = "a hidden test that nobody may read"
TESTS = [
    "assert double(2) == 4\n### BEGIN HIDDEN TESTS\nfor x, expected in [(21, 42), (-3, -6)]:\n"
    f"    assert double(x) == expected, '{SECRET}'\n### END HIDDEN TESTS",
    "import math\nassert abs(root(2) - math.sqrt(2)) < 1e-9",
    "from fractions import Fraction\nassert double(Fraction(1, 3)) == Fraction(2, 3)",
    "assert [double(x) for x in range(3)] == [0, 2, 4]\nassert all(double(x) > x for x in (1, 2))",
    "assert double('ab') == 'abab' and root(49) == 7",
]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(sys.executable, limits=LIMITS) as made:
        yield made


def graded(sandbox, *sources, behind=()):
    """Runs cells, the tests, and cells behind them. Returns tests, all cells, report."""
    cells = [new_code_cell(source) for source in sources]
    cells += [
        marked(source, f"test-{i}", grade=True, locked=True, points=2)
        for i, source in enumerate(TESTS)
    ]
    cells += [new_code_cell(source) for source in behind]
    report = sandbox.run(new_notebook(cells=cells))
    return [cell for cell in cells if is_test(cell)], cells, report


def failed(cell):
    return any(output.output_type == "error" for output in cell.outputs)


def said(cells):
    return str([cell.outputs for cell in cells])


def test_an_honest_submission_has_all_points_and_every_control_fails(sandbox):
    for _ in range(3):  # the places are drawn anew
        tests, _, report = graded(sandbox, RIGHT)
        assert not any(map(failed, tests)) and report.remarks == []
        assert report.proved and report.controls == len(TESTS)


def test_a_submission_that_is_half_right_has_its_half(sandbox):
    tests, _, report = graded(sandbox, "def double(x): return 2 * x\ndef root(x): return 1")
    assert [failed(test) for test in tests] == [False, True, False, False, True]
    assert report.proved and report.controls == 3


@pytest.mark.parametrize("attack", verdicts.BEFORE)
def test_no_cell_makes_wrong_answers_pass(sandbox, attack):
    tests, _, report = graded(sandbox, verdicts.BEFORE[attack], WRONG)
    assert all(map(failed, tests)), report.remarks


@pytest.mark.parametrize("answer", answers.ANSWERS)
def test_no_answer_passes_whatever_is_asked(sandbox, answer):
    tests, _, report = graded(sandbox, answers.ANSWERS[answer])
    assert all(map(failed, tests)), report.remarks


def test_there_are_fifty_and_the_page_lists_them_all():
    tables = {"answers": answers, "secrets": secrets, "verdicts": verdicts}
    page = ast.parse((ROOT / "book" / "_ext" / "grading_tables.py").read_text())
    listed = next(
        ast.literal_eval(s.value)
        for s in page.body
        if isinstance(s, ast.Assign) and s.targets[0].id == "HOSTILE"
    )
    shown = [key for file, table, *_ in listed for key in getattr(tables[file], table)]
    every = [v for m in tables.values() for k, v in vars(m).items() if k.isupper() and k[0] != "_"]
    assert len(shown) == sum(map(len, every)) >= 50


def test_where_a_control_passes_all_points_are_taken_and_it_is_said():
    """As if somebody had got at the judge: the process says yes to everything."""

    class Bent:
        protected = ()

        def ask(self, source, deadline, roles=None):
            return {"status": "ok", "outputs": []}

        def end(self):
            pass

    cells = [marked(TESTS[0], "double-test", grade=True, locked=True, points=2)]
    cells += [marked("print(1)", "a-test-of-nothing", grade=True, locked=True, points=1)]
    report = Run(Bent, LIMITS).run(new_notebook(cells=cells))
    assert all(map(failed, cells)) and not report.proved
    assert "double-test passed whatever was asked" in report.remarks[0]


@pytest.mark.parametrize("finder", secrets.FINDERS)
def test_a_hidden_test_cannot_be_read_by_the_answer(sandbox, finder):
    answer = secrets.FINDERS[finder]
    answer += "\nfound = []\ndef double(x):\n    found.append(repr(find()))\ndef root(x): return 0"
    show = "print('shown', len(found), found)"
    _, cells, _ = graded(sandbox, answer, behind=[show])
    assert SECRET not in said(cells) and "(-3, -6)" not in said(cells)


@pytest.mark.parametrize("disguise", secrets.DISGUISES)
def test_a_hidden_test_is_not_shown(sandbox, disguise):
    line = TESTS[0].splitlines()[3].strip()
    stolen = f"stolen = bytes.fromhex({line.encode().hex()!r}).decode()"  # as if it were found
    _, cells, report = graded(sandbox, RIGHT, behind=[stolen, secrets.DISGUISES[disguise]])
    kept = [output for output in cells[-1].outputs if output.output_type != "error"]
    assert kept == [] and SECRET not in said(cells[-1:])
    assert "shows a hidden test" in report.remarks[0]


def test_what_is_no_test_is_shown(sandbox):
    own = TESTS[0].splitlines()[3].strip()  # a student's own line, which a warning shows
    show = f"print('assert double(2) == 4', 'a' * 200)\nexpected, x = 2, 1\n{own}\nprint({own!r})"
    _, cells, report = graded(sandbox, RIGHT, behind=[show])
    assert "aaaa" in said(cells[-1:]) and SECRET in said(cells[-1:]) and report.remarks == []


@pytest.mark.skipif(not calls.program(), reason="no libseccomp on this system")
@pytest.mark.parametrize("call", secrets.CALLS)
def test_a_call_that_no_notebook_needs_is_refused(sandbox, call):
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"came = {secrets.CALLS[call]}\n"
        "print('refused' if came == -1 and ctypes.get_errno() == 1 else (came, ctypes.get_errno()))"
    )
    run = (
        f"import subprocess, sys\nprint(subprocess.check_output([sys.executable, '-c', {code!r}]))"
    )
    _, cells, report = graded(sandbox, run)
    assert "calls" in report.protected
    assert "refused" in said(cells[:1]), said(cells[:1])


def test_shared_memory_counts(sandbox):
    hog = (
        "import mmap, time\nheld = mmap.mmap(-1, 10**9)\n"
        "for i in range(0, 10**9, 4096):\n    held[i] = 1\ntime.sleep(3)"
    )
    _, cells, report = graded(sandbox, hog)
    assert failed(cells[0]) and "MB of memory" in report.remarks[0]


# --- the copies that must fail ------------------------------------------------------------


def outcome(copy, **names):
    """What comes of a copy in this process: "ok" or the kind of error."""
    from grading.guard import _ROLES

    try:
        exec(copy.source, {**names, **{name: _ROLES[role] for name, role in copy.roles.items()}})
    except Exception as error:
        return type(error).__name__
    return "ok"


EXPECTATIONS = [
    "assert f(2) == 4",
    "assert f(2) <= 4 and f(1) >= 2",
    "assert 3 < f(2) < 5",
    "assert f('a') == 'aa' and f([1]) == [1, 1] and f((1,)) == (1, 1)",
    "assert all(abs(f(x) - 2 * x) < 1e-9 for x in (1.0, 2.5))",
    "assert f(2) != 5\nassert f(2) in (4, 5)\nassert not f(0)",
    "assert f(0.5) == 1.0 and f(True) == 2\nassert (f(2) > 4) == False",
    "for x in (1, 2):\n    with open('/dev/null'):\n        assert f(x) == 2 * x",
    "try:\n    assert f(2) == 4\nexcept ValueError:\n    raise",
]


@pytest.mark.parametrize("source", EXPECTATIONS)
def test_every_copy_of_a_right_answer_fails_and_the_test_itself_does_not(source):
    def f(x):
        return 2 * x

    test, _ = controls.pair(source)
    assert set(test.roles.values()) == {"same"} and outcome(test, f=f) == "ok"
    copies = controls.every(source)
    assert copies
    assert [outcome(copy, f=f) for copy in copies] == ["AssertionError"] * len(copies)


def test_what_may_not_be_reached_is_not_turned_round():
    source = "if f(1) == 3:\n    assert f(2) == 4\nwhile f(0):\n    assert f(2) == 4\nf(3)"
    assert controls.every(source) == [] and controls.pair(source)[1] is None
    assert controls.pair("no Python")[1] is None


def test_test_and_copy_look_alike_but_for_drawn_names():
    test, copy = controls.pair(TESTS[0], random.Random(1))
    names = list(copy.roles), list(test.roles)
    assert not set(names[0]) & set(names[1])
    for own, other in zip(*names, strict=True):
        copy = controls.Copy(copy.source.replace(own, other), copy.roles)
    assert copy.source == test.source

"""Tests of the assignments and of what grades them. They run in the course's environment:

`python -m pytest --confcutdir=tests/assignments tests/assignments`, in `.venv-course`. The
book's own environment has no nbgrader; there `tests/conftest.py` leaves this folder out.
"""

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "assignments"), str(Path(__file__).parent)]


def pytest_configure(config):
    import proof

    config.addinivalue_line("filterwarnings", "ignore:Object of type .* not in session")
    os.environ.setdefault("PACKING", proof.packing())  # one day for all processes, at midnight too


def pytest_xdist_make_scheduler(config, log):
    """Files stay together, but the assignments of one file may run in several processes."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            assignment = re.search(r"\[(\d\d|repair)-", nodeid)
            return nodeid.split("::")[0] + (assignment[1] if assignment else "")

    return Scheduling(config, log)


def pytest_report_header():
    import proof
    from grading.course import names

    return [
        f"Mistakes share submissions as PACKING={proof.packing()} draws it",
        f"Graded unless -k or :: chooses: {', '.join(sorted(proof.of_the_day(names())))}; all of "
        "them with ASSIGNMENTS=all",
    ]


def pytest_collection_modifyitems(config, items):
    """Leaves out submissions of assignments that are not of the day, unless somebody chooses."""
    import proof
    from grading.course import names

    if config.option.keyword or any("::" in argument for argument in config.args):
        return
    of_the_day = proof.of_the_day(names())
    left_out = [
        item
        for item in items
        if (spec := getattr(item, "callspec", None))
        and spec.params.get("graded", next(iter(of_the_day))) not in of_the_day
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory):
    """A course of one small assignment that needs no TensorFlow: `source/tiny/tiny.ipynb`."""
    import nbformat

    from edits import tiny

    source = tmp_path_factory.mktemp("course") / "source"
    (source / "tiny").mkdir(parents=True)
    nbformat.write(tiny(), source / "tiny" / "tiny.ipynb")
    return source


@pytest.fixture
def source(tiny_source):
    return tiny_source


@pytest.fixture
def pretended(monkeypatch):
    """No code is run; the list of what would have been."""
    import pretended

    return pretended.pretend(monkeypatch)


@pytest.fixture
def course(tmp_path):
    """A course whose source and hand-ins a test changes in a line."""
    from trial import Trial

    return Trial(tmp_path)

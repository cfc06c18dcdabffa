"""Do the tests of an assignment test? Its solution, changed in one place, has to lose points.

`python tests/assignments/mutants.py 03` runs every mutant of assignment 3 through the tests that
grade it, hidden ones included, and writes `mutants/03-resnet34.csv`: which test caught each. With
no number it runs all. What a table holds of cells and tests that are as they were stays.

One process loads TensorFlow, and each mutant gets a fork of it, an end after a time, and the
tests that use what it changed, up to the first that it fails.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import gc
import hashlib
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nbformat

from mutations import Mutant, changed

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "assignments" / "source"
TABLES = HERE / "mutants"
SECONDS = 30  # of the processor; after these a mutant has lost
COLUMNS = ("cell", "function", "kind", "change", "caught by", "digest")
ENDED, LATE = "(the process ended)", "(no end)"


class Assignment:
    """The code of one assignment.

    - `name`; `solutions`, `tests`, `given`: the sources of the cells by grade_id;
    - `took`: the seconds of each test, where `check_solution` was called.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        cells = nbformat.read(SOURCE / name / f"{name}.ipynb", as_version=4).cells
        self.solutions, self.tests, self.given = {}, {}, {}
        self.took: dict[str, float] = defaultdict(float)
        for cell in cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and marks and marks["grade_id"] != "setup":
                tests = marks["grade"] and not marks["solution"]
                kind = self.tests if tests else self.given
                kind = self.solutions if marks["solution"] else kind
                kind[marks["grade_id"]] = cell.source

    def mutants(self) -> list[Mutant]:
        """Every mutant of every solution."""
        return [m for cell, source in self.solutions.items() for m in changed(cell, source)]

    def digest(self, cell: str) -> str:
        """Of a solution, its tests and the cells given to both: what a table's rows are about."""
        solved = Mutant(cell, "", "", "", self.solutions[cell])
        tests = self._tests(solved)
        parts = [*self._before(solved, tests), solved.source, *tests, *tests.values()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]

    def caught(self, mutant: Mutant, seconds: int = SECONDS) -> str:
        """The test in which a mutant loses its points: "" if it keeps them all.

        The tests of its own function come first, then those that take the shortest.
        """
        tests = self._tests(mutant)
        order = sorted(
            tests, key=lambda name: (mutant.function not in _used(tests[name]), self.took[name])
        )
        cells = [*self._before(mutant, tests), mutant.source]
        return _forked(cells, {name: tests[name] for name in order}, seconds)[0]

    def check_solution(self, cell: str) -> None:
        """Runs the tests of a cell on the solution, and notes how long each takes.

        Raises RuntimeError if one fails: then no mutant's failure would say anything.
        """
        solved = Mutant(cell, "", "", "", ast.unparse(ast.parse(self.solutions[cell])))
        tests = self._tests(solved)
        caught, took = _forked([*self._before(solved, tests), solved.source], tests, SECONDS)
        if caught:
            raise RuntimeError(f"{self.name}: the solution of {cell} itself fails {caught}.")
        self.took.update(took)

    def _tests(self, mutant: Mutant) -> dict[str, str]:
        own = _defined(mutant.source)
        tests = {name: text for name, text in self.tests.items() if own & _used(text)}
        if not tests:
            raise ValueError(f"No test of {self.name} uses anything of the cell {mutant.cell}.")
        return tests

    def _before(self, mutant: Mutant, tests: dict[str, str]) -> list[str]:
        """The given cells that the mutant and its tests need, in order."""
        needed, chosen = _used(mutant.source).union(*map(_used, tests.values())), {"imports"}
        for name, source in reversed(self.given.items()):
            if _defined(source) & needed:
                chosen.add(name)
                needed |= _used(source)
        return [source for name, source in self.given.items() if name in chosen]


def _forked(cells: list[str], tests: dict[str, str], seconds: int) -> tuple[str, dict[str, float]]:
    """Runs cells, then tests, in a process of its own: which test failed, and what each took."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _silent()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os.write(writes, json.dumps(_first_failure(cells, tests)).encode())
        os._exit(0)
    os.close(writes)
    with open(reads) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if said:
        return tuple(json.loads(said))
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return (LATE if late else ENDED), {}


def _first_failure(cells: list[str], tests: dict[str, str]) -> tuple[str, dict[str, float]]:
    space, took = {"__name__": "__main__"}, {}
    for source in cells:
        with contextlib.suppress(BaseException):  # as in a notebook: the tests will say so
            exec(compile(source, "<cell>", "exec"), space)
    for name, source in tests.items():
        began = time.process_time()
        try:
            exec(compile(source, "<test>", "exec"), dict(space))
        except BaseException:
            return name, took
        took[name] = time.process_time() - began
    return "", took


def _silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _defined(source: str) -> set[str]:
    """The names that a cell gives to what follows."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
            found |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return found


def _used(source: str) -> set[str]:
    """The names that a cell reads and does not give itself."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler)}
    return {node.id for node in names} - own


def table(name: str) -> Path:
    """Where the results of an assignment stand."""
    return TABLES / f"{name}.csv"


def read(name: str) -> list[dict[str, str]]:
    """The rows of a table: none where there is no table."""
    if not table(name).exists():
        return []
    with open(table(name), newline="") as file:
        return list(csv.DictReader(file))


def renew(assignment: Assignment) -> Iterator[str]:
    """Runs what the table of an assignment does not hold, and writes it after every cell.

    Yields a line for each mutant that keeps all points.
    """
    rows = read(assignment.name)
    for cell, source in assignment.solutions.items():
        made, digest = changed(cell, source), assignment.digest(cell)
        held = [row for row in rows if row["cell"] == cell]
        if [{**row, "caught by": ""} for row in held] == [row_of(m, "", digest) for m in made]:
            continue
        assignment.check_solution(cell)
        new = []
        for mutant in made:
            new.append(row_of(mutant, assignment.caught(mutant), digest))
            if not new[-1]["caught by"]:
                yield f"keeps all points: {mutant.name}"
        rows = [row for row in rows if row["cell"] != cell and row["cell"] in assignment.solutions]
        order = list(assignment.solutions)
        rows = sorted([*rows, *new], key=lambda row: order.index(row["cell"]))
        with open(table(assignment.name), "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def row_of(mutant: Mutant, caught_by: str, digest: str) -> dict[str, str]:
    """What a table says of a mutant."""
    values = mutant.cell, mutant.function, mutant.kind, mutant.change, caught_by, digest
    return dict(zip(COLUMNS, values, strict=True))


def load() -> None:
    """Imports what the forks need, once. Nothing is computed: threads do not survive a fork."""
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    import helpers.checks
    import helpers.training  # noqa: F401

    gc.freeze()  # a fork then copies fewer pages


def environment() -> dict[str, str]:
    """What a process that runs mutants finds around it: what a graded notebook does."""
    book = {"PYTHONPATH": str(HERE.parents[1] / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}  # small nets
    return {**os.environ, **book, **threads, "NBGRADER_EXECUTION": "autograde"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", nargs="?", default="", help="of the assignment, such as 03")
    parser.add_argument("--drawn", type=json.loads, help="names of some mutants, by assignment")
    options = parser.parse_args()
    os.environ.update(environment())
    sys.path.insert(0, os.environ["PYTHONPATH"])
    load()
    if options.drawn:
        print(json.dumps({name: drawn(name, some) for name, some in options.drawn.items()}))
        return
    for path in sorted(SOURCE.glob(f"{options.number}*/*.ipynb")):
        for line in renew(Assignment(path.stem)):
            print(line, flush=True)
        rows = read(path.stem)
        kept = sum(not row["caught by"] for row in rows)
        print(f"{path.stem}: {kept} of {len(rows)} keep all points", flush=True)


def drawn(name: str, some: list[str]) -> list[str]:
    """What catches some of the mutants of an assignment."""
    assignment = Assignment(name)
    made = {mutant.name: mutant for mutant in assignment.mutants()}
    return [assignment.caught(made[one]) for one in some]


if __name__ == "__main__":
    main()

"""One notebook, cell by cell, as it goes through a process in its cage."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import nbformat
from nbformat.v4 import new_output

from grading import controls
from grading.limits import Limits
from grading.process import DiedError, Process
from grading.secrecy import Secrets

BEFORE = 1 / 3  # how often the copy that must fail comes before its test


@dataclass
class Report:
    """What there is to say of a run beside the outputs of the cells.

    `controls` counts the copies of tests that had to fail, and did; `proved` is False if one
    did not: then no test of this notebook proves anything.
    """

    remarks: list[str] = field(default_factory=list)
    protected: list[str] = field(default_factory=list)
    seconds: float = 0.0
    controls: int = 0
    proved: bool = True


class Run:
    """Runs one notebook. `process` makes a process for it, and makes another where one ends."""

    def __init__(
        self,
        process: Callable[[], Process],
        limits: Limits,
        draw: random.Random | None = None,
    ) -> None:
        self._process, self._limits = process, limits
        self._draw = draw or random.SystemRandom()
        self._worker: Process | None = None
        self._ran: list[str] = []
        self._deaths = 0
        self._passed: list[str] = []  # tests of which a copy passed that must fail
        self.report = Report()

    def run(self, notebook: nbformat.NotebookNode) -> Report:
        """Runs every code cell and stores what came in its outputs.

        `notebook.metadata["borrowed"]` names the answers whose tests give no points, and why:
        see `grading.borrowed`.
        """
        begin, report = time.monotonic(), self.report
        self._deadline = begin + self._limits.total_seconds
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        secrets = Secrets(
            [cell.source for cell in notebook.cells if is_test(cell)],
            [cell.source for cell in notebook.cells if not is_test(cell)],
        )
        borrowed, answer = notebook.metadata.get("borrowed", {}), ""
        try:
            for cell in cells:
                cell.outputs, cell.execution_count = [], None
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    answer = _name(cell)
                if is_test(cell) and answer in borrowed:
                    names = ", ".join(borrowed[answer])
                    cell.outputs.append(_error("NotYourOwn", f"{answer} calls {names}"))
                    report.remarks.append(f"{answer}: calls the book's own {names}; no points")
                elif cell.source.strip():
                    self._cell(cell)
                    if secrets.withhold(cell):
                        report.remarks.append(f"{_name(cell)}: shows a hidden test; left out")
        finally:
            if self._worker is not None:
                self._worker.end()
        if self._passed:
            report.proved = False
            for cell in cells:
                if is_test(cell):
                    cell.outputs = [
                        _error("NothingProved", "copies of tests passed that must fail")
                    ]
            report.remarks.append(
                f"no points: {', '.join(self._passed)} passed whatever was asked, so its tests "
                "prove nothing; look at its cells"
            )
        report.remarks = list(dict.fromkeys(report.remarks))
        report.seconds = time.monotonic() - begin
        return report

    def _cell(self, cell) -> None:
        try:
            if is_test(cell):
                self._test(cell)
            else:
                reply = self._ask(cell.source)
                self._told(cell, reply)
                _store(cell, reply)
                if reply.get("status") == "ok":
                    self._ran.append(cell.source)
        except DiedError as error:
            self._deaths += 1
            cell.outputs.append(_error("NotRunToItsEnd", str(error)))
            self.report.remarks.append(f"{_name(cell)}: {error}")

    def _test(self, cell) -> None:
        """A test, and before or behind it the copy that must fail."""
        test, copy = controls.pair(cell.source, self._draw)
        first = copy is not None and self._draw.random() < BEFORE
        if first:
            came = self._ask(copy.source, copy.roles)
            self._told(cell, came)
            if _is_late(came):  # up to where it differs it is the test, which would be late, too
                return _store(cell, came)
        reply = self._ask(test.source, test.roles)
        if not first and copy is not None and reply.get("status") == "ok":
            try:
                came = self._ask(copy.source, copy.roles)
                self._told(cell, came)
            except DiedError:
                came = {"status": "error"}
        self._told(cell, reply)
        _store(cell, reply)
        if copy is not None and reply.get("status") == "ok":
            if came.get("status") == "ok":
                self._passed.append(_name(cell))
            else:
                self.report.controls += 1
        return None

    def _ask(self, source: str, roles: dict[str, str] | None = None) -> dict:
        """Runs one cell, in a new process if there is none. Raises DiedError."""
        if time.monotonic() > self._deadline:
            raise DiedError("not run: the time for a submission was used up")
        if self._deaths > self._limits.restarts:
            raise DiedError("not run: the notebook has ended its process too often")
        try:
            if self._worker is None:
                self._worker = self._process()
                self.report.protected = self._worker.protected
                for earlier in self._ran:
                    self._worker.ask(earlier, self._deadline)
            return self._worker.ask(source, self._deadline, roles)
        except DiedError:
            if self._worker is not None:
                self._worker.end()
                self._worker = None
            raise

    def _told(self, cell, reply: dict) -> None:
        """Remarks on what the process says that the student's code did."""
        for key, words in (
            ("restored", "replaced by the notebook, put back for the tests"),
            ("looked", "looked into the interpreter, which was refused"),
        ):
            if isinstance(names := reply.get(key), list) and names:
                self.report.remarks.append(f"{words}: {', '.join(map(str, names[:5]))[:300]}")


def is_test(cell) -> bool:
    """Whether the cell is one of nbgrader's tests."""
    data = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(data.get("grade")) and not data.get("solution")


def _name(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "a cell of its own")


def _is_late(reply: dict) -> bool:
    return any(output.get("name") == "CellTimeoutError" for output in _dicts(reply))


def _dicts(reply: dict) -> list[dict]:
    return [output for output in reply["outputs"] if isinstance(output, dict)]


def _store(cell, reply: dict) -> None:
    """What came, as outputs of nbformat. Nothing in it is trusted."""
    test, good = is_test(cell), reply.get("status") == "ok"
    for output in _dicts(reply)[:50]:
        kind, text = output.get("kind"), str(output.get("text", ""))
        if kind == "stream" and not test:
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            cell.outputs.append(new_output("stream", name=name, text=text))
        elif kind == "picture" and not test:
            data = {"image/png": str(output.get("png"))}
            cell.outputs.append(new_output("display_data", data=data))
        elif kind == "shown" and not test:
            cell.outputs.append(new_output("display_data", data={"text/plain": text}))
        elif kind == "error":
            lines = [str(line) for line in _listed(output.get("traceback"))]
            cell.outputs.append(_error(str(output.get("name")), text, lines))
        elif kind == "result" and test and good:
            points = _number(text, float(cell.metadata.nbgrader["points"]))
            shown = {"text/plain": repr(points)}
            cell.outputs.append(new_output("execute_result", data=shown, execution_count=1))
    if test and not good and not any(o.output_type == "error" for o in cell.outputs):
        cell.outputs.append(_error("NotRunToItsEnd", "this test gave no verdict"))


def _listed(value) -> list:
    return value if isinstance(value, list) else []


def _number(text: str, most: float) -> float:
    """Points that a test gives, from 0 to `most`."""
    try:
        came = float(text)
    except ValueError:
        return 0.0
    return min(max(came, 0.0), most) if came == came else 0.0


def _error(name: str, text: str, lines: list[str] | None = None):
    return new_output("error", ename=name, evalue=text, traceback=lines or [f"{name}: {text}"])

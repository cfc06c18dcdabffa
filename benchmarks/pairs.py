"""Contenders in turns, and the median of the ratios of pairs.

What else a machine does falls on both of a pair, and a ratio of two neighbouring turns hardly
knows of it; a difference between two runs an hour apart would be all about it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from serving import MARK

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PYTHONS = {"book": ROOT / ".venv/bin/python", "torch": ROOT / ".venv-backends/bin/python"}
# Two contenders get the same cores, and nobody's messages.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{HERE}"}


@dataclass(frozen=True)
class Contender:
    """A program of `contenders/`, its arguments, the environment that it runs in.

    `fresh`: each turn is a process of its own, for what happens once in a process.
    """

    label: str
    program: str
    arguments: tuple[str, ...] = ()
    environment: str = "book"
    variables: dict[str, str] = field(default_factory=dict, hash=False)
    fresh: bool = False

    @property
    def command(self) -> list[str]:
        """What is run."""
        program = HERE / "contenders" / f"{self.program}.py"
        return [str(PYTHONS[self.environment]), str(program), *self.arguments]


class Running:
    """A contender's process, waiting for its turns."""

    def __init__(self, contender: Contender):
        self.contender, self.process = contender, None
        if not contender.fresh:
            self._start()

    def _start(self):
        self.process = subprocess.Popen(
            self.contender.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **QUIET, **self.contender.variables},
        )
        self._said()  # ready

    def _said(self) -> str:
        for line in self.process.stdout:
            if line.startswith(MARK):
                return line.removeprefix(MARK).strip()
        raise RuntimeError(
            f"{self.contender.label} ended (exit status {self.process.wait()}) without a result: "
            f"{' '.join(self.contender.command)}"
        )

    def turn(self) -> float:
        """One turn's number."""
        if self.contender.fresh:
            self._start()
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        number = float(self._said())
        if self.contender.fresh:
            self.close()
        return number

    def close(self):
        """Ends the process."""
        if self.process is not None and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait()


def alternate(contenders: Iterable[Contender], turns: int) -> dict[str, list[float]]:
    """Every contender's numbers, turn by turn, after one turn each that does not count."""
    running = []
    try:
        for contender in contenders:
            running.append(Running(contender))
        for one in running:
            if not one.contender.fresh:
                one.turn()
        found = {one.contender.label: [] for one in running}
        for i in range(turns):
            for one in running if i % 2 == 0 else reversed(running):
                found[one.contender.label].append(one.turn())
        return found
    finally:
        for one in running:
            one.close()


def ratio(first: list[float], second: list[float]) -> float:
    """The median of first / second, pair by pair."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))

"""Finds hidden tests in what a submission shows, plain or written in another way."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable

_HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS(.*?)### END HIDDEN TESTS", re.S)
SHORTEST = 20  # characters of a line without its spaces; shorter ones stand in any code


class Secrets:
    """The lines of hidden tests. `tests` are the sources of all test cells, `others` those of the
    other cells: a warning shows a student's own line, which a test may have, too."""

    def __init__(self, tests: Iterable[str], others: Iterable[str] = ()) -> None:
        tests = list(tests)
        visible = [_HIDDEN.sub("", test) for test in tests]
        in_the_open = _plain("\n".join([*visible, *others]))
        lines = {
            _plain(line)
            for test in tests
            for hidden in _HIDDEN.findall(test)
            for line in hidden.splitlines()
        }
        self._lines = {li for li in lines if len(li) >= SHORTEST and li not in in_the_open}

    def withhold(self, cell) -> bool:
        """Takes the outputs that hold a hidden test out of a cell that has run; says whether."""
        kept = [output for output in cell.outputs if not self.are_in(_text(output))]
        if len(kept) == len(cell.outputs):
            return False
        error = [o for o in cell.outputs if o.output_type == "error" and o not in kept]
        for output in error:  # an error stays one: it says that a test has failed
            output.evalue, output.traceback = "(not shown)", [f"{output.ename}: (not shown)"]
        cell.outputs = kept + error
        return True

    def are_in(self, text: str) -> bool:
        """Whether a text holds a line of a hidden test: as it is, backwards, rotated by 13
        letters, as the numbers of its characters, or in base 16, 32 or 64."""
        return any(line in seen for seen in map(_plain, _readings(text)) for line in self._lines)


def _readings(text: str) -> Iterable[str]:
    yield from (text, text[::-1], codecs.encode(text, "rot13"))
    yield text.replace("\\", "")
    for found in re.findall(r"(?:\d{1,3}\D{1,3}){20,}\d{1,3}", text):
        yield "".join(chr(int(n)) for n in re.findall(r"\d+", found))
    close = re.sub(r"[\s'\"]", "", text)
    for pattern, decode in (
        (r"[0-9a-fA-F]{40,}", bytes.fromhex),
        (r"[A-Z2-7=]{32,}", base64.b32decode),
        (r"[A-Za-z0-9+/=]{28,}", base64.b64decode),
    ):
        for found in re.findall(pattern, close):
            for start in range(4):  # letters before it may belong to something else
                for cut in range(4):
                    part = found[start : len(found) - cut]
                    try:
                        yield decode(part).decode("utf-8", "replace")
                    except ValueError:
                        continue


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _text(output) -> str:
    parts = [str(output.get(key, "")) for key in ("text", "evalue", "traceback")]
    return "\n".join([*parts, *map(str, output.get("data", {}).values())])

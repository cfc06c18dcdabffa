"""Which of a test's messages a student may see before the hidden tests are over."""

from __future__ import annotations

import ast
import re

_HIDDEN = re.compile(r"[^\n]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[^\n]*\n?", re.S)
_UNKNOWN = re.compile(r"name '(\w+)' is not defined")
_LEAST = 12  # characters of a wording by which a message is known
_HEADING = re.compile(r"\s*#\s*\d+ points?\s*(?::\s*(.*))?$")


def title_of(source: str) -> str:
    """What a test cell says of itself behind its points: "# 2 points: the same function"."""
    found = _HEADING.match(source.split("\n", 1)[0])
    return (found[1] or "").rstrip(" .") if found else ""


def shown(source: str) -> str:
    """The part of a cell that students have."""
    return _HIDDEN.sub("", source)


def is_public(kind: str, said: str, source: str, handed_out: str) -> bool:
    """Whether a failed test cell's message tells nothing of its hidden part.

    The tests of a cell run together, and an error does not say in which part it arose. A message
    counts as visible if a visible assertion is worded so and no hidden one is; or if it says
    that an answer was not written, of a name that stands in `handed_out`.
    """
    if not _HIDDEN.search(source):
        return True
    if kind == "NotImplementedError" and not said:
        return True
    if kind == "NameError" and (name := _UNKNOWN.fullmatch(said)):
        return bool(re.search(rf"\b{name[1]}\b", handed_out))
    if kind != "AssertionError" or not said:
        return False
    visible = _wordings(shown(source))
    hidden = _wordings("\n".join(_inside(match[0]) for match in _HIDDEN.finditer(source)))
    return _fits(said, visible) and not _fits(said, hidden)


def _inside(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "HIDDEN TESTS" not in line)


def _fits(said: str, wordings: list[re.Pattern]) -> bool:
    return any(wording.fullmatch(said) for wording in wordings)


def _wordings(source: str) -> list[re.Pattern]:
    """The messages of the assertions in a text; what is computed in one may be anything."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is not None:
            pieces = node.msg.values if isinstance(node.msg, ast.JoinedStr) else [node.msg]
            fixed = [str(p.value).strip() if isinstance(p, ast.Constant) else None for p in pieces]
            if sum(len(text or "") for text in fixed) >= _LEAST:
                texts = [".*" if text is None else re.escape(text) for text in fixed]
                found.append(re.compile(r"\s*".join(texts), re.S))
    return found

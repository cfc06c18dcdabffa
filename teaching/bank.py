"""The bank of questions: read from `questions/`, with every number computed.

A file of `questions/` belongs to a page of the book; README.md says how a question is written.
What stands between braces in its texts is an expression, in the language of the claims
(`tests/claims/claim_sources.py`): the library's counts, the records, the stored outputs of the
notebooks. So a choice that gives a number gives what the book's own code yields, and a wrong
one what the mistake yields.
"""

from __future__ import annotations

import functools
import random
import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).parent / "questions"
FEWEST_WRONG, MOST_WRONG = 2, 4
MINUS = "\N{MINUS SIGN}"
_KEYS = {"id", "text", "why", "read", "wrong", "given", "numbers", "claim", "holds"}
_OF_CHOICE = {"right"}
_OF_NUMBER = {"answer", "format", "tolerance"}


@dataclass(frozen=True)
class Wrong:
    """A wrong choice.

    - `text`: as it is shown; `betrays`: the misconception behind it; `read`: where to look it up;
    - `value`: of a numeric question, the number that the mistake yields;
    - `holds`: an expression that must be false, where the records refute the choice.
    """

    text: str
    betrays: str
    read: str
    value: float | None = None
    holds: str = ""

    @property
    def feedback(self) -> str:
        """What somebody who chose it is told."""
        return f"{self.betrays} Read: {self.read}."


@dataclass(frozen=True)
class Question:
    """A question with one right answer, all numbers filled in.

    - `chapter`, `title`, `page`: its file's stem and title, and the page that it asks about;
    - `right`: the right choice, or the right number as it is printed;
    - `why`: said to everybody afterwards; `read`: the heading under which it stands;
    - `value`, `margin`: of a numeric question, the number and how far off an answer may be;
      None and 0 for one with choices;
    - `claim`, `holds`: the claim of `book/claims/` that it is tied to, and an expression that must
      be true; empty where there is none;
    - `written`: the entry of the file, for the tests.
    """

    id: str
    chapter: str
    title: str
    page: str
    text: str
    right: str
    why: str
    read: str
    wrong: tuple[Wrong, ...]
    value: float | None
    margin: float
    claim: str
    holds: str
    written: dict[str, Any]

    @property
    def numeric(self) -> bool:
        """Whether the answer is a number to be typed."""
        return self.value is not None

    def margin_of(self, wrong: Wrong) -> float:
        """How far a number may be off to count as a wrong choice: in proportion, and no further
        than the right one."""
        return self.margin * min(1.0, abs(wrong.value / self.value))

    @property
    def explanation(self) -> str:
        """Why the right answer is right, and where that stands."""
        return f"{self.why} Read: {self.read}."

    def choices(self) -> list[tuple[str, str, bool]]:
        """Text, feedback and whether it is right, in an order drawn once for each question."""
        found = [(self.right, self.explanation, True)]
        found += [(wrong.text, wrong.feedback, False) for wrong in self.wrong]
        random.Random(self.id).shuffle(found)
        return found


def load(folder: Path = FOLDER) -> list[Question]:
    """The questions of all files. Raises ValueError for one that is not well-formed."""
    questions = [q for path in sorted(folder.glob("*.toml")) for q in _of_file(path)]
    ids = [question.id for question in questions]
    if double := sorted({i for i in ids if ids.count(i) > 1}):
        raise ValueError(f"Expected every `id` once. Received twice: {double}")
    return questions


def evaluate(expression: str) -> Any:
    """The value of an expression. Raises ValueError, naming it, if there is none."""
    try:
        return eval(expression, dict(_names()))
    except Exception as error:
        raise ValueError(f"No value for {expression!r}: {type(error).__name__}: {error}") from error


def fill(text: str) -> str:
    """A text with what stands between braces computed: `{expression}` or `{expression:format}`."""
    parts = []
    for before, expression, form, _ in string.Formatter().parse(text):
        parts.append(before)
        if expression is not None:
            parts.append(_printed(evaluate(expression), form or "", expression))
    return "".join(parts)


def headings(page: str) -> list[str]:
    """The headings of a page of the book, without their markup."""
    lines = (ROOT / page).read_text("utf-8").split("\n")
    return [re.sub(r"[`*]", "", line.lstrip("# ")) for line in lines if re.match("#+ ", line)]


def _printed(value: Any, form: str, expression: str) -> str:
    """A value as it is shown, a negative one with a minus sign."""
    try:
        return format(value, form).replace("-", MINUS)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{expression!r} is {value!r}, which {form!r} cannot show") from error


@functools.cache
def _names():
    import claim_sources  # the library comes with it, which takes seconds

    return claim_sources.NAMES


def _of_file(path: Path) -> Iterator[Question]:
    content = tomllib.loads(path.read_text("utf-8"))
    if missing := {"title", "page"} - set(content):
        raise ValueError(f"{path.name}: expected a `title` and a `page`. Missing: {missing}")
    for entry in content.get("question", []):
        where = f"{path.name}, question {entry.get('id', '?')}"
        _check(entry, where)
        try:
            yield _question(entry, path.stem, content["title"], content["page"])
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error


def _check(entry: dict[str, Any], where: str) -> None:
    kind = _OF_NUMBER if "answer" in entry else _OF_CHOICE
    needed = {"id", "text", "why", "read", "wrong"} | (kind - {"format"})
    missing, unknown = needed - set(entry), set(entry) - _KEYS - kind
    if missing or unknown:
        raise ValueError(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    if not FEWEST_WRONG <= len(entry["wrong"]) <= MOST_WRONG:
        raise ValueError(
            f"{where}: expected {FEWEST_WRONG} to {MOST_WRONG} wrong choices. "
            f"Received: {len(entry['wrong'])}"
        )
    shown = "value" if "answer" in entry else "choice"
    for wrong in entry["wrong"]:
        keys = set(wrong) - {"holds", "read"}
        if keys != {shown, "betrays"}:
            raise ValueError(
                f"{where}: a wrong choice has `{shown}` and `betrays`, and may have `holds` and "
                f"`read`. Received: {sorted(wrong)}"
            )


def _question(entry: dict[str, Any], chapter: str, title: str, page: str) -> Question:
    value, margin, form = None, 0.0, entry.get("format", ",.0f")
    if "answer" in entry:
        # The printed number is the answer: what a student is asked for is not more exact.
        value = float(format(evaluate(entry["answer"]), form.replace(",", "")))
        margin = _margin(entry["tolerance"], value)
    return Question(
        id=entry["id"],
        chapter=chapter,
        title=title,
        page=page,
        text=fill(entry["text"]).strip(),
        right=fill(entry["right"]) if value is None else format(value, form),
        why=fill(entry["why"]).strip(),
        read=_place(entry["read"], title, page),
        wrong=tuple(_wrong(wrong, entry["read"], form, title, page) for wrong in entry["wrong"]),
        value=value,
        margin=margin,
        claim=entry.get("claim", ""),
        holds=entry.get("holds", ""),
        written=entry,
    )


def _wrong(entry: dict[str, Any], read: str, form: str, title: str, page: str) -> Wrong:
    value = None
    if "value" in entry:
        value = float(format(evaluate(entry["value"]), form.replace(",", "")))
    return Wrong(
        text=fill(entry["choice"]) if value is None else format(value, form),
        betrays=fill(entry["betrays"]).strip(),
        read=_place(entry.get("read", read), title, page),
        value=value,
        holds=entry.get("holds", ""),
    )


def _margin(tolerance: float | str, value: float) -> float:
    """A tolerance in the answer's own unit; "1 %" is a part of it."""
    if isinstance(tolerance, str):
        return abs(value) * float(tolerance.removesuffix("%")) / 100
    return float(tolerance)


def _place(read: str, title: str, page: str) -> str:
    """A heading of the page, or "other-page: heading", in words. Raises ValueError for another."""
    other, colon, heading = read.partition(":: ")
    if not colon:
        other, heading = "", read
    of_page = f"book/{other}.md" if other else page
    if heading not in headings(of_page):
        raise ValueError(
            f"`read` must be a heading of {of_page}. Received: {heading!r}. "
            f"It has {headings(of_page)}"
        )
    return f"“{heading}” in “{headings(of_page)[0] if other else title}”"

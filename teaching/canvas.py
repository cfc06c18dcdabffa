"""The bank as QTI 1.2 packages, one for each page of the book, made by text2qti.

Canvas: *Settings, Import Course Content, QTI .zip file*. Each becomes a quiz and a bank.

In a numeric question Canvas takes every number that a condition names for a right answer, so the
wrong ones stand in the feedback to wrong answers, together.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Quiz

from bank import Question


def package(questions: Iterable[Question]) -> bytes:
    """A zip of the questions of one page."""
    return QTI(Quiz(quiz(questions), config=Config())).zip_bytes()


def quiz(questions: Iterable[Question]) -> str:
    """The questions in text2qti's notation."""
    questions = list(questions)
    head = f"Quiz title: {questions[0].title}\nShuffle answers: true\n"
    return head + "".join(f"\n{_question(question)}\n" for question in questions)


def _question(question: Question) -> str:
    lines = [f"Title: {question.id}", "Points: 1", _item("1.", question.text)]
    lines.append(_item("+", question.explanation))
    if question.numeric:
        betrayed = [f"{wrong.text}: {wrong.feedback}" for wrong in question.wrong]
        lines.append(_item("-", "\n\n".join(["Did you find one of these?", *betrayed])))
        exact = question.margin == 0
        value = f"{question.value:.0f}" if exact else f"{question.value} +- {question.margin:.10g}"
        return "\n".join([*lines, f"= {value}"])
    for letter, (text, feedback, right) in zip("abcde", question.choices(), strict=False):
        lines.append(_item(f"{'*' if right else ''}{letter})", text))
        if not right:
            lines.append(_item("...", feedback))
    return "\n".join(lines)


def _item(mark: str, text: str) -> str:
    """A mark and its text; further lines stand below the first."""
    return f"{mark} " + textwrap.indent(text, " " * (len(mark) + 1)).lstrip()

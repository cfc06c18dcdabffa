"""What arguments must be: errors that name what was expected and what came.

Every function returns the value it was given, or raises ValueError with the name of the
argument, so that a check is one line where the argument is used.
"""

from __future__ import annotations

import numbers
from collections.abc import Collection
from typing import Any, TypeVar

T = TypeVar("T")


def one_of(name: str, value: T, choices: Collection[Any]) -> T:
    """One of `choices`. An unhashable value is none of them."""
    if not any(value is choice or value == choice for choice in choices):
        fail(name, f"one of {', '.join(map(str, choices))}", value)
    return value


def integer(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A whole number from `least` to `most`, of Python's or NumPy's; True and False are none."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        fail(name, f"an integer {bounds}", value)
    return value


def number(
    name: str,
    value: Any,
    *,
    least: float = float("-inf"),
    above: float = float("-inf"),
    most: float = float("inf"),
    below: float = float("inf"),
) -> float:
    """A finite number within the bounds: `least` and `most` belong to them, the others do not."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not (least <= value <= most and above < value < below) or abs(value) == _NO_END:
        words = [("at least", least), ("above", above), ("at most", most), ("below", below)]
        bounds = [f"{word} {bound:g}" for word, bound in words if abs(bound) != _NO_END]
        fail(name, " ".join(["a finite number", " and ".join(bounds)]).strip(), value)
    return value


def flag(name: str, value: Any) -> bool:
    """True or False, and nothing that only counts as one of them."""
    if not isinstance(value, bool):
        fail(name, "True or False", value)
    return value


def word(name: str, value: Any) -> str:
    """A text that can be the name of a network: without a slash, which Keras' names have not."""
    if not isinstance(value, str) or "/" in value:
        fail(name, "a text without a slash", value)
    return value


def known_format(file: Any, found: Any, newest: int) -> None:
    """Raises ValueError for a file in a format of a later version of the book, or in none.

    `found` is the number that the file states, None where it states none: those of version 1.0.0
    before December 2026 do not, and are read.
    """
    text = "0" if found is None else str(found)
    if not text.isdecimal() or isinstance(found, bool):
        raise ValueError(f"{file} is damaged: its format must be a number. Received: {found!r:.80}")
    if int(text[:9]) > newest:
        raise ValueError(
            f"{file} has the format {text:.9}, and this version of the book knows formats up to "
            f"{newest}: a later version wrote it. Bring your clone of the book up to date, or "
            "have the file written anew by this version."
        )


def fail(name: str, expected: str, value: Any) -> None:
    """Raises ValueError: `name` must be `expected`, and what came instead."""
    raise ValueError(f"`{name}` must be {expected}. Received: {name}={value!r}")


_NO_END = float("inf")

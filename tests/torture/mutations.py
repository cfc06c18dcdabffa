"""Valid files, changed: bytes, numbers, words, and trees of JSON."""

from __future__ import annotations

import random
import re
from typing import Any

NUMBERS = (0, 1, -1, 3, 255, 2**16, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**64, 10**30)
WIDTHS = (1, 2, 4, 8)


def changed(
    chance: random.Random, content: bytes, others: list[bytes], words: list[bytes]
) -> bytes:
    """The content after one to four changes; `words` mean something in such a file."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        content = chance.choice(_CHANGES)(chance, content, others, words)
    return content


def _bits(chance, content, *_):
    new = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8)) if new else 0):
        new[_place(chance, new)] ^= 1 << chance.randrange(8)
    return bytes(new)


def _cut(chance, content, *_):
    return content[: _place(chance, content)]


def _without(chance, content, *_):
    start = _place(chance, content)
    return content[:start] + content[start + chance.choice((1, 2, 8, 64)) :]


def _twice(chance, content, *_):
    start = _place(chance, content)
    part = content[start : start + chance.choice((1, 4, 16, 256))]
    return content[:start] + part * chance.choice((2, 2, 3, 200)) + content[start:]


def _spliced(chance, content, others, _):
    other = chance.choice(others)
    return content[: _place(chance, content)] + other[_place(chance, other) :]


def _word(chance, content, _, words):
    start = _place(chance, content)
    over = chance.choice((0, 0, 1, 4))
    return content[:start] + chance.choice(words) + content[start + over :]


def _number(chance, content, *_):
    """A number that is written in digits becomes another."""
    found = list(re.finditer(rb"\d+", content))
    if not found:
        return content
    there = chance.choice(found)
    return content[: there.start()] + str(chance.choice(NUMBERS)).encode() + content[there.end() :]


def _binary(chance, content, *_):
    width, start = chance.choice(WIDTHS), _place(chance, content)
    value = chance.choice(NUMBERS) % 256**width
    new = value.to_bytes(width, chance.choice(("little", "little", "big")))
    return content[:start] + new + content[start + width :]


def _noise(chance, content, *_):
    start = _place(chance, content)
    new = chance.randbytes(chance.choice((1, 4, 16)))
    return content[:start] + new + content[start + len(new) :]


def _place(chance, content):
    """Anywhere; half of the time at the beginning, where what describes the rest stands."""
    end = min(len(content), 128) if chance.random() < 0.5 else len(content)
    return chance.randrange(end) if end else 0


_CHANGES = (_bits, _bits, _cut, _without, _twice, _spliced, _word, _number, _number)
_CHANGES += (_binary, _noise)


def odd_tree(chance: random.Random, tree: Any, words: list[str], times: int = 0) -> Any:
    """A tree of JSON in which some places are something else, left out, or there besides."""
    for _ in range(times or chance.choice((1, 1, 2, 3))):
        tree = _odd(chance, tree, words)
    return tree


def _odd(chance, tree, words):
    if not isinstance(tree, dict | list) or not tree or chance.random() < 0.15:
        return _junk(chance, words)
    if isinstance(tree, dict):
        key, new = chance.choice(list(tree)), dict(tree)
        match chance.randrange(8):
            case 0:
                del new[key]
            case 1:
                new[chance.choice(words)] = _junk(chance, words)
            case 2:
                new = {(chance.choice(words) if k == key else k): v for k, v in tree.items()}
            case _:
                new[key] = _odd(chance, tree[key], words)
        return new
    place, new = chance.randrange(len(tree)), list(tree)
    match chance.randrange(8):
        case 0:
            del new[place]
        case 1:
            new *= chance.choice((2, 50))
        case _:
            new[place] = _odd(chance, tree[place], words)
    return new


def _junk(chance, words):
    return chance.choice(
        (
            *(None, True, False, [], {}, "", [[]], [None], {"": None}, float("nan"), float("inf")),
            *(1.5, -0.0, 1e308, "\x00", "\ud800", "../../x", "x" * 5000),
            *(chance.choice(NUMBERS), -chance.choice(NUMBERS)),
            *(chance.choice(words), [chance.choice(words)], {chance.choice(words): 1}),
        )
    )

"""Where the claims stand on the pages, and which numbers of a page no claim covers."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import prose
from claims import GLUED, Claim, stored


@functools.cache
def _pattern(value: str) -> re.Pattern:
    """A value as it may stand on a page, each number a group.

    Case, line breaks and emphasis do not count, nor do the marks , ; : . between words and at
    both ends. In a number each counts.
    """
    out, at, end = [], 0, len(value.rstrip(",;:. "))
    for number in prose.find(value):
        digits = re.escape(number.text).replace(",", r"(?:,|\{,\})").replace(r"\ ", r"\s+")
        out += [_literal(value[at : number.start]), f"({digits})"]
        at = number.end
    out.append(_literal(value[at:end]))
    start, edge = r"(?<!\w)(?<!\d[.,])(?<!\.(?=\d))", r"(?!\w)(?![.,]\d)"
    return re.compile(start + "".join(out) + edge, re.IGNORECASE | re.DOTALL)


# What may stand between two words in place of a space: emphasis begins or ends, and a mark that a
# correction adds, removes or exchanges. One in a number has no space behind it.
_GAP = r"(?:[\s*_]+|[\s*_]*[,;:.]{1,2}[\s*_]+)"


def _literal(text: str) -> str:
    words = _GAP.join(map(re.escape, re.split("[,;:.]{0,2} +", text)))
    ends = re.sub(r'(?:[,;:]|\\\.)?(\\\)|")', r"[,;:.]?\1", words)  # before what closes
    return ends.replace("…", ".{0,200}?")


# A word or a number, as a reader counts words; the end of a sentence or a cell parts them.
_WORDS = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*|\d[\d.,/{}]*\d|\d|[.?!:;|](?=\s)|\n\n")
REACH = 3  # words between a number and the word that says of what, the latter included


@functools.lru_cache(maxsize=4096)
def _beside(page: prose.Page, start: int, end: int) -> frozenset[str]:
    """The words that stand at most `REACH` words before or after a number, in lower case."""
    parts = page.text[max(0, start - 120) : start], page.text[end : end + 120]
    before, after = (_WORDS.findall(part) for part in parts)
    found = set()
    for words in (before[::-1], after):
        near = [word.lower() for word in words[:REACH]]
        cut = next((i for i, word in enumerate(near) if not word[0].isalnum()), len(near))
        found |= set(near[:cut])
    return frozenset(found)


def spans(claim: Claim, page: prose.Page) -> set[tuple[int, int]]:
    """Where the claim's numbers stand on a page."""
    values = [value for value in claim.value if not GLUED.fullmatch(value)]
    return {span for value in values for span in _spans(value, claim.near, page)}


def _spans(value: str, near: tuple[str, ...], page: prose.Page) -> set[tuple[int, int]]:
    found = {
        match.span(group + 1)
        for match in _pattern(value).finditer(page.text)
        for group in range(match.re.groups)
    }
    words = {word.lower() for word in near}
    return {span for span in found if not near or words & _beside(page, *span)}


def stands(value: str, page: prose.Page, near: tuple[str, ...] = ()) -> bool:
    """Whether a value of a claim is on a page, typed or glued; `near` as the claim has it."""
    if glued := GLUED.fullmatch(value):
        return any(glued.groups("") == role for role in page.glued())
    return bool(_spans(value, near, page))


def without_claim(page: prose.Page, claims: Iterable[Claim]) -> list[str]:
    """The page's typed numbers that no claim covers, each as a complaint.

    A number that the page takes from a notebook needs no claim: the notebook computes it, and
    running the notebook again compares it. It must be one that the notebook stores.
    """
    here = [claim for claim in claims if page.name in claim.pages]
    covered = set().union(*(spans(claim, page) for claim in here))
    complaints = [
        f'{page.name}, {page.places[n.line]}: "{n.text}" is in no claim: "{n.sentence}" '
        "Let it come from the notebook ({glue:text}), or write a claim (book/claims/README.md)."
        for n in page.numbers()
        if not any(start <= n.start and n.end <= end for start, end in covered)
    ]
    complaints += [
        f'{page.name}: the notebook {notebook} stores no "{key}".'
        for notebook, key, _ in page.glued()
        if key not in stored(notebook)[0]
    ]
    return complaints

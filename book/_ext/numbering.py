"""Figures and tables outside the numbered chapters are numbered by page: R.1, A.1 and so on.

Sphinx counts them through the whole book, so that one more on the first page would change the
numbers of all that follow. A page and its notebook share a letter and count on.
"""

from __future__ import annotations

import copy

KINDS = ("figure", "table")
# The pages by their names in `book/` and `notebooks/`; appendices have A, B, C.
LETTERS = {"misconceptions": "M", "repair": "R", "shapes": "A", "clusters": "B"}
LETTERS |= {"instructors": "C", "grading": "D", "course-plans": "E", "notation": "F"}
LETTERS |= {"faults": "G", "speed": "H"}

Numbers = dict[str, dict[str, dict[str, tuple]]]


def lettered(numbers: Numbers, pages: list[str]) -> list[str]:
    """Renumbers what stands on pages with a letter, in the order of `pages`; returns those pages.

    `numbers` has, by page and kind, each figure's id with its number, as Sphinx keeps them.
    """
    counts: dict[tuple[str, str], int] = {}
    changed = []
    for page in pages:
        letter = LETTERS.get(page.rsplit("/", 1)[-1])
        for kind in KINDS if letter else ():
            of_page = numbers.get(page, {}).get(kind, {})
            for name, _ in sorted(of_page.items(), key=lambda item: item[1][-1]):
                counts[letter, kind] = counts.get((letter, kind), 0) + 1
                of_page[name] = (letter, counts[letter, kind])
            changed += [page] if of_page and page not in changed else []
    return changed


def _as_counted(app, env):
    """What Sphinx counted last time, so that it finds changed what has changed, and no more."""
    env.book_lettered = {page: env.toc_fignumbers.get(page) for page in _pages(env)}
    env.toc_fignumbers.update(getattr(env, "book_counted", {}))
    return []  # no page is written for this


def _renumber(app, env):
    pages = _pages(env)
    found = {page: env.toc_fignumbers[page] for page in pages if page in env.toc_fignumbers}
    env.book_counted = copy.deepcopy(found)
    changed = lettered(env.toc_fignumbers, pages)
    return [page for page in changed if env.toc_fignumbers[page] != env.book_lettered.get(page)]


def _pages(env) -> list[str]:
    return list(env.collect_relations())


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("env-get-updated", _as_counted, priority=100)  # before Sphinx' own
    app.connect("env-get-updated", _renumber, priority=900)  # behind it
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

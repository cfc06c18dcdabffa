"""Is it the same book? `python tests/book/same_site.py _build/html _build/sphinx/html`.

`make test-sphinx` builds the website by Jupyter Book and by Sphinx alone and compares them: the
pages, and on each its headings, the numbers of figures, tables, exercises and equations, what its
links are called, its places and its words. `test_same_site.py` shows that each is noticed.
"""

import difflib
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup

SELECTED = {
    "headings": "article :is(h1, h2, h3, h4)",
    "numbers": "article :is(.caption-number, .eqno)",
    "names of links": "article a.reference.internal",
    "contents": "nav.bd-links a",
}


def facts(page: str) -> dict[str, list[str]]:
    """What of a page must not depend on what has built it."""
    tree = BeautifulSoup(page, "html.parser")
    found = {what: [_text(tag) for tag in tree.select(css)] for what, css in SELECTED.items()}
    found["places"] = sorted(tag["id"] for tag in tree.select("article [id]"))
    found["words"] = _text(tree.article).split() if tree.article else []
    return found


def _text(tag):
    return re.sub(r"\s+", " ", tag.get_text()).strip()


def differences(one: str, other: str) -> list[str]:
    """What differs between two pages, a line for each kind of fact, with where it begins."""
    found = []
    there = facts(other)
    for what, here in facts(one).items():
        if here != there[what]:
            matcher = difflib.SequenceMatcher(None, here, there[what], autojunk=False)
            first = next(code for code in matcher.get_opcodes() if code[0] != "equal")
            _, a, b, c, d = first
            old, new = " ".join(here[a:b][:12]), " ".join(there[what][c:d][:12])
            found.append(f"other {what}: {old!r}, and there {new!r}")
    return found


def compare(one: Path, other: Path) -> list[str]:
    """What differs between two sites: which pages they have, and what is on those of both."""
    names = [
        {p.relative_to(root).as_posix() for p in root.rglob("*.html") if _page(p, root)}
        for root in (one, other)
    ]
    found = [f"{name}: only in one of them" for name in sorted(names[0] ^ names[1])]
    if not names[0] & names[1]:
        found.append(f"expected pages in {one} and {other}. Received none in common")
    for name in sorted(names[0] & names[1]):
        pages = [(root / name).read_text("utf-8") for root in (one, other)]
        found += [f"{name}: {line}" for line in differences(*pages)]
    return found


def _page(path, root):
    return path.relative_to(root).parts[0] not in ("_static", "slides")


def main(arguments: list[str]) -> int | str:
    """Prints what differs; returns a sentence, for the exit status, where something does."""
    if len(arguments) != 2:
        return "Usage: python tests/book/same_site.py ONE OTHER, two folders of a built site"
    found = compare(*map(Path, arguments))
    for line in found:
        print(line, file=sys.stderr)
    if found:
        return f"The two books differ in {len(found)} point(s), listed above."
    print("Both ways of building give the same pages, with the same numbers and words.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Corrects what the theme's and the extensions' HTML withholds from a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

CORRECTIONS = (
    # The button that opens a chapter's pages in the sidebar has a picture for a name.
    (
        re.compile(
            r'(<a class="[^"]*reference internal" href="[^"]*">)([^<]*)(</a>\s*<details[^>]*>\s*)'
            r"<summary>"
        ),
        r'\1\2\3<summary aria-label="Pages of: \2">',
    ),
    # A header cell over the names of the rows says nothing.
    (re.compile(r'<th class="head[^"]*">\s*(?:<p>\s*</p>)?\s*</th>'), "<td></td>"),
    # The sidebar with the book's name belongs to no landmark.
    (
        re.compile(r'(<div id="pst-primary-sidebar")'),
        r'\1 role="navigation" aria-label="The book"',
    ),
    # The name of the search's button is not what it says.
    (
        re.compile(r'(<button class="btn search-button-field [^"]*") title="\w+" aria-label="\w+"'),
        r"\1",
    ),
    # Roles that were given up: the list of references is a list of paragraphs.
    (re.compile(r' role="doc-biblioentry"'), ""),
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    # Every exercise has its text in an element of this name, and an id stands once on a page.
    (re.compile(r'(<section) id="(?:exercise|solution)-content"'), r"\1"),
    (re.compile(r'="Color mode"'), '="Colour mode"'),
    # A folded cell says what opens, and needs no other name.
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # A number and its sign stand on one line.
    (re.compile(r"(\d(?:</\w+>)*) %"), "\\1\N{NO-BREAK SPACE}%"),
    # The link past the menus leads past the buttons above the text, too.
    (
        re.compile(
            r'(<div id="pst-skip-link".*?<a href=")#main-content(".*?<article class="bd-article")',
            re.DOTALL,
        ),
        r'\1#the-text\2 id="the-text"',
    ),
    # A page has one `viewport`.
    (re.compile(r'(<meta name="viewport"[^>]*>)\s*<meta name="viewport"[^>]*>'), r"\1"),
)


def corrected(page: str) -> str:
    """The page with all corrections."""
    for pattern, instead in CORRECTIONS:
        page = pattern.sub(instead, page)
    return page


def _correct(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        if out / "_static" not in path.parents:
            path.write_text(corrected(path.read_text("utf-8")), "utf-8")


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _correct)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What every page leads to: the licence in its foot, and at a chapter's end the next one.

*Next* in the theme's foot leads through the notebooks. A line above it says which notebook
belongs to the chapter and which chapter follows; on a notebook's page it leads back.
"""

from __future__ import annotations

import html
import re

CHAPTER = re.compile(r"(?P<folder>book|notebooks)/(?P<stem>\d\d-[\w-]+)")
LICENCE = (
    '<p class="licence"><a href="{up}book/about.html#licence">Text and figures: CC BY 4.0, '
    "code: MIT licence</a></p>"
)


def line(page: str, titles: dict[str, str], up: str) -> str:
    """The line at the end of a chapter's page or notebook; empty on every other page.

    `titles` are those of all pages, in the order of the book.
    """
    here = CHAPTER.fullmatch(page)
    if not here:
        return ""
    chapters = [CHAPTER.fullmatch(name)["stem"] for name in titles if CHAPTER.fullmatch(name)]
    chapters = list(dict.fromkeys(chapters))
    place = chapters.index(here["stem"])
    other = ("notebooks", "Run it") if here["folder"] == "book" else ("book", "The chapter")
    ways = [(f"{other[0]}/{here['stem']}", other[1])]
    if place + 1 < len(chapters):
        ways.append((f"book/{chapters[place + 1]}", "Next chapter"))
    links = [
        f'{words}: <a href="{up}{name}.html">{html.escape(titles[name])}</a>'
        for name, words in ways
        if name in titles
    ]
    return f'<nav class="onward" aria-label="Onward"><p>{"<br/>".join(links)}</p></nav>'


def _add(app, pagename, templatename, context, doctree):
    if app.builder.name != "html":
        return
    up = "../" * pagename.count("/")
    context["theme_extra_footer"] = LICENCE.format(up=up)
    if "body" in context:
        env = app.env
        titles = {name: env.titles[name].astext() for name in env.collect_relations()}
        context["body"] += line(pagename, titles, up)


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("html-page-context", _add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

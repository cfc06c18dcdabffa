"""The directive `{claims}`: a section and a table for every file of `book/claims/`.

On the website each table is folded, and a field above them filters the claims.
"""

from __future__ import annotations

import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import claims
import claims_on_pages
import prose

COLUMNS = {"statement": 25, "the book": 12, "the paper": 12, "tolerance": 13}
COLUMNS |= {"source": 24, "where": 14}


FOLDER = "claims"  # of script and style, below _static
FILTER = """<div class="claims-filter" hidden>
<label for="claims-words">Claims with the words</label>
<input id="claims-words" type="search" autocomplete="off"/><p role="status"></p></div>
"""


class Filter(nodes.Element):
    """Where the website has the field."""


class Fold(nodes.container):
    """A table with `count` claims, folded on the website alone."""


class Claims(SphinxDirective):
    """Draws the tables; the values are read from the pages' notebooks, nothing is recomputed."""

    def run(self) -> list[nodes.Node]:
        """A section for each chapter."""
        every, sections = claims.load(), []
        self.env.metadata[self.env.docname]["claims"] = True
        pages = {
            name: prose.read(claims.ROOT / name, claims.ROOT) for c in every for name in c.pages
        }
        for chapter, title in claims.titles().items():
            self.env.note_dependency(str(claims.ROOT / "book" / "claims" / f"{chapter}.toml"))
            of_chapter = [claim for claim in every if claim.chapter == chapter]
            section = nodes.section(ids=[f"claims-{chapter}"])
            section += nodes.title(title, title)
            lines = StringList(table(of_chapter, pages).split("\n"), source=chapter)
            fold = Fold(count=len(of_chapter), title=title)
            self.state.nested_parse(lines, self.content_offset, fold)
            section += fold
            self.state.document.note_implicit_target(section)
            sections.append(section)
        return [Filter(), *sections]


def table(of_chapter: list[claims.Claim], pages: dict[str, prose.Page]) -> str:
    """A list-table in MyST, a row per claim."""
    widths = " ".join(map(str, COLUMNS.values()))
    head = ["```{list-table}", ":class: claims", ":header-rows: 1", f":widths: {widths}", ""]
    rows = [list(COLUMNS), *(_row(claim, pages) for claim in of_chapter)]
    body = [
        "\n".join(("* " if i == 0 else "  ") + f"- {cell}".rstrip() for i, cell in enumerate(row))
        for row in rows
    ]
    return "\n".join([*head, *body, "```"])


def _row(claim, pages):
    return [
        claim.statement,
        _value(claim),
        _literally(claim.paper) or (_value(claim) if claim.kind == "paper" else ""),
        _tolerance(claim),
        _source(claim),
        ", ".join(_link(name) for name in claim.pages if _stands(claim, pages[name])),
    ]


def _value(claim):
    wordings = [[text.replace("{,}", ",") for text in numbers] for numbers in claim.by_wording()]
    amounts = {tuple(map(prose.amount, numbers)) for numbers in wordings}
    texts = wordings[0] if len(amounts) == 1 else [text for numbers in wordings for text in numbers]
    return f"{claim.bound} {', '.join(texts)}".strip()


def _tolerance(claim):
    parts = []
    if claim.within is not None:
        parts.append(f"± {claim.within:g}. {claim.because}")
    if claim.tolerance is not None:
        parts.append(f"to the paper ± {claim.tolerance:g}")
    if claim.disagrees:
        parts.append(f"exceeded: {claim.disagrees}")
    return _literally("; ".join(parts)) or (
        "" if claim.bound or not claim.expression else "as printed"
    )


def _source(claim):
    if claim.kind == "paper":
        key, _, place = claim.source.partition(", ")
        text = f"{{cite:t}}`{key}`, {_literally(place)}"
        return text + (f": `{claim.read}`" if claim.read else "")
    if claim.kind in ("given", "unrecorded"):
        return f"{claim.kind}: {_literally(claim.source)}"
    return f"{claim.kind}: `` {claim.source} ``"


def _literally(text):
    return re.sub(r"([*_`$<\[\]{}|])", r"\\\1", text)


def _stands(claim, page):
    return any(claims_on_pages.stands(value, page, claim.near) for value in claim.value)


def _link(name):
    number, _, _ = name.split("/")[-1].partition("-")
    label = f"chapter {int(number)}" if number.isdigit() else name.split("/")[-1].split(".")[0]
    if name == "README.md":
        return "README"
    if name.startswith("teaching/slides/"):  # no pages of the book, so there is nothing to link
        return label.replace("chapter", "slides")
    if name.startswith("notebooks/"):
        label = label.replace("chapter", "notebook") if number.isdigit() else f"notebook {label}"
    return f"[{label}](/{name})"


def _on_the_site(translator) -> bool:
    return translator.builder.name == "html"


def visit_filter(translator, node) -> None:
    """The field is there for the script, which shows it."""
    translator.body.append(FILTER if _on_the_site(translator) else "")
    raise nodes.SkipNode


def visit_fold(translator, node) -> None:
    """Opens the fold; elsewhere nothing is folded."""
    if _on_the_site(translator):
        words = f"{node['count']} claim{'s' * (node['count'] != 1)}"
        translator.body.append(f'<details class="claims-of"><summary>{words}</summary>\n')


def depart_fold(translator, node) -> None:
    """Its end."""
    if _on_the_site(translator):
        translator.body.append("</details>\n")


def _load(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "html" and "claims" in app.env.metadata[pagename]:
        app.add_css_file(f"{FOLDER}/claims.css")
        app.add_js_file(f"{FOLDER}/filter.js", type="module")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("claims", Claims)
    app.add_node(Filter, html=(visit_filter, None))
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.connect("html-page-context", _load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

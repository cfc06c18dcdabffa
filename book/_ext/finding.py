"""The search: words that people type for those of the book, and pages in the order of their use.

Sphinx gives every page that has the words the same rank, so the first one would be the first in the
alphabet. After the build this extension counts the words of each page and writes them to
`_static/finding/words.js`, with the words that stand for others (`SYNONYMS`) and the pages that own
a question (`LEADS`). `book/interactive/served/finding/finding.js` ranks by them, on the search's
page. `nosearch: true` in a page's head leaves it out of the index.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

WORDS = "finding/words.js"
# What is typed, as an expression that Python and JavaScript read alike, and what the book says.
SYNONYMS = (
    (r"\b(?:skip|residual)[ -]connections?\b", "shortcuts"),
    (r"\blicens(?:e|es|ed|ing)\b", "licence"),
    (r"\bwarm-?up\b", "warm"),
    (r"\b(normal|initial|regular|general|optim|visual)iz(e|es|ed|ing|ation)\b", "$1is$2"),
)
TOKEN = r"[a-z]+-?\d[\dx]*|\d+x\d+|[a-z]{3,}"  # ResNet-50 and resnet50 are one word
LEAST = 3  # a word that a page has less often is left to Sphinx' own rank
# Whoever types these words wants this page first. The others are ranked as ever.
LEADS = {
    "cifar10": "book/05-cifar10",
    "imagenet": "book/07-imagenet",
    "learning rate": "book/05-cifar10",
    "option": "book/02-identity-shortcuts",
    "resnet50": "book/04-bottleneck",
    "resnet50 parameter": "book/explorer",
}


def tokens(text: str) -> list[str]:
    """The words of a text as they are counted: small, without hyphens before digits, singular."""
    text = text.lower()
    for pattern, instead in SYNONYMS:
        text = re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", instead), text)
    return [re.sub(r"(?<=\w{4})s$", "", t.replace("-", "")) for t in re.findall(TOKEN, text)]


def words(texts: dict[str, str]) -> dict[str, object]:
    """What the script reads, from the text of every page by its name."""
    pages = sorted(texts)
    counts: dict[str, dict[int, int]] = {}
    for place, page in enumerate(pages):
        for token, count in Counter(tokens(texts[page])).items():
            if count >= LEAST:
                counts.setdefault(token, {})[place] = count
    told = {"synonyms": SYNONYMS, "token": TOKEN, "leads": LEADS}
    return told | {"pages": pages, "counts": counts}


def _load(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "html" and pagename == "search":
        app.add_js_file(WORDS)
        app.add_js_file("finding/finding.js")


def _write(app, exception) -> None:
    if exception is not None or app.builder.name != "html":
        return
    shown = [page for page in app.env.found_docs if "nosearch" not in app.env.metadata[page]]
    found = words({page: app.env.get_doctree(page).astext() for page in shown})
    text = json.dumps(found, separators=(",", ":"))
    path = Path(app.outdir) / "_static" / WORDS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"var FINDING={text};\n", encoding="utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

r"""Formulas as MathML, which browsers set by themselves: no script, and screen readers read it.

TeX becomes MathML while the book is built (package latex2mathml). The letters come from
STIX Two Math (package ziamath brings it; SIL Open Font Licence), cut down to those that
the pages use. A command that latex2mathml does not know is a warning, and so fails the
build: write it otherwise, or add it to `REWRITTEN`.
"""

from __future__ import annotations

import html
import re
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

import fonts

FONT = "stix-two-math.woff"
LICENCE = """STIX Two Math, cut down to the letters of this book's formulas.
Copyright 2001-2021 The STIX Fonts Project Authors (https://github.com/stipub/stixfonts).
Licensed under the SIL Open Font License, Version 1.1: https://openfontlicense.org
"""
# What latex2mathml does not know or sets badly, and what says the same.
REWRITTEN = (
    (re.compile(r"\\(?:mathrm|operatorname)\{"), r"\\text{"),
    (re.compile(r"(?<=\d)\{,\}(?=\d)"), r"\\text{,}"),
    (re.compile(r"\\(begin|end)\{(?:aligned|split)\}"), r"\\\1{align*}"),
)
PUNCTUATION = re.compile(r"[.,;:?!)\]]+")
LIMITS = ("inf", "sup", "lim", "max", "min")
# What browsers stretch by themselves; where TeX stretches (`\left`), the element says so.
FENCES = set(
    "()[]{}|\N{DIVIDES}\N{PARALLEL TO}\N{DOUBLE VERTICAL LINE}\u2308\u2309\u230a\u230b\u27e8\u27e9"
)
RADICAL = "\N{SQUARE ROOT}"
LETTERS = re.compile(r"<mi>(.)</mi>")
LOG = logging.getLogger(__name__)


def mathml(tex: str, display: bool = False) -> str:
    """A formula as a `math` element. Raises ValueError for what cannot be converted."""
    source = tex.strip()
    for pattern, instead in REWRITTEN:
        source = pattern.sub(instead, source)
    try:
        out = convert(source, display="block" if display else "inline")
    except Exception as error:
        raise ValueError(f"cannot be written as MathML: {tex!r} ({error!r})") from error
    tree = ElementTree.fromstring(re.sub(r">&<", ">&amp;<", out))
    for element in list(tree.iter()):
        _for_browsers(element, display)
        if re.search(r"[\\&]", element.text or ""):
            raise ValueError(f"cannot be written as MathML: {tex!r} leaves {element.text!r}")
    return re.sub(r"<mn>(\d+)</mn><mtext>,</mtext><mn>", r"<mn>\1,", _written(tree))


def _for_browsers(element: ElementTree.Element, display: bool) -> None:
    """What browsers do otherwise: limits, brackets, the space in "ln 2", columns."""
    element.tag = element.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}")
    if display and element.tag == "msub" and element[0].text in LIMITS:
        element.tag = "munder"
    if element.tag == "mo" and element.text in FENCES:
        element.attrib.setdefault("stretchy", "false")
    for i, child in reversed(list(enumerate(element[:-1]))):
        if _is_a_function(child) and element[i + 1].tag.endswith(("mi", "mn")):
            element.insert(i + 1, ElementTree.Element("mspace", width="0.167em"))
    if align := element.attrib.pop("columnalign", ""):
        element.set("style", f"text-align: {align}")


def _is_a_function(element: ElementTree.Element) -> bool:
    return element.tag.endswith("mi") and len(element.text or "") > 1


def _written(tree: ElementTree.Element) -> str:
    return ElementTree.tostring(tree, "unicode", short_empty_elements=False)


def _formula(node, display):
    try:
        return mathml(node.astext(), display)
    except ValueError as error:
        LOG.warning("a formula %s", error, location=node)
        return html.escape(node.astext())


def _keep_together(app, doctree, docname):
    """A comma stays on the line of its formula: browsers would break between them."""
    for node in doctree.findall(nodes.math):
        behind = node.next_node(descend=False, siblings=True)
        if isinstance(behind, nodes.Text) and (found := PUNCTUATION.match(behind)):
            node["behind"] = found[0]
            behind.parent.replace(behind, nodes.Text(behind[found.end() :]))


def visit_inline(self, node):
    """`$...$`."""
    formula = _formula(node, False) + node.get("behind", "")
    self.body.append(f'<span class="math notranslate">{formula}</span>')
    raise nodes.SkipNode


def visit_display(self, node):
    """`$$...$$`, with its number and the link to it."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    self.body.append(_formula(node, True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def characters(text: str) -> set[str]:
    """What a font must have for the `math` elements of a page."""
    found = set()
    for element in re.findall(r"<math.*?</math>", text, re.DOTALL):
        found |= set(html.unescape(re.sub(r"<[^>]*>", "", element)))
        found |= {_italic(html.unescape(letter)) for letter in LETTERS.findall(element)}
        if "<msqrt" in element or "<mroot" in element:
            found.add(RADICAL)  # which the browser draws
    return found


def _italic(letter: str) -> str:
    """The letter that a browser shows for a single one in `mi`."""
    if letter == "h":
        return "\N{PLANCK CONSTANT}"
    for first, last, to in (
        ("A", "Z", 0x1D434),
        ("a", "z", 0x1D44E),
        ("\u03b1", "\u03c9", 0x1D6FC),
    ):
        if first <= letter <= last:
            return chr(to + ord(letter) - ord(first))
    return letter


def _write_font(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    # `.xhtml` in an EPUB.
    pages = [p for p in out.rglob("*html") if out / "_static" not in p.parents]
    needed = set().union(*(characters(page.read_text("utf-8")) for page in pages))
    folder = out / "_static" / "fonts"
    fonts.cut_down(_font_file(), folder / FONT, needed, layout_features=["ssty"])
    (folder / "LICENCE.txt").write_text(LICENCE, "utf-8")


def _font_file() -> Path:
    package = find_spec("ziamath")
    if package is None:
        raise RuntimeError(
            "The font of the formulas is missing. Expected the package ziamath of "
            "requirements.lock: run `make setup`."
        )
    return Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"


def setup(app):
    """Sphinx calls this."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    app.config.html_math_renderer = "mathml"
    app.connect("doctree-resolved", _keep_together)
    app.connect("build-finished", _write_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

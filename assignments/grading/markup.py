"""Texts that a student wrote, as HTML in which nothing acts and which asks for nothing elsewhere.

Markdown becomes HTML as nbconvert makes it, formulas become MathML, which browsers draw by
themselves, and `nh3` keeps of the result what stands in a list. The list is the last step: what
Markdown, a formula or an attachment brought in passes it, too.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

import nh3
from jinja2 import pass_context
from latex2mathml.converter import convert_to_element
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, import_plugin

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
# From each of these nbconvert looks for its end through all of the text, so the time grows with
# their number times the length: 100 s and more for what fits on a disk. Lists take a square, too.
OPENINGS = ("\\begin{", "\\\\[", "\\\\(", "<!--")
LONGEST_TEXT = 10_000
MOST_SEARCHED = 1_000_000
LONGEST_FORMULA = 1_000
LONGEST_CODE = 20_000

_FORMULA = {"math", "mrow", "mi", "mo", "mn", "ms", "mtext", "mspace", "msup", "msub", "msubsup"}
_FORMULA |= {"mfrac", "msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd"}
_FORMULA |= {"mstyle", "mpadded", "mphantom", "menclose"}
_SHAPE = {"display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "separator"}
_SHAPE |= {"accent", "form", "width", "height", "depth", "lspace", "rspace", "minsize", "maxsize"}
_SHAPE |= {"columnalign", "rowspacing", "columnspacing"}
_ATTRIBUTES = {tag: set(kept) for tag, kept in nh3.ALLOWED_ATTRIBUTES.items()}
_ATTRIBUTES |= {tag: set(_SHAPE) for tag in _FORMULA}
_ATTRIBUTES |= {"a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height"}}
for _cell in ("td", "th"):
    _ATTRIBUTES[_cell] |= {"style"}  # of which the alignment is kept
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_LINK = re.compile(r"(https?://|mailto:|#)", re.I)
_ELSEWHERE = re.compile(r"(https?:)?//", re.I)

_PASTED = re.compile(r"attachment:([^)\s\"'>]+)")
_WRITTEN_OUT = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]{20,})")
_PLUGINS = [name for name in MarkdownWithMath.DEFAULT_PLUGINS if name != "task_lists"]
_SCHEME = re.compile(r"\b(javascript|vbscript|data(?!:image/(?:png|jpeg|gif|webp);base64,)):", re.I)
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_LITERAL = re.compile(r"(```.*?```|~~~.*?~~~|`[^`\n]*`|\$\$[^$]*\$\$|\$[^$\n]*\$)", re.S)


def as_html(source: str, attachments: dict | None = None) -> str:
    """Markdown as HTML that can be shown to anyone. What cannot be read as such is plain text."""
    plain = f"<pre>{html.escape(source)}</pre>"
    if _takes_long(source):
        return plain
    try:
        shown = _rendered(source, attachments or {})
    except Exception:  # a text may break the parser; its reader sees it all the same
        shown = plain
    return _clean(shown, _kept)


def inert(source: str, attachments: dict | None = None, left: int = LONGEST_TEXT):
    """The same text as Markdown in which nothing acts, whoever shows it.

    A text in which nothing acts stays as it is. Else its tags and links become letters; where
    that is not enough, and where it has more than `left` characters, it is shown as typed.
    Returns the text, its pictures (also those that were written out in it) and what was amiss.
    """
    pasted = dict(attachments or {})
    source = _PASTED.sub(  # nbconvert ends where a picture is named and not there
        lambda m: m[0] if m[1] in pasted or unquote(m[1]) in pasted else f"no picture {m[1]}",
        _WRITTEN_OUT.sub(lambda m: _as_attachment(m, pasted), visible(source)),
    )
    if _takes_long(source) or len(source) > left:
        return _typed(source), pasted, "too long to be set, so shown as it was typed"
    if not _acts(source, pasted):
        return source, pasted, ""
    parts = _LITERAL.split(source)
    parts[::2] = [_SCHEME.sub(r"\1 :", _TAG.sub(r"\<", part)) for part in parts[::2]]
    escaped = "".join(parts)
    if not _acts(escaped, pasted):
        return escaped, pasted, "HTML or links that act are shown as text"
    return _typed(source), pasted, "HTML or links that act, so shown as it was typed"


def _as_attachment(found: re.Match, pasted: dict) -> str:
    """Puts a picture that is written out in a text, as Colab does, among the attachments."""
    kind, data = found.groups()
    if not is_picture(kind, data):
        return found[0]
    name = f"picture-{len(pasted) + 1}.{kind.partition('/')[2]}"
    while name in pasted:
        name = f"_{name}"
    pasted[name] = {kind: data}
    return f"attachment:{name}"


def _takes_long(source: str) -> bool:
    openings = sum(map(source.count, OPENINGS))
    return len(source) > LONGEST_TEXT or openings * len(source) > MOST_SEARCHED


def visible(text: str) -> str:
    """A text whose characters can all be seen: one that a screen would obey is an escape."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def is_picture(kind: str, data) -> bool:
    """Whether an attachment or output is a picture that a page can hold, and nothing else."""
    if kind not in PICTURES or not isinstance(data, str):
        return False
    try:
        return bool(base64.b64decode("".join(data.split()), validate=True))
    except (binascii.Error, ValueError):
        return False


@pass_context
def markdown2html(context, source: str) -> str:
    """nbconvert's filter of this name, for pages that show what students wrote."""
    return as_html(source, context.get("cell", {}).get("attachments", {}))


def highlight_code(source: str, language=None, metadata=None) -> str:
    """nbconvert's filter of this name; what is very long stays without colours."""
    if len(source) > LONGEST_CODE:
        return f'<div class="highlight"><pre>{html.escape(visible(source))}</pre></div>'
    return Highlight2HTML(pygments_lexer="ipython3")(visible(source), language, metadata)


class _Renderer(IPythonRenderer):
    """nbconvert's, without what needs a script or a style of its own."""

    def __init__(self, formulas: bool = True, **options) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, **options)
        self._formulas, self._most = formulas, LONGEST_TEXT

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def inline_math(self, body: str) -> str:
        return self._formula(body, "inline", f"${body}$")

    def block_math(self, body: str) -> str:
        return self._formula(body, "block", f"$${body}$$")

    def latex_environment(self, name: str, body: str) -> str:
        typed = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._formula(typed, "block", typed)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if _ELSEWHERE.match(url):  # named, not fetched
            return self.link(text or url, url, title)
        return super().image(text, url, title)

    def _formula(self, body: str, display: str, typed: str) -> str:
        self._most -= len(body)
        if not self._formulas or len(body) > LONGEST_FORMULA or self._most < 0:
            return html.escape(typed)
        try:
            return formula(body, display)
        except Exception:  # not what LaTeX allows, or not what the library knows
            return f"<code>{html.escape(typed)}</code>"


def formula(tex: str, display: str = "inline") -> str:
    """A formula of LaTeX as MathML. Raises what the library raises where it cannot."""
    element = convert_to_element(tex, display=display)
    for part in element.iter():  # the library writes signs as entities
        part.text = html.unescape(part.text) if part.text else part.text
    return ElementTree.tostring(element, encoding="unicode")


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if _PICTURE.fullmatch(value) else None
    if attribute in ("href", "cite"):
        return value if _LINK.match(value) else None
    return value


def _kept_or_fetched(tag: str, attribute: str, value: str) -> str | None:
    """As `_kept`, but pictures from elsewhere do not act: a page leaves them out."""
    if (tag, attribute) == ("img", "src") and not re.match(r"\s*[\w+.-]+:", value):
        return value
    if (tag, attribute) == ("img", "src") and _ELSEWHERE.match(value):
        return value
    return _kept(tag, attribute, value)


def _rendered(source: str, attachments: dict, formulas: bool = True) -> str:
    plugins = [import_plugin(name) for name in _PLUGINS]
    renderer = _Renderer(formulas, attachments=attachments)
    return MarkdownWithMath(renderer, plugins=plugins).render(source)


def _clean(shown: str, keep) -> str:
    return nh3.clean(
        shown,
        tags=nh3.ALLOWED_TAGS | _FORMULA,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties={"text-align"},
        strip_comments=True,
        link_rel="noopener noreferrer",
    )


class _Elements(HTMLParser):
    """Tags with their attributes, and whatever else is no text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        spoken = {k: re.sub(r"\s|;$", "", v or "") for k, v in attrs if k not in ("rel", "title")}
        self.found.append((tag, spoken))

    def handle_comment(self, data):
        self.found.append(("comment", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


def _acts(source: str, attachments: dict) -> bool:
    """Whether the list would take something out of the text."""
    try:
        shown = _rendered(source, attachments, formulas=False)
    except Exception:
        return True
    return _Elements(shown).found != _Elements(_clean(shown, _kept_or_fetched)).found


def _typed(source: str) -> str:
    """The text in a fence that nothing in it closes."""
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"

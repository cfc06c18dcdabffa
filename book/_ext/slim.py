"""What every page loads: one style sheet, a few icons, scripts that wait.

The theme and its extensions send nine style sheets, half a megabyte of icons and scripts
that hold up the first picture. After the build this extension joins the style sheets,
leaves out the rules that no page can use (`styles.py`) and the icons that no page has (`icons.py`),
and lets scripts wait until the page is read: the one that must be first stands in the page.
The index of the search is loaded by the page of the search alone. Where a theme has none of what
is taken away here, the build says so, and the pages are right as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.util import logging

import icons
import styles

logger = logging.getLogger(__name__)

SHEET = re.compile(r'[ \t]*<link [^>]*rel="stylesheet"[^>]*>\n?')
SCRIPT = re.compile(r'<script(?P<before>[^>]*?) src="(?P<src>[^"]+)"(?P<after>[^>]*)></script>')
OF_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")
# The icons are a font's; no page has tabs; what Sphinx says in British English is what its scripts
# say anyway, and `translations.js` makes a script of text, which the pages' policy refuses.
UNUSED = ("fontawesome.js", "design-tabs.js", "translations.js")
# The theme asks for its scripts before the style sheet, to which they then are in the way.
AHEAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
OPTIONS = "documentation_options.js"  # what the scripts in the pages read, so it cannot wait
IMPORT = re.compile(r"""@import\s+['"]([^'":]+)['"]\s*;""")
ADDRESS = re.compile(r"url\((?!['\"]?(?:data:|#))['\"]?([^'\")]+)['\"]?\)")


def joined(
    page: str, folder: Path, static: Path, change: Callable[[str], str] = lambda sheet: sheet
) -> str:
    """The style sheets that a page links, each changed so, as one.

    Addresses in it are read from `static`.
    """
    addresses = (re.search(r'href="([^"]+)"', link)[1] for link in SHEET.findall(page))
    sheets = (_sheet(folder / urlsplit(address).path, static) for address in addresses)
    return "\n".join(change(sheet) for sheet in sheets)


def _sheet(path: Path, static: Path) -> str:
    """A style sheet with what it imports: browsers heed `@import` at the top of a file alone."""
    path = path.resolve()
    text = path.read_text("utf-8")
    text = ADDRESS.sub(lambda m: f"url({_seen_from(static, path.parent / m[1])})", text)
    return IMPORT.sub(lambda m: _sheet(path.parent / m[1], static), text)


def _seen_from(static, path):
    try:
        return path.resolve().relative_to(static.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def not_found(pages: Iterable[str]) -> list[str]:
    """What this extension takes away and none of the pages has."""
    loaded = {_name(match) for page in pages for match in SCRIPT.finditer(page)}
    if not loaded:
        return ["pages that link several style sheets"]
    return [f"{name} on a page" for name in (*UNUSED, *OF_SEARCH) if name not in loaded]


def _name(script):
    return urlsplit(script["src"]).path.rsplit("/", 1)[-1]


def lighter(page: str, sheet: str, searches: bool, options: str) -> str:
    """A page that links the one sheet at `sheet`, has `options` in it, and whose scripts wait."""

    def script(match):
        name = _name(match)
        if name in UNUSED or (name in OF_SEARCH and not searches):
            return ""
        if name == OPTIONS:
            return f"<script>{options}</script>"
        if any(word in match[0] for word in ("defer", "async", 'type="module"')):
            return match[0]
        return match[0].replace("<script", "<script defer", 1)

    links = SHEET.findall(page)
    page = page.replace(links[0], f'<link rel="stylesheet" href="{sheet}"/>\n', 1)
    page = SHEET.sub(lambda m: m[0] if f'href="{sheet}"' in m[0] else "", page)
    return SCRIPT.sub(script, AHEAD.sub("", page))


def _slim(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {p: p.read_text("utf-8") for p in out.rglob("*.html") if static not in p.parents}
    pages = {p: text for p, text in pages.items() if len(SHEET.findall(text)) > 1}
    for missing in not_found(pages.values()):
        logger.warning("slim: expected %s. Has the theme changed? The pages stay heavier", missing)
    if not pages:
        return
    options = (static / OPTIONS).read_text("utf-8").strip()
    scripts = (p.read_text("utf-8") for p in static.rglob("*.js") if p.name not in UNUSED)
    words = styles.Words.of(pages.values(), scripts)
    change = cache(lambda sheet: styles.pruned(sheet, words))  # most pages have the same ones
    sheets = {p: joined(text, p.parent, static, change) for p, text in pages.items()}
    try:
        sheets = icons.cut_down(sheets, icons.on_pages(pages.values()), static)
    except icons.NotAsExpected as error:
        logger.warning("slim: the theme's icons stay as they are: %s", error)
    for path, page in pages.items():
        name = f"site-{hashlib.sha256(sheets[path].encode()).hexdigest()[:10]}.css"
        (static / name).write_text(sheets[path], "utf-8")
        up = "../" * (len(path.relative_to(out).parts) - 1)
        searches = path.name == "search.html"
        path.write_text(lighter(page, f"{up}_static/{name}", searches, options), "utf-8")
    for name in ("scripts/fontawesome.js", "styles/pydata-sphinx-theme.css"):
        (static / name).unlink(missing_ok=True)


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _slim, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

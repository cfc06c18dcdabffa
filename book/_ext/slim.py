"""What every page loads: one style sheet, a few icons, scripts that wait.

The theme and its extensions send nine style sheets, half a megabyte of icons and scripts
that hold up the first picture. After the build this extension joins the style sheets,
leaves out the icons that no page has, and lets scripts wait until the page is read. The
index of the search is loaded by the page of the search alone.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

import fonts

SHEET = re.compile(r'[ \t]*<link [^>]*rel="stylesheet"[^>]*>\n?')
SCRIPT = re.compile(r'<script(?P<before>[^>]*?) src="(?P<src>[^"]+)"(?P<after>[^>]*)></script>')
OF_SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")
UNUSED = ("fontawesome.js", "design-tabs.js")
IMPORT = re.compile(r"""@import\s+['"]([^'":]+)['"]\s*;""")
ADDRESS = re.compile(r"url\((?!['\"]?(?:data:|#))['\"]?([^'\")]+)['\"]?\)")
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"((?:\\.|[^"\\])*)"\}')
NAMED_ICON = re.compile(r'--pst-icon-[\w-]+:\s*"((?:\\.|[^"\\])+)"')  # of notes and buttons
FACE = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}")
# Icons that scripts put in: the cross of a closed dialogue.
BY_SCRIPT = {"xmark"}
ICON_FONT = "icons.woff"
OUR_FACE = (
    '@font-face{font-display:block;font-family:"Font Awesome 6 Free";font-weight:900;'
    f'src:url(fonts/{ICON_FONT}) format("woff")}}'
)
LICENCE = """Icons of Font Awesome Free 6, cut down to those that the pages show.
Copyright Fonticons, Inc. (https://fontawesome.com)
The font is licensed under the SIL Open Font License 1.1: https://openfontlicense.org
The icons are licensed under CC BY 4.0: https://creativecommons.org/licenses/by/4.0/
"""


def joined(page: str, folder: Path, static: Path) -> str:
    """The style sheets that a page links, as one; addresses in it are read from `static`."""
    addresses = (re.search(r'href="([^"]+)"', link)[1] for link in SHEET.findall(page))
    return "\n".join(_sheet(folder / urlsplit(address).path, static) for address in addresses)


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


def with_icons(sheet: str, names: set[str]) -> tuple[str, set[str]]:
    """The style sheet with these icons alone, and the characters that stand for them."""
    characters = set()

    def rule(match):
        known = [name for name in re.findall(r"\.fa-([\w-]+):before", match[1]) if name in names]
        if not known:
            return ""
        characters.add(_unescaped(match[2]))
        return ",".join(f".fa-{name}:before" for name in known) + f'{{content:"{match[2]}"}}'

    sheet = FACE.sub("", ICON_RULE.sub(rule, sheet))
    characters |= {_unescaped(content) for content in NAMED_ICON.findall(sheet)}
    return OUR_FACE + sheet, characters


def _unescaped(content):
    code = re.fullmatch(r"\\([0-9a-f]+) ?", content)
    return chr(int(code[1], 16)) if code else content.lstrip("\\")


def lighter(page: str, sheet: str, searches: bool) -> str:
    """A page that links the one sheet at `sheet` and whose scripts wait."""

    def script(match):
        name = urlsplit(match["src"]).path.rsplit("/", 1)[-1]
        if name in UNUSED or (name in OF_SEARCH and not searches):
            return ""
        waits = any(word in match[0] for word in ("defer", "async", 'type="module"'))
        if waits or name == "documentation_options.js":
            return match[0]
        return match[0].replace("<script", "<script defer", 1)

    links = SHEET.findall(page)
    page = page.replace(links[0], f'<link rel="stylesheet" href="{sheet}"/>\n', 1)
    page = SHEET.sub(lambda m: m[0] if f'href="{sheet}"' in m[0] else "", page)
    return SCRIPT.sub(script, page)


def _slim(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {p: p.read_text("utf-8") for p in out.rglob("*.html") if static not in p.parents}
    pages = {p: text for p, text in pages.items() if len(SHEET.findall(text)) > 1}
    if not pages:
        return
    texts = {p: joined(text, p.parent, static) for p, text in pages.items()}
    names = set().union(*(re.findall(r"\bfa-([\w-]+)", text) for text in pages.values()))
    icons = set()
    for path, page in pages.items():
        sheet, characters = with_icons(texts[path], names | BY_SCRIPT)
        icons |= characters
        name = f"site-{hashlib.sha256(sheet.encode()).hexdigest()[:10]}.css"
        (static / name).write_text(sheet, "utf-8")
        up = "../" * (len(path.relative_to(out).parts) - 1)
        searches = path.name == "search.html"
        path.write_text(lighter(page, f"{up}_static/{name}", searches), "utf-8")
    _write_icons(static, icons)


def _write_icons(static, characters):
    source = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
    if source.is_file():
        fonts.cut_down(source, static / "fonts" / ICON_FONT, characters)
        (static / "fonts" / "icons-LICENCE.txt").write_text(LICENCE, "utf-8")
        rmtree(static / "vendor" / "fontawesome")
    for name in ("scripts/fontawesome.js", "styles/pydata-sphinx-theme.css"):
        (static / name).unlink(missing_ok=True)


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _slim, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

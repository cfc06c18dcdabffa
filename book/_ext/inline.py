"""Takes out of the pages what a strict policy (`policy.py`) would not let a browser heed.

A `style` attribute becomes a class, whose rule goes into a style sheet; a theme's button that
has its script in an attribute gets a word instead, which `presses.js` knows. Like the attribute,
such a rule comes before all others and after what is `!important`: hence `:where`, which counts
for nothing against those.
"""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

TAG = re.compile(
    r"<[a-zA-Z][\w:-]*"
    r"(?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)*\s*/?>"
)
STYLE = re.compile(r'\sstyle="([^"]*)"')
CLASS = re.compile(r'(\sclass=")([^"]*)"')
# What the theme's buttons do, and the word for it.
PRESSES = {"window.print()": "print", "toggleFullScreen()": "full-screen"}
PRESS = re.compile("|".join(rf'\sonclick="{re.escape(script)}"' for script in PRESSES))


def styled_by_class(page: str) -> tuple[str, dict[str, str]]:
    """The page with classes in place of `style` attributes, and the declarations of each class."""
    rules = {}

    def tag(match):
        found = STYLE.search(match[0])
        if not found:
            return match[0]
        declarations = html.unescape(found[1]).strip().rstrip(";")
        name = "set-" + hashlib.sha256(declarations.encode()).hexdigest()[:8]
        rules[name] = declarations
        rest = STYLE.sub("", match[0], count=1)
        if CLASS.search(rest):
            return CLASS.sub(lambda m: f'{m[1]}{m[2]} {name}"', rest, count=1)
        return re.sub(r"^(<[\w:-]+)", rf'\1 class="{name}"', rest)

    return TAG.sub(tag, page), rules


def sheet(rules: dict[str, str]) -> str:
    """A style sheet with these rules, which weigh what `style` attributes weigh."""
    lines = []
    for name, declarations in sorted(rules.items()):
        parts = (part.strip() for part in re.split(r";(?![^(]*\))", declarations))
        important = "; ".join(f"{part} !important" for part in parts if part)
        lines.append(f":where(.{name}) {{ {important} }}\n")
    return "".join(lines)


def pressed_by_word(page: str) -> str:
    """The page whose buttons say what they do by a word that `presses.js` knows."""
    return PRESS.sub(lambda m: f' data-press="{PRESSES[m[0].split(chr(34))[1]]}"', page)


def _take_out(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    out, rules, pages = Path(app.outdir), {}, {}
    for path in out.rglob("*.html"):
        if out / "_static" not in path.parents:
            page, found = styled_by_class(pressed_by_word(path.read_text("utf-8")))
            pages[path] = page, found
            rules |= found
    text = sheet(rules)
    name = f"set-{hashlib.sha256(text.encode()).hexdigest()[:10]}.css"
    (out / "_static" / name).write_text(text, "utf-8")
    for path, (page, found) in pages.items():
        if found:
            up = "../" * (len(path.relative_to(out).parts) - 1)
            link = f'<link rel="stylesheet" href="{up}_static/{name}"/>\n'
            page = page.replace("</head>", link + "</head>", 1)
        path.write_text(page, "utf-8")


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _take_out, priority=800)  # before `slim` joins the sheets
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What a browser may load and run on each page: a content security policy, strict, in its head.

A page runs scripts of this site, and of those that stand in the page itself only those whose
digests the policy names; no script is made of text. Style sheets likewise: no `style` attribute
counts (`inline.py` has made classes of them). Nothing comes from another host.

What a page's own modules do decides what else it gets: a worker, WebAssembly on the page itself,
pictures that a script has made. They are read with all that they import.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from sphinx.util import logging

logger = logging.getLogger(__name__)

Rules = Mapping[str, Sequence[str]]

EVERYWHERE = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),  # the theme's style sheet draws small signs as data:
    "font-src": ("'self'",),
    "connect-src": ("'self'",),  # previews of links, data of the figures
    "form-action": ("'self'",),  # the search
    "base-uri": ("'none'",),
    "object-src": ("'none'",),
}
# What stands in a module, and what the page then needs.
NEEDS = {
    "new Worker(": ("worker-src", "'self'"),
    "vendor/tensorflow.js": ("script-src", "'wasm-unsafe-eval'"),
    "createObjectURL(": ("img-src", "blob:"),
}
CHARSET = re.compile(r"<meta charset=[^>]*>")
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
MODULE = re.compile(r'<script[^>]*type="module"[^>]*src="([^"]+)"')
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*['"](\.{1,2}/[^'"]+)['"]""")
DATA = re.compile(r'type="application/(?:ld\+)?json"')
TAG = re.compile(r"<[a-zA-Z][\w:-]*(?:\s[^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*)?>")
REFUSED = {
    "a script in an attribute": re.compile(r'\s(on[a-z]+="[^"]*")'),
    "a script in a link": re.compile(r'\s(href="\s*javascript:[^"]*")', re.IGNORECASE),
    "a style attribute": re.compile(r'\s(style="[^"]*")'),
}


def digest(text: str) -> str:
    """What a policy calls a script or a style sheet that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def modules(page: str, folder: Path) -> list[str]:
    """The texts of the page's modules and of what they import, less what others have written."""
    waiting = [folder / urlsplit(source).path for source in MODULE.findall(page)]
    found = {}
    while waiting:
        path = waiting.pop().resolve()
        if path not in found and "vendor" not in path.parts:
            found[path] = path.read_text("utf-8")
            waiting += [path.parent / name for name in IMPORT.findall(found[path])]
    return list(found.values())


def policy(page: str, folder: Path, more: Rules = MappingProxyType({})) -> str:
    """The policy of a page that lies in `folder`, as it stands in an attribute, unescaped.

    `more` are sources that this page needs besides, by their directives.
    """
    rules = {
        name: [*EVERYWHERE.get(name, ()), *more.get(name, ())] for name in {**EVERYWHERE, **more}
    }
    for script in SCRIPT.finditer(page):
        attributes = script["attributes"]
        if " src=" not in attributes and not DATA.search(attributes):
            rules["script-src"].append(digest(script["text"]))
    rules["style-src"] += [digest(text) for text in STYLE.findall(page)]
    texts = modules(page, folder)
    for sign, (name, source) in NEEDS.items():
        if any(sign in text for text in texts):
            rules.setdefault(name, []).append(source)
    return "; ".join(" ".join((name, *dict.fromkeys(sources))) for name, sources in rules.items())


def refused(page: str) -> list[str]:
    """What of a page the policy would not let a browser heed."""
    markup = SCRIPT.sub("", page)
    tags = TAG.findall(markup)
    return [
        f"{what}: {found[1]}"
        for what, pattern in REFUSED.items()
        for found in map(pattern.search, tags)
        if found
    ]


def guarded(page: str, folder: Path, more: Rules = MappingProxyType({})) -> str:
    """The page with its policy, before anything that it is about. ValueError without a charset."""
    if not CHARSET.search(page):
        raise ValueError("expected a head with <meta charset=...>, to put the policy behind it")
    content = html.escape(policy(page, folder, more), quote=False)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{content}"/>'
    return CHARSET.sub(lambda m: f"{m[0]}\n{meta}", page, count=1)


def _guard(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        if out / "_static" in path.parents:
            continue
        page = path.read_text("utf-8")
        for what in refused(page):
            logger.warning("%s has %s, which its policy refuses", path.relative_to(out), what)
        path.write_text(guarded(page, path.parent), "utf-8")


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _guard, priority=950)  # when nothing changes the pages any more
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

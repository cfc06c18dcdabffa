"""What needs to know where the book lives: Colab's links, the sitemap, cards for other sites.

Two settings of `_config.yml`, below `sphinx: config:`, say it: `book_address`, where the
website is served, and `book_repository`, "https://github.com/owner/name". While one is
empty nothing that needs it is shown: no button leads nowhere.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.errors import ConfigError

import card

ROOT = Path(__file__).resolve().parents[2]
LENGTH = 160  # of a description, in letters
NOT_FOUND = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="robots" content="noindex"/>
<link rel="icon" href="data:,"/>
<title>Page not found - Residual Networks</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif;
  max-width: 34rem; margin: 15vh auto; padding: 1rem; }}
html {{ color: #1a1a1a; background: #fff; }}
a {{ color: #0f56c0; }}
@media (prefers-color-scheme: dark) {{
html {{ color: #ebebeb; background: #121212; }}
a {{ color: #8ab4f8; }}
}}
</style></head><body><main><h1>This page is not in the book</h1>
<p>The address may have changed, or never been right.</p>
<p><a href="{root}index.html">To the front page</a>, with the table of contents,
or <a href="{root}search.html">search the book</a>.</p></main></body></html>
"""


def checked(address: str, repository: str) -> tuple[str, str]:
    """Both settings, ready for use. Raises ConfigError for what is no address."""
    if address and not re.fullmatch(r"https?://[^\s?#]+", address):
        raise ConfigError(f"book_address: expected https://... Received: {address!r}")
    if repository and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+?/?", repository):
        raise ConfigError(
            f"book_repository: expected https://github.com/owner/name. Received: {repository!r}"
        )
    return address.rstrip("/") + "/" if address else "", repository.rstrip("/")


def colab(repository: str, notebook: str) -> str:
    """Where Colab opens a notebook: at the version that the page was built from."""
    source = (ROOT / "src" / "helpers" / "__init__.py").read_text("utf-8")
    tag = "v" + re.search(r'__version__ = "(.+)"', source)[1]
    place = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{place}/blob/{tag}/{quote(notebook)}.ipynb"


def description(doctree: nodes.document) -> str:
    """A page's first paragraph, cut after a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            text = " ".join(paragraph.astext().split())
            return text if len(text) <= LENGTH else text[:LENGTH].rsplit(" ", 1)[0] + " ..."
    return ""


def head(title: str, about: str, address: str, name: str) -> str:
    """What other sites and search engines read in a page's head."""
    title, about = html.escape(title), html.escape(about)
    tags = [f'<meta name="description" content="{about}"/>'] if about else []
    tags += [
        f'<meta property="og:title" content="{title}"/>',
        f'<meta property="og:description" content="{about}"/>',
        '<meta property="og:type" content="article"/>',
        '<meta property="og:site_name" content="Residual Networks"/>',
    ]
    if address:
        tags += [
            f'<meta property="og:url" content="{address}{name}"/>',
            f'<meta property="og:image" content="{address}_static/{card.NAME}"/>',
            f'<meta property="og:image:alt" content="{html.escape(card.ALTERNATIVE)}"/>',
            '<meta name="twitter:card" content="summary_large_image"/>',
        ]
    return "\n".join(tags)


def ways_in(page: str, notebooks: set[str], repository: str, up: str) -> str:
    """The line below a chapter's heading: its notebook, here and in Colab."""
    stem = page.split("/", 1)[-1]
    notebook = f"notebooks/{stem}"
    if notebook not in notebooks:
        return ""
    links = [f'<a href="{up}{notebook}.html">The notebook</a>'] if page != notebook else []
    if repository:
        links.append(f'<a href="{colab(repository, notebook)}">Open in Colab</a>')
    return f'<p class="ways-in">Run it: {" · ".join(links)}</p>' if links else ""


def _add(app, pagename, templatename, context, doctree):
    if app.builder.name != "html":
        return
    address, repository = checked(app.config.book_address, app.config.book_repository)
    about = description(doctree) if doctree else ""
    title = re.sub(r"<[^>]+>", "", context.get("title", ""))
    tags = head(html.unescape(title), about, address, pagename + ".html")
    context["metatags"] = context.get("metatags", "") + "\n" + tags
    notebooks = {name for name in app.env.found_docs if name.startswith("notebooks/")}
    line = ways_in(pagename, notebooks, repository, "../" * pagename.count("/"))
    if line and "body" in context:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def _write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    address, _ = checked(app.config.book_address, app.config.book_repository)
    out = Path(app.outdir)
    (out / "404.html").write_text(NOT_FOUND.format(root=address), "utf-8")
    card.draw().save(out / "_static" / card.NAME)
    if address:
        pages = sorted(app.env.found_docs)
        rows = "\n".join(f"<url><loc>{address}{name}.html</loc></url>" for name in pages)
        (out / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}\n</urlset>\n',
            "utf-8",
        )


def _settings(app, config):
    config.html_baseurl, _ = checked(config.book_address, config.book_repository)


def setup(app):
    """Sphinx calls this."""
    app.add_config_value("book_address", "", "html", str)
    app.add_config_value("book_repository", "", "html", str)
    app.connect("config-inited", _settings)
    app.connect("html-page-context", _add)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

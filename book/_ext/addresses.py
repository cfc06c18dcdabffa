"""What needs to know where the book lives: launch links, the sitemap, cards for other sites.

Two settings of `_config.yml`, below `sphinx: config:`, say it: `book_address`, where the
website is served, and `book_repository`, "https://github.com/owner/name". `make publish-as`
sets them; the environment variable RESNET_BOOK_PUBLISH_AS, "owner/name", comes before them,
so that a fork publishes itself. While one is empty nothing that needs it is shown, and while
the notebooks' first cells name another repository there is no link to Colab: no button leads
nowhere.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ConfigError

import card
import places

PUBLISH_AS = "RESNET_BOOK_PUBLISH_AS"
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


def chosen(address: str, repository: str) -> tuple[str, str]:
    """The settings, or what the environment sets in their place."""
    if owner_and_name := os.environ.get(PUBLISH_AS):
        book = places.Book()
        try:
            book.move_to(owner_and_name)
        except ValueError as error:
            raise ConfigError(f"{PUBLISH_AS}: {error}") from None
        address, repository = book.address, book.repository
    return checked(address, repository)


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


def ways_in(page: str, notebooks: set[str], book: places.Book, repository: str, up: str) -> str:
    """The line below a chapter's heading: its notebook, here, in Colab and on Binder.

    Both open the version that the page was built from. `book` is the one whose first cells
    the notebooks have; `repository` may be another one, which publishes its pages.
    """
    stem = page.split("/", 1)[-1]
    notebook = f"notebooks/{stem}"
    if notebook not in notebooks:
        return ""
    links = [f'<a href="{up}{notebook}.html">The notebook</a>'] if page != notebook else []
    if repository:
        where = repository, book.version, f"{notebook}.ipynb"
        if book.repository == repository:  # and so the first cells fetch from there
            links.append(f'<a href="{places.colab(*where)}">Open in Colab</a>')
        links.append(f'<a href="{html.escape(places.binder(*where))}">Open on Binder</a>')
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
    up = "../" * pagename.count("/")
    line = ways_in(pagename, notebooks, places.Book(), repository, up)
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
    where = chosen(config.book_address, config.book_repository)
    config.book_address, config.book_repository = where
    config.html_baseurl = config.book_address


def setup(app):
    """Sphinx calls this."""
    app.add_config_value("book_address", "", "html", str)
    app.add_config_value("book_repository", "", "html", str)
    app.connect("config-inited", _settings)
    app.connect("html-page-context", _add)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

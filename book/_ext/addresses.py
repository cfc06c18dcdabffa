"""What needs to know where the book lives: launch links, the sitemap, cards for other sites.

Two settings of `_config.yml`, below `sphinx: config:`, say it: `book_address`, where the
website is served, and `book_repository`, "https://github.com/owner/name". `make publish-as`
sets them; the environment variable RESNET_BOOK_PUBLISH_AS, "owner/name", comes before them,
so that a fork publishes itself. While one is empty nothing that needs it is shown, and while
the notebooks' first cells name another repository there is no link to Colab: no button leads
nowhere.

Two extensions get the address from here: sphinx-sitemap, and sphinxext-opengraph, which draws a
card for each page. The page for a wrong address is ours, since it is shown at any depth, and one
of the theme's would look for its style sheets there.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path

from sphinx.errors import ConfigError

import places

PUBLISH_AS = "RESNET_BOOK_PUBLISH_AS"
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
label {{ display: block; }}
input, button {{ font: inherit; padding: 0.3rem 0.6rem; }}
@media (prefers-color-scheme: dark) {{
html {{ color: #ebebeb; background: #121212; }}
a {{ color: #8ab4f8; }}
}}
</style></head><body><main><h1>This page is not in the book</h1>
<p>The address may have changed, or never been right.</p>
<form action="{root}search.html" role="search"><label for="q">Search the book</label>
<input id="q" name="q" type="search" required/> <button>Search</button></form>
<ul>
<li><a href="{root}index.html">The front page</a>, with all chapters</li>
<li><a href="{root}book/01-degradation.html">Chapter 1</a>, where the argument begins</li>
<li><a href="{root}book/playground.html">The playground</a> and
<a href="{root}book/explorer.html">the explorer</a></li>
<li><a href="{root}book/about.html">About this book</a>, and its licence</li>
</ul></main></body></html>
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


def ways_in(page: str, notebooks: set[str], book: places.Book, repository: str, up: str) -> str:
    """The line below a chapter's heading: its notebook, here, in Colab and on Binder.

    Both open the version that the page was built from. `book` is the one whose first cells
    the notebooks have; `repository` may be another one, which publishes its pages.
    """
    stem = page.split("/", 1)[-1]
    notebook = f"notebooks/{stem}"
    if notebook not in notebooks:
        return ""
    other = f"book/{stem}.html" if page == notebook else f"{notebook}.html"
    words = "The page that it belongs to" if page == notebook else "The notebook"
    links = [f'<a href="{up}{other}">{words}</a>']
    if repository:
        where = repository, book.version, f"{notebook}.ipynb"
        if book.repository == repository:  # and so the first cells fetch from there
            links.append(f'<a href="{places.colab(*where)}">Open in Colab</a>')
        links.append(f'<a href="{html.escape(places.binder(*where))}">Open on Binder</a>')
    lead = "" if page == notebook else "Run it: "
    return f'<p class="ways-in">{lead}{" · ".join(links)}</p>'


def _add(app, pagename, templatename, context, doctree):
    if app.builder.name != "html":
        return
    repository = app.config.book_repository
    notebooks = {name for name in app.env.found_docs if name.startswith("notebooks/")}
    up = "../" * pagename.count("/")
    line = ways_in(pagename, notebooks, places.Book(), repository, up)
    if line and "body" in context:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def _relative_url_left_out(app, pagename, templatename, context, doctree):
    """Open Graph wants whole addresses, and without one of the book there is none."""
    if not app.config.book_address:
        tags = context.get("metatags", "")
        context["metatags"] = re.sub(r'<meta property="og:url"[^>]*>\n?', "", tags)


def _write(app, exception):
    if exception is None and app.builder.name == "html":
        page = NOT_FOUND.format(root=app.config.book_address)
        (Path(app.outdir) / "404.html").write_text(page, "utf-8")


def _settings(app, config):
    where = chosen(config.book_address, config.book_repository)
    config.book_address, config.book_repository = where
    address = config.html_baseurl = config.ogp_site_url = config.book_address
    if address:
        app.setup_extension("sphinx_sitemap")
        config.sitemap_url_scheme = "{link}"
    else:
        config.ogp_social_cards = {"enable": False}  # a card's address must be whole


def setup(app):
    """Sphinx calls this."""
    app.add_config_value("book_address", "", "html", str)
    app.add_config_value("book_repository", "", "html", str)
    app.setup_extension("sphinxext.opengraph")
    app.connect("config-inited", _settings, priority=100)
    app.connect("html-page-context", _add)
    app.connect("html-page-context", _relative_url_left_out, priority=900)
    app.connect("build-finished", _write)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}

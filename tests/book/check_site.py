"""Checks the built website: `python tests/book/check_site.py _build/html`.

`make book` runs it after the build. It looks at what the pages ask a browser to
load (nothing from another host), at links and images (every one leads
somewhere, those to Colab and Binder too), at alternative texts, titles and
formulas, at each page's content security policy, and at whose the served files are.
`test_site.py` shows that each complaint can be made.
"""

import base64
import collections
import functools
import hashlib
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag

from licences import unlisted

# What a browser fetches without being asked, as (elements, attribute).
LOADED = (
    ("script img source video audio track iframe embed input", "src"),
    ("img source", "srcset"),
    ("object", "data"),
    ("video", "poster"),
)
LOADING_LINKS = {
    *("stylesheet", "icon", "shortcut", "apple-touch-icon", "manifest"),
    *("preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch"),
}
CSS_ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
SCRIPT_ADDRESS = re.compile(r"""["'`](?:https?:)?//[\w.-]+\.\w""")
PATH = re.compile(r"[/\\]|\.(?:png|svg|jpe?g|gif|webp)\b", re.IGNORECASE)
RAW_MARKUP = re.compile(r"\{[a-z:]+\}`|```|:::|\$\S[^$\n]*\$|\]\(\S+\)")
LAUNCH = re.compile(r"https://(?:colab\.research\.google\.com/github|mybinder\.org/v2/gh)\b")
# What a policy may allow besides digests of what stands in the page.
ALLOWED = re.compile(r"'none'|'self'|'wasm-unsafe-eval'|data:|blob:|'sha256-[\w+/]{43}='")
NOT_PROSE = "pre, code, script, style, svg, .math, .tex2jax_ignore"


def is_external(address):
    """True where an address names another host."""
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ftp")


def addresses(text):
    """The addresses that a piece of CSS loads."""
    return [first or second for first, second in CSS_ADDRESS.findall(text)]


class Page:
    """One HTML file: its parsed tree and where it lies."""

    def __init__(self, path, root):
        self.path, self.root = path, root
        self.name = path.relative_to(root).as_posix()
        self.tree = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        self.tags = self.tree.find_all(True)  # walked once: there are thousands on a page
        self.ids = {tag["id"] for tag in self.tags if "id" in tag.attrs}
        self._named = collections.defaultdict(list)
        for tag in self.tags:
            self._named[tag.name].append(tag)

    def named(self, names, *attributes):
        """The elements of these names, as "img source", that have all of these attributes."""
        found = [tag for name in names.split() for tag in self._named[name]]
        return [tag for tag in found if tag.attrs.keys() >= set(attributes)]

    def scripts(self):
        """Scripts that stand in the page itself."""
        return [tag for tag in self.named("script") if "src" not in tag.attrs]

    def loaded(self):
        """Addresses that a browser fetches by itself."""
        for elements, attribute in LOADED:
            for tag in self.named(elements):
                yield from _addresses_in(tag.get(attribute), attribute)
        for tag in self.named("link", "href"):
            if LOADING_LINKS & {word.lower() for word in tag.get("rel", [])}:
                yield tag["href"]
        for tag in self.named("style"):
            yield from addresses(tag.get_text())
        for tag in self.tags:
            yield from addresses(tag.get("style", ""))

    def links(self):
        """Addresses that a reader can follow."""
        return [tag["href"] for tag in self.named("a", "href")]


def _addresses_in(value, attribute):
    if not value:
        return []
    if attribute == "srcset":
        return [entry.split()[0] for entry in value.split(",") if entry.strip()]
    return [value]


def check(root):
    """Returns the pages of the site under `root` and a list of complaints."""
    _target.cache_clear()  # files come and go between two checks
    root = Path(root).resolve()
    files = [file for file in sorted(root.rglob("*.html")) if root / "_static" not in file.parents]
    pages = {path: Page(path, root) for path in files}
    if root / "index.html" not in pages:
        return [], [f"no index.html in {root}"]
    complaints = [
        f"{page.name}: {complaint}"
        for page in pages.values()
        for part in (_requests, _policy, _links, _launching, _images, _titles, _formulas, _prose)
        for complaint in part(page, pages)
    ]
    complaints += [
        f"{sheet.relative_to(root).as_posix()}: loads {address} from another host"
        for sheet in sorted(root.rglob("*.css"))
        for address in addresses(sheet.read_text("utf-8"))
        if is_external(address)
    ]
    return list(pages.values()), complaints


def _requests(page, pages):
    for address in page.loaded():
        if is_external(address):
            yield f"loads {address} from another host"
    for tag in page.scripts():
        found = SCRIPT_ADDRESS.search(tag.get_text())
        if found and tag.get("type", "text/javascript") != "application/json":
            yield f"has a script that names another host: {found[0]}..."


def _policy(page, pages):
    """A policy that comes before all that it is about, is strict, and lets the page work."""
    found = page.tree.select("head meta[http-equiv=Content-Security-Policy]")
    if len(found) != 1:
        yield f"has {len(found)} content security policies instead of one"
        return
    if found[0].find_previous(["script", "style", "link"]):
        yield "has its policy after what the policy is about"
    parts = (part.split() for part in found[0]["content"].split(";"))
    rules = {name: sources for name, *sources in parts}
    for name in ("default-src", "base-uri", "object-src"):
        if rules.get(name) != ["'none'"]:
            yield f"has a policy whose {name} is not 'none': {rules.get(name)}"
    for name, sources in rules.items():
        wide = [source for source in sources if not ALLOWED.fullmatch(source)]
        if wide or (name != "img-src" and {"data:", "blob:"} & set(sources)):
            yield f"has a policy that allows too much: {name} {' '.join(sources)}"
    inside = [("script-src", tag) for tag in page.scripts()]
    inside += [("style-src", tag) for tag in page.named("style")]
    for name, tag in inside:
        digest = base64.b64encode(hashlib.sha256(tag.decode_contents().encode()).digest()).decode()
        if "json" not in tag.get("type", "") and f"'sha256-{digest}'" not in rules.get(name, []):
            yield f"has a policy that refuses: {tag.get_text().strip()[:60]}"
    for tag in page.tags:
        for attribute in tag.attrs:
            if attribute == "style" or attribute.startswith("on"):
                yield f'has a policy that refuses {attribute}="{tag[attribute]}"'


def _links(page, pages):
    for address in (*page.links(), *page.loaded()):
        parts = urlsplit(address)
        if is_external(address) or parts.scheme:
            continue
        target = _target(page.path.parent, unquote(parts.path)) if parts.path else page.path
        if target is None or not target.is_relative_to(page.root):
            yield f"{address} leads nowhere"
        elif (
            parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids
        ):
            yield f"{address} leads to a place that its page has not"


@functools.cache
def _target(folder, path):
    """The file to which a path leads from a folder; None where there is none."""
    target = (folder / path).resolve()
    target = target / "index.html" if target.is_dir() else target
    return target if target.is_file() else None


def _launching(page, pages):
    """Links that run a notebook elsewhere. Only a site with an address has a sitemap."""
    for address in page.links():
        if not LAUNCH.match(address):
            continue
        notebook = Path(unquote(address).rsplit("notebooks/", 1)[-1]).stem
        if not (page.root / "sitemap.xml").is_file():
            yield f"{address} opens a notebook, and the book has no address"
        elif page.root / "notebooks" / f"{notebook}.html" not in pages:
            yield f"{address} opens a notebook that the book has not"


def _images(page, pages):
    for tag in page.named("img"):
        alternative = (tag.get("alt") or "").strip()
        if not alternative:
            yield f"image {tag.get('src')} has no alternative text"
        elif PATH.search(alternative):
            yield f"image {tag.get('src')} has a path as alternative text: {alternative}"


def _titles(page, pages):
    title = page.tree.title.get_text().strip() if page.tree.title else ""
    if not title or "<no title>" in title:
        yield "has no title"
    if not page.tree.html or not page.tree.html.get("lang"):
        yield "does not say its language"
    headings = page.tree.select("article h1")
    if page.tree.article and len(headings) != 1:
        yield f"has {len(headings)} headings of the first level instead of one"


def _formulas(page, pages):
    formulas = [tag for tag in page.tags if "math" in tag.get("class", [])]
    for tag in formulas:
        if tag.find("math") is None:
            yield f"has a formula that is not MathML: {tag.get_text().strip()}"
    if formulas and not list(page.root.glob("_static/fonts/stix-two-math.woff")):
        yield "has formulas, and their font is not part of the site"


def _prose(page, pages):
    article = page.tree.article
    if not article:
        return
    skipped = {id(tag) for tag in article.select(NOT_PROSE)}
    for found in RAW_MARKUP.finditer("".join(_words(article, skipped))):
        yield f"shows raw markup: {found[0]}"


def _words(tag, skipped):
    """The text in an element, without that of the elements whose `id()` is in `skipped`."""
    for child in tag.children:
        if isinstance(child, Tag):
            if id(child) not in skipped:
                yield from _words(child, skipped)
        elif type(child) is NavigableString:  # no comment
            yield child


def main():
    """Prints what is wrong with the site; the exit status says whether anything is."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python tests/book/check_site.py _build/html")
    pages, complaints = check(sys.argv[1])
    complaints = [*complaints, *unlisted(sys.argv[1])]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(f"The site has {len(complaints)} fault(s), listed above.")
    links = sum(len(page.links()) for page in pages)
    images = sum(len(page.named("img")) for page in pages)
    print(f"Checked {len(pages)} pages, {links} links, {images} images: no fault.")


if __name__ == "__main__":
    main()

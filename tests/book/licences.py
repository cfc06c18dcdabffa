"""Whose each file of the built website is: the book's own, or in `book/licences/served.toml`."""

import fnmatch
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVED = ROOT / "book" / "interactive" / "served"
LIST = ROOT / "book" / "licences" / "served.toml"
# What the build makes of the book's pages and pictures; `LICENSE` says under which terms.
OURS = (
    "*.html",
    "_images/*",
    "_sources/*",
    "_downloads/*",
    "sitemap.xml",
    "robots.txt",
    ".nojekyll",
)


def of_others():
    """The entries of the list."""
    return tomllib.loads(LIST.read_text("utf-8"))


def unlisted(site):
    """Files of a built site that are neither the book's nor listed, as complaints."""
    site = Path(site)
    patterns = [pattern for entry in of_others().values() for pattern in entry["files"]]
    own = {
        f"_static/{path.relative_to(folder).as_posix()}"
        for folder in (ROOT / "book" / "_static", SERVED)
        for path in folder.rglob("*")
        if "vendor" not in path.parts
    }
    made = {f"_static/{folder.name}/*" for folder in (SERVED).iterdir()}
    patterns += [*OURS, *own, *(made - {"_static/vendor/*"})]
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            yield f"{name}: whose is it, under which licence? List it in book/licences/served.toml"

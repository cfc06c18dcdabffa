"""A second build goes on from the first: pages as Sphinx wrote them are kept beside the site.

When all pages are written, other extensions change each of them as a whole: one style sheet,
a policy, twins of pictures. To build one page anew, Sphinx must find the others as it left them. So
they are copied before the first of those changes, and put back before the next build. With them go
the style sheets, scripts and fonts of the theme, which are read then, and removed: Sphinx writes
them again only where a page has changed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

KEPT = "html-as-written"  # beside the doctrees
# What those extensions write below _static, by names that change with the content.
WRITTEN = ("set-*.css", "site-*.css")
READ = ("**/*.css", "scripts/*.js", "vendor/fontawesome/webfonts/*")


def _put_back(app) -> None:
    kept, out = _folder(app), Path(app.outdir)
    if app.builder.name != "html" or not kept.exists():
        return
    for pattern in WRITTEN:
        for path in (out / "_static").glob(pattern):
            path.unlink()
    if (out / "index.html").exists():  # somebody may have removed the site alone
        shutil.copytree(kept, out, dirs_exist_ok=True)


def _keep(app, exception) -> None:
    if app.builder.name != "html":
        return
    kept, out = _folder(app), Path(app.outdir)
    shutil.rmtree(kept, ignore_errors=True)
    if exception is not None:
        return
    static = out / "_static"
    pages = [path for path in out.rglob("*.html") if static not in path.parents]
    for path in [*pages, *(path for pattern in READ for path in static.glob(pattern))]:
        to = kept / path.relative_to(out)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, to)  # with its time: Sphinx compares it with the source's


def _folder(app) -> Path:
    return Path(app.doctreedir) / KEPT


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("builder-inited", _put_back)
    app.connect("build-finished", _keep, priority=1)  # before all that changes pages
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

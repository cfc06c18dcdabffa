"""The EPUB of `make epub`: what Sphinx writes, corrected so that epubcheck accepts it.

A reader of EPUBs takes XML at its word and runs no script. So formulas name their namespace,
solutions stand at the end of the chapter, where nobody reads them by accident, and what only the
website needs is left out. A picture that the pages and the notebooks share is stored once.
"""

from __future__ import annotations

import hashlib
import re
import uuid
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx_exercise.nodes import solution_node

import access
from helpers import __version__

MATHML = "http://www.w3.org/1998/Math/MathML"
ITEM = re.compile(r'[ \t]*<item id="[^"]*" href="(?P<href>[^"]+)"[^>]*/>\n')
SHEET = re.compile(r'[ \t]*<link rel="stylesheet"[^>]*href="([^"]+)"[^>]*/>\n?')
HTML = re.compile(r"<html [^>]*>")
COVER = "_static/logo.png"
# What is of use without a script, and the media types of what extensions write after Sphinx has
# made its list: their style sheets, and the font of the formulas with its licence.
KEPT = {".xhtml", ".css", ".png", ".svg", ".jpg", ".ncx"}
ADDED = {".css": "text/css", ".woff": "font/woff", ".txt": "text/plain"}


def corrected(page: str, language: str) -> str:
    """A page as XML wants it: a language, formulas in their namespace, every id once."""
    page = re.sub(r"<math(?=[ >])", f'<math xmlns="{MATHML}"', access.corrected(page))
    lang = f' lang="{language}" xml:lang="{language}">'
    return HTML.sub(lambda m: m[0] if " lang=" in m[0] else m[0][:-1] + lang, page, count=1)


def linking(page: str, folder: Path) -> str:
    """The page without style sheets that are not part of the book; `folder` is where it lies."""
    return SHEET.sub(lambda m: m[0] if (folder / m[1]).is_file() else "", page)


def manifest(content: str, out: Path) -> str:
    """The package's list of files: what is of use, and the properties that a reader must know."""
    listed = {match["href"] for match in ITEM.finditer(content)}

    def item(match):
        path = out / match["href"]
        if not path.is_file() or path.suffix not in KEPT:
            return ""
        named = "cover-image" if match["href"] == COVER else ""
        if path.suffix == ".xhtml" and "<math" in path.read_text("utf-8"):
            named = "mathml"
        return match[0].replace("/>", f'properties="{named}"/>') if named else match[0]

    late = [path for path in sorted((out / "_static").rglob("*")) if path.suffix in ADDED]
    lines = [
        f'    <item id="late-{i}" href="{path.relative_to(out).as_posix()}" '
        f'media-type="{ADDED[path.suffix]}" />\n'
        for i, path in enumerate(late)
        if path.relative_to(out).as_posix() not in listed
    ]
    return ITEM.sub(item, content).replace("  </manifest>", f"{''.join(lines)}  </manifest>")


def doubles(folder: Path) -> dict[str, str]:
    """Pictures that hold what another one holds: name to the name that stays."""
    found, same = {}, {}
    # The pages' own names come first: those of notebooks' outputs are 64 digits long.
    for path in sorted(folder.glob("*"), key=lambda path: (len(path.stem) == 64, path.name)):
        kept = found.setdefault(hashlib.sha256(path.read_bytes()).digest(), path.name)
        if kept != path.name:
            same[path.name] = kept
    return same


def own_ids(drawing: str) -> str:
    """An SVG in which every `id` stands once: the same image twice has one name from Matplotlib."""
    seen: dict[str, int] = {}

    def own(match):
        seen[match[1]] = seen.get(match[1], 0) + 1
        return match[0] if seen[match[1]] == 1 else f' id="{match[1]}-{seen[match[1]]}"'

    return re.sub(r' id="([^"]+)"', own, drawing)


def written(out: Path, names: list[str], target: Path) -> None:
    """Writes the container: `mimetype` first and as it is, as the format demands."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as epub:
        epub.write(out / "mimetype", "mimetype", zipfile.ZIP_STORED)
        for name in names:
            epub.write(out / name, name)


def _solutions_last(app, doctree, docname):
    if app.builder.name != "epub":
        return
    found = list(doctree.findall(solution_node))
    if not found:
        return
    section = nodes.section("", nodes.title("", "Solutions"), ids=["solutions"])
    for node in found:
        node.parent.remove(node)
        section += node
    doctree.next_node(nodes.section).append(section)
    # Without an entry the heading would get the number of the page.
    app.env.toc_secnumbers.setdefault(docname, {})["#solutions"] = None


def _settings(app, config):
    config.version = config.version or __version__
    config.epub_identifier = uuid.uuid5(uuid.NAMESPACE_URL, config.project).urn
    config.epub_uid = "book"
    config.epub_cover = (COVER, "")


def _leave_out(app):
    if app.builder.name == "epub":  # the scripts of pages that compute in the browser
        app.config.html_static_path = ["book/_static"]


def _repair(app, exception):
    if exception is not None or app.builder.name != "epub":
        return
    out = Path(app.outdir)
    same = doubles(out / "_images")
    for path in (out / "_images").glob("*.svg"):
        path.write_text(own_ids(path.read_text("utf-8")), "utf-8")
    for path in out.rglob("*.xhtml"):
        page = corrected(path.read_text("utf-8"), app.config.epub_language)
        page = re.sub(r'(?<=/)[^/"]+(?=")', lambda m: same.get(m[0], m[0]), page)
        path.write_text(linking(page, path.parent), "utf-8")
    for name in same:
        (out / "_images" / name).unlink()
    older = out / "toc.ncx"  # Sphinx writes the name of the identifier there in its place
    uid, identifier = app.config.epub_uid, app.config.epub_identifier
    text = older.read_text("utf-8").replace(f'content="{uid}"', f'content="{identifier}"')
    older.write_text(text, "utf-8")
    package = out / "content.opf"
    package.write_text(manifest(package.read_text("utf-8"), out), "utf-8")
    names = re.findall(r'<item id="[^"]*" href="([^"]+)"', package.read_text("utf-8"))
    target = out / f"{app.config.epub_basename}.epub"
    written(out, ["META-INF/container.xml", "content.opf", *names], target)


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("config-inited", _settings)
    app.connect("builder-inited", _leave_out)
    app.connect("doctree-resolved", _solutions_last, priority=900)
    app.connect("build-finished", _repair, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The pack of figures: every picture of pages and slides, light and dark, with its caption.

`figures()` finds what they show; `pack()` writes a zip of it. Captions and descriptions are
those of the page, or of the slide for a picture of slides alone, in plain text: a number that a
page takes from a notebook is filled in, and a reference to another figure names its file.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import claims
import grounds

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "images"
LICENCE = "CC BY 4.0"
FIELDS = ("file", "dark", "page", "label", "caption", "description", "licence")

_FIGURE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{figure\} (?P<file>\S+)\n(?P<body>.*?)^(?P=fence)\s*$", re.M | re.S
)
_OPTION = re.compile(r"^:(?P<key>[\w-]+): (?P<value>.*)\n", re.M)
_TABLE = re.compile(r"^`{3,}\{list-table\} (?P<title>.*)\n(?P<body>(?::.*\n)+)", re.M)


@dataclass(frozen=True)
class Figure:
    """A picture as a page or a slide shows it.

    - `path`: the file; `page`: the path of page or slides in the repository;
    - `label`: its name there;
    - `caption`, `description`: what stands below it, and what is read aloud in its place.
    """

    path: Path
    page: str
    label: str
    caption: str
    description: str

    @property
    def name(self) -> str:
        """Its path inside `images/`, with slashes."""
        return self.path.relative_to(IMAGES).as_posix()

    @property
    def dark(self) -> str:
        """What its twin for the dark theme is called; "" for a picture that has none."""
        stem, dot, ending = self.name.rpartition(".")
        return f"{stem}-dark{dot}{ending}" if ending == "svg" else ""


def figures() -> list[Figure]:
    """The pictures of the pages, then those of slides alone, in their order, each once.

    Raises ValueError for one without a caption or a description.
    """
    found: dict[Path, Figure] = {}
    pages = sorted((ROOT / "book").glob("*.md"))
    names = _names(pages)
    for page in [*pages, *sorted((ROOT / "teaching" / "slides").glob("*.md"))]:
        for match in _FIGURE.finditer(page.read_text("utf-8")):
            path = (page.parent / match["file"]).resolve()
            if path in found:
                continue
            options = dict(_OPTION.findall(match["body"]))
            caption = plain(_OPTION.sub("", match["body"]), names)
            description = plain(options.get("alt", ""), names)
            where = f"{page.name}, {match['file']}"
            if not caption or not description:
                raise ValueError(f"{where}: expected a caption and an `alt`. One is empty.")
            name = page.relative_to(ROOT).as_posix()
            found[path] = Figure(path, name, options.get("name", ""), caption, description)
    return list(found.values())


def plain(text: str, names: dict[str, str]) -> str:
    """A caption without markup; `names` says what a label of the book is called in the pack.

    Raises ValueError for a role that it cannot put into words.
    """

    def role(match):
        kind, content = match[1], match[2]
        if kind == "glue:text":
            glued = claims.GLUED.fullmatch(re.sub(r"^.*/|\.ipynb(?=::)", "", content))
            return format(claims.stored(glued[1])[0][glued[2]], glued[3] or "")
        if kind == "numref" and content in names:
            return names[content]
        if kind.startswith("cite"):
            return "[" + content.replace(",", ", ") + "]"
        raise ValueError(f"A caption of the pack cannot hold {match[0]!r}: put it into words")

    text = re.sub(r"\{([\w:]+)\}`([^`]*)`", role, text)
    text = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", text)  # links
    text = " ".join(re.sub(r"[*`$]", "", text).split())
    return text[:1].upper() + text[1:]  # a role may have begun it


def _names(pages: Iterable[Path]) -> dict[str, str]:
    """What labels of figures and tables are called: the file, or the table's title."""
    names = {}
    for page in pages:
        text = page.read_text("utf-8")
        for match in _FIGURE.finditer(text):
            if label := dict(_OPTION.findall(match["body"])).get("name"):
                names[label] = f"the figure {Path(match['file']).name}"
        for match in _TABLE.finditer(text):
            if label := dict(_OPTION.findall(match["body"])).get("name"):
                names[label] = f"the table “{match['title']}”"
    return names


def pack(path: Path) -> int:
    """Writes the zip and says how many figures are in it."""
    of_pages = figures()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for figure in of_pages:
            data = figure.path.read_bytes()
            file.writestr(f"figures/{figure.name}", data)
            if figure.dark:
                dark = grounds.dark_svg(data.decode("utf-8"))
                file.writestr(f"figures/{figure.dark}", dark)
        file.writestr("figures.csv", _table(of_pages))
        file.writestr("captions.md", _captions(of_pages))
        file.writestr("LICENSE.txt", (ROOT / "book" / "licences" / "CC-BY-4.0.txt").read_bytes())
        file.writestr("references.bib", (ROOT / "book" / "references.bib").read_bytes())
    return len(of_pages)


def _row(figure: Figure) -> dict[str, str]:
    return {
        "file": f"figures/{figure.name}",
        "dark": figure.dark and f"figures/{figure.dark}",
        "page": figure.page,
        "label": figure.label,
        "caption": figure.caption,
        "description": figure.description,
        "licence": LICENCE,
    }


def _table(of_pages: Iterable[Figure]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, FIELDS)
    table.writeheader()
    table.writerows(_row(figure) for figure in of_pages)
    return text.getvalue()


def _captions(of_pages: Iterable[Figure]) -> str:
    """The same to read: what to put below a figure, and into its alternative text."""
    title = re.search(r"^title: (.*)$", (ROOT / "_config.yml").read_text("utf-8"), re.M)[1]
    parts = [
        f"# The figures of *{title}*\n\nThey are under {LICENCE} (LICENSE.txt): use and change "
        "them, and name the book and its authors. A file whose name ends in `-dark` is made for a "
        "dark ground. Keys in brackets stand in references.bib.\n"
    ]
    for figure in of_pages:
        parts.append(
            f"## {figure.name}\n\n{figure.caption}\n\n"
            f"*Description, for those who cannot see it:* {figure.description}\n\n"
            f"*Page:* {figure.page}\n"
        )
    return "\n".join(parts)

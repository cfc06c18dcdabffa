"""The theme's icons, cut down to those that the pages show.

Version 6 of Font Awesome gives an icon its character by `.fa-bars:before{content:"..."}`, version
7 by `.fa-bars{--fa:"..."}`; names of the family and of the file differ, too. All of it is read
from the theme's style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree

import fonts

FACE = re.compile(r"@font-face\s*\{[^}]*Font Awesome[^}]*\}")
FAMILY = re.compile(r"font-family:\s*[\"']?(Font Awesome\\? [^;\"'}]+?)[\"']?\s*[;}]")
SOURCE = re.compile(r"url\(([^)]+\.(?:ttf|otf|woff2?))\)")
RULE = re.compile(r'((?:\.fa-[\w-]+(?P<before>:before)?,?)+)\{(content|--fa):"((?:\\.|[^"\\])*)"\}')
NAMED = re.compile(r'--pst-icon-[\w-]+:\s*"((?:\\.|[^"\\])+)"')  # of notes and buttons
USE = re.compile(r"\{[^}]*Font Awesome[^}]*\}")  # by another rule, of whatever version it says
CONTENT = re.compile(r'content:\s*"((?:\\.|[^"\\])+)"')
VERSION = re.compile(r"(?<=Font Awesome) \d+(?= Free)|(?<=Font Awesome\\) \d+(?= Free)")
BY_SCRIPT = {"xmark"}  # what scripts put in: the cross of a closed dialogue
OTHER_FACES = {"brands", "regular"}
FONT = "fonts/icons.woff"
LICENCE = """Icons of {family}, cut down to those that the pages show.
Copyright Fonticons, Inc. (https://fontawesome.com)
The font is licensed under the SIL Open Font License 1.1: https://openfontlicense.org
The icons are licensed under CC BY 4.0: https://creativecommons.org/licenses/by/4.0/
"""


class NotAsExpected(ValueError):
    """The theme has its icons in a way that is not known here: they must stay as they are."""


def on_pages(pages: Iterable[str]) -> set[str]:
    """The names of the icons in these pages, and of what marks them as icons."""
    return set().union(*(re.findall(r"\bfa-([\w-]+)", page) for page in pages))


def face(sheet: str) -> tuple[str, list[str]]:
    """The family of the solid icons in a style sheet, and the files that hold it, as it says."""
    for rule in FACE.findall(sheet):
        family, sources = FAMILY.search(rule), SOURCE.findall(rule)
        if re.search(r"font-weight:\s*900", rule) and family and sources:
            return family[1].replace("\\", ""), sources
    raise NotAsExpected("expected an @font-face of Font Awesome with the weight 900. Received none")


def with_icons(sheet: str, names: set[str]) -> tuple[str, set[str]]:
    """The style sheet with these icons alone, and the characters that stand for them.

    Raises NotAsExpected where it has no such icons, or shows them in another way.
    """
    if others := sorted(OTHER_FACES & names):
        raise NotAsExpected(f"expected solid icons alone. Received fa-{', fa-'.join(others)}, too")
    family, _ = face(sheet)
    rules, characters = 0, set()

    def rule(match):
        nonlocal rules
        rules += 1
        known = [name for name in re.findall(r"\.fa-([\w-]+)", match[1]) if name in names]
        if not known:
            return ""
        characters.add(_unescaped(match[4]))
        chosen = ",".join(f".fa-{name}{match['before'] or ''}" for name in known)
        return f'{chosen}{{{match[3]}:"{match[4]}"}}'

    sheet = RULE.sub(rule, FACE.sub("", sheet))
    if not rules:
        raise NotAsExpected('expected rules like .fa-bars:before{content:"..."}. Received none')
    named = NAMED.findall(sheet) + CONTENT.findall("".join(USE.findall(sheet)))
    characters |= {_unescaped(content) for content in named}
    sheet = VERSION.sub(VERSION.search(family)[0], sheet)
    ours = (
        f'@font-face{{font-display:block;font-family:"{family}";font-weight:900;'
        f'src:url({FONT}) format("woff")}}'
    )
    return ours + sheet, characters


def _unescaped(content):
    code = re.fullmatch(r"\\([0-9a-f]+) ?", content)
    return chr(int(code[1], 16)) if code else content.lstrip("\\")


def cut_down(sheets: dict[Path, str], names: set[str], static: Path) -> dict[Path, str]:
    """The pages' style sheets with these icons alone; their font is written into `static`.

    The theme's own files of icons go. Raises NotAsExpected, having changed nothing, for a theme
    that has them in another way or in a file that cannot be read.
    """
    cut = {path: with_icons(sheet, names | BY_SCRIPT) for path, sheet in sheets.items()}
    family, sources = face(next(iter(sheets.values())))
    found = [static / source for source in sources if (static / source).is_file()]
    if not found:
        raise NotAsExpected(f"expected one of {', '.join(sources)} in _static. Received none")
    source = min(found, key=lambda path: path.suffix == ".woff2")  # which needs brotli to be read
    try:
        fonts.cut_down(
            source, static / FONT, set().union(*(letters for _, letters in cut.values()))
        )
    except ImportError as error:
        raise NotAsExpected(f"expected to read {source.name}. Received: {error}") from error
    (static / "fonts" / "icons-LICENCE.txt").write_text(LICENCE.format(family=family), "utf-8")
    rmtree(source.parents[1], ignore_errors=True)
    return {path: sheet for path, (sheet, _) in cut.items()}

"""Finds the numbers that are typed into prose, in pages and in notebooks.

Nothing of Sphinx is needed here. What is not prose, or no quantity, is blotted out first:
`EXCLUSIONS` names each case and says why. What is left is read for digits and number words.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

BLOT = "\ue000"  # stands for a character that is not read

DIGITS = r"\d+/\d+|\d+(?:(?:,|\{,\})\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
_SMALL = ["two", "three", "four", "five", "six", "seven", "eight", "nine"]
_LARGE = [
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy"),
    *("eighty", "ninety"),
]
_POWERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
CARDINALS = {
    **{word: 2 + i for i, word in enumerate(_SMALL)},
    **{word: 10 + i for i, word in enumerate(_LARGE[:11])},
    **{word: 30 + 10 * i for i, word in enumerate(_LARGE[11:])},
}
PARTS = {
    **{"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10},
    **{"sixteenth": 16, "seventeenth": 17, "hundredth": 100, "thousandth": 1000},
    **{"millionth": 10**6, "billionth": 10**9, "hundred-millionth": 10**8},
}
_SINGLE = {"a": 1, "one": 1, "twice": 2, "thrice": 3}
_CARDINAL = "|".join(CARDINALS)
_PART = "|".join(sorted(PARTS, key=len, reverse=True))
# Words that make a small number word a quantity: "three seeds", but not "two rules".
MEASURED = "epochs|images|minutes|nets|points|powers|runs|seconds|seeds|steps|times|units"
WORDS = "|".join(
    (
        rf"(?:a|one|{_CARDINAL}) (?:hundred|thousand|million|billion)(?![-\w])",
        rf"(?:{'|'.join(_LARGE)})(?![-\w])",
        rf"(?:{'|'.join(_SMALL)})(?= (?:{MEASURED})\b)",
        rf"(?:a|one|two|three) (?:{_PART})s?(?![-\w])",
        r"(?<=than )(?:a|one)(?= (?:point|per cent)\b)",
        r"half(?= (?:of|the|as|a|an)\b)",
        r"twice|thrice",
    )
)
NUMBER = re.compile(rf"(?<![\w.])(?:{DIGITS})(?![\w]|[.,]\d)|\b(?:{WORDS})", re.IGNORECASE)

# Blotted out in this order. Each is something that no code could recompute, or that is a
# name and no quantity.
_PLACES = r"[Cc]hapter|[Ss]ection|[Tt]able|[Ff]igure|[Ff]ig\.|[Ff]ootnote|[Ee]quation|[Pp]age"
_PLACES += "|[Tt]heorem"
_DEPTHS = r"(?:8|14|16|18|19|20|32|34|44|50|56|101|110|152|1202)\b"
EXCLUSIONS: dict[str, str] = {
    # Code, file names, commands: what it prints is tested elsewhere.
    "inline code": r"(`+)(?!`).+?(?<!`)\1(?!`)",
    # Filled in when the site is built: numbers of figures, citations, glued values.
    "roles": r"\{[\w:]+\}`[^`]*`",
    "addresses": r"(?<=\])\([^)\s]*\)|<https?:[^>]*>|https?://\S+",
    # The target of `(label)=` and of `$$ ... $$ (label)`.
    "labels": r"^\([\w-]+\)=$|(?<=\$\$ )\([\w-]+\)",
    # Zagoruyko and Komodakis' name of a net, its layers and its width: WRN-28-10.
    "wide nets": r"\bWRN-\d+-\d+\b",
    # ResNet-34, CIFAR-10, conv3_x, top-1, float32, v1.5, and "ResNet-50, 101 and 152".
    "names": rf"(?<!\w)[A-Za-z]\w*?[-_]?\d[\w.]*(?:(?:, {_DEPTHS})+,? (?:and|or) {_DEPTHS}"
    rf"|,? (?:and|or) {_DEPTHS}(?=[,.;:?!)\n]| included))?",
    # 3x3, 224x224, 256-64-64-256, kernel 3, stride 2: what an operation or a block is called.
    "shapes": r"(?<![\w.])\d+(?:x\d+)+\b|(?<![\w.])\d+(?:-\d+){2,}"
    r"|\b(?:[Ss]tride|[Kk]ernel)s?(?: size| is)? \d(?: and \d)?\b",
    # A place in this book or in the paper: Table 3, section 4.1, its Tables 1 and 6.
    "places": rf"\b(?:{_PLACES})[\s*]+\d+(?:\.\d+)*|\b(?:{_PLACES})s[\s*]+\d+(?:\.\d+)*"
    r"(?:, \d+(?:\.\d+)*)*,? (?:and|to|or) \d+(?:\.\d+)*",
    # 2048 channels are no year, and a year without such a word is not excluded.
    "years": r"\b(?:in|after|since|until|before|of|After) (?:19[5-9]|20[0-3])\d\b|©\s*\d{4}",
    # A day, as the errata have it: 2026-11-27.
    "days": r"\b20\d\d-[01]\d-[0-3]\d\b",
    # What the book runs with is tested where the versions are pinned.
    "versions": r"\b(?:Python|TensorFlow|Keras|NumPy|Jupyter Book)(?:[\s|,]|and|or|to|later|below"
    r"|is|another)*\d+(?:\.\w+)*(?:(?:[\s|,]|and|or|to|later|below)+\d+(?:\.\w+)*)*",
    # What a product is called.
    "products": r"\bClassroom 50\b",
    # "2. Where the map is halved", "(3) A ReLU", and the first cell of a row, which names it.
    "numbering": r"^\s*(?:#+ |(?:>\s*)*)\d+\.\s|(?<=\()\d(?=\) )|^\| *\d+ *(?=\|)|^\* - \d+$",
    # A unit: "more than two powers of ten" holds one number.
    "powers of ten": r"(?<=powers )of ten",
    # A kernel that is 1 in its centre and 0 elsewhere: what something is by definition.
    # "1 %" and "0.5" are read.
    "naught and one": r"(?<![\w.,/])[01](?![\w/]|[.,]\d| ?%| (?:G|M|MiB|points?|units?)\b)",
}
_EXCLUDED = {name: re.compile(pattern, re.MULTILINE) for name, pattern in EXCLUSIONS.items()}
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\})?(.*)$")
_PREDICT = re.compile(r"^(:{3,})\{predict\}")
_NAMED = re.compile(r"^:(name|right|claim|unit|within):\s+(.+)")
_OPTION = re.compile(r"^\s*:([\w-]+):(\s|$)")
# Directives whose inside is prose, and those whose argument is prose, too.
_PROSE = "admonition card dropdown exercise figure glossary grid grid-item-card image important"
_PROSE += " list-table margin note proof seealso solution tab-item table tip warning card-footer"
_PROSE += " playground predict"
_PROSE += " notes revealjs-fragments"  # of the slides
_TITLED = {"admonition", "exercise", "list-table", "table", "dropdown", "card", "grid-item-card"}
_TITLED |= {"predict"}
_MATH = re.compile(r"\$\$(?P<shown>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$]+?)\$", re.DOTALL)
_RELATION = re.compile(r"=|\\(?:le|ge|approx|lt|gt)\b|<|>|\\\\|&|;")
GLUE = re.compile(r"\{glue:text\}`(?:[^`]*/)?([\w.-]+)\.ipynb::([\w.-]+?)(?::([^`:]+))?`")


@dataclass(frozen=True)
class Number:
    """A number in a text: what it says, where it stands, the line, and the words around it."""

    value: float
    text: str
    start: int
    end: int
    line: int
    sentence: str


@dataclass(frozen=True)
class Page:
    """The prose of one file: `name` is its path, `places` says what each line is called."""

    name: str
    text: str
    places: tuple[str, ...]

    def numbers(self) -> list[Number]:
        """The numbers that nothing excludes, in their order."""
        return find(self.text)

    def glued(self) -> list[tuple[str, str, str]]:
        """Notebook, key and format of every glued value."""
        return [(m[1], m[2], m[3] or "") for m in GLUE.finditer(self.text)]


def read(path: Path, root: Path) -> Page:
    """A page, or the Markdown cells, captions and alternative texts of a notebook."""
    name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return Page(name, text, tuple(f"line {i + 1}" for i in range(text.count("\n") + 1)))
    lines, places = [], []
    for i, cell in enumerate(json.loads(text)["cells"]):
        prose = "".join(cell["source"]) if cell["cell_type"] == "markdown" else _texts(cell)
        if prose:
            more = [*prose.split("\n"), ""]
            lines += more
            places += [f"cell {i}, line {j + 1}" for j in range(len(more))]
    return Page(name, "\n".join(lines), tuple(places))


def _texts(cell):
    book = cell["metadata"].get("mystnb", {})
    found = (book.get("figure", {}).get("caption"), book.get("image", {}).get("alt"))
    return "\n\n".join(filter(None, found))


def find(text: str, *, excluding: bool = True) -> list[Number]:
    """The numbers of a Markdown text; without `excluding` also those in code and names."""
    read_text = blotted(text) if excluding else text
    return [
        Number(
            amount(m[0]), m[0], m.start(), m.end(), text.count("\n", 0, m.start()), _around(text, m)
        )
        for m in NUMBER.finditer(read_text)
    ]


def amount(text: str) -> float:
    """The value of digits, signed or not, or of a number word. Raises ValueError otherwise."""
    plain = text.replace("{,}", "").replace(",", "").lower()
    if plain.lstrip("+-")[:1].isdigit():
        above, _, below = plain.partition("/")
        return float(above) / float(below) if below else float(above)
    if plain in _SINGLE:
        return _SINGLE[plain]
    first, _, last = plain.rpartition(" ")
    count = CARDINALS.get(first, 1)
    last = last if last in _POWERS or last in CARDINALS else last.removesuffix("s")
    if last in PARTS:
        return count / PARTS[last]
    if last in _POWERS or last in CARDINALS:
        return count * _POWERS.get(last, 0) or CARDINALS[last]
    raise ValueError(f"Expected digits or a number word such as 'twice'. Received: {text!r}")


def blotted(text: str) -> str:
    """The text with everything that is not read replaced, character by character."""
    out, fences = [], []  # a fence is (marker, whether its inside is prose)
    header = False
    wrong = {line for one in asked(text) for line in one.wrong}
    for number, line in enumerate(text.split("\n")):
        fence = _FENCE.match(line)
        inside = all(prose for _, prose in fences)
        closes = fence and fences and not fence[2] and not fence[3].strip()
        if closes and fence[1].startswith(fences[-1][0]):
            fences.pop()
            out.append(BLOT * len(line))
            continue
        if fence and inside:
            kind = (fence[2] or "").strip("{}")
            fences.append((fence[1], kind in _PROSE.split()))
            shown = len(fence[3]) if kind in _TITLED else 0
            out.append(BLOT * (len(line) - shown) + line[len(line) - shown :])
            header = True
            continue
        option = _OPTION.match(line)
        header = header and option is not None
        hidden = not inside or number in wrong or (header and option[1] not in ("alt", "caption"))
        out.append(BLOT * len(line) if hidden else line)
    result = _MATH.sub(_results, "\n".join(out))
    for pattern in _EXCLUDED.values():
        result = pattern.sub(lambda m: re.sub(r"[^\n]", BLOT, m[0]), result)
    return result


@dataclass(frozen=True)
class Asked:
    """A {predict}: its options, the lines of each choice, and the text of its answer."""

    options: dict[str, str]
    choices: tuple[range, ...]
    answer: str

    @property
    def wrong(self) -> set[int]:
        """The lines of the choices that are not the right one: nothing holds those."""
        right = self.options.get("right", "")
        return {i for n, lines in enumerate(self.choices, 1) if str(n) != right for i in lines}


def asked(text: str) -> list[Asked]:
    """The predictions of a page, in their order."""
    lines, found = text.split("\n"), []
    for start, line in enumerate(lines):
        if opened := _PREDICT.match(line):
            end = lines.index(opened[1], start)
            head = itertools.takewhile(str.strip, lines[start + 1 : end])
            options = dict(m.groups() for line in head if (m := _NAMED.match(line)))
            cut = next((i for i in range(start, end) if lines[i] == "---"), start)
            first = [i for i in range(start, cut) if lines[i].startswith("- ")]
            choices = tuple(map(range, first, [*first[1:], cut]))
            found.append(Asked(options, choices, "\n".join(lines[cut + 1 : end])))
    return found


def _results(match: re.Match) -> str:
    """Of a formula only its results are read: numbers that alone are a side of a relation.

    In `$9 \\cdot 64 \\cdot 64 = 36{,}864$` that is the last one; the others are how it came.
    """
    formula, kept = match[0], []
    edges = [0, *(i for m in _RELATION.finditer(formula) for i in m.span()), len(formula)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        bare = re.fullmatch(
            rf"(?:[\s$,.]|\\[,;!])*({DIGITS})(?:[\s$,.]|\\[,;!])*", formula[start:end]
        )
        if bare:
            kept.append((start + bare.start(1), start + bare.end(1)))
    shown = list(re.sub(r"[^\n]", BLOT, formula))
    for start, end in kept:
        shown[start:end] = formula[start:end]
    return "".join(shown)


def equations(text: str) -> list[tuple[str, list[tuple[str, float]]]]:
    """Formulas with at least two sides of nothing but numbers: each side and what it comes to."""
    found = []
    for match in _MATH.finditer(text):
        sides = [
            (side, _calculated(side)) for side in _RELATION.split(match["shown"] or match["inline"])
        ]
        numeric = [(side.strip(), value) for side, value in sides if value is not None]
        if len(numeric) > 1:
            found.append((match[0] + text[match.end() : match.end() + 2], numeric))
    return found


def _calculated(side: str) -> float | None:
    """The value of a side such as `4 \\cdot 36{,}864`; None if more than numbers is in it."""
    plain = side.replace("{,}", "").replace(r"\cdot", "*").replace("^", "**").replace(r"\ln", "log")
    plain = re.sub(r"\\[,;! ]|[$]", " ", plain).replace("{", "(").replace("}", ")").strip()
    plain = re.sub(r"log\s*(\d+)", r"log(\1)", plain)
    if not re.fullmatch(r"(?:[\d\s.()+*/-]|log)*\d(?:[\d\s.()+*/-]|log)*", plain):
        return None
    return eval(plain, {"log": math.log, "__builtins__": {}})


def _around(text: str, match: re.Match) -> str:
    start = max(text.rfind(mark, 0, match.start()) + len(mark) for mark in (". ", "? ", "\n", ": "))
    ends = [i for mark in (". ", "? ", "\n") if (i := text.find(mark, match.end())) >= 0]
    return " ".join(text[start : min(ends, default=len(text)) + 1].split())

"""The book's quantitative statements: read from `book/claims/`, compared, found on pages, shown.

A file of `book/claims/` belongs to a chapter: a `title`, the `pages` that it speaks of (the page
and its notebook) and a `[[claim]]` for every statement. book/claims/README.md says how one is
written. `tests/claims/test_claims.py` recomputes them; the directive `{claims}` draws the table.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import prose

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "code": "computed by code",
    "record": "read from recorded runs",
    "notebook": "read from what the notebook stored when it was run",
    "paper": "transcribed from a paper or another source",
    "given": "set by the author",
    "unrecorded": "measured once and kept nowhere: nothing recomputes it",
}
BOUNDS = ("more than", "less than", "at least", "at most")
_KEYS = {"id", "statement", "value", "near", "source", "pages", "bound", "within", "because"}
_KEYS |= {"paper", "tolerance", "disagrees"}
GLUED = re.compile(r"([\w.-]+)::([\w.-]+?)(?::([^:]+))?")


@dataclass(frozen=True)
class Claim:
    """One statement.

    - `value`: the number with the words beside it, as it stands on the page, or
      "notebook::key:format" for a value that the page takes from a notebook;
    - `near`: the words of which one stands beside the number, where `value` is the number alone:
      such a claim holds for every place of its pages where the two stand together;
    - `kind`, `source`: one of `KINDS`, and the expression, the citation, or the reason;
    - `read`: of a paper's number, where the tests have it already: the expression;
    - `within`: how far the recomputed number may lie from the printed one, and `because`;
      without it they agree to the printed digits, and a number word agrees exactly;
    - `bound`: the source is "more than" the value, and so on;
    - `paper`, `tolerance`: the paper's "place: numbers", and how far off they may be;
      `disagrees` says why they are further off.
    """

    id: str
    statement: str
    value: tuple[str, ...]
    kind: str
    source: str
    pages: tuple[str, ...]
    chapter: str
    explicit: bool
    near: tuple[str, ...] = ()
    read: str = ""
    bound: str = ""
    within: float | None = None
    because: str = ""
    paper: str = ""
    tolerance: float | None = None
    disagrees: str = ""

    @property
    def expression(self) -> str:
        """What recomputes it; empty where nothing can."""
        if self.kind in ("paper", "given", "unrecorded"):
            return self.read
        return self.source

    def by_wording(self) -> list[list[str]]:
        """The numbers of each value as printed, glued ones from the stored outputs."""
        return [_printed(value) for value in self.value]

    def printed(self) -> list[str]:
        """All of them in their order."""
        return [text for numbers in self.by_wording() for text in numbers]

    def papers(self) -> list[float]:
        """The paper's numbers."""
        return [
            float(n.replace(",", "")) for n in re.findall(prose.DIGITS, self.paper.split(":")[-1])
        ]


def load(folder: Path = ROOT / "book" / "claims") -> list[Claim]:
    """The claims of all files. Raises ValueError for one that is not well-formed."""
    claims = [claim for path in sorted(folder.glob("*.toml")) for claim in _of_file(path)]
    ids = [claim.id for claim in claims]
    if double := {i for i in ids if ids.count(i) > 1}:
        raise ValueError(f"Expected every `id` once. Received twice: {sorted(double)}")
    return claims


def titles(folder: Path = ROOT / "book" / "claims") -> dict[str, str]:
    """The title of each chapter's file, in the order of the files' names."""
    return {
        p.stem: tomllib.loads(p.read_text("utf-8"))["title"] for p in sorted(folder.glob("*.toml"))
    }


def _of_file(path: Path) -> Iterator[Claim]:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    if missing := {"title", "pages"} - set(content):
        raise ValueError(f"{path.name}: expected a `title` and `pages`. Missing: {sorted(missing)}")
    for entry in content.get("claim", []):
        where = f"{path.name}, claim {entry.get('id', '?')}"
        missing = {"id", "statement", "value", "source"} - set(entry)
        if missing or (unknown := set(entry) - _KEYS):
            raise ValueError(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
        kinds = set(entry["source"]) & set(KINDS)
        if len(kinds) != 1 or set(entry["source"]) - kinds - {"read"}:
            raise ValueError(
                f"{where}: `source` must be one of {', '.join(KINDS)} (and `read` beside `paper`). "
                f"Received: {sorted(entry['source'])}"
            )
        bound = entry.get("bound", "")
        if bound and bound not in BOUNDS:
            raise ValueError(f"{where}: `bound` must be one of {BOUNDS}. Received: {bound!r}")
        for key, needs in (("within", "because"), ("tolerance", "paper"), ("paper", "tolerance")):
            if key in entry and needs not in entry:
                raise ValueError(f"{where}: `{key}` needs `{needs}`")
        kind = kinds.pop()
        value = entry["value"]
        rest = ("id", "statement", "bound", "within", "because", "paper", "tolerance", "disagrees")
        claim = Claim(
            **{key: entry[key] for key in rest if key in entry},
            value=tuple([value] if isinstance(value, str) else value),
            near=tuple(entry.get("near", ())),
            kind=kind,
            source=entry["source"][kind],
            read=entry["source"].get("read", ""),
            pages=tuple(entry.get("pages", content["pages"])),
            explicit="pages" in entry,
            chapter=path.stem,
        )
        for value in claim.value:
            _check_value(value, claim.near, where)
        yield claim


def _check_value(value: str, near: tuple[str, ...], where: str) -> None:
    if GLUED.fullmatch(value):
        return
    if near:
        _check_near(value, near, where)
        return
    numbers = prose.find(value)
    if not numbers:
        raise ValueError(
            f"{where}: expected a number that counts as one in `value`. Received: {value!r}. "
            "prose.EXCLUSIONS says what does not count: no claim is needed for it."
        )
    digits = numbers[0].text.replace(".", "").replace(",", "").lstrip("0")
    distinct = len(digits) > 3 or len(digits.rstrip("0")) > 2
    if len(numbers) == 1 and value == numbers[0].text and not distinct:
        raise ValueError(
            f"{where}: {value!r} alone could mean anything on the page. Put the words beside it "
            "into `value`, as they stand there; … stands for up to 200 characters. Or name words "
            "of which one is always beside it: `near`."
        )


def _check_near(value: str, near: tuple[str, ...], where: str) -> None:
    if not re.fullmatch(prose.NUMBER, value):
        raise ValueError(
            f"{where}: with `near`, `value` is a number and nothing else. Received: {value!r}"
        )
    if wrong := [word for word in near if not re.fullmatch(r"[^\W\d_][^\W_]*(-[^\W_]+)*", word)]:
        raise ValueError(f"{where}: expected single words in `near`. Received: {wrong}")


# --- the stored outputs of notebooks ----------------------------------------------


@functools.cache
def stored(notebook: str) -> tuple[dict[str, float], str]:
    """The values that a notebook has glued, and the text that it has printed.

    Raises FileNotFoundError for an unknown notebook.
    """
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    glued, shown = {}, []
    for output in (o for cell in cells for o in cell.get("outputs", [])):
        if book := output.get("metadata", {}).get("scrapbook"):
            key = book["mime_prefix"] + "text/plain"
            glued[book["name"]] = ast.literal_eval("".join(output["data"][key]))
        shown.append("".join(output.get("text", [])))
    return glued, "\n".join(shown)


def _printed(value: str) -> list[str]:
    if glued := GLUED.fullmatch(value):
        values, _ = stored(glued[1])
        if glued[2] not in values:
            raise ValueError(f"{glued[1]} glues no {glued[2]!r}; it has {sorted(values)}")
        return [format(values[glued[2]], glued[3] or "")]
    return [number.text for number in prose.find(value)]


# --- agreement --------------------------------------------------------------------


def rounding(text: str) -> float:
    """Half a unit in the last printed place; next to nothing for number words and fractions."""
    plain = text.replace("{,}", "").replace(",", "").lstrip("+-")
    if not plain[0].isdigit() or "/" in plain:
        return 1e-9
    mantissa, _, exponent = plain.partition("e")
    return 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])) * (1 + 1e-9)


def disagreements(claim: Claim, recomputed: float | Iterable[float]) -> list[str]:
    """What is wrong with a claim, given what its source yields; nothing if all is well."""
    texts = claim.printed()
    came = list(recomputed) if isinstance(recomputed, Iterable) else [recomputed]
    if claim.near:  # each source is of the one number
        texts, came = [t for t in texts for _ in came], came * len(texts)
    elif all(len(_printed(value)) == len(came) for value in claim.value):
        came = came * len(claim.value)  # several wordings of the same
    elif len(came) == 1:
        came = came * len(texts)
    head = f"{claim.chapter}.toml, {claim.id}:"
    if len(came) != len(texts):
        return [f"{head} `value` prints {len(texts)} numbers, {texts}, the source yields {came}"]
    complaints = []
    for text, number in zip(texts, came, strict=True):
        said = prose.amount(text)
        slack = rounding(text) if claim.within is None else claim.within
        good = {
            "": abs(number - said) <= slack,
            "more than": number > said,
            "less than": number < said,
            "at least": number >= said,
            "at most": number <= said,
        }
        if not good[claim.bound]:
            how = claim.bound or f"to {slack:g}"
            complaints.append(
                f"{head} the book says {text} ({how}), the source yields {number!r}. Correct the "
                "number on the page and in the claim, or the source."
            )
    return complaints + _with_paper(claim, texts, head)


def _with_paper(claim, texts, head):
    if not claim.paper:
        return []
    of_paper = claim.papers()
    of_paper = of_paper * len(texts) if len(of_paper) == 1 else of_paper
    if len(of_paper) != len(texts):
        return [f"{head} {len(texts)} numbers stand beside {len(of_paper)} of the paper's"]
    off = [
        (text, number)
        for text, number in zip(texts, of_paper, strict=True)
        if abs(prose.amount(text) - number) > claim.tolerance + 1e-9
    ]
    if off and not claim.disagrees:
        return [
            f"{head} {off[0][0]} is more than {claim.tolerance} from the paper's {off[0][1]}. Say "
            "why, in `disagrees`, and on the page."
        ]
    if claim.disagrees and not off:
        return [f"{head} it agrees with the paper: `disagrees` is out of date"]
    return []

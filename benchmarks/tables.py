"""What was measured as tables: for the page "How fast?" and for this folder's README."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from pairs import ratio
from rows import ROWS, Row

HERE = Path(__file__).resolve().parent
MEASURED, README = HERE / "measured", HERE / "README.md"
HEAD = ("what", "ours", "against", "ratio", "aim")
START = "<!-- Made by bench.py: do not write below. -->\n"


def every() -> dict[str, Row]:
    """The rows by name."""
    return {row.name: row for row in ROWS}


def title(measured: dict) -> str:
    """A processor, as the table's heading says it."""
    processor = measured["processor"]
    widest = (*processor["instructions"], "no vector instructions that count")[0]
    return f"{processor['cores']} cores of an {processor['name']} ({widest})"


def lines_of(row: Row, measured: dict) -> list[list[str]]:
    """A line for each comparison of a row, or one where nobody is compared with."""
    medians = {label: statistics.median(turns) for label, turns in measured["turns"].items()}
    (_, ours), *others = medians.items()
    lines = []
    if row.best is not None:
        lines.append(fastest(row, measured["turns"], medians))
    if "" in row.aims:
        lines.append([row.what, number(ours, row.unit), "", "", f"{row.aims['']:g} {row.unit}"])
    compared = [
        [
            row.what if row.best is None else f"{row.what}: float32 against the others",
            number(ours, row.unit),
            f"{label}, {number(theirs, row.unit)}",
            f"{measured['ratios'][label]:.2f}",
            f"{row.aims[label]:g}" if label in row.aims else "",
        ]
        for label, theirs in others
    ]
    return lines + compared


def fastest(row: Row, turns: dict[str, list[float]], medians: dict[str, float]) -> list[str]:
    """A line that compares our fastest setting with the fastest of the others."""
    mine = max((label for label in medians if label.startswith("ours")), key=medians.get)
    other = max((label for label in medians if not label.startswith("ours")), key=medians.get)
    return [
        row.what,
        f"{number(medians[mine], row.unit)}, {mine.removeprefix('ours, ')}",
        f"{other}, {number(medians[other], row.unit)}",
        f"{ratio(turns[mine], turns[other]):.2f}",
        f"{row.best:g}",
    ]


def number(value: float, unit: str) -> str:
    """A median with its unit."""
    digits = 2 if unit == "s" else 0 if value >= 10 else 1
    return f"{value:,.{digits}f} {unit}"


def processors() -> list[tuple[Path, dict]]:
    """The file of each processor that was measured, and what it says."""
    return [(path, json.loads(path.read_text("utf-8"))) for path in sorted(MEASURED.glob("*.json"))]


def said(measured: dict) -> str:
    """When a table was measured, and with what."""
    days = sorted(row["day"] for row in measured["rows"].values())
    versions = ", ".join(f"{key} {value}" for key, value in measured["versions"].items())
    return f"Measured up to {days[-1]}, with {versions}."


def markdown() -> str:
    """All tables, for the README."""
    parts = []
    for _, measured in processors():
        rows = [row for row in ROWS if row.name in measured["rows"]]
        lines = [line for row in rows for line in lines_of(row, measured["rows"][row.name])]
        table = [HEAD, ["---"] * len(HEAD), *lines]
        shown = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
        parts.append(f"## {title(measured)}\n\n{said(measured)}\n\n{shown}\n")
    return "\n".join(parts)


def renew() -> None:
    """Writes the README's tables anew; what stands above them stays."""
    above, _, _ = README.read_text("utf-8").partition(START)
    README.write_text(f"{above}{START}\n{markdown()}", "utf-8")

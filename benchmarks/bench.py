"""The book's speed against what a reader would use instead: `make bench`.

python benchmarks/bench.py             # every row, about 15 minutes on two cores
python benchmarks/bench.py first-step  # those by name; the others keep their last result
python benchmarks/bench.py --readme    # nothing is measured: the README's tables, anew

Prints the medians and the ratios, and keeps them in `measured/PROCESSOR.json`; the page "How
fast?" and this folder's README show one table for each processor. No test asks for a ratio.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import statistics
import sys
from importlib import metadata
from pathlib import Path

import tables
from pairs import PYTHONS, alternate, ratio
from rows import ROWS, Row

MEASURED = Path(__file__).with_name("measured")
FLAGS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")


def processor() -> dict[str, object]:
    """The processor's name, its cores, and the widest of the instructions that decide speed."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"model name\s*: (.*)", text)
    flags = set(re.search(r"flags\s*: (.*)", text)[1].split()) if "flags" in text else set()
    return {
        "name": name[1].strip() if name else "unknown processor",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "instructions": [flag for flag in FLAGS if flag in flags],
    }


def file(found: dict[str, object]) -> Path:
    """Where the results of a processor are kept."""
    words = [found["name"], f"{found['cores']} cores", *found["instructions"][:1]]
    return MEASURED / f"{re.sub(r'[^a-z0-9]+', '-', ' '.join(words).lower()).strip('-')}.json"


def measured(row: Row) -> dict[str, object]:
    """One row: every contender's turns, and the ratio of the first to each of the others."""
    found = alternate(row.contenders, row.turns)
    first, *others = row.contenders
    ratios = {}
    for other in others:
        a, b = found[first.label], found[other.label]
        ratios[other.label] = round(ratio(b, a) if row.costs else ratio(a, b), 3)
    digits = 3 if row.costs else 1
    turns = {label: [round(n, digits) for n in numbers] for label, numbers in found.items()}
    day = datetime.date.today().isoformat()
    return {"turns": turns, "ratios": ratios, "unit": row.unit, "day": day}


def said(row: Row, result: dict) -> str:
    """A row for the terminal."""
    parts = [
        f"{label} {statistics.median(numbers):.3g} {row.unit}"
        for label, numbers in result["turns"].items()
    ]
    ratios = [
        f"{number:.2f} times {label}" + (f" (aim {row.aims[label]:g})" if label in row.aims else "")
        for label, number in result["ratios"].items()
    ]
    alone = [f"aim {row.aims['']:g} {row.unit}"] if "" in row.aims else []
    return f"{row.name}: {'; '.join([*parts, *ratios, *alone])}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="rows by name; all where none is given")
    parser.add_argument("--readme", action="store_true", help="measure nothing; renew README.md")
    options = parser.parse_args(arguments)
    if options.readme:
        tables.renew()
        return 0
    every = {row.name: row for row in ROWS}
    if unknown := sorted(set(options.names) - set(every)):
        parser.error(f"no row is called {', '.join(unknown)}; there are: {', '.join(every)}")
    if missing := [str(path) for path in PYTHONS.values() if not path.exists()]:
        print(f"Missing: {', '.join(missing)}. `make bench` installs them.", file=sys.stderr)
        return 1
    found = processor()
    path = file(found)
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {"rows": {}}
    versions = {name: metadata.version(name) for name in ("tensorflow", "keras", "numpy")}
    MEASURED.mkdir(exist_ok=True)
    failed = False
    for name in options.names or every:
        try:
            result = measured(every[name])
        except RuntimeError as error:  # one contender that ends takes no other row with it
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = True
            continue
        print(said(every[name], result), flush=True)
        rows = {**kept["rows"], name: result}
        kept = {"processor": found, "versions": versions, "rows": rows}
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        tables.renew()
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())

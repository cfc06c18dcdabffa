"""Tries every fault and writes down what came of it: `make torture`.

python -m torture.campaign                # all, many times each: about an hour on two cores
python -m torture.campaign zips-without-end  # those by name; the others keep their last result
python -m torture.campaign --few          # as `make test` does, written nowhere
python -m torture.campaign --words        # nothing is tried: what each fault says of itself, anew
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import platform
import tempfile
import time
import traceback
from pathlib import Path

from torture.fault import Fault, tried

LAST = Path(__file__).with_name("last.json")


def faults() -> dict[str, Fault]:
    """Every fault by its name, in the order of the modules and of their lines."""
    found: dict[str, Fault] = {}
    for path in sorted(Path(__file__).parent.glob("of_*.py")):
        module = importlib.import_module(f"torture.{path.stem}")
        for one in vars(module).values():
            if isinstance(one, Fault):
                if one.name in found:
                    raise ValueError(f"two faults are called {one.name}")
                found[one.name] = one
    return found


def last() -> dict[str, dict]:
    """The last result of each fault, by its name."""
    return json.loads(LAST.read_text("utf-8")) if LAST.exists() else {}


def result(one: Fault, times: int, seed: object) -> dict:
    """One fault, tried: outcomes counted, or what was lost."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        try:
            came, lost = dict(tried(one, times, Path(folder), seed)), None
        except Exception:
            came, lost = {}, traceback.format_exc(limit=-3)
    return {
        "times": times,
        "outcomes": came,
        "lost": lost,
        "seed": str(seed),
        "day": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "seconds": round(time.monotonic() - start),
    }


def words(one: Fault) -> dict[str, str]:
    """What a fault says of itself: the appendix is made of these words and of the results."""
    return {"group": one.group, "does": one.does, "holds": one.holds}


def keep(results: dict[str, dict], every: dict[str, Fault]) -> None:
    """Writes down the results of the faults that there are, each with the fault's own words."""
    kept = {name: {**results[name], **words(every[name])} for name in every if name in results}
    LAST.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m torture.campaign", description=__doc__)
    parser.add_argument("names", nargs="*", help="faults by name; all where none is given")
    parser.add_argument("--few", action="store_true", help="as often as `make test`; not recorded")
    parser.add_argument("--words", action="store_true", help="try nothing; renew the words")
    parser.add_argument(
        "--seed", default=datetime.date.today().isoformat(), help="default: the day"
    )
    options = parser.parse_args(arguments)
    every = faults()
    if unknown := sorted(set(options.names) - set(every)):
        parser.error(f"no fault is called {', '.join(unknown)}; there are: {', '.join(every)}")
    lost = 0
    if options.words:
        keep(last(), every)
        return 0
    for name in options.names or every:
        one = every[name]
        came = result(one, one.few if options.few else one.many, options.seed)
        lost += came["lost"] is not None
        print(f"{name}: {came['lost'] or came['outcomes']}, {came['seconds']} s", flush=True)
        if not options.few:
            keep(last() | {name: came}, every)
    return int(lost > 0)


if __name__ == "__main__":
    raise SystemExit(main())

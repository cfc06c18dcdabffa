"""Measuring nets one after the other, and the records of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from helpers import runs
from helpers.datasets import Data
from helpers.studies.inside.measures import MEASURES
from helpers.studies.inside.nets import get
from helpers.support import expect, locks

FORMAT = 1  # of the records; those that state none are of this one


def path(what: str) -> Path:
    """Where a record is: `inside/WHAT.json` among the book's records."""
    return runs.directory() / "inside" / f"{expect.one_of('what', what, MEASURES)}.json"


def record(what: str) -> dict[str, Any]:
    """One of `MEASURES` as it was recorded: `nets`, and with what they were measured.

    Raises ValueError for an unknown name or a record of a later version's format,
    FileNotFoundError if there is no record.
    """
    if not path(what).is_file():
        raise FileNotFoundError(
            f"There is no record {path(what)}. It comes with the book's repository, and "
            f"`python -m helpers inside {what}` makes it."
        )
    found = {"format": 1} | json.loads(path(what).read_text(encoding="utf-8"))
    expect.known_format(path(what), found["format"], FORMAT)
    return found


def measure(
    what: str,
    data: Data,
    nets: Sequence[str] | None = None,
    *,
    command: str | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Measures the nets that are not recorded yet, and records them; returns the record's path.

    `data` is CIFAR-10; `nets` are names for `nets.get`, by default those that the measurement is
    made for. After each net the record is written, and the same call goes on from there.

    Raises ValueError for an unknown name, or if the record there is of other images or versions,
    or of a later version's format;
    `locks.LockedError` while another process makes this record.
    """
    chosen = MEASURES[expect.one_of("what", what, MEASURES)]
    head = {
        "format": FORMAT,
        "command": command,
        "data": data.description,
        **chosen.settings,
        "versions": runs.versions(),
        "hardware": runs.hardware(),
    }
    message = f"Another process measures {what}. Wait for its end: the same call then goes on."
    with locks.held(path(what).with_suffix(".lock"), message):
        _measure(what, data, chosen.nets if nets is None else nets, head, say)
    return path(what)


def _measure(what, data, nets, head, say):
    chosen = MEASURES[what]
    whole = record(what) if path(what).is_file() else {**head, "nets": {}}
    for key in ("data", "versions", *chosen.settings):
        if whole.get(key) != json.loads(json.dumps(head[key])):
            raise ValueError(
                f"{path(what)} was measured with other {key}. Remove it to measure all anew."
            )
    for name in nets:
        if name in whole["nets"]:
            continue
        start = time.perf_counter()
        net = get(name, data)
        found = chosen.measure(net, data)
        seconds = round(time.perf_counter() - start, 1)
        whole["nets"][name] = {**found, "sha256": net.sha256, "seconds": seconds}
        runs.write_json(path(what), whole)
        say(f"{what}: {name} in {seconds:.0f} s")
        keras.backend.clear_session()

"""Fonts cut down to the letters that the pages show."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

# It tells of every table of a font, on the terminal.
logging.getLogger("fontTools").setLevel(logging.WARNING)


def cut_down(source: Path, target: Path, letters: Iterable[str], **options) -> None:
    """Writes to `target`, as WOFF, what `source` has for `letters`; `options` are fontTools'."""
    options = subset.Options(flavor="woff", hinting=False, **options)
    font = subset.load_font(source, options)
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join(sorted(letters)))
    chosen.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, target, options)

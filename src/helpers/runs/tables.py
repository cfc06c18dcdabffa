"""Records side by side, as rows and as text.

Book: chapters 1 and 5.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from helpers.runs.run import Run


def compare(runs: list[Run]) -> list[dict[str, Any]]:
    """A row per run: what was trained and what came out, errors in per cent.

    `logged error` is the training error of the last epoch as logged while the
    weights still changed, on augmented images; the others are of the finished
    network, on the images as they are. Rows can be printed with `table`.
    """
    return [
        {
            "network": run.network,
            "images": run.images,
            "epochs": run.epochs,
            "steps": run.history["step"][-1],
            "seed": run.seed,
            "logged error": 100 * run.history["error"][-1],
            "training error": 100 * run.final["train"]["error"],
            "validation error": 100 * run.final["validation"]["error"],
            "test error": 100 * run.final["test"]["error"],
            "minutes": run.seconds / 60,
        }
        for run in runs
    ]


def standard_error(error: float, images: int) -> float:
    """The standard deviation of an error over samples of so many images; both in %.

    Each image is taken as wrong with the same probability, independently of the others.
    Raises ValueError for an error outside 0 to 100 or a number below 1.

    Book: "How to read an error".
    """
    if not 0 <= error <= 100 or images < 1:
        raise ValueError(
            "Expected an error of 0 to 100 % and at least one image. "
            f"Received: error={error!r}, images={images!r}"
        )
    return math.sqrt(error * (100 - error) / images)


def table(rows: list[dict[str, Any]], digits: int = 1) -> str:
    """Rows as aligned text. Raises ValueError if they have different columns."""
    if not rows:
        raise ValueError("Expected at least one row. Received: none")
    columns = list(rows[0])
    if any(list(row) != columns for row in rows):
        raise ValueError(
            f"Expected rows with the columns {columns}. Received: {[list(r) for r in rows]}"
        )
    lines = [columns] + [[_text(row[c], digits) for c in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [isinstance(rows[0][c], int | float | np.number) for c in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _text(value, digits):
    if isinstance(value, float | np.floating):
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""An error of a cell as an output."""

from __future__ import annotations

import traceback


def failure(error: BaseException) -> dict:
    """An error as an output: what it says, and the student's own lines, not those of the test."""
    kind = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = "(an exception that cannot be printed)"
    lines = [f"{kind}: {text}" if text else kind]
    if not isinstance(error, AssertionError):
        for frame in traceback.extract_tb(error.__traceback__)[-50:]:
            if "ipython-input" in frame.filename or "/ipykernel_" in frame.filename:
                lines.append(f"  in {frame.name}, line {frame.lineno} of its cell: {frame.line}")
    return {"kind": "error", "name": kind, "text": text[:4000], "traceback": lines[-20:]}

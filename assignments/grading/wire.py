"""JSON for the pipe between a student's process and its judge, by C's own parts of `json`.

`json.dumps` and the classes that it calls can be replaced in the process in which a student's
code runs; what is made here, before that code runs, cannot.
"""

from __future__ import annotations

import json
import os

_scan = json.scanner.c_make_scanner(json.JSONDecoder())
_encode = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)
_write, _join = os.write, "".join


def read(line: str) -> dict:
    """An object that was written as a line."""
    return _scan(line, 0)[0]


def write(descriptor: int, value: dict) -> None:
    """Writes an object as a line."""
    data = (_join(_encode(value, 0)) + "\n").encode()
    while data:
        data = data[_write(descriptor, data) :]

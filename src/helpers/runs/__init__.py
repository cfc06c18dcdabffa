"""Records of training: what was trained, how, on what, with what result.

Book: chapters 1 and 5.
"""

from helpers.runs.alone import alone
from helpers.runs.machine import check_backend, hardware, versions
from helpers.runs.run import (
    DIRECTORY_VARIABLE,
    Run,
    as_json,
    check_free,
    directory,
    load,
    names,
    save,
    write_json,
)
from helpers.runs.tables import compare, standard_error, table

__all__ = [
    "DIRECTORY_VARIABLE",
    "Run",
    "alone",
    "as_json",
    "check_backend",
    "check_free",
    "compare",
    "directory",
    "hardware",
    "load",
    "names",
    "save",
    "standard_error",
    "table",
    "versions",
    "write_json",
]

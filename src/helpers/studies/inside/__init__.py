"""Trained nets, looked into: what chapter 8 measures and a notebook has no time for.

`python -m helpers inside lesions` measures and records; `record("lesions")` reads it back. The
nets are the four of full size whose weights the book keeps, and those that others trained in
full and published, where they are at hand. `growth` is of nets of up to 1,001 layers before
training.

Book: chapters 8 and 9.
"""

from helpers.studies.inside.measures import MEASURES
from helpers.studies.inside.nets import LABELS, OURS, Net, deep_names, get
from helpers.studies.inside.recording import measure, path, record
from helpers.studies.inside.untrained import KINDS, predicted, untrained

__all__ = [
    "KINDS",
    "LABELS",
    "MEASURES",
    "OURS",
    "Net",
    "deep_names",
    "get",
    "measure",
    "path",
    "predicted",
    "record",
    "untrained",
]

"""Faults that the book was tried with: `make torture`, an hour; a few tries in `make test`.

`fault.py` says what a fault is, `campaign.py` tries them all and writes `last.json`, from which the
appendix has its table. Each module `of_KIND.py` holds the faults of one kind.
"""

import sys
from pathlib import Path

for _folder in ("oracles", "support"):  # as pytest has them, where the campaign runs without it
    if (_path := str(Path(__file__).parents[1] / _folder)) not in sys.path:
        sys.path.append(_path)

"""Faults that the book was tried with: `make torture`, an hour; a few tries in `make test`.

`fault.py` says what a fault is, `campaign.py` tries them all and writes `last.json`, from which the
appendix has its table. Each module `of_KIND.py` holds the faults of one kind.
"""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]
# As pytest has them, where the campaign runs without it.
for _folder in (_TESTS / "oracles", _TESTS / "support", _TESTS.parent / "book" / "_ext"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

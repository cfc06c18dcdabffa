"""Faults that the book was tried with: `make torture`, an hour; a few tries in `make test`.

`fault.py` says what a fault is, `campaign.py` tries them all and writes `last.json`, from which the
appendix has its table. Each module `of_KIND.py` holds the faults of one kind.
"""

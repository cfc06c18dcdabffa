"""Values that a notebook computes and a page of the book shows.

The form is that of `myst_nb.glue`, which the website reads; nothing of the
website's tools is imported, so a notebook runs where they are missing, as in
Colab.
"""

from __future__ import annotations

import numpy as np


def glue(**numbers: float | int | str) -> None:
    """Stores values in the cell's output, invisibly, each under its name.

    All of a cell at once: `glue(best=0.1, worst=0.3)`. What has a name that the cell computes, or
    one that is no identifier, is gathered before: `glue(**numbers)`.

    A page shows one as {glue:text}`notebooks/01-degradation.ipynb::best:.1f`. A number of NumPy's
    is stored as Python's: only that can be read without NumPy.
    """
    from IPython.display import display

    prefix = "application/papermill.record/"
    for name, value in numbers.items():
        if isinstance(value, np.generic):
            value = value.item()
        display(
            {prefix + "text/plain": repr(value)},
            raw=True,
            metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
        )

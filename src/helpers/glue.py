"""Values that a notebook computes and a page of the book shows.

The form is that of `myst_nb.glue`, which the website reads; nothing of the
website's tools is imported, so a notebook runs where they are missing, as in
Colab.
"""

from __future__ import annotations

import numpy as np


def glue(name: str, value: float | int | str) -> None:
    """Stores `value` in the cell's output, invisibly, under `name`.

    A page shows it as {glue:text}`notebooks/01-degradation.ipynb::name:.1f`. A number of NumPy's
    is stored as Python's: only that can be read without NumPy.
    """
    from IPython.display import display

    if isinstance(value, np.generic):
        value = value.item()
    prefix = "application/papermill.record/"
    display(
        {prefix + "text/plain": repr(value)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def glue_all(**values: float | int | str) -> None:
    """Several at once: `glue_all(best=0.1, worst=0.3)`."""
    for name, value in values.items():
        glue(name, value)

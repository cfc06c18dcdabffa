"""The decks, one for each chapter: `make slides` builds them with Sphinx and reveal.js.

What is the book's is taken from the book: formulas, references, and `{glue:text}`, which reads
what the notebooks have stored. The notebooks themselves are not built here, so it takes seconds.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "src")]

project = "Residual Networks"
author = "The authors of Residual Networks"
copyright = "2026"
language = "en_GB"
extensions = ["myst_parser", "sphinx_revealjs", "sphinxcontrib.bibtex", "formulas", "decks"]
myst_enable_extensions = ["amsmath", "attrs_inline", "dollarmath"]
bibtex_bibfiles = ["../../book/references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "plain"

html_copy_source = False

revealjs_html_theme = "revealjs-simple"
revealjs_style_theme = "white"  # decks.OFFLINE says which themes fetch no font from elsewhere
revealjs_static_path = ["_static"]
revealjs_css_files = ["deck.css"]
revealjs_script_plugins = [
    {"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"}  # the key S
]
revealjs_script_conf = {
    "width": 1280,
    "height": 720,
    "margin": 0,
    "center": False,
    "hash": True,
    "slideNumber": "c/t",
    "controls": False,
    "transition": "none",
    "pdfSeparateFragments": False,
}

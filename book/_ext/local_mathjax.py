"""Serves MathJax with the site, so that no page asks another host for it.

The package sphinx-mathjax-offline carries every build of MathJax, 24 MB. This
extension copies the one that the pages load, its fonts, and what it loads on
demand: rarer TeX commands and the accessibility menu.
"""

from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

SCRIPT = "tex-mml-chtml.js"
ALSO = (
    "output/chtml/fonts/woff-v2/*.woff",
    "input/tex/extensions/*.js",
    "a11y/*.js",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)


def _package_folder():
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None:
        raise RuntimeError(
            "MathJax's files are missing. Expected the package sphinx-mathjax-offline "
            "of requirements.lock: run `make setup`."
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def _copy(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    source = _package_folder()
    target = Path(app.outdir) / "_static" / "mathjax"
    for pattern in (SCRIPT, *ALSO):
        files = sorted(source.glob(pattern))
        if not files:
            raise RuntimeError(f"Expected {pattern} among MathJax's files in {source}.")
        for file in files:
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copyfile(file, copy)


def setup(app):
    """Sphinx calls this."""
    app.config.mathjax_path = f"mathjax/{SCRIPT}"
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

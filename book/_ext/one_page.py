"""The whole book on one page of HTML, from which `make pdf` prints it."""

from __future__ import annotations


def _complete(app):
    """An extension that names its builders hides from `singlehtml` what others have for `html`."""
    handlers = app.registry.translation_handlers
    if app.builder.name == "singlehtml":
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def setup(app):
    """Sphinx calls this."""
    app.connect("builder-inited", _complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The pages that compute in the browser: their scripts and styles, on them alone, and their data.

The scripts lie in `site/served/`, which `_config.yml` names among the static paths. Nothing is
compiled: a browser loads them as they stand. `explorer_data` says what the explorer reads.
"""

from __future__ import annotations

import json
from pathlib import Path

import explorer_data

# Page to the folder of its script, `page.js`, and its style, which bears the folder's name.
PAGES = {"book/explorer": "explorer", "book/playground": "playground"}
NETWORKS = "explorer/networks.json"


def _load(app, pagename, templatename, context, doctree) -> None:
    folder = PAGES.get(pagename)
    if folder is not None:
        app.add_css_file("shared/interactive.css")
        app.add_css_file(f"{folder}/{folder}.css")
        app.add_js_file(f"{folder}/page.js", type="module")


def _write(app, exception) -> None:
    if exception is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / NETWORKS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(explorer_data.data(), separators=(",", ":")), encoding="utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

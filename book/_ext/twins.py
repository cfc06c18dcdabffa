"""The directive `{twin}`: a figure that the reader can change, in the place of a printed one.

````{twin} lesion-board
```{figure} ../images/lesions.svg
...
```
````

The content stays where no script runs, on paper, in the PDF and in the EPUB. On the website the
script of `book/interactive/served/twins/` puts the twin before it and folds it up. `twins_data`
says which twins there are and checks what they show; scripts and data come with pages that have
one.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import twins_data

FOLDER = "twins"  # of the scripts and of the data, below _static
STILL = "The figure as it is printed"


class Still(nodes.container):
    """What is printed, with room for its twin before it on the website."""


class Twin(SphinxDirective):
    """Checks the record when the page is read, so that an error names the page and the line."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The content, as a `Still`. An error for a twin that nothing is known of."""
        (name,) = self.arguments
        self.assert_has_content()
        folder = Path(self.env.srcdir) / self.config.twins_records
        used = self.env.metadata[self.env.docname].setdefault("twins", [])
        try:
            twins_data.data(name, folder)
            if name in used:
                raise ValueError(f"a page has each twin once. Received: {name!r} again")
        except ValueError as error:
            raise self.error(str(error)) from error
        used.append(name)
        if name in twins_data.RECORDS:
            self.env.note_dependency(str(folder / twins_data.RECORDS[name][0]))
        still = Still(twin=name)
        self.state.nested_parse(self.content, self.content_offset, still)
        return [still]


def _live(translator):
    """Is this the website? The PDF and the EPUB are HTML, too, and run no script."""
    return translator.builder.name == "html"


def visit(translator, node) -> None:
    """Opens the twin's box and the printed figure."""
    box = f'<div class="twin" data-twin="{node["twin"]}">\n'
    if _live(translator):
        box += f'<div class="interactive {node["twin"]}"></div>\n'
        box += f'<details class="still" open><summary>{STILL}</summary>\n'
    translator.body.append(box)


def depart(translator, node) -> None:
    """Closes what `visit` opened."""
    translator.body.append("</details></div>\n" if _live(translator) else "</div>\n")


def _load(app, pagename, templatename, context, doctree) -> None:
    used = app.env.metadata[pagename].get("twins") if app.builder.name == "html" else None
    if used:
        for sheet in ("shared/interactive", *(f"{FOLDER}/{name}" for name in ("twins", *used))):
            app.add_css_file(f"{sheet}.css")
        app.add_js_file(f"{FOLDER}/page.js", type="module")


def _write(app, exception) -> None:
    if exception is not None or app.builder.name != "html":
        return
    used = {name for page in app.env.metadata.values() for name in page.get("twins", ())}
    for name in sorted(used):
        data = twins_data.data(name, Path(app.srcdir) / app.config.twins_records)
        path = Path(app.outdir) / "_static" / FOLDER / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_config_value("twins_records", "results", "env")
    app.add_directive("twin", Twin)
    app.add_node(Still, html=(visit, depart))
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

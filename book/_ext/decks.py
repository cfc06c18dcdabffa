"""What a deck of slides needs of the book: notes for the speaker, and the notebooks' numbers.

`{notes}` holds what the speaker says, asks and may expect to hear, and `:minutes:`, how long the
slide takes. The first notes of a deck also say how long all of it takes.

`{glue:text}` is written as on a page. There MyST-NB resolves it, which has read every notebook;
a deck is built without them, and the value comes from the notebook's stored outputs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import rmtree

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.domains import Domain
from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective, SphinxRole

import claims
import policy
import prose

# reveal.js' themes that import no font from another host.
OFFLINE = {"white", "white-contrast", "black", "black-contrast", "serif", "dracula"}


class notes(nodes.Element):
    """The notes of one slide."""


class Notes(SphinxDirective):
    """`{notes}` with `:minutes:`, at the end of a slide."""

    has_content = True
    option_spec = {"minutes": directives.positive_int}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        if "minutes" not in self.options:
            raise self.error("notes: expected `:minutes:`, how long the slide takes")
        minutes = self.options["minutes"]
        node = notes(minutes=minutes)
        node += nodes.paragraph("", _minutes(minutes), classes=["minutes"])
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class Glued(SphinxRole):
    """`{glue:text}`: a value that a notebook has stored, in the format that the page asks for."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        match = prose.GLUE.fullmatch(f"{{glue:text}}`{self.text}`")
        if match is None:
            return self._error("expected `../notebooks/NAME.ipynb::key:format`")
        values, _ = claims.stored(match[1])
        if match[2] not in values:
            return self._error(f"{match[1]} stores no {match[2]!r}; it has {sorted(values)}")
        return [nodes.Text(format(values[match[2]], match[3] or ""))], []

    def _error(self, what):
        what = f"glue:text: {what}. Received: {self.text!r}"
        return [], [self.inliner.reporter.error(what, line=self.lineno)]


class Glue(Domain):
    """The name under which MyST-NB has the role."""

    name = "glue"
    label = "Values of the notebooks"
    roles = {"text": Glued()}  # noqa: RUF012

    def merge_domaindata(self, docnames, otherdata):
        """Nothing is kept."""


def _minutes(number: int) -> str:
    return f"{number} minute{'s' if number > 1 else ''}"


def _sum_up(app, doctree):
    """The first notes say how long the whole deck takes."""
    found = list(doctree.findall(notes))
    if len(found) > 1:
        whole = sum(node["minutes"] for node in found)
        found[0][0] += nodes.Text(f" of {whole} for all slides")


def _visit(self, node):
    self.body.append('<aside class="notes">')


def _depart(self, node):
    self.body.append("</aside>\n")


def _check(app, config):
    if config.revealjs_style_theme not in OFFLINE:
        raise ConfigError(
            f"revealjs_style_theme: expected one that loads nothing from elsewhere, "
            f"{', '.join(sorted(OFFLINE))}. Received: {config.revealjs_style_theme!r}"
        )


def _slim(app, exception):
    """Takes away what reveal.js brings and the decks do not load, such as themes with addresses."""
    if exception is not None or app.builder.name != "revealjs":
        return
    reveal = Path(app.outdir) / "_static" / "revealjs"
    used = [f"{app.config.revealjs_style_theme}.css", "fonts", "reveal.css", "reveal.js", "theme"]
    used += [Path(plugin["src"]).parent.name for plugin in app.config.revealjs_script_plugins]
    for folder in (reveal / "dist", reveal / "dist" / "theme", reveal / "plugin"):
        for path in folder.iterdir():
            if path.name not in used:
                rmtree(path) if path.is_dir() else path.unlink()
    rmtree(reveal / "css", ignore_errors=True)  # what the style sheets were made from


def speaker_window(script: str) -> str:
    """The page that reveal.js writes into the window for the speaker, from its plugin's script."""
    text = re.search(r'document\.write\(("(?:[^"\\]|\\.)*")', script)[1]
    return json.loads(re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", text.replace(r"\'", "'")))


def _guard(app, exception):
    """Gives each deck a policy as strict as the pages'. The speaker's window inherits it."""
    if exception is not None or app.builder.name != "revealjs":
        return
    out = Path(app.outdir)
    (notes,) = out.glob("_static/revealjs/plugin/notes/notes.js")
    window = speaker_window(notes.read_text("utf-8"))
    more = {
        "script-src": [policy.digest(found["text"]) for found in policy.SCRIPT.finditer(window)],
        "style-src": [policy.digest(text) for text in policy.STYLE.findall(window)],
        "style-src-attr": ["'unsafe-inline'"],  # reveal.js places slides by style attributes
        "frame-src": ["'self'"],  # the speaker sees this slide and the next
    }
    for path in out.glob("*.html"):
        path.write_text(policy.guarded(path.read_text("utf-8"), path.parent, more), "utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_node(notes, revealjs=(_visit, _depart))
    app.add_directive("notes", Notes)
    app.add_domain(Glue)
    app.connect("doctree-read", _sum_up)
    app.connect("config-inited", _check)
    app.connect("build-finished", _slim)
    app.connect("build-finished", _guard)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

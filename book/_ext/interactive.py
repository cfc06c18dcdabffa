"""The pages that compute in the browser: their scripts and styles, where they are, and their data.

The scripts lie in `book/interactive/served/`, which `_config.yml` names among the static paths.
Nothing is compiled: a browser loads them as they stand. `explorer_data` says what the explorer
reads.

A page links one with a choice in its address by the roles `explorer`, `playground`, `look-inside`:
{explorer}`VGG-19 beside ResNet-34 <net=vgg19&net2=resnet34>`.

The directive `playground` places it, set up as its argument says, and small unless `:whole:`:

```{playground} problem=long-spirals&depth=24&nets=plain
What stands above it on the website. On paper and in the EPUB, where nothing trains, neither stands.
```
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import ReferenceRole, SphinxDirective
from sphinx.util.nodes import make_refnode

import explorer_data
import look_inside
from helpers import specs

# Page to the folder of its script, `page.js`, and its style, which bears the folder's name.
EXPLORER = "book/explorer"
PLAYGROUND = "book/playground"
LOOK_INSIDE = "book/look-inside"  # `look_inside` has its directive
NETWORKS = "explorer/networks.json"
# What each page's address can hold, as its page.js reads it; empty where many values make sense.
# The explorer's keys are those of each of its two networks, but for those `OF_BOTH`.
KNOWN = {
    EXPLORER: {
        "net": specs.names(),
        "size": (),
        "classes": (),
        "option": specs.OPTIONS,
        "stride": specs.BOTTLENECK_STRIDES,
        "batch": (),
    },
    PLAYGROUND: {
        "problem": ("spirals", "long-spirals", "rings"),
        "depth": tuple(str(depth) for depth in range(2, 61, 2)),
        "shallow": tuple(str(depth) for depth in range(2, 61, 2)),
        "width": tuple(str(width) for width in range(4, 33, 4)),
        "rate": ("0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5"),
        "norm": ("on", "off"),
        "noise": ("0", "0.02", "0.05", "0.1", "0.2"),
        "seed": (),
        "nets": ("all", "plain"),
        "gradients": ("now", "first"),
    },
    LOOK_INSIDE: {
        "image": look_inside.IMAGES,
        "block": look_inside.PLACES,
        "channel": tuple(str(channel) for channel in range(1, 33)),
    },
}
OF_BOTH = ("batch",)
NEEDS = "The playground trains in your browser: it needs JavaScript."
ELSEWHERE = "The playground is a part of the website, and it trains in your browser."


def checked(state: str, page: str = EXPLORER) -> str:
    """A page's state as it stands in an address. Raises ValueError for what the page ignores."""
    known, name = KNOWN[page], page.removeprefix("book/")
    for key, value in parse_qsl(state, keep_blank_values=True, strict_parsing=True):
        plain = key.removesuffix("2") if page == EXPLORER else key
        if plain not in known or (plain != key and plain in OF_BOTH):
            raise ValueError(f"the {name} knows {', '.join(known)}. Received: {key!r}")
        values = (*known[plain], "none") if (page, key) == (EXPLORER, "net2") else known[plain]
        if values and value not in values:
            raise ValueError(f"{key} of the {name} is one of {values}. Received: {value!r}")
    return state


class Link(ReferenceRole):
    """A link to one of the pages that shows what its writer chose."""

    def __init__(self, page: str):
        super().__init__()
        self.page = page

    def run(self):
        try:
            state = checked(self.target, self.page)
        except ValueError as error:
            return [], [self.inliner.reporter.error(str(error), line=self.lineno)]
        return [nodes.inline(self.title, self.title, page_state=(self.page, state))], []


def _link(app, doctree, docname):
    """The links themselves, now that addresses are known. On paper a state leads nowhere."""
    for content in list(doctree.findall(nodes.inline)):
        if "page_state" in content:
            page, state = content.attributes.pop("page_state")
            place = content.parent, content.parent.index(content)
            link = make_refnode(app.builder, docname, page, "", content)
            if app.builder.name == "html":
                link["refuri"] += "?" + state
            place[0][place[1]] = link


class Live(nodes.container):
    """What only the website has: a lead, and below it what trains."""


class Playground(SphinxDirective):
    """The playground, set up. An error for a setting that it would ignore, or for a second one."""

    optional_arguments = 1
    has_content = True
    option_spec: ClassVar = {"whole": directives.flag}

    def run(self) -> list[nodes.Node]:
        state = self.arguments[0] if self.arguments else ""
        here = self.env.metadata[self.env.docname]
        try:
            if state:
                checked(state, PLAYGROUND)
            if here.get("playground"):
                raise ValueError("a page has one playground. Received: another")
        except ValueError as error:
            raise self.error(str(error)) from error
        here["playground"] = True
        live = Live(setting=state, look="whole" if "whole" in self.options else "small")
        self.state.nested_parse(self.content, self.content_offset, live)
        return [live]


def visit(translator, node) -> None:
    """Opens the box on the website; elsewhere says where the playground is, or nothing."""
    if translator.builder.name == "html":
        translator.body.append('<div class="playground">\n')
        return
    if node["look"] == "whole":
        translator.body.append(f"<p>{ELSEWHERE}</p>\n")
    raise nodes.SkipNode


def depart(translator, node) -> None:
    """The place that the script fills, and the end of the box."""
    translator.body.append(
        f'<div id="playground" class="interactive" data-look="{node["look"]}" '
        f'data-setting="{html.escape(node["setting"])}"><p>{NEEDS}</p></div>\n</div>\n'
    )


def _load(app, pagename, templatename, context, doctree) -> None:
    playground = app.builder.name == "html" and app.env.metadata[pagename].get("playground")
    folder = "explorer" if pagename == EXPLORER else "playground" if playground else None
    if folder is not None:
        app.add_css_file("shared/interactive.css")
        app.add_css_file(f"{folder}/{folder}.css")
        if pagename in KNOWN:
            app.add_css_file("shared/wide.css")
        app.add_js_file(f"{folder}/page.js", type="module")


def _write(app, exception) -> None:
    if exception is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / NETWORKS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(explorer_data.data(), separators=(",", ":")), encoding="utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    for page in KNOWN:
        app.add_role(page.removeprefix("book/"), Link(page))
    app.add_directive("playground", Playground)
    app.add_node(Live, html=(visit, depart))
    app.connect("doctree-resolved", _link)
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

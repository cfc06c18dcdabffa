"""The pages that compute in the browser: their scripts and styles, on them alone, and their data.

The scripts lie in `site/served/`, which `_config.yml` names among the static paths. Nothing is
compiled: a browser loads them as they stand. `explorer_data` says what the explorer reads.

A page links the explorer with a choice in its address by the role `explorer`:
{explorer}`VGG-19 beside ResNet-34 <net=vgg19&net2=resnet34>`.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qsl

from docutils import nodes
from sphinx.util.docutils import ReferenceRole
from sphinx.util.nodes import make_refnode

import explorer_data
from helpers import specs

# Page to the folder of its script, `page.js`, and its style, which bears the folder's name.
EXPLORER = "book/explorer"
PAGES = {EXPLORER: "explorer", "book/playground": "playground"}
NETWORKS = "explorer/networks.json"
# What the explorer's address can hold for each of the two networks, as page.js reads it;
# empty where many values make sense.
KNOWN = {
    "net": specs.names(),
    "size": (),
    "classes": (),
    "option": specs.OPTIONS,
    "stride": specs.BOTTLENECK_STRIDES,
}


def checked(state: str) -> str:
    """The explorer's state as it stands in an address. Raises ValueError for what it ignores."""
    for key, value in parse_qsl(state, keep_blank_values=True, strict_parsing=True):
        name = key.removesuffix("2")
        if name not in KNOWN:
            raise ValueError(f"the explorer knows {', '.join(KNOWN)}. Received: {key!r}")
        values = (*KNOWN[name], "none") if key == "net2" else KNOWN[name]
        if values and value not in values:
            raise ValueError(f"{key} of the explorer is one of {values}. Received: {value!r}")
    return state


class Explorer(ReferenceRole):
    """A link to the explorer that shows what its writer chose."""

    def run(self):
        try:
            state = checked(self.target)
        except ValueError as error:
            return [], [self.inliner.reporter.error(str(error), line=self.lineno)]
        return [nodes.inline(self.title, self.title, explorer_state=state)], []


def _link(app, doctree, docname):
    """The links themselves, now that addresses are known. On paper a state leads nowhere."""
    for content in list(doctree.findall(nodes.inline)):
        if "explorer_state" in content:
            state = content.attributes.pop("explorer_state")
            place = content.parent, content.parent.index(content)
            link = make_refnode(app.builder, docname, EXPLORER, "", content)
            if app.builder.name == "html":
                link["refuri"] += "?" + state
            place[0][place[1]] = link


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
    app.add_role("explorer", Explorer())
    app.connect("doctree-resolved", _link)
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

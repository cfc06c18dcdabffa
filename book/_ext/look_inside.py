"""The directive `{look-inside}`: a trained net's feature maps, on images that the reader chooses.

````{look-inside}
```{figure} ../images/look-inside.svg
...
```
````

The figure stays where no script runs, on paper, in the PDF and in the EPUB, and above it on the
website stands a button that starts the net: `book/interactive/served/inside/`. What that reads is
written when the book is built: ten test images of *shapes*, and the weights in whole numbers.
"""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import whole_numbers
from helpers import specs

FOLDER = "inside"  # of the scripts and of the data, below _static
RECORD = "shapes-resnet20-8filters-he2015-cifar10-620steps-seed0"
FILTERS = 8
# As `helpers.datasets.shapes` has them, which brings Keras with it: a test compares.
IMAGES = ("disc", "ring", "half disc", "square", "frame", "triangle", "cross", "bar", "T", "L")
STILL = "The figure as it is printed"


def spec() -> specs.Network:
    """The net: ResNet-20, narrow, for *shapes* at full size."""
    return specs.narrowed(specs.get("resnet20"), FILTERS)


PLACES = ("stem", *(name for name, *_ in whole_numbers.blocks(spec())), "classifier")


def net(results: Path) -> list[whole_numbers.Layer]:
    """Its layers, from the weights that the book keeps below `results`."""
    return whole_numbers.read(Path(results) / "weights" / f"{RECORD}.safetensors", spec())


@functools.cache
def images() -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names of the classes, the first test image of each (10, 32, 32, 3) uint8, and the mean of
    the training images (32, 32, 3) float32."""
    from helpers import datasets  # brings Keras with it, which no other page needs

    data = datasets.load("shapes")
    first = [int(np.argmax(data.test.labels == label)) for label in range(data.num_classes)]
    return data.class_names, data.test.images[first], data.mean


def data(results: Path) -> dict[str, object]:
    """What the page's script reads.

    - `title`, `classes`; `images`: one of each class in their order, (32, 32, 3) bytes;
    - `mean`: (32, 32, 3) float32;
    - `layers`: of each `name`, `shape` (height, width, in, out) or (in, out), `stride`, and
      `whole` (int8), `scale` and `bias` (float32, one for each output channel).

    Arrays are little-endian in base64. Raises ValueError without the weights.
    """
    layers = [
        {
            **{"name": layer.name, "shape": layer.whole.shape, "stride": layer.stride},
            **{key: _packed(getattr(layer, key)) for key in ("whole", "scale", "bias")},
        }
        for layer in net(results)
    ]
    classes, shown, mean = images()
    return {
        **{"title": f"ResNet-20 with {FILTERS} filters", "classes": classes, "layers": layers},
        **{"images": [_packed(image) for image in shown], "mean": _packed(mean)},
    }


def _packed(array: np.ndarray) -> str:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode("ascii")


class PrintedMaps(nodes.container):
    """What is printed, with room for what computes before it on the website."""


class LookInside(SphinxDirective):
    """Checks the weights when the page is read, so that an error names the page and the line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The content, as `PrintedMaps`."""
        self.assert_has_content()
        here = self.env.metadata[self.env.docname]
        try:
            net(_results(self.env.app))
            if here.get("look_inside"):
                raise ValueError("a page has one look inside. Received: another")
        except ValueError as error:
            raise self.error(str(error)) from error
        here["look_inside"] = True
        still = PrintedMaps()
        self.state.nested_parse(self.content, self.content_offset, still)
        return [still]


def _results(app) -> Path:
    return Path(app.srcdir) / app.config.look_inside_results


def _live(translator) -> bool:
    """Is this the website? The PDF and the EPUB are HTML, too, and run no script."""
    return translator.builder.name == "html"


def visit(translator, node) -> None:
    """Opens the box and the printed figure, which is there until the reader starts the net."""
    translator.body.append('<div class="twin" data-state="waiting">\n')
    if _live(translator):
        translator.body.append('<div id="look-inside" class="interactive"></div>\n')
        translator.body.append(f'<details class="still" open><summary>{STILL}</summary>\n')


def depart(translator, node) -> None:
    """Closes what `visit` opened."""
    translator.body.append("</details></div>\n" if _live(translator) else "</div>\n")


def _used(app, page: str) -> bool:
    return app.builder.name == "html" and bool(app.env.metadata[page].get("look_inside"))


def _load(app, pagename, templatename, context, doctree) -> None:
    if _used(app, pagename):
        for sheet in ("shared/interactive", "twins/twins", f"{FOLDER}/inside"):
            app.add_css_file(f"{sheet}.css")
        app.add_js_file(f"{FOLDER}/page.js", type="module")


def _write(app, exception) -> None:
    if exception is None and any(_used(app, page) for page in list(app.env.metadata)):
        path = Path(app.outdir) / "_static" / FOLDER / "net.json"
        if path.exists():  # Keras takes seconds to come; `make book` begins anew where this changes
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(data(_results(app)), separators=(",", ":"))
        path.write_text(text, encoding="utf-8")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_config_value("look_inside_results", "results", "env")
    app.add_directive("look-inside", LookInside)
    app.add_node(PrintedMaps, html=(visit, depart))
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

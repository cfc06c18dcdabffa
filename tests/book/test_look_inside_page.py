"""The page "Look inside": its modules, its directive, links to it."""

import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import interactive
import look_inside
from nodes import said_by

ROOT = Path(__file__).parents[2]
SERVED = ROOT / "book" / "interactive" / "served"


# --- links ------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["image=half+disc&block=conv4_3&channel=32", "block=classifier"])
def test_a_state_of_the_page_stands_in_a_link(state):
    assert interactive.checked(state, interactive.LOOK_INSIDE) == state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("image=cat", "image of the look-inside is one of .*'ring'.* Received: 'cat'"),
        ("block=conv5_1", "block of the look-inside is one of"),
        ("channel=33", "Received: '33'"),
        ("place=stem", "the look-inside knows image, block, channel. Received: 'place'"),
    ],
)
def test_what_the_page_would_ignore_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        interactive.checked(state, interactive.LOOK_INSIDE)


def test_the_page_reads_the_same_keys():
    page = (SERVED / "inside" / "page.js").read_text("utf-8")
    show = (SERVED / "inside" / "show.js").read_text("utf-8")
    known = list(interactive.KNOWN[interactive.LOOK_INSIDE])
    assert re.findall(r"'(\w+)'", re.search(r"const KEYS = \[(.*)\];", page)[1]) == known
    assert re.findall(r"(\w+): ", re.search(r"const defaults = \{(.*)\};", show)[1]) == known


# --- what its modules compute ------------------------------------------------------


@pytest.fixture(scope="module")
def sums():
    return said_by("look_inside_sums.mjs", SERVED)


def test_numbers_of_maps(sums):
    assert sums["sizes"] == pytest.approx([np.sqrt(12.5), 0])
    assert sums["channels"] == [[0, 1, 1, 0], [-1, -1, -1, -1]]
    assert sums["ends"] == [99, 1]  # a hundredth is beyond; a map of nothing has a scale, too
    assert sums["weights"] == [0.5, -4, 1.5, 254]
    minus = "\N{MINUS SIGN}"
    assert sums["ranges"] == [f"{minus}2.1 to 3.4", "0.0", "0.0 to 1.0"]
    assert sums["ratio"] == "3.00"


def test_colours_have_zero_in_the_middle_and_lightness_for_order(sums):
    lightness = np.array(sums["shades"]) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()
    middle = sums["shades"][20]
    assert np.ptp(middle) < 16  # grey
    assert sums["beyond"] == [sums["shades"][-1], sums["shades"][0]]


def test_maps_lie_in_a_grid_with_gaps(sums):
    assert sums["picture"] == [4 + 2 + 4, 4]
    pixels = sums["pixels"]
    assert pixels["gap"][3] == 0 and pixels["low"][3] == 255
    assert sum(pixels["second"]) < sum(pixels["low"]) < sum(pixels["high"])
    width, first = sums["single"]
    assert (width, first) == (256, pixels["second"])
    assert sums["columns"] == [4, 4, 8, 4]
    assert sums["places"] == [0, 15, 9, 2]


def test_a_picture_is_cut_in_the_middle_and_averaged(sums):
    assert sums["squares"] == [
        {"left": 80, "top": 0, "side": 480},
        {"left": 0, "top": 8, "side": 48},
    ]
    fine = np.arange(16).reshape(2, 2, 2, 2).mean(axis=(1, 3))
    assert sums["averaged"] == np.floor(fine + 0.5).ravel().repeat(3).tolist()


# --- the directive ------------------------------------------------------------------

PAGE = """# A page

{numref}`fig-maps` shows it, and {look-inside}`a place <block=stem>`.

````{look-inside}
```{figure} a.png
:name: fig-maps
:alt: Maps of a net

Maps.
```
````
"""


def build(folder, builder, page=PAGE, results=ROOT / "results"):
    """A book of two pages: the written folder and the warnings."""
    source = folder / "source"
    (source / "book").mkdir(parents=True, exist_ok=True)
    (source / "index.md").write_text("# A book\n\n```{toctree}\nbook/look-inside\n```\n")
    (source / "book" / "look-inside.md").write_text(page)
    shutil.copy(ROOT / "book" / "_static" / "logo.png", source / "book" / "a.png")
    settings = {
        **{"extensions": ["myst_parser", "twins", "look_inside", "interactive"], "numfig": True},
        **{"look_inside_results": str(results), "html_static_path": [str(SERVED)], "version": "1"},
    }
    out, warnings = folder / builder, io.StringIO()
    with docutils_namespace():
        places = (source, None, out, folder / f"trees-{builder}")
        Sphinx(*places, builder, settings, status=None, warning=warnings).build()
    return out, warnings.getvalue()


def test_the_website_has_the_button_s_place_the_figure_and_the_net(tmp_path):
    out, warnings = build(tmp_path, "html")
    assert "look" not in warnings and "already registered" not in warnings
    page = (out / "book" / "look-inside.html").read_text("utf-8")
    box = page.index('<div class="twin" data-state="waiting">')
    assert box < page.index('<div id="look-inside"') < page.index('<details class="still" open>')
    assert page.index('<details class="still" open>') < page.index("</figure>")
    assert "inside/page.js" in page and 'href="#?block=stem"' not in page
    assert "look-inside.html?block=stem" in page or 'href="?block=stem"' in page
    other = (out / "index.html").read_text("utf-8")
    assert "inside/page.js" not in other
    assert json.loads((out / "_static" / "inside" / "net.json").read_text()) == json.loads(
        json.dumps(look_inside.data(ROOT / "results"))
    )


@pytest.mark.parametrize("builder", ["singlehtml", "epub"])
def test_on_paper_and_in_the_epub_there_is_the_printed_figure_alone(builder, tmp_path):
    out, _ = build(tmp_path, builder)
    (page,) = [t for p in out.rglob("*html") if "Maps of a net" in (t := p.read_text("utf-8"))]
    for word in ("<details", 'id="look-inside"', "page.js", "?block=stem"):
        assert word not in page
    assert not (out / "_static" / "inside" / "net.json").exists()


@pytest.mark.parametrize(
    ("page", "results", "message"),
    [
        (PAGE, "none", "look-inside.md:5: ERROR: Expected the weights of resnet20-8filters"),
        (PAGE + PAGE.split("stem>`.")[1].replace("fig-", "b-"), "results", "one look inside"),
        ("# A page\n\n```{look-inside}\n```\n", "results", "Content block expected"),
        (PAGE.replace("block=stem", "block=conv9_9"), "results", "block of the look-inside is"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_line(page, results, message, tmp_path):
    _, warnings = build(tmp_path, "dummy", page, ROOT / results)
    assert re.search(message, warnings), warnings

"""The figures that a reader can change: their data, the directive, and the modules' sums."""

import copy
import io
import itertools
import json
import math
import re
import shutil
import statistics
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import inside_records
import twins_data
from test_site_pages import contrast

ROOT = Path(__file__).parents[2]
SERVED = ROOT / "book" / "interactive" / "served"
TWINS = list(twins_data.TWINS)
HEAVIEST = 300_000  # bytes of all twins: scripts, styles, data


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A folder with all records."""
    folder = tmp_path_factory.mktemp("records")
    (folder / "inside").mkdir()
    inside_records.write(folder / "inside")
    inside_records.write_sweep(folder)
    return folder


# --- the data -----------------------------------------------------------------------


def test_the_board_has_the_errors_of_the_record(records):
    record, found = inside_records.board(), twins_data.data("lesion-board", records)
    assert [net["title"] for net in found["nets"]] == ["ResNet-20", "plain-20"]
    assert [net["kind"] for net in found["nets"]] == ["residual", "plain"]
    assert found["blocks"] == record["nets"]["plain20"]["blocks"]
    for net in found["nets"]:
        for key, name in (("wrong", "errors"), ("renewed", "renewed")):
            errors = 100 * np.array(net[key]) / found["images"]
            assert errors == pytest.approx(record["nets"][net["name"]][name])


def test_paths_and_slices_have_the_numbers_of_the_record(records):
    record, found = inside_records.paths(), twins_data.data("unrolled-paths", records)
    for net in found["nets"]:
        for key in ("share", "gradient", "contribution"):
            assert net[key] == pytest.approx(record["nets"][net["name"]][key], rel=1e-3)
    record, found = inside_records.slices(), twins_data.data("slices", records)
    assert "Infinity" not in json.dumps(found)
    assert found["coordinates"] == pytest.approx(record["coordinates"])
    for net in found["nets"]:
        own = record["nets"][net["name"]]
        losses = np.array(net["losses"], float)  # None becomes NaN
        losses[np.isnan(losses)] = np.inf
        assert losses == pytest.approx(np.array(own["losses"]), rel=1e-3)
        assert net["eigenvalue"] == pytest.approx(own["eigenvalue"], rel=1e-3)


def test_all_twins_together_are_light(records):
    data = sum(len(json.dumps(twins_data.data(t, records), separators=(",", ":"))) for t in TWINS)
    shared = [SERVED / "vendor" / "lit-html.js", SERVED / "shared" / "interactive.css"]
    files = [*(SERVED / "twins").iterdir(), *shared]
    assert data + sum(path.stat().st_size for path in files) < HEAVIEST


def _with(record, *keys, value):
    """The record with one value changed, or without the last key for None."""
    changed = copy.deepcopy(record)
    place = changed
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return changed


MISTAKES = {
    "lesion-board": [
        (("images",), None, "board.json: expected a key 'images'"),
        (("images",), 0, "images: expected how many images there are. Received: 0"),
        (("nets", "plain20"), None, "nets: expected a key 'plain20'. Received: .'resnet20'."),
        (("nets", "plain20", "renewed"), None, "plain20: expected a key 'renewed'"),
        (("nets", "plain20", "errors"), [1.0] * 511, "errors: expected a list of 512. .*511 items"),
        (("nets", "plain20", "errors", 3), 0.085123, "errors.3.: expected an error in per cent"),
        (("nets", "plain20", "errors", 3), 100.1, "errors.3.: expected an error in per cent"),
        (("nets", "plain20", "errors", 3), "8.5", "Received: '8.5'"),
        (("nets", "plain20", "blocks", 0), "conv1", "the same names of blocks in every net"),
    ],
    "unrolled-paths": [
        (("nets", "resnet56", "gradient"), [0.1] * 27, "gradient: expected a list of 28"),
        (("nets", "resnet56", "share", 3), 0.2, "share: expected .* at length 3, as binomials"),
        (("nets", "resnet56", "contribution", 3), 0.9, "contribution: expected numbers that sum"),
        (("nets", "resnet56", "contribution", 3), -0.1, "3.: expected a number of at least 0"),
        (("nets", "resnet20", "blocks"), 2.5, "blocks: expected how many blocks there are"),
    ],
    "slices": [
        (("coordinates", 0), 0.5, "an odd number of ascending coordinates with 0 in the middle"),
        (("nets", "plain56", "losses", 3), [1.0], "losses.3.: expected a list of 21"),
        (("nets", "plain56", "losses", 3, 4), 0, "losses.3..4.: expected a loss above 0"),
        (("nets", "plain56", "losses", 3, 4), math.nan, "expected a loss above 0. Received: nan"),
        (("nets", "plain56", "eigenvalue"), True, "eigenvalue: expected a number. Received: True"),
        (("nets",), [], "nets: expected an object"),
    ],
}


@pytest.mark.parametrize(
    ("twin", "keys", "value", "message"),
    [(twin, *mistake) for twin, mistakes in MISTAKES.items() for mistake in mistakes],
)
def test_a_record_of_another_form_is_refused_with_the_place(twin, keys, value, message, tmp_path):
    name = twins_data.RECORDS[twin][0]
    record = inside_records.EVERY[Path(name).stem]()
    (tmp_path / "inside").mkdir()
    (tmp_path / name).write_text(json.dumps(_with(record, *keys, value=value)))
    with pytest.raises(ValueError, match=message):
        twins_data.data(twin, tmp_path)


def test_what_is_missing_is_named_with_what_makes_it(tmp_path):
    with pytest.raises(ValueError, match=r"board.json, which is missing: `python -m helpers ins"):
        twins_data.data("lesion-board", tmp_path)
    with pytest.raises(ValueError, match=r"twins are lesion-board, .* Received: 'board'"):
        twins_data.data("board", tmp_path)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "board.json").write_text("{")
    with pytest.raises(ValueError, match=r"board.json is not JSON"):
        twins_data.data("lesion-board", tmp_path)


# --- the directive ------------------------------------------------------------------

PAGE = """# A page

{numref}`fig-lesions` shows it.

````{twin} lesion-board
```{figure} a.png
:name: fig-lesions
:alt: Errors without a block

Errors.
```
````
"""


def build(folder, builder, records, page=PAGE):
    """A book of two pages: the written folder and the warnings."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "index.md").write_text("# A book\n\n```{toctree}\npage\n```\n")
    (source / "page.md").write_text(page)
    shutil.copy(ROOT / "book" / "_static" / "logo.png", source / "a.png")
    settings = {
        **{"extensions": ["myst_parser", "twins"], "numfig": True, "language": "en"},
        **{"twins_records": str(records), "html_static_path": [str(SERVED)], "version": "1"},
    }
    out, warnings = folder / builder, io.StringIO()
    places = (source, None, out, folder / f"trees-{builder}")
    with docutils_namespace():
        Sphinx(*places, builder, settings, status=None, warning=warnings).build()
    return out, warnings.getvalue()


def test_the_website_has_the_twin_and_its_printed_figure(tmp_path, records):
    out, warnings = build(tmp_path, "html", records)
    assert "twin" not in warnings
    page, other = ((out / f"{name}.html").read_text("utf-8") for name in ("page", "index"))
    assert '<div class="twin" data-twin="lesion-board">' in page
    assert '<div class="interactive lesion-board"></div>' in page
    assert page.index('<details class="still" open>') < page.index('<figure class="align-default"')
    assert page.index("</figure>") < page.index("</details></div>")
    assert "Fig. 1" in page
    for name in ("shared/interactive.css", "twins/twins.css", "twins/lesion-board.css"):
        assert f'href="_static/{name}' in page and name not in other
    (script,) = re.findall(r"<script[^>]*twins/page.js[^>]*>", page)
    assert 'type="module"' in script
    assert "twins/" not in other and "slices.css" not in page
    written = json.loads((out / "_static" / "twins" / "lesion-board.json").read_text())
    assert written == twins_data.data("lesion-board", records)
    assert not (out / "_static" / "twins" / "slices.json").exists()


@pytest.mark.parametrize("builder", ["singlehtml", "epub"])
def test_on_paper_and_in_the_epub_there_is_the_printed_figure_alone(builder, tmp_path, records):
    out, _ = build(tmp_path, builder, records)
    texts = [p.read_text("utf-8") for p in out.rglob("*html")]
    (page,) = [text for text in texts if "data-twin" in text]
    assert "Errors without a block" in page and "Fig. 1" in page
    for word in ("<details", "interactive", "page.js", "lesion-board.css"):
        assert word not in page
    assert not (out / "_static" / "twins" / "lesion-board.json").exists()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (PAGE.replace("lesion-board", "lesions"), "page.md:5: ERROR: .*the twins are"),
        ("# A page\n\n```{twin} slices\n```\n", "Content block expected"),
        (PAGE + PAGE.split("shows it.")[1].replace("fig-", "b-"), "once. Received: 'lesion-board'"),
    ],
)
def test_a_twin_that_cannot_be_is_an_error_with_its_line(page, message, tmp_path, records):
    _, warnings = build(tmp_path, "html", records, page)
    assert re.search(message, warnings), warnings


def test_a_page_without_its_record_is_an_error(tmp_path):
    (tmp_path / "none").mkdir()
    out, warnings = build(tmp_path, "html", tmp_path / "none")
    assert "ERROR" in warnings and "board.json, which is missing" in warnings
    assert "data-twin" not in (out / "page.html").read_text("utf-8")


# --- what the modules compute -------------------------------------------------------


@pytest.fixture(scope="module")
def sums():
    """What the modules say under Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("The twins' modules run in a browser or in Node; here is no `node`.")
    command = [node, Path(__file__).parent / "twins_sums.mjs", SERVED / "twins"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_subset_is_ranked_among_those_of_its_size(sums):
    values = sums["values"]
    for subset, came in enumerate(sums["standings"]):
        alike = sorted(v for s, v in enumerate(values) if s.bit_count() == subset.bit_count())
        assert came["values"] == alike
        assert came["rank"] == 1 + sum(value < values[subset] for value in alike)
        assert (came["best"], came["worst"]) == (alike[0], alike[-1])
        assert came["median"] == statistics.median(alike)
    assert sums["toggled"] == [8, 0, 265]
    assert sums["chosen"] == [math.comb(27, k) for k in range(28)]


def test_a_contour_lies_where_the_grid_has_its_level(sums):
    pieces = np.array(sums["contour"]).reshape(-1, 2)
    assert 2 * pieces[:, 0] + 3 * pieces[:, 1] == pytest.approx(7.3)
    # It crosses the grid without a gap: every end but two belongs to two pieces.
    ends = [tuple(np.round(end, 6)) for end in pieces.tolist()]
    assert sorted(ends.count(end) for end in set(ends))[:3] == [1, 1, 2]
    assert len(sums["saddle"]) == 2 and sums["none"] == []


def test_lightness_tells_the_order_and_lines_stand_out(sums):
    luminances = sums["luminances"]
    assert all(a < b for a, b in itertools.pairwise(luminances))
    assert luminances[0] < 0.05 and luminances[-1] > 0.75
    for shade, line in zip(sums["shades"], sums["lines"], strict=True):
        ends = {"#000": np.zeros(3), "#fff": np.ones(3)}
        assert contrast(np.array(shade) / 255, ends[line]) > 4.5


def test_numbers_are_short_and_keep_their_size(sums):
    plain = [text.replace("\N{MULTIPLICATION SIGN}", "x") for text in sums["shown"]]
    assert plain == [
        "0",
        "0.00123",
        "2.66 x 10⁻⁵",
        "843",
        "1.00 x 10⁵",
        "2.00 x 10⁷",
        "\N{MINUS SIGN}12.3",
    ]

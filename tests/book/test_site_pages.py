"""What the book's own extensions do to the pages: formulas, figures, addresses, icons."""

import math
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace

import access
import addresses
import grounds
import places
import slim

# --- figures on two grounds ---------------------------------------------------------


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """As the WCAG defines it."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


GROUND = grounds.numbers(grounds.GROUND)


@pytest.mark.parametrize(
    ("colour", "least"),
    [
        *((colour, 4.5) for colour in ("#000000", "#1a1a1a", "#5f5f5f")),  # letters
        *((c, 3) for c in ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")),
    ],
)
def test_what_stands_out_from_paper_stands_out_from_the_dark_ground(colour, least):
    assert contrast(grounds.darkened(grounds.numbers(colour)), GROUND) >= least


def test_white_becomes_the_ground_and_hues_stay():
    assert grounds.darkened(np.ones(3)) == pytest.approx(GROUND, abs=0.01)
    red, green, blue = grounds.darkened(grounds.numbers("#0072B2"))
    assert blue > green > red


def test_there_and_back_again():
    colours = np.random.default_rng(0).random((50, 3))
    assert grounds.from_oklab(grounds.oklab(colours)) == pytest.approx(colours, abs=1e-5)


def test_an_svg_loses_its_sheet_and_keeps_its_colours_apart():
    sheet = '<g id="patch_1">\n <path d="M 0 0" style="fill: #ffffff"/></g>'
    line = '<path style="stroke: #0072b2; fill: none"/><path style="fill: #fff"/>'
    dark = grounds.dark_svg(f"<svg >{sheet}{line}</svg>")
    assert 'd="M 0 0" style="fill: none"' in dark
    assert "#0072b2" not in dark and "stroke: #" in dark
    assert "#121212" in dark


def test_a_page_has_both_pictures_with_their_size():
    page = '<img alt="A curve" src="../_images/a.svg" /><img src="../_static/logo.svg"/>'
    out = grounds.twins(page, {"a.svg": (640, 480, 500)})
    assert out.count('width="640" height="480"') == out.count('alt="A curve"') == 2
    assert 'class="only-light"' in out and 'src="../_images/a-dark.svg"' in out
    assert out.startswith('<span class="picture" style="--legible: 500px"><img class="only-light"')
    assert out.endswith('</span><img src="../_static/logo.svg"/>')


def test_another_programs_window_has_one_picture():
    out = grounds.twins('<img alt="A" src="_images/a.png" class="b">', {"a.png": (9, 8, 7)})
    assert out.count("<img") == 1 and 'class="b"' in out and 'width="9" height="8"' in out
    assert out.startswith('<span class="picture" style="--legible: 7px">')


@pytest.mark.parametrize(("points", "least"), [(10, 432), (7.5, 576), (20, 216)])
def test_a_drawing_keeps_the_width_at_which_its_smallest_letters_have_nine_pixels(
    points, least, tmp_path
):
    with plt.rc_context({"svg.hashsalt": "x"}):
        figure = plt.figure(figsize=(6.66667, 2))
        figure.text(0.1, 0.5, "large", fontsize=24)
        figure.text(0.5, 0.5, "small", fontsize=points, rotation=90)
        figure.savefig(tmp_path / "a.svg")
        figure.savefig(tmp_path / "a.png", dpi=100)
        plt.close(figure)
    assert grounds.size(tmp_path / "a.svg") == (640, 192)
    assert grounds.legible(tmp_path / "a.svg") == pytest.approx(least, abs=1)
    assert grounds.size(tmp_path / "a.png") == (666, 200)
    assert grounds.legible(tmp_path / "a.png") == math.ceil(666 * 9 / 11.5)


def test_a_drawing_without_letters_may_be_as_small_as_it_likes(tmp_path):
    (tmp_path / "a.svg").write_text('<svg width="300pt" height="150pt"></svg>')
    assert grounds.legible(tmp_path / "a.svg") == 0


# --- addresses ----------------------------------------------------------------------


@pytest.fixture
def book():
    """The book as `me/book` would publish it."""
    book = places.Book()
    book.address, book.repository = "", ""
    book.move_to("me/book")
    return book


def test_without_an_address_nothing_needs_one(book):
    line = addresses.ways_in("book/01-a", {"notebooks/01-a"}, book, "", "../")
    assert "notebooks/01-a.html" in line
    assert "Colab" not in line and "Binder" not in line
    assert addresses.ways_in("book/notation", {"notebooks/01-a"}, book, "", "../") == ""


def test_a_notebook_leads_back_to_its_page(book):
    line = addresses.ways_in("notebooks/01-a", {"notebooks/01-a"}, book, "", "../")
    assert '<a href="../book/01-a.html">' in line and "notebooks/" not in line


def test_with_addresses_the_links_are_whole(book):
    site, repository = addresses.checked("https://example.org/b", "https://github.com/me/book/")
    assert site == "https://example.org/b/"
    line = addresses.ways_in("book/01-a", {"notebooks/01-a"}, book, repository, "../")
    tag = f"v{book.version}"
    assert f"colab.research.google.com/github/me/book/blob/{tag}/notebooks/01-a.ipynb" in line
    assert f"mybinder.org/v2/gh/me/book/{tag}?labpath=notebooks%2F01-a.ipynb" in line


def test_no_link_to_colab_where_the_first_cells_fetch_another_repository(book):
    fork = "https://github.com/you/fork"
    line = addresses.ways_in("book/01-a", {"notebooks/01-a"}, book, fork, "../")
    assert "Colab" not in line and "mybinder.org/v2/gh/you/fork/" in line


def test_the_environment_publishes_a_fork(monkeypatch):
    ours = "https://example.org/b", "https://github.com/me/book"
    monkeypatch.delenv(addresses.PUBLISH_AS, raising=False)
    assert addresses.chosen(*ours) == ("https://example.org/b/", ours[1])
    monkeypatch.setenv(addresses.PUBLISH_AS, "you/fork")
    assert addresses.chosen("", "") == (
        "https://you.github.io/fork/",
        "https://github.com/you/fork",
    )
    monkeypatch.setenv(addresses.PUBLISH_AS, "not a place")
    with pytest.raises(ConfigError, match="OWNER/NAME"):
        addresses.chosen("", "")


def built(folder, address):
    """A book of one page, built with this address: its page, and what lies beside it."""
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "index.rst").write_text("A page\n======\n\nWhat it is about.\n")
    settings = {"extensions": ["addresses"], "book_address": address, "language": "en_GB"}
    places_ = (folder / "source", None, folder / "out", folder / "trees")
    with docutils_namespace():
        Sphinx(*places_, "html", settings, status=None, warningiserror=True).build()
    page = (folder / "out" / "index.html").read_text("utf-8")
    assert '<meta name="description" content="What it is about." />' in page
    assert 'property="og:title" content="A page"' in page
    lost = (folder / "out" / "404.html").read_text("utf-8")
    assert "not in the book" in lost
    assert f'action="{address and address + "/"}search.html"' in lost and 'name="q"' in lost
    return page, folder / "out"


def test_a_page_has_a_card_and_the_site_a_map_where_there_is_an_address(tmp_path, monkeypatch):
    monkeypatch.delenv(addresses.PUBLISH_AS, raising=False)
    page, out = built(tmp_path / "there", "https://example.org/b")
    assert 'property="og:url" content="https://example.org/b/index.html"' in page
    (card,) = re.findall(r'property="og:image" content="https://example.org/b/([^"]+)"', page)
    with Image.open(out / card) as picture:
        assert picture.width > 1_000 and picture.height > 500
    assert "<loc>https://example.org/b/index.html</loc>" in (out / "sitemap.xml").read_text()
    page, out = built(tmp_path / "nowhere", "")
    assert "og:url" not in page and "og:image" not in page
    assert not (out / "sitemap.xml").exists()


@pytest.mark.parametrize("settings", [("example.org", ""), ("", "https://example.org/me/book")])
def test_what_is_no_address_is_refused(settings):
    with pytest.raises(ConfigError, match="Received"):
        addresses.checked(*settings)


# --- the theme's HTML ---------------------------------------------------------------


def test_a_button_of_the_sidebar_gets_a_name():
    page = '<a class="reference internal" href="a.html">1. A</a><details><summary><i></i></summary>'
    assert '<summary aria-label="Pages of: 1. A">' in access.corrected(page)


def test_an_empty_header_cell_is_an_ordinary_one():
    page = '<th class="head"></th><th class="head"><p>Net</p></th>'
    assert access.corrected(page) == '<td></td><th class="head"><p>Net</p></th>'


def test_the_link_past_the_menus_leads_to_the_text_where_there_is_one():
    link = '<div id="pst-skip-link" class="a"><a href="#main-content">Skip</a></div>'
    page = link + '<main id="main-content">\n<button>x</button><article class="bd-article">'
    found = access.corrected(page)
    assert 'href="#the-text"' in found and '<article class="bd-article" id="the-text">' in found
    assert access.corrected(link) == link


def test_a_number_and_its_sign_stand_on_one_line():
    page = "<p>From 5 % to <span>6.5</span> %, %d, 100% and a % b</p>"
    kept = "<p>From 5@% to <span>6.5</span>@%, %d, 100% and a % b</p>"
    assert access.corrected(page) == kept.replace("@", "\N{NO-BREAK SPACE}")


def test_scripts_wait_and_the_search_alone_loads_its_index():
    page = (
        '<link rel="stylesheet" href="a.css"/>\n<link rel="stylesheet" href="b.css"/>\n'
        '<link rel="preload" as="script" href="_static/scripts/theme.js" />\n'
        '<script src="_static/documentation_options.js?v=1"></script>'
        '<script src="_static/doctools.js?v=1"></script><script src="searchindex.js"></script>'
    )
    out = slim.lighter(page, "_static/site.css", searches=False, options="const A = 1;")
    assert out.count("stylesheet") == 1 and "searchindex" not in out and "preload" not in out
    assert '<script defer src="_static/doctools.js?v=1">' in out
    assert "<script>const A = 1;</script>" in out and "documentation_options" not in out
    assert "searchindex" in slim.lighter(page, "_static/site.css", searches=True, options="")


def test_a_sheet_that_another_imports_is_part_of_the_one(tmp_path):
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    (static / "basic.css").write_text("a { background: url(file.png) }")
    (static / "styles" / "theme.css").write_text(
        '@import "../basic.css";\nb { src: url("b.woff") }'
    )
    link = '<link rel="stylesheet" href="_static/styles/theme.css?v=1"/>\n'
    out = slim.joined(link, tmp_path, static)
    assert "@import" not in out
    assert "url(file.png)" in out and "url(styles/b.woff)" in out


def test_a_module_waits_by_itself():
    link = '<link rel="stylesheet" href="a.css"/>\n'
    script = '<script type="module" src="_static/explorer/page.js"></script>'
    assert slim.lighter(link + script, "_static/site.css", False, "").endswith(script)


def test_what_a_theme_no_longer_has_is_said():
    every = "".join(f'<script src="{name}"></script>' for name in (*slim.UNUSED, *slim.OF_SEARCH))
    assert slim.not_found([every]) == []
    assert slim.not_found([every.replace("fontawesome", "icons")]) == ["fontawesome.js on a page"]
    assert slim.not_found([]) == ["pages that link several style sheets"]

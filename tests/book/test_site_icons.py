"""The theme's icons, cut down to those of the pages: of the theme of today and of the next one."""

import shutil
from pathlib import Path

import pydata_sphinx_theme
import pytest
from fontTools.ttLib import TTFont

import fonts
import icons

FACE = (
    "@font-face{{font-display:block;font-family:Font Awesome\\ {0} Free;font-style:normal;"
    "font-weight:{1};src:url(vendor/fontawesome/webfonts/{2})}}"
)
SIX = (
    FACE.format(6, 900, 'fa-solid-900.woff2) format("woff2"),url(vendor/fontawesome/webfonts/a.ttf')
    + FACE.format(6, 400, "fa-regular-400.woff2")
    + '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-cat:before{content:"\\f6be"}'
)
SEVEN = (
    FACE.format(7, 400, "fa-regular-400.woff2")
    + FACE.format(7, 900, "fa-solid-900.woff2")
    + '.fa-solid:before{content:var(--fa)/""}.fa-bars,.fa-navicon{--fa:"\\f0c9"}'
    + '.fa-cat{--fa:"\\f6be"}'
)
KEPT = {SIX: '.fa-bars:before{content:"\\f0c9"}', SEVEN: '.fa-bars{--fa:"\\f0c9"}'}


@pytest.mark.parametrize(("sheet", "version"), [(SIX, 6), (SEVEN, 7)])
def test_icons_that_no_page_has_are_left_out_whatever_the_version(sheet, version):
    out, characters = icons.with_icons(sheet, {"bars"})
    assert characters == {"\uf0c9"}
    assert KEPT[sheet] in out and "fa-cat" not in out and "fa-navicon" not in out
    assert out.count("@font-face") == 1 and "vendor" not in out
    assert f'font-family:"Font Awesome {version} Free";font-weight:900;src:url({icons.FONT})' in out
    assert icons.face(sheet)[0] == f"Font Awesome {version} Free"
    assert len(icons.face(sheet)[1]) == (2 if version == 6 else 1)


def test_icons_of_notes_are_kept_by_the_name_that_the_theme_gives_them():
    named = ':root{--pst-icon-bell:"\uf0f3";--pst-icon-note:"\\f05a";--x:var(--pst-icon-bell)}'
    assert icons.with_icons(SIX + named, set())[1] == {"\uf0f3", "\uf05a"}


def test_a_theme_that_forgot_a_rule_of_its_last_version_shows_that_icon_too():
    forgotten = '.onthispage:after{content:"\uf107";font-family:Font Awesome\\ 6 Free;top:0}'
    out, characters = icons.with_icons(SEVEN + forgotten, set())
    assert characters == {"\uf107"}
    assert out.endswith('"\uf107";font-family:Font Awesome\\ 7 Free;top:0}')


@pytest.mark.parametrize(
    ("sheet", "names", "message"),
    [
        ("p { top: 0 }", set(), "expected an @font-face of Font Awesome with the weight 900"),
        (FACE.format(8, 900, "a.woff2"), set(), "expected rules like .fa-bars:before"),
        (SIX, {"bars", "brands"}, "expected solid icons alone. Received fa-brands"),
    ],
)
def test_a_theme_that_is_not_understood_is_named(sheet, names, message):
    with pytest.raises(icons.NotAsExpected, match=message):
        icons.with_icons(sheet, names)


def test_a_font_that_is_not_there_or_cannot_be_read_leaves_everything_as_it_is(
    tmp_path, monkeypatch
):
    with pytest.raises(icons.NotAsExpected, match=r"expected one of vendor/.*solid-900\.woff2 in"):
        icons.cut_down({"a page": SEVEN}, {"bars"}, tmp_path)
    font = tmp_path / "vendor/fontawesome/webfonts/fa-solid-900.woff2"
    font.parent.mkdir(parents=True)
    font.touch()

    def unreadable(*_):
        raise ImportError("No module named brotli")

    monkeypatch.setattr(fonts, "cut_down", unreadable)
    with pytest.raises(
        icons.NotAsExpected, match=r"read fa-solid-900\.woff2\. Received: No module"
    ):
        icons.cut_down({"a page": SEVEN}, {"bars"}, tmp_path)
    assert font.is_file() and not (tmp_path / icons.FONT).exists()


def test_of_the_theme_that_is_installed_a_small_font_is_left(tmp_path):
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    static = tmp_path / "_static"
    shutil.copytree(theme / "vendor", static / "vendor")
    sheet = (theme / "styles/pydata-sphinx-theme.css").read_text("utf-8")
    sheet = sheet.replace("url(../vendor", "url(vendor")
    (out,) = icons.cut_down({"a page": sheet}, {"solid", "bars"}, static).values()
    kept = TTFont(static / icons.FONT).getBestCmap()
    assert 0xF0C9 in kept and len(kept) < 30
    assert len(out) < len(sheet) and not (static / "vendor/fontawesome").exists()
    assert "Font Awesome" in (static / "fonts/icons-LICENCE.txt").read_text("utf-8")

"""Shows on made-up pages what same_site.py notices between two ways of building one book."""

import pytest

import same_site

PAGE = """<nav class="bd-links"><a href="a.html">1. A page</a></nav>
<article><h1 id="a-page">1. A page</h1><p>See <a class="reference internal" href="#b">Fig. 1.1</a>.
<figure id="b"><span class="caption-number">Fig. 1.1 </span></figure> Two  words</p></article>"""
CHANGES = {
    "headings": ('<h1 id="a-page">1. A', '<h1 id="a-page">2. A'),
    "numbers": ('"caption-number">Fig. 1.1', '"caption-number">Fig. 1'),
    "names of links": ('href="#b">Fig. 1.1', 'href="#b">Fig. 2'),
    "contents": ('"a.html">1. A', '"a.html">A'),
    "places": ('id="b"', 'id="c"'),
    "words": ("words", "word"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_difference_is_found_and_named(what):
    old, new = CHANGES[what]
    assert PAGE.count(old) == 1
    assert any(f"other {what}: " in d for d in same_site.differences(PAGE, PAGE.replace(old, new)))


def test_what_a_theme_is_free_in_makes_no_difference():
    other = PAGE.replace("Two  words", "<b>Two</b>\nwords").replace("<nav", "<div></div><nav")
    assert same_site.differences(PAGE, other) == []


def test_sites_have_the_same_pages_and_some(tmp_path, capsys):
    one, other = tmp_path / "one", tmp_path / "other"
    for root in (one, other):
        root.mkdir()
    assert "Received none in common" in same_site.compare(one, other)[0]
    for root in (one, other):
        (root / "index.html").write_text(PAGE)
    assert same_site.main([str(one), str(other)]) == 0
    (other / "more.html").write_text(PAGE)
    assert "differ in 1 point" in same_site.main([str(one), str(other)])
    assert "more.html: only in one of them" in capsys.readouterr().err
    assert same_site.main([]).startswith("Usage")

"""The decks: one for each chapter, built without a warning, with notes, and with nothing from afar.

That every slide fits its screen only a browser can tell: `make slides` does.
"""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ConfigError

import check_site
import claims
import decks
import policy
import prose

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in ROOT.glob("teaching/slides/[0-9]*.md"))


def build(source, out, *settings):
    """Builds decks as `make slides` does."""
    command = [sys.executable, "-m", "sphinx", "-b", "revealjs", "-n", "-W", "--keep-going", "-q"]
    return subprocess.run([*command, *settings, source, out], capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("slides")
    result = build(ROOT / "teaching" / "slides", out)
    assert result.returncode == 0, result.stderr
    return out


def slides(folder, name):
    """The slides of a deck, in their order."""
    tree = BeautifulSoup((folder / f"{name}.html").read_text("utf-8"), "html.parser")
    return [section for section in tree.select("section") if not section.select("section")]


def test_a_deck_runs_its_own_scripts_the_speaker_s_and_no_others(built):
    """`make slides` opens the window for the speaker in a browser, under this policy."""
    notes = (built / "_static/revealjs/plugin/notes/notes.js").read_text("utf-8")
    window = BeautifulSoup(decks.speaker_window(notes), "html.parser")
    for name in NAMES:
        tree = BeautifulSoup((built / f"{name}.html").read_text("utf-8"), "html.parser")
        (meta,) = tree.select("head meta[http-equiv=Content-Security-Policy]")
        assert not meta.find_previous(["script", "style", "link"])
        parts = (part.split() for part in meta["content"].split(";"))
        rules = {name: sources for name, *sources in parts}
        inside = [tag for page in (tree, window) for tag in page.select("script:not([src])")]
        digests = {policy.digest(tag.decode_contents()) for tag in inside}
        assert set(rules["script-src"]) == {"'self'", *digests} and len(digests) > 1
        assert rules["default-src"] == ["'none'"] and rules["frame-src"] == ["'self'"]
        assert rules["img-src"] == ["'self'", "data:"]


def test_every_chapter_has_a_deck_of_its_title():
    chapters = sorted(path for path in ROOT.glob("book/[0-9]*.md"))
    assert [path.stem for path in chapters] == NAMES
    for path in chapters:
        deck = ROOT / "teaching" / "slides" / path.name
        assert deck.read_text("utf-8").split("\n")[0] == path.read_text("utf-8").split("\n")[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_is_a_lecture(built, name):
    found = slides(built, name)
    assert 12 <= len(found) <= 18
    for slide in found:
        title = slide.select_one("h1, h2").get_text()
        notes = slide.select(":scope > aside.notes")
        assert len(notes) == 1, f"{name}, {title!r}: expected one `{{notes}}`"
        assert re.match(r"\s*\d+ minutes?", notes[0].get_text()), title
        assert re.search(r"Ask|Say|Begin", notes[0].get_text()), f"{name}, {title!r}: what to do?"
    assert sum(bool(slide.select("blockquote")) for slide in found) >= len(found) / 2, (
        "expected a question to the class on every second slide"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_ends_with_a_question_to_take_home(built, name):
    last = slides(built, name)[-1]
    assert last.h2.get_text() == "To take home"
    assert re.search(r"\?|\.$", last.blockquote.get_text().strip())


@pytest.mark.parametrize("name", NAMES)
def test_the_first_notes_add_up_the_minutes(built, name):
    notes = [slide.select_one("aside.notes .minutes").get_text() for slide in slides(built, name)]
    minutes = [int(re.match(r"\d+", text)[0]) for text in notes]
    assert f"{sum(minutes)} for all slides" in notes[0]
    assert sum(minutes) <= 90, "a session of the course plans has 90 minutes"


def test_the_decks_ask_no_other_host_and_miss_nothing(built):
    for path in built.glob("*.html"):
        page = check_site.Page(path, built)
        for address in page.loaded():
            assert not check_site.is_external(address), f"{path.name} loads {address}"
            if not address.startswith("data:"):
                assert (built / address.split("?")[0]).is_file(), f"{path.name} lacks {address}"
        for image in page.tree.select("img"):
            assert image.get("alt", "").strip(), f"{path.name}: {image['src']} has no text"
    sheets = list(built.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        for address in check_site.addresses(sheet.read_text("utf-8")):
            assert not check_site.is_external(address), f"{sheet.name} loads {address}"


def test_numbers_come_from_the_notebooks(built):
    stored, _ = claims.stored("01-degradation")
    assert f"{stored['plain56_train']:.1f}" in (built / "01-degradation.html").read_text("utf-8")
    pages = [prose.read(ROOT / "teaching" / "slides" / f"{name}.md", ROOT) for name in NAMES]
    assert all(page.glued() for page in pages)
    assert "{glue" not in "".join((built / f"{n}.html").read_text("utf-8") for n in NAMES)


# --- the checks can fail -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```{notes}\nNo minutes.\n```", "expected `:minutes:`"),
        ("{glue:text}`../../notebooks/01-degradation.ipynb::no_such:.1f`", "stores no 'no_such'"),
        ("{glue:text}`no_such`", "expected `../notebooks/NAME.ipynb::key:format`"),
    ],
)
def test_a_deck_with_a_fault_is_not_built(tmp_path, text, complaint):
    conf = (ROOT / "teaching" / "slides" / "conf.py").read_text("utf-8")
    conf = conf.replace('"../../book/references.bib"', "").replace('["_static"]', "[]")
    conf = conf.replace("Path(__file__).resolve().parents[2]", f"Path({str(ROOT)!r})")
    (tmp_path / "conf.py").write_text(conf)
    (tmp_path / "index.md").write_text(f"# A deck\n\n{text}\n")
    result = build(tmp_path, tmp_path / "out")
    assert result.returncode != 0
    assert complaint in result.stderr


@pytest.mark.parametrize("theme", ["league", "beige", "https://example.org/theme.css"])
def test_a_theme_that_loads_fonts_from_elsewhere_is_refused(theme):
    with pytest.raises(ConfigError, match="loads nothing from elsewhere"):
        decks._check(None, SimpleNamespace(revealjs_style_theme=theme))

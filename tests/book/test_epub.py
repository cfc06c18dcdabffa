"""What is corrected in the EPUB. That epubcheck accepts the whole of it, `make epub` says."""

import zipfile
from xml.etree import ElementTree

import pytest
from docutils import nodes
from sphinx_exercise.nodes import solution_node

import access
import epub

PAGE = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><link rel="stylesheet" type="text/css" href="../_static/there.css" />
<link rel="stylesheet" type="text/css" href="../_static/gone.css" />
</head><body>
<section id="exercise-content"><p>One: <math display="inline"><mi>x</mi></math></p></section>
<section id="exercise-content"><p>Another.</p></section>
<section id="solution-content"><p>Two.</p></section>
<img src="../_images/a.png" alt="A"/></body></html>
"""
CONTENT = """<package><manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="e-0" href="book/a.xhtml" media-type="application/xhtml+xml" />
    <item id="e-1" href="book/b.xhtml" media-type="application/xhtml+xml" />
    <item id="e-2" href="_static/logo.png" media-type="image/png" />
    <item id="e-3" href="_static/search.js" media-type="text/javascript" />
    <item id="e-4" href="_images/gone.png" media-type="image/png" />
    <item id="e-5" href="_static/there.css" media-type="text/css" />
  </manifest></package>
"""


@pytest.fixture
def out(tmp_path):
    """What Sphinx has written."""
    for name in ("book", "_static/fonts", "_images"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("_static/search.js", "_static/there.css", "_static/late.css", "nav.xhtml"):
        (tmp_path / name).write_text("")
    for name in ("_static/logo.png", "_static/fonts/f.woff", "_static/fonts/LICENCE.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "book/a.xhtml").write_text(PAGE)
    (tmp_path / "book/b.xhtml").write_text(PAGE.replace("math", "span"))
    (tmp_path / "mimetype").write_text("application/epub+zip")
    return tmp_path


def test_a_page_names_its_language_and_the_namespace_of_its_formulas():
    tree = ElementTree.fromstring(epub.corrected(PAGE, "en-GB"))
    assert tree.attrib["lang"] == "en-GB"
    assert tree.find(f".//{{{epub.MATHML}}}math") is not None
    once = epub.corrected(PAGE, "en-GB")
    assert epub.HTML.search(epub.corrected(once, "en-GB"))[0].count(" lang=") == 1


def test_an_id_stands_once_in_the_epub_and_on_the_website():
    assert PAGE.count('id="exercise-content"') == 2
    for page in (epub.corrected(PAGE, "en-GB"), access.corrected(PAGE)):
        assert "-content" not in page
        assert page.count("<section>") == 3


def test_a_page_links_no_style_sheet_that_is_not_there(out):
    page = epub.linking(PAGE, out / "book")
    assert "there.css" in page and "gone.css" not in page


def test_the_list_has_what_exists_and_is_of_use(out):
    items = ElementTree.fromstring(epub.manifest(CONTENT, out)).findall(".//item")
    named = {item.attrib["href"]: item.attrib.get("properties") for item in items}
    assert named == {
        "nav.xhtml": "nav",
        "book/a.xhtml": "mathml",
        "book/b.xhtml": None,
        "_static/logo.png": "cover-image",
        "_static/there.css": None,
        "_static/late.css": None,
        "_static/fonts/LICENCE.txt": None,
        "_static/fonts/f.woff": None,
    }
    assert len(items) == len(named)


def test_of_the_same_pictures_the_one_with_a_name_stays(out):
    for name, content in (("0" * 64, "x"), ("01-live", "x"), ("02-live", "y"), ("f" * 64, "z")):
        (out / "_images" / f"{name}.png").write_text(content)
    assert epub.doubles(out / "_images") == {"0" * 64 + ".png": "01-live.png"}


def test_an_id_stands_once_in_a_drawing():
    drawing = '<image id="a"/><g id="b"><image id="a"/></g><image id="a"/>'
    own = '<image id="a"/><g id="b"><image id="a-2"/></g><image id="a-3"/>'
    assert epub.own_ids(drawing) == own


def test_the_container_begins_with_what_it_is(out):
    epub.written(out, ["nav.xhtml"], out / "a.epub")
    first, second = zipfile.ZipFile(out / "a.epub").infolist()
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert second.filename == "nav.xhtml"


def test_solutions_stand_at_the_end():
    class App:
        class builder:
            name = "epub"

        class env:
            toc_secnumbers = {}  # noqa: RUF012

    document = nodes.document(None, None)
    chapter, exercises = nodes.section(), nodes.section()
    document += chapter
    solution = solution_node("", nodes.paragraph("", "It is 42."))
    exercises += [nodes.paragraph("", "How much?"), solution, nodes.paragraph("", "And why?")]
    chapter += exercises
    epub._solutions_last(App, document, "page")
    assert exercises.astext() == "How much?\n\nAnd why?"
    assert chapter[-1].astext() == "Solutions\n\nIt is 42."
    App.builder.name = "html"
    exercises += solution_node("", nodes.paragraph("", "Here."))
    epub._solutions_last(App, document, "page")
    assert exercises.astext().endswith("Here.")

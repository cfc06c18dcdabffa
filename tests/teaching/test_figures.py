"""The pack of figures holds every picture of pages and slides, with its words."""

import csv
import io
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest

import figures

ROOT = figures.ROOT
PAGES = [
    *ROOT.glob("book/*.md"),
    *ROOT.glob("teaching/slides/*.md"),
    ROOT / "index.md",
    ROOT / "README.md",
]
SHOWN = re.compile(r"\{(?:figure|image)\} (\S+\.(?:svg|png))|!\[[^\]]*\]\((\S+\.(?:svg|png))\)")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "figures.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RESNET_BOOK_RESULTS", raising=False)
        number = figures.pack(path)
    with zipfile.ZipFile(path) as file:
        files = {name: file.read(name) for name in file.namelist()}
    rows = list(csv.DictReader(io.StringIO(files["figures.csv"].decode("utf-8"))))
    assert len(rows) == number
    return files, {row["file"]: row for row in rows}


def test_every_picture_of_pages_and_slides_is_in_it(packed):
    files, rows = packed
    images = ROOT / "images"
    shown = {
        f"figures/{(page.parent / (a or b)).resolve().relative_to(images).as_posix()}"
        for page in PAGES
        for a, b in SHOWN.findall(page.read_text("utf-8"))
    }
    drawn = {
        f"figures/{path.relative_to(images).as_posix()}"
        for path in images.rglob("*")
        if path.suffix in (".svg", ".png")
    }
    assert len(shown) > 30
    assert shown == drawn == set(rows)
    assert all(
        files[name] == (images / name.removeprefix("figures/")).read_bytes() for name in rows
    )


def test_every_picture_has_a_caption_a_description_and_a_dark_twin(packed):
    files, rows = packed
    for name, row in rows.items():
        assert len(row["caption"].split()) > 4, name
        assert len(row["description"].split()) > 10, name
        assert row["caption"] != row["description"]
        assert not re.search(r"\{\w+\}|[`$]|\]\(", row["caption"] + row["description"]), name
        assert (ROOT / row["page"]).exists()
        assert row["licence"] == "CC BY 4.0"
        if not name.endswith(".svg"):  # another program's window has none
            assert row["dark"] == ""
            continue
        twin = files[row["dark"]]
        assert twin != files[name]
        ET.fromstring(twin)


def test_it_says_under_what_terms_and_from_what_sources(packed):
    files, rows = packed
    assert b"Creative Commons Attribution 4.0" in files["LICENSE.txt"]
    assert files["references.bib"] == (ROOT / "book" / "references.bib").read_bytes()
    text = files["captions.md"].decode("utf-8")
    assert all(row["caption"] in text and row["description"] in text for row in rows.values())
    cited = {
        key
        for row in rows.values()
        for keys in re.findall(r"\[([\w, ]+\d{4}\w*)\]", row["caption"])
        for key in keys.split(", ")
    }
    assert cited and all(f"{{{key}," in files["references.bib"].decode("utf-8") for key in cited)


def test_a_caption_is_put_into_words(book_records):
    names = {"fig-x": "the figure x.svg"}
    text = "As in {numref}`fig-x`, with *shapes* and $x$ {cite}`a2015,b2016`, see [here](there.md)."
    assert figures.plain(text, names) == (
        "As in the figure x.svg, with shapes and x [a2015, b2016], see here."
    )
    glued = "{glue:text}`../notebooks/03-resnet34.ipynb::unit:.1f` million"
    assert re.fullmatch(r"\d+\.\d million", figures.plain(glued, {}))


@pytest.mark.parametrize("text", ["{numref}`fig-nowhere`", "{doc}`causes`"])
def test_a_caption_that_cannot_be_put_into_words_is_an_error(text):
    with pytest.raises(ValueError, match="put it into words"):
        figures.plain(text, {})

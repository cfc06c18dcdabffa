"""A page built anew beside others that stay gives the site that building all gives."""

import io
import os

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CHANGES = """
import hashlib
from pathlib import Path

def change(app, exception):
    pages = [p for p in Path(app.outdir).rglob("*.html") if "_static" not in p.parts]
    sheet = Path(app.outdir) / "_static" / "basic.css"
    words = "".join([sheet.read_text(), *sorted(p.read_text() for p in pages)])
    sheet.unlink()
    name = f"set-{hashlib.sha256(words.encode()).hexdigest()[:10]}.css"
    (Path(app.outdir) / "_static" / name).write_text("p {}")
    for page in pages:
        page.write_text(page.read_text().replace("</head>", f"<link href='{name}'/></head>", 1))

def setup(app):
    app.connect("build-finished", change)
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Builds a book of three pages; what is returned is the site's text by its files."""
    source, extensions = tmp_path / "source", tmp_path / "extensions"
    source.mkdir()
    extensions.mkdir()
    (extensions / "changes.py").write_text(CHANGES)
    monkeypatch.syspath_prepend(str(extensions))
    for name in ("index", "other", "third"):
        (source / f"{name}.rst").write_text(f"{name}\n=====\n")

    def built(where, *more):
        out = tmp_path / where / "html"
        settings = {"extensions": [*more, "changes"], "html_theme": "basic"}
        settings |= {"html_copy_source": False, "suppress_warnings": ["toc"]}
        places = source, None, out, tmp_path / where / "doctrees", "html"
        with patch_docutils(), docutils_namespace():
            app = Sphinx(*places, settings, status=None, warning=io.StringIO())
            app.build()
        files = [*out.rglob("*.html"), *out.glob("_static/set-*.css")]
        return {path.relative_to(out).as_posix(): path.read_text() for path in files}

    built.source = source
    return built


def test_a_second_build_gives_what_a_first_one_would(book):
    first = book("one", "again")
    assert first == book("two", "again")
    page = book.source / "other.rst"
    page.write_text(page.read_text() + "\nA sentence.\n")
    os.utime(page, (page.stat().st_atime, page.stat().st_mtime + 10))
    anew = book("one", "again")
    assert anew != first and anew == book("three", "again")


def test_a_build_of_nothing_new_gives_the_same(book):
    first = book("one", "again")
    assert book("one", "again") == first


def test_without_it_a_page_that_stays_is_changed_twice(book):
    first = book("one")
    page = book.source / "other.rst"
    os.utime(page, (page.stat().st_atime, page.stat().st_mtime + 10))
    assert book("one")["third.html"].count("set-") == first["third.html"].count("set-") + 1

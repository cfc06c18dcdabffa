"""What the website serves of others is listed with its licence."""

import importlib.metadata
import re

import pytest

from licences import LIST, SERVED, of_others, unlisted


@pytest.mark.parametrize("name", of_others())
def test_an_entry_says_whose_it_is_and_where_the_licence_stands(name):
    entry = of_others()[name]
    assert set(entry) == {"files", "of", "licence", "text"} and entry["files"]
    if packages := re.match(r"with the packages? (.+)", entry["text"]):
        for package in packages[1].split(" and "):
            names = [path.name.lower() for path in importlib.metadata.files(package) or ()]
            assert any(name.startswith(("licen", "copying", "authors")) for name in names), package
    elif entry["text"].startswith("_static/vendor/"):
        assert (SERVED / entry["text"].removeprefix("_static/")).is_file()


def test_a_file_that_nobody_listed_is_a_complaint(tmp_path):
    for name in ("index.html", "_static/book.css", "_static/vendor/lit-html.js", "_static/a/b.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (complaint,) = unlisted(tmp_path)
    assert complaint.startswith("_static/a/b.js") and LIST.name in complaint

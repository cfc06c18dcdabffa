"""The way out of Jupyter Book 1: the configuration for Sphinx alone, and what it is built with."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import plain_sphinx

ROOT = Path(__file__).parents[2]
THEIRS = f"""# written by a command
extensions = ['myst_nb', {", ".join(map(repr, plain_sphinx.LEFT_OUT))}, 'slim']
bibtex_bibfiles = ['book/references.bib']
external_toc_path = '_toc.yml'
html_favicon = 'book/_static/logo.svg'
html_logo = 'book/_static/logo.svg'
html_static_path = ['book/_static', 'book/interactive/served']
use_jupyterbook_latex = True
"""


def read(text, up):
    return plain_sphinx.plain(plain_sphinx.settings(text), up)


def test_jupyter_books_own_is_left_out_and_nothing_else():
    here = read(THEIRS, ".")
    assert here.pop("extensions") == ["myst_nb", "slim"]
    theirs = plain_sphinx.settings(THEIRS)
    assert here == {name: theirs[name] for name in theirs if name in here}
    assert set(theirs) - set(here) == {"extensions", "use_jupyterbook_latex"}


def test_elsewhere_what_sphinx_reads_from_beside_its_configuration_is_found():
    there = read(THEIRS, "../..")
    assert there["html_static_path"] == ["../../book/_static", "../../book/interactive/served"]
    assert there["bibtex_bibfiles"] == ["../../book/references.bib"]
    assert there["html_logo"] == there["html_favicon"] == "../../book/_static/logo.svg"
    assert there["external_toc_path"] == "_toc.yml"  # from the pages' folder


@pytest.mark.parametrize("name", plain_sphinx.LEFT_OUT)
def test_where_jupyter_book_has_changed_somebody_must_look(name):
    with pytest.raises(ValueError, match=f"without {name}: is it still needed"):
        read(THEIRS.replace(repr(name), "'other'"), ".")


def test_a_configuration_that_computes_is_refused():
    with pytest.raises(ValueError, match=r"`name = value`. Received: import os"):
        plain_sphinx.settings("import os\n")


def test_what_is_written_is_a_configuration_for_our_extensions(tmp_path):
    target = tmp_path / "conf.py"
    target.write_text(plain_sphinx.written({"extensions": ["slim"], "a": "b"}, ".."), "utf-8")
    code = "import conf, json, sys; print(json.dumps([conf.extensions, conf.a, sys.path[:2]]))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    above = tmp_path.parent.resolve()
    assert plain_sphinx.ast.literal_eval(done.stdout) == [
        ["slim"],
        "b",
        [str(above / "book" / "_ext"), str(above / "src")],
    ]


def test_the_book_becomes_one_and_nothing_is_left_beside_the_pages(tmp_path):
    assert plain_sphinx.main([]).startswith("Usage: python book/_ext/plain_sphinx.py")
    assert plain_sphinx.main([str(tmp_path / "a" / "conf.py")]) == 0
    text = (tmp_path / "a" / "conf.py").read_text("utf-8")
    compile(text, "conf.py", "exec")
    theirs = plain_sphinx.settings(plain_sphinx.of_jupyter_book())
    assert not set(plain_sphinx.LEFT_OUT) - set(theirs["extensions"])
    (line,) = re.findall(r"^extensions = (.*)$", text, re.MULTILINE)
    ours = plain_sphinx.ast.literal_eval(line)
    assert ours == [n for n in theirs["extensions"] if n not in plain_sphinx.LEFT_OUT]
    for name in ("slim", "inline", "policy", "claims_table", "sphinx_external_toc"):
        assert name in ours
    assert not (ROOT / "conf.py").exists()


# --- the environment ------------------------------------------------------------------


def pins(name):
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


# What the other engine is, and so differs.
NEWER = {"sphinx", "docutils", "myst-parser", "sphinx-book-theme", "pydata-sphinx-theme"}
ONLY_THERE = {"brotli"}


def test_what_both_environments_have_has_one_version():
    def exact(entry):
        (clause,) = entry.specifier
        assert clause.operator == "==", f"{entry}: pin it"
        return clause.version

    locked = {canonicalize_name(e.name): exact(e) for e in pins("requirements.lock")}
    chosen = {canonicalize_name(e.name): exact(e) for e in pins("requirements/sphinx.txt")}
    assert {name for name in chosen if chosen[name] != locked.get(name)} == NEWER | ONLY_THERE
    assert int(chosen["sphinx"].split(".")[0]) > int(locked["sphinx"].split(".")[0])


def test_jupyter_book_is_not_part_of_it():
    names = {canonicalize_name(entry.name) for entry in pins("requirements/sphinx.txt")}
    assert not names & {"jupyter-book", "sphinx-jupyterbook-latex"}

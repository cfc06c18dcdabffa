"""The repository's address and the version: one home each, and copies that agree with it."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import places

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[2]
HOST = re.compile(
    r"(?:github\.com|githubusercontent\.com|research\.google\.com/github|mybinder\.org/v2/gh)"
    r"/([\w.-]+)/([\w.-]+)|([\w-]+)\.github\.io/([\w.-]+)"
)


@pytest.fixture
def copy(tmp_path):
    """The files that hold an address, apart, so that they can be published."""
    book = places.Book()
    names = [*book.wanted(), "notebooks/first_cell.py", "src/helpers/__init__.py"]
    for name in [*names, "book/_ext/places.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def publish(folder, *place):
    command = [sys.executable, str(folder / "book" / "_ext" / "places.py"), *place]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def texts(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_place_agrees():
    stale = list(places.Book().stale())
    assert not stale, (
        f"These disagree with _config.yml or helpers.__version__: {stale}. Call `make publish-as`."
    )


def test_no_other_place_names_the_repository():
    """What speaks of a repository of this name must speak of this owner's."""
    book = places.Book()
    if not book.repository:
        pytest.skip("The repository has no address yet: make publish-as OWNER/NAME")
    owner, name = book.repository.removeprefix("https://github.com/").split("/")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    for file in filter(None, tracked.stdout.split("\0")):
        try:
            text = (ROOT / file).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for one, its, other, hosted in HOST.findall(text):
            if (its or hosted).removesuffix(".git") == name:
                assert (one or other).lower() == owner.lower(), f"{file} names {one or other}"


def test_publishing_sets_every_place(copy):
    before = texts(copy)
    result = publish(copy, "alice/first")
    assert result.returncode == 0, result.stderr
    first = texts(copy)
    changed = {name for name in before if before[name] != first[name]}
    assert changed == set(places.Book(copy).wanted())
    assert 'REPOSITORY = \\"https://github.com/alice/first\\"' in first["notebooks/shapes.ipynb"]
    assert "https://alice.github.io/first/" in first["CITATION.cff"]
    assert "colab.research.google.com/github/alice/first/blob/v" in first["README.md"]
    assert places.Book(copy).stale() == {}

    publish(copy, "Bob/second")
    second = texts(copy)
    picture = re.compile(r"base64,\S*")  # its letters mean nothing
    words = {name: picture.sub("", text) for name, text in second.items()}
    assert not [name for name, text in words.items() if re.search("alice|first/", text, re.I)]
    assert "https://bob.github.io/second/" in second["_config.yml"]
    publish(copy, "alice/first")
    assert texts(copy) == first


def test_publishing_changes_nothing_but_the_address(copy):
    before = texts(copy)
    publish(copy, "alice/first")
    for name, text in texts(copy).items():
        if name.endswith(".ipynb"):
            old, new = json.loads(before[name])["cells"], json.loads(text)["cells"]
            changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
            assert len(changed) == 1, name
            ast.parse("".join(new[changed[0]]["source"]))


def test_a_new_version_reaches_every_place(copy):
    code = copy / "src" / "helpers" / "__init__.py"
    code.write_text(re.sub('__version__ = ".*"', '__version__ = "7.8.9"', code.read_text("utf-8")))
    assert publish(copy).returncode == 0
    found = texts(copy)
    assert 'VERSION = \\"v7.8.9\\"' in found["notebooks/shapes.ipynb"]
    assert "\nversion: 7.8.9\n" in found["CITATION.cff"]


def test_a_website_with_a_name_of_its_own_keeps_it(copy):
    publish(copy, "alice/first")
    settings = copy / "_config.yml"
    settings.write_text(
        settings.read_text("utf-8").replace("https://alice.github.io/first/", "https://a.example/"),
        "utf-8",
    )
    publish(copy, "alice/first")
    assert "url: https://a.example/" in (copy / "CITATION.cff").read_text("utf-8")
    publish(copy, "bob/second")
    assert "a.example" not in "".join(texts(copy).values())


@pytest.mark.parametrize("place", ["alice", "alice/", "https://github.com/a/b", "a b/c", "a/b/c"])
def test_what_is_no_place_is_refused(copy, place):
    before = texts(copy)
    result = publish(copy, place)
    assert result.returncode == 1
    assert "OWNER/NAME" in result.stderr.splitlines()[-1]
    assert texts(copy) == before


def test_a_notebook_without_the_first_cell_is_named(copy):
    notebook = copy / "notebooks" / "shapes.ipynb"
    content = json.loads(notebook.read_text("utf-8"))
    content["cells"] = [c for c in content["cells"] if "find_spec" not in "".join(c["source"])]
    notebook.write_text(json.dumps(content), "utf-8")
    result = publish(copy)
    assert result.returncode == 1 and result.stderr.startswith("notebooks/shapes.ipynb: expected")


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("me/book", "https://me.github.io/book/"),
        ("Me/Book", "https://me.github.io/Book/"),
        ("me/me.github.io", "https://me.github.io/"),
    ],
)
def test_github_serves_a_repository_here(place, address):
    assert places.home(place) == address

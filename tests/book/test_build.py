"""`make book`: what is built anew, and that nothing is kept of a build that failed."""

import os
import shutil
import subprocess
import sys

import pytest

import build

PAGE, SHOWN = "book/01-a.md", "images/a.svg"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A tree with one page, one picture, and the pages of a build that went through."""
    monkeypatch.setattr(build, "PAGES", ("book/*.md",))
    monkeypatch.setattr(build, "SHOWN", ("images/*.*",))
    for name in (PAGE, SHOWN, "_build/html/old.html", "_build/.doctrees/old"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for stamp in (build.KEPT, build.CHECKED):
        (tmp_path / "_build" / stamp).touch()
    return tmp_path


@pytest.fixture
def ran(monkeypatch):
    """Commands, in place of running them, by the status that each ends with."""
    words, statuses = [], {"jupyter-book": 0, "check_site.py": 0}

    def run(command, **_):
        words.append([str(word) for word in command])
        (name,) = (name for name in statuses if any(word.endswith(name) for word in words[-1]))
        return subprocess.CompletedProcess(command, statuses[name])

    monkeypatch.setattr(build.subprocess, "run", run)
    return words, statuses


def later(path):
    """As if the file had been written after everything else."""
    os.utime(path, ns=(2**62, 2**62))


def test_a_page_that_changed_leaves_the_others(book, ran):
    later(book / PAGE)
    assert build.newer(book, build.CHECKED, (*build.PAGES, *build.SHOWN))
    build.build(book)
    assert (book / "_build/html/old.html").exists()
    jupyter, check = ran[0]
    assert jupyter[1:] == ["build", ".", "-n", "-W", "--keep-going", "--quiet"]
    assert check == [sys.executable, "tests/book/check_site.py", "_build/html"]


def test_what_pages_show_takes_all_of_them_away(book, ran):
    later(book / SHOWN)
    build.build(book)
    assert not (book / "_build/html").exists() and not (book / "_build/.doctrees").exists()


def test_nothing_changed(book):
    for patterns in (build.PAGES, build.SHOWN):
        assert not build.newer(book, build.CHECKED, patterns)


@pytest.mark.parametrize(("fails", "kept"), [("jupyter-book", False), ("check_site.py", True)])
def test_a_build_that_failed_is_no_build(book, ran, fails, kept):
    ran[1][fails] = 3
    with pytest.raises(SystemExit) as ended:
        build.build(book)
    assert ended.value.code == 3
    assert not (book / "_build" / build.CHECKED).exists()
    assert (book / "_build" / build.KEPT).exists() == kept


def test_a_clone_has_no_build_and_gets_one(book, ran):
    shutil.rmtree(book / "_build")
    build.build(book)
    assert (book / "_build" / build.KEPT).exists() and (book / "_build" / build.CHECKED).exists()


def test_a_pattern_that_nothing_fits_is_an_error():
    with pytest.raises(ValueError, match=r"Expected files.*Received none.*nowhere"):
        build.newer(build.ROOT, build.KEPT, ["nowhere/*.md"])
    build.newer(build.ROOT, build.KEPT, (*build.PAGES, *build.SHOWN))


def test_another_word_is_refused():
    script = build.ROOT / "book" / "_ext" / "build.py"
    ended = subprocess.run([sys.executable, script, "--no"], capture_output=True, text=True)
    assert ended.returncode and "Expected --if-changed or nothing. Received: --no" in ended.stderr

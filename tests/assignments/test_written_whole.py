"""files.write_whole: whole or not at all, and nothing in the grading writes so by itself."""

import ast
import errno
import os
import stat
import zipfile
from pathlib import Path

import pytest

from grading import files
from grading.elsewhere import bundle, commands, lms
from grading.release import _zip
from grading.report import write_csv, write_files

GRADING = Path(files.__file__).parent
WRITERS = {
    "text": lambda path: files.write_whole(path, "new\n"),
    "bytes": lambda path: files.write_whole(path, b"new\n"),
    "grades": lambda path: write_csv(path, [], []),
    "files": lambda path: write_files(path, [], []),
    "release": lambda path: _zip(path.parent / "none", path, "tiny"),
    "lms": lambda path: lms._write_table(path, ["ID"], [], ","),
    "elsewhere": lambda path: commands._replace(path, "{}"),
    "bundle": lambda path: bundle.write_zip(path, {"a": b"new"}),
}
every_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@every_writer
@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(write, fails, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (path := tmp_path / "a.csv").write_text("old")
    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OSError, match="No space left"):
        write(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@every_writer
def test_what_is_written_is_on_the_disk_before_it_gets_its_name(write, tmp_path, monkeypatch):
    path, done, sync, replace = tmp_path / "a.csv", [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("fsync"), sync(file)))
    monkeypatch.setattr(os, "replace", lambda *of: (done.append("replace"), replace(*of)))
    write(path)
    assert done == ["fsync", "replace"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_no_draft_either(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(tmp_path / "a", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_no_utf8_leaves_the_old_file(tmp_path):
    (path := tmp_path / "a").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.write_whole(path, "\udce9")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_bytes_are_those_that_were_given(tmp_path):
    path = tmp_path / "a"
    for content, data in (("é\r\nb\n", b"\xc3\xa9\r\nb\n"), (b"\xff\0\n", b"\xff\0\n")):
        files.write_whole(path, content)
        assert path.read_bytes() == data
    write_csv(path, [], ["part"])
    assert path.read_bytes().startswith(b"\xef\xbb\xbfstudent,")
    assert path.read_bytes().endswith(b",feedback\r\n")
    zipped = bundle.write_zip(tmp_path / "a.zip", {"a": b"new"})
    assert zipfile.ZipFile(zipped).read("a") == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_others_may_read_it_as_any_other_file(tmp_path):
    before = os.umask(0o022)
    try:
        files.write_whole(tmp_path / "a", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def renamings(text):
    """The lines that give a file another name: os.replace, shutil.move, Path.replace, rename.

    A text's `replace` has two arguments; a date's and a dataclass's have names or several.
    """
    lines = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ImportFrom(module="os" | "shutil", names=names):
                found = {"replace", "rename", "renames", "move"} & {name.name for name in names}
            case ast.Call(func=ast.Attribute(attr="rename" | "renames")):
                found = True
            case ast.Call(func=ast.Attribute(ast.Name("os"), "replace")):
                found = True
            case ast.Call(func=ast.Attribute(ast.Name("shutil"), "move")):
                found = True
            case ast.Call(func=ast.Attribute(attr="replace"), args=[_], keywords=[]):
                found = True
            case ast.Call(
                func=ast.Attribute(attr="replace"), args=[], keywords=[ast.keyword("target")]
            ):
                found = True
            case _:
                found = False
        if found:
            lines.append(node.lineno)
    return lines


def test_no_other_file_of_the_grading_writes_a_draft_by_itself():
    found = {
        path.relative_to(GRADING).as_posix(): lines
        for path in sorted(GRADING.rglob("*.py"))
        if (lines := renamings(path.read_text("utf-8")))
    }
    assert len(found.pop("files.py")) == 1
    assert not found, f"Expected grading.files.write_whole in place of: {found}"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("os.replace(draft, path)", 1),
        ("os.rename(draft, path)", 1),
        ("from os import replace", 1),
        ("shutil.move(draft, path)", 1),
        ("draft.replace(path)", 1),
        ("draft.replace(target=path)", 1),
        ("draft.rename(path)", 1),
        ("Path(draft).replace(path)", 1),
        ("text.replace('a', 'b')", 0),
        ("text.replace('a', 'b').replace('c', 'd', 1)", 0),
        ("day.replace(year=1)", 0),
        ("dataclasses.replace(limits, cell_seconds=1)", 0),
    ],
)
def test_another_one_would_be_noticed(line, count):
    assert len(renamings(line)) == count

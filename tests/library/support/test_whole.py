"""whole: a file is written whole or not at all."""

import errno
import os
import stat
import subprocess
import sys
import textwrap

import pytest

from helpers.support import whole

pytestmark = pytest.mark.quick


def test_the_file_has_its_name_when_the_block_ends_and_not_before(tmp_path):
    path = tmp_path / "a.json"
    with whole.written(path) as unfinished:
        unfinished.write_text("half")
        assert not path.exists()
        assert unfinished.parent == tmp_path  # on the same disk, so that a rename is enough
    assert path.read_text() == "half"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole.written(path) as unfinished:
        unfinished.write_text("new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_others_may_read_it_as_any_other_file(tmp_path):
    before = os.umask(0o022)
    try:
        with whole.written(tmp_path / "a") as unfinished:
            unfinished.write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_a_killed_process_leaves_no_half_file_under_the_name(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    program = f"""
        import os, signal
        from helpers.support import whole
        with whole.written({str(path)!r}) as unfinished:
            unfinished.write_text("new")
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode != 0
    assert path.read_text() == "old"


def test_two_writers_do_not_share_an_unfinished_file(tmp_path):
    path = tmp_path / "a"
    with whole.written(path) as one, whole.written(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"  # its block ends last


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), whole.written(tmp_path / "no" / "a"):
        pass


def test_what_cannot_be_written_is_named(tmp_path, full_disk):
    def write(path):
        with whole.written(path) as unfinished:
            unfinished.write_text("after")

    (path := tmp_path / "record.json").write_text("before")
    with pytest.raises(OSError, match=r"No space left.*what was there is as it was.*record\.json"):
        write(path)
    assert path.read_text() == "before" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(FileNotFoundError, match=r"nothing was written.*nowhere.record\.json"):
        write(tmp_path / "nowhere" / "record.json")


def test_a_name_may_end_as_a_writer_wants_it(tmp_path):
    with whole.written(tmp_path / "net.keras", ending=".keras") as unfinished:
        assert unfinished.suffix == ".keras" and unfinished.parent == tmp_path
        unfinished.write_text("net")
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]


def test_of_two_that_write_a_new_file_the_first_is_kept(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileExistsError), whole.written(path, new=True) as one:
        one.write_text("one")
        with whole.written(path, new=True) as other:
            other.write_text("other")
    assert path.read_text() == "other"  # its block ends first
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows names a file in another way")
def test_so_it_is_where_files_have_no_second_name(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a"
    with whole.written(path, new=True) as unfinished:
        unfinished.write_text("first")
    with pytest.raises(FileExistsError), whole.written(path, new=True) as unfinished:
        unfinished.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_processes_left_is_cleared_and_nothing_else(tmp_path):
    names = ("a.json", ".a.json.x1_y2z3w.tmp", ".ab.json.x1_y2z3w.tmp", ".a.json.b.json.tmp")
    for name in names:
        (tmp_path / name).write_text("x")
    whole.clear(tmp_path / "a.json")
    assert {path.name for path in tmp_path.iterdir()} == set(names) - {names[1]}
    whole.clear(tmp_path / "no folder" / "a.json")

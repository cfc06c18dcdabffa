"""Who handed in what: no file and no student is lost, whatever lies in the folder."""

import io
import json
import os
import unicodedata
import zipfile

import pytest

from grading import files
from grading.files import BrokenError, File, printable
from grading.intake import find, student_id

KNOWN = {"01-degradation": {"a", "b", "c"}, "02-shortcuts": {"x", "y"}}


def notebook(*marks):
    cells = [{"metadata": {"nbgrader": {"grade_id": mark}}} for mark in marks]
    return json.dumps({"cells": cells}).encode()


def put(path, data=b"{}", changed=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if changed is not None:
        os.utime(path, (changed, changed))


def zipped(files):
    """A zip of {name: bytes}, or of {name: (bytes, year)}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            data, year = data if isinstance(data, tuple) else (data, 2025)
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def only(folder, assignments=KNOWN):
    """{name: submission} of the one assignment that was handed in."""
    found = find(folder, assignments)
    assert len({s.assignment for s in found}) == 1
    return {s.name: s for s in found}


def why(submission):
    return {file.name: reason for file, reason in submission.others}


@pytest.mark.parametrize(
    "name",
    [
        "किरण",
        "कुरण",
        "Smith, J",
        "Smith_ J",
        "a:b",
        "a_b",
        unicodedata.normalize("NFD", "José"),
        "José",
        "王" * 80,
        "x" * 236,
        " ada",
        "ada",
        ".ada",
        "Ada",
        "CON?",
        "[x]*",
        os.fsdecode(b"Ren\xe9 Dupont"),
        "\x1b[31mred",
    ],
)
def test_a_students_folder_is_safe_short_and_the_same_each_time(name):
    own = student_id(name)
    assert own == student_id(name)
    assert len(own.encode()) <= 110 and own.isprintable() and own == own.strip(" .")
    assert not set(own) & set('/\\:*?"<>|[]')
    own.encode("utf-8")


def test_two_names_never_become_one(tmp_path):
    names = ["किरण", "कुरण", "Smith, J", "Smith_ J", "a:b", "a_b", "José", "Ada", "ada", "x" * 230]
    names += [unicodedata.normalize("NFD", "José"), os.fsdecode(b"Ren\xe9"), "x" * 231]
    for name in names:
        put(tmp_path / name / "01-degradation.ipynb")
    found = find(tmp_path, KNOWN)
    assert len({s.student.casefold() for s in found}) == len(found) == len(names)
    assert {s.name for s in found} == {printable(name) for name in names}
    alike = [s for s in found if any("looks alike" in r for r in s.remarks)]
    assert {unicodedata.normalize("NFC", s.name) for s in alike} == {"José", "Ada", "ada"}
    assert r"Ren\udce9" in {s.name for s in found}


def test_what_a_system_put_there_is_not_taken_for_the_notebook(tmp_path):
    ada = tmp_path / "ada"
    put(ada / "01-degradation.ipynb", changed=100)
    put(ada / "._01-degradation.ipynb", changed=200)
    put(ada / ".ipynb_checkpoints" / "01-degradation-checkpoint.ipynb", changed=300)
    hidden = {"__MACOSX/._01-degradation.ipynb": b"", "hw/01-degradation.ipynb": b"{}"}
    put(tmp_path / "cy.zip", zipped(hidden))
    found = only(tmp_path)
    assert found["ada"].file.path == ada / "01-degradation.ipynb" and not found["ada"].remarks
    assert set(why(found["ada"]).values()) == {"made by a system, not by a student"}
    assert found["cy"].file.members == ("hw/01-degradation.ipynb",)


@pytest.mark.parametrize("ending", [".IPYNB", ".ipynb.json", ".ipynb.txt", ".Ipynb"])
def test_other_spellings_of_the_ending_are_notebooks(ending, tmp_path):
    put(tmp_path / "dora" / f"01-Degradation (2){ending}")
    put(tmp_path / f"eve_01-degradation{ending}")
    found = only(tmp_path)
    assert set(found) == {"dora", "eve"} and all(s.file for s in found.values())


def test_of_several_versions_the_newest_is_graded_in_a_zip_too(tmp_path):
    old, new = "hw/01-degradation.ipynb", "hw/01-degradation (final).ipynb"
    put(tmp_path / "ada.zip", zipped({new: (b"{}", 2024), old: (b"{}", 2025)}))
    put(tmp_path / "bob.zip", zipped({old: (b"{}", 2024), new: (b"{}", 2025)}))
    found = only(tmp_path)
    assert found["ada"].file.members == (old,) and found["bob"].file.members == (new,)
    for submission in found.values():
        assert f"the newest was graded, {submission.file.name}" in submission.remarks[0]
        assert list(why(submission).values()) == ["an older version"]


def test_a_zip_of_the_class_is_a_student_for_each(tmp_path):
    flat = [f"{who}_01-degradation.ipynb" for who in ("doe_1_2", "roe_LATE_1_3", "poe_1_4")]
    put(tmp_path / "canvas" / "all.zip", zipped(dict.fromkeys(flat, b"{}")))
    found = only(tmp_path / "canvas")
    assert set(found) == {"doe_1_2", "roe_1_3", "poe_1_4"}
    assert found["roe_1_3"].remarks == ["late, says the file's name"]
    moodle = [f"{who}_12_assignsubmission_file/01-degradation.ipynb" for who in ("Jane Doe", "Al")]
    put(tmp_path / "moodle" / "all.zip", zipped(dict.fromkeys(moodle, b"{}")))
    put(tmp_path / "moodle" / "late" / "01-degradation.ipynb")
    names = {"Jane Doe_12_assignsubmission_file", "Al_12_assignsubmission_file", "late"}
    assert set(only(tmp_path / "moodle")) == names
    one = ("01-degradation/01-degradation.ipynb", "01-degradation/old/01-degradation.ipynb")
    put(tmp_path / "one" / "ada.zip", zipped(dict.fromkeys(one, b"{}")))
    assert set(only(tmp_path / "one")) == {"ada"}


def test_zips_in_zips_are_opened_and_a_damaged_one_is_said(tmp_path):
    inner = zipped({"01-degradation.ipynb": b"{}"})
    put(tmp_path / "ada.zip", zipped({"hw.zip": zipped({"deep/hw.zip": inner})}))
    damaged = bytearray(zipped({"01-degradation.ipynb": notebook("a") * 50}))
    damaged[40:60] = bytes(20)
    put(tmp_path / "bob.zip", bytes(damaged))
    put(tmp_path / "cy.zip", b"PK no zip")
    put(tmp_path / "dora" / "01-degradation.zip", b"")
    found = only(tmp_path)
    assert found["ada"].file.read() == b"{}" and len(found["ada"].file.members) == 3
    for name in ("bob", "cy", "dora"):
        with pytest.raises(BrokenError):
            found[name].file.read()


def test_a_bomb_is_not_unpacked_without_end(tmp_path):
    bomb = zipped({"01-degradation.ipynb": b"{}"})
    for depth in range(8):
        bomb = zipped({f"{depth}.zip": bomb})
    put(tmp_path / "ada.zip", bomb)
    put(tmp_path / "bob" / "01-degradation.ipynb")
    ada = only(tmp_path)["ada"]
    assert ada.file is None and list(why(ada).values()) == ["not a notebook"]


def test_a_notebook_of_another_name_is_known_by_its_cells(tmp_path):
    put(tmp_path / "ada" / "homework.ipynb", notebook("a", "b"))
    put(tmp_path / "bob" / "homework.ipynb", notebook("x", "y"))
    put(tmp_path / "bob" / "notes.ipynb", notebook())
    found = {(s.name, s.assignment): s for s in find(tmp_path, KNOWN)}
    assert found["ada", "01-degradation"].remarks == ["the notebook was called homework.ipynb"]
    assert found["ada", "02-shortcuts"].file is None
    assert found["bob", "02-shortcuts"].file.name == "homework.ipynb"
    assert why(found["bob", "02-shortcuts"]) == {"notes.ipynb": "a notebook of no assignment"}


def test_every_file_is_graded_or_has_a_reason(tmp_path):
    put(tmp_path / "ada" / "01-degradation.ipynb")
    for name in ("report.pdf", "data.tar.gz", "deep/er/net.py", "thumbs.db", "old.ipynb"):
        put(tmp_path / "ada" / name)
    (tmp_path / "ada" / "link.ipynb").symlink_to("01-degradation.ipynb")
    for name in ("bob_report.pdf", "cy.tar.gz", "dora.py", ".eve.txt"):
        put(tmp_path / name)
    (tmp_path / "fay").symlink_to(tmp_path / "ada", target_is_directory=True)
    (tmp_path / "gus").mkdir()
    found = only(tmp_path)
    assert set(found) == {"ada", "bob_report", "cy.tar", "dora", ".eve", "fay", "gus"}
    ada = found["ada"]
    assert len(ada.others) == 6 and ada.file.name == "01-degradation.ipynb"
    assert why(ada) | {"thumbs.db": ""} == {
        "report.pdf": "not a notebook",
        "data.tar.gz": "an archive that is no zip: unpack it",
        "net.py": "not a notebook",
        "thumbs.db": "",
        "old.ipynb": "a notebook of no assignment",
        "link.ipynb": "a link, which is not followed",
    }
    assert "not graded: data.tar.gz" in ada.remarks[0] and "thumbs" not in ada.remarks[0]
    rest = [s for name, s in found.items() if name not in ("ada", "gus")]
    assert all(s.file is None and len(s.others) == 1 for s in rest)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("grading.files.MOST_BYTES", 10)
    put(tmp_path / "x.ipynb", b"0" * 11)
    with pytest.raises(BrokenError, match="larger than"):
        File(tmp_path / "x.ipynb").read()
    put(tmp_path / "x.zip", zipped({"a": b"0" * 11}))
    with pytest.raises(BrokenError):
        File(tmp_path / "x.zip", ("a",)).read()


@pytest.mark.parametrize("bound", [{"MOST_FILES": 50}, {"MOST_UNPACKED": 2_000}])
def test_a_zip_with_more_than_anybody_hands_in_is_not_opened_to_its_end(
    bound, tmp_path, monkeypatch
):
    tree = zipped({"01-degradation.ipynb": b"{}"})
    for _ in range(4):
        tree = zipped({f"{i}.zip": tree for i in range(4)})
    put(tmp_path / "ada.zip", tree)
    put(tmp_path / "bob.zip", zipped({f"{i}.txt": bytes(100) for i in range(60)}))
    put(tmp_path / "cy" / "01-degradation.ipynb")
    for name, value in bound.items():
        monkeypatch.setattr(files, name, value)
    found = only(tmp_path)
    assert found["cy"].file is not None
    for name in ("ada", "bob"):
        with pytest.raises(BrokenError, match="not all were opened"):
            found[name].file.read()
        assert len(found[name].others) <= 50

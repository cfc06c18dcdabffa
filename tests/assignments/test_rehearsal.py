"""A rehearsal: thirty odd submissions of one class, graded in one run, and each row is right."""

import base64
import io
import json
import os
import unicodedata
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

import edits
from grading import execute
from grading.grade import grade
from proof import rows

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
YES = (
    "class Yes:\n    __eq__ = __lt__ = __ne__ = lambda self, other: True\n"
    "    __sub__ = __abs__ = lambda self, *a: self\n    __hash__ = object.__hash__\n"
)
FULL, NONE = ("graded", "2", "3"), ("graded", "0", "0")
MISSING, BROKEN = ("missing", "0", "0"), ("broken", "0", "0")


def changed(*changes):
    """The right answers, with these edits, as bytes."""
    return nbformat.writes(edits.edited(edits.solved(edits.tiny()), *changes)).encode()


def cell(source, markdown=False, **more):
    """An edit: one more cell at the end."""

    def edit(notebook):
        make = new_markdown_cell if markdown else new_code_cell
        notebook.cells.append(make(source, **more))

    return edit


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for (name, year), data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def with_source_as_lists(data):
    notebook = json.loads(data)
    for each in notebook["cells"]:
        each["source"] = "".join(each["source"]).splitlines(keepends=True)
    return json.dumps(notebook).encode()


right = changed()
halves = changed(edits.written("double", "def double(x): return x"))
picture = {"attachments": {"image.png": {"image/png": PIXEL}}}
NFD = unicodedata.normalize("NFD", "José")
# What lies in the folder, by path, and what the row of each student says: status, points of the
# two tests, and words of its remarks.
CLASS = {
    "ada/tiny.ipynb": (right, FULL, ""),
    "ben/tiny.ipynb": (halves, ("graded", "0", "3"), ""),
    "pasted/tiny.ipynb": (
        changed(cell("![](attachment:image.png)", True, **picture)),
        FULL,
        "",
    ),
    "pasted_and_lost/tiny.ipynb": (changed(cell("![](attachment:gone.png)", True)), FULL, ""),
    "windows/tiny.ipynb": (changed().replace(b"\\n", b"\\r\\n"), FULL, ""),
    "marked/tiny.ipynb": (b"\xef\xbb\xbf" + right, FULL, ""),
    "lists/tiny.ipynb": (with_source_as_lists(right), FULL, ""),
    "किरण/tiny.ipynb": (right, FULL, ""),
    "कुरण/tiny.ipynb": (halves, ("graded", "0", "3"), ""),
    "José/tiny.ipynb": (right, FULL, "looks alike"),
    f"{NFD}/tiny.ipynb": (halves, ("graded", "0", "3"), "looks alike"),
    "Smith, J/tiny.ipynb": (right, FULL, ""),
    "Smith_ J/tiny.ipynb": (halves, ("graded", "0", "3"), ""),
    "[brackets]/tiny.ipynb": (right, FULL, ""),
    f"{'x' * 230}/tiny.ipynb": (right, FULL, ""),
    "capitals_TINY.IPYNB": (right, FULL, ""),
    "browser_tiny.ipynb.json": (right, FULL, ""),
    "roe_LATE_1_3_tiny.ipynb": (right, FULL, "late"),
    "named/homework.ipynb": (right, FULL, "was called homework.ipynb"),
    "versions.zip": (
        zipped({("tiny (final).ipynb", 2024): halves, ("tiny.ipynb", 2025): right}),
        FULL,
        "the newest was graded, tiny.ipynb",
    ),
    "nested.zip": (zipped({("a/b.zip", 2025): zipped({("tiny.ipynb", 2025): right})}), FULL, ""),
    "damaged.zip": (b"PK\x03\x04 no zip", BROKEN, "damaged zip"),
    "empty/tiny.ipynb": (b"", BROKEN, "empty"),
    "half/tiny.ipynb": (right[: len(right) // 2], BROKEN, "no notebook"),
    "report/report.pdf": (b"%PDF", MISSING, "No notebook was found"),
    "surrogate/tiny.ipynb": (changed(cell(r"print('\ud83d')")), FULL, ""),
    "terminal/tiny.ipynb": (changed(cell(r"raise ValueError('\x1b[31mred\x07')")), FULL, ""),
    "loops/tiny.ipynb": (
        changed(edits.written("root", "def root(x):\n    while True: pass")),
        ("graded", "2", "0"),
        "",
    ),
    "leaves/tiny.ipynb": (
        changed(edits.written("double", "def double(x): __import__('os')._exit(0)")),
        ("graded", "0", "3"),
        "ended its process",
    ),
    "yes/tiny.ipynb": (
        changed(edits.written("double", YES + "def double(x): return Yes()")),
        NONE,
        "prove nothing",
    ),
    "borrows/tiny.ipynb": (
        changed(edits.written("root", "from helpers.counting import root")),
        ("graded", "2", "0"),
        "calls the book's own helpers.counting.root",
    ),
    "tampers/tiny.ipynb": (
        changed(edits.written("double-test", "assert True"), edits.written("double", "pass")),
        ("graded", "0", "3"),
        "double-test: had been changed",
    ),
    "scripts/tiny.ipynb": (
        changed(edits.written("why", "<script>alert(1)</script> =cmd|' /C calc'!A0")),
        FULL,
        "HTML or links that act are shown as text",
    ),
}


def student(path):
    """How the row of a path is called."""
    first = path.split("/")[0]
    return {
        "capitals_TINY.IPYNB": "capitals",
        "browser_tiny.ipynb.json": "browser",
        "roe_LATE_1_3_tiny.ipynb": "roe_1_3",
    }.get(first, first.removesuffix(".zip"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory, tiny_source):
    folder = tmp_path_factory.mktemp("the [course] of 2026") / "hand ins"
    for path, (data, *_) in CLASS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "ada" / "._tiny.ipynb").write_bytes(b"\0\5\x16\7")
    limits = {"cell_seconds": 5, "nice": 0}
    try:
        path = grade(folder, source=tiny_source, limits=limits, say=lambda line: None)
    finally:
        execute.close()
    return folder, path


def test_there_are_thirty_and_each_has_a_row(graded):
    _, path = graded
    assert len(CLASS) >= 30
    assert sorted(rows(path)) == sorted(map(student, CLASS))


@pytest.mark.parametrize("path", CLASS, ids=lambda path: path[:20])
def test_the_row_is_right(graded, path):
    _, (status, double, root), words = CLASS[path]
    row = rows(graded[1])[student(path)]
    assert (row["status"], row["double-test"], row["root-test"]) == (status, double, root), row
    assert words in row["remarks"], row["remarks"]
    if not words and status == "graded" and (double, root) == ("2", "3"):
        assert row["remarks"] == ""
    page = (graded[1].parent / row["feedback"]).read_text("utf-8")
    assert "<script>alert" not in page and "\x1b" not in page and "\x07" not in page


def test_every_file_is_named_with_what_was_done_with_it(graded):
    folder, path = graded
    table = (path.parent / "files.csv").read_text("utf-8-sig")
    for file in folder.rglob("*"):
        if file.is_file():
            assert file.name in table or os.fsencode(file.name) in table.encode(), file
    assert "made by a system" in table and "an older version" in table


def test_a_second_call_grades_nothing_again(graded, tiny_source):
    folder, path = graded
    before, said = rows(path), []
    again = grade(folder, source=tiny_source, limits={"cell_seconds": 5}, say=said.append)
    execute.close()
    assert rows(again) == before
    graded_before = sum(row["status"] == "graded" for row in before.values())
    assert sum("(as before)" in line for line in said) == graded_before

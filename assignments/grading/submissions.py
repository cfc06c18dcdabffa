"""Reads what students handed in, and puts it into the shape that was handed out."""

from __future__ import annotations

import io
from collections.abc import Sequence

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.files import BrokenError
from grading.markup import inert, is_picture

MOST_TEXT = 60_000  # characters of a student's texts together; the rest is shown as typed


class OtherNotebookError(BrokenError):
    """A notebook, but none of this assignment; the message says what to do."""


def parse(data: bytes) -> nbformat.NotebookNode:
    """A notebook of nbformat 4 with nothing but cells. Raises BrokenError."""
    if not data.strip():
        raise BrokenError("the file is empty")
    try:
        notebook = nbformat.read(io.StringIO(_text(data)), as_version=4)
        cells = [_cell(cell) for cell in notebook["cells"]]
    except BrokenError:
        raise
    except RecursionError:
        raise BrokenError("no notebook: nested too deeply") from None
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise BrokenError(f"no notebook: {type(error).__name__}: {said}") from error
    return new_notebook(cells=[cell for cell in cells if cell is not None])


def _text(data: bytes) -> str:
    start = data[:4]
    marked = start[:2] in (b"\xff\xfe", b"\xfe\xff") or start == b"\0\0\xfe\xff"
    if marked or (b"\0" in start and start.replace(b"\0", b"")[:1] == b"{"):
        raise BrokenError("the file is in UTF-16 or UTF-32: save it as UTF-8")
    if b"\0" in start:
        raise BrokenError("no notebook: the file is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenError(f"the file is not in UTF-8: save it as UTF-8 ({error.reason})") from None


def _cell(cell):
    source = cell["source"]
    source = "".join(source) if isinstance(source, list) else str(source)
    source = source.encode("utf-8", "replace").decode("utf-8")
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as Windows and old Macs end lines
    metadata = cell.get("metadata", {})
    marks = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kept = {"nbgrader": {"grade_id": str(grade_id)}} if grade_id else {}
    match cell["cell_type"]:
        case "code":
            return new_code_cell(source, metadata=kept)
        case "markdown" | "raw":
            return new_markdown_cell(source, metadata=kept, attachments=_pictures(cell))
    return None


def _pictures(cell) -> dict:
    """The pictures that were pasted into a text, which its Markdown names."""
    pasted, kept = cell.get("attachments"), {}
    for name, kinds in pasted.items() if isinstance(pasted, dict) else ():
        own = {k: v for k, v in dict(kinds).items() if is_picture(k, v)}
        if own:
            kept[str(name)] = own
    return kept


def rebuild(
    notebook, source, release, older: Sequence = ()
) -> tuple[nbformat.NotebookNode, list[str]]:
    """A student's answers and own cells in the assignment's frame, and what was amiss.

    Marks, tests and their order are the assignment's, whatever the student did to them:
    `source` gives the cells that students do not write, `release` those that they do where
    they are missing. Cells of the student's own stay behind the cell that they follow. `older`
    are versions that were handed out before: a student who has one of them changed nothing.
    In texts nothing acts. Raises OtherNotebookError if it is none of this assignment.
    """
    frame = {_id(cell): cell for cell in source.cells if _id(cell)}
    blank = {_id(cell): cell for cell in release.cells if _id(cell)}
    given = _given(notebook, [release, *older])
    own, groups, answers, remarks, at = [], {key: [] for key in frame}, {}, [], None
    texts = _Texts(remarks)
    for cell in notebook.cells:
        key = _id(cell)
        if key not in frame:
            if key not in given or _solution(given[key]):  # else a test that is no longer one
                (own if at is None else groups[at]).append(texts.own(cell))
            continue
        if key in answers:
            remarks.append(f"{key}: there twice; the last one counts")
            if _solution(frame[key]):
                groups[at].append(texts.own(answers[key]))
        elif not _solution(frame[key]) and cell.source.strip() not in (
            blank[key].source.strip(),
            frame[key].source.strip(),
            given[key].source.strip() if key in given else None,
        ):
            remarks.append(f"{key}: had been changed; the original was used")
        answers[key], at = cell, key
    if not answers and not _looks_like(notebook, [*frame.values(), *blank.values()], len(frame)):
        raise OtherNotebookError(
            "none of the assignment's cells is in it, so nothing was run. The chapter's own "
            "notebook has the same name: hand in the one with the tasks"
        )
    cells = list(own)
    for key, original in frame.items():
        marks = original.metadata.nbgrader
        make = new_code_cell if original.cell_type == "code" else new_markdown_cell
        if key not in answers and key in given:
            remarks.append(f"{key}: missing" + ("" if marks.solution else "; put back"))
        data = {"nbgrader": dict(blank[key].metadata.nbgrader)}
        if not marks.solution:
            answer = make(original.source, metadata=data)
        elif key not in answers:
            text = blank[key].source if marks.grade else "# this cell was missing"
            answer = make(text, metadata=data)
        elif make is new_code_cell:
            answer = make(answers[key].source, metadata=data)
        else:
            answer = texts.answer(answers[key], key, data)
        cells += [answer, *groups[key]]
    if not answers:
        remarks[:] = [
            "none of the assignment's cells is marked in it, so all were put back: was it saved "
            "by a program that drops what it does not know?"
        ]
    return new_notebook(cells=cells, metadata=release.metadata), remarks


class _Texts:
    """A student's texts, made inert one after another; `remarks` gets what was amiss."""

    def __init__(self, remarks: list[str]) -> None:
        self._remarks, self._left = remarks, MOST_TEXT

    def answer(self, cell, key: str, metadata: dict):
        """A written answer."""
        text, pictures, amiss = inert(cell.source, cell.get("attachments"), self._left)
        self._left -= len(text)
        if amiss:
            self._remarks.append(f"{key}: {amiss}")
        more = {"attachments": pictures} if pictures else {}
        return new_markdown_cell(text, metadata=metadata, **more)

    def own(self, cell):
        """A cell of the student's own."""
        if cell.cell_type == "code":
            return new_code_cell(cell.source)
        return self.answer(cell, "a text of their own", {})


def _id(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _solution(cell) -> bool:
    return bool(cell.metadata.nbgrader.get("solution"))


def _given(notebook, versions: list) -> dict:
    """The cells of the version that this student was given: the one that it agrees with most."""
    theirs = {_id(cell): cell.source.strip() for cell in notebook.cells if _id(cell)}
    found = [{_id(cell): cell for cell in v.cells if _id(cell)} for v in versions]

    def agrees(version: dict) -> tuple[int, int]:
        texts = sum(theirs.get(key) == cell.source.strip() for key, cell in version.items())
        return texts, -len(theirs.keys() ^ version.keys())

    return max(found, key=agrees)


def _looks_like(notebook, cells: list, of: int) -> bool:
    """Whether a notebook without marks has the assignment's texts: a quarter of them at least.

    One is in the chapters' notebooks, too: the cell that fetches the book's library.
    """
    texts = {cell.source.strip() for cell in cells}
    return 4 * len(texts & {cell.source.strip() for cell in notebook.cells}) >= of

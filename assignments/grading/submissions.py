"""Reads what students handed in, and puts it into the shape that was handed out."""

from __future__ import annotations

import io

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.files import BrokenError

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def parse(data: bytes) -> nbformat.NotebookNode:
    """A notebook of nbformat 4 with nothing but cells. Raises BrokenError."""
    if not data.strip():
        raise BrokenError("the file is empty")
    try:
        notebook = nbformat.read(io.StringIO(data.decode("utf-8-sig")), as_version=4)
        cells = [_cell(cell) for cell in notebook["cells"]]
    except RecursionError:
        raise BrokenError("no notebook: nested too deeply") from None
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise BrokenError(f"no notebook: {type(error).__name__}: {said}") from error
    return new_notebook(cells=[cell for cell in cells if cell is not None])


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
            return new_markdown_cell(source, metadata=kept, **_pictures(cell))
    return None


def _pictures(cell) -> dict:
    """The pictures that were pasted into a text, which its Markdown names."""
    pasted, kept = cell.get("attachments"), {}
    for name, kinds in pasted.items() if isinstance(pasted, dict) else ():
        own = {k: v for k, v in dict(kinds).items() if k in PICTURES and isinstance(v, str)}
        if own:
            kept[str(name)] = own
    return {"attachments": kept} if kept else {}


def rebuild(notebook, source, release) -> tuple[nbformat.NotebookNode, list[str]]:
    """A student's answers and own cells in the assignment's frame, and what was amiss.

    Marks, tests and their order are the assignment's, whatever the student did to them:
    `source` gives the cells that students do not write, `release` those that they do where
    they are missing. Cells of the student's own stay behind the cell that they follow.
    """
    frame = {_id(cell): cell for cell in source.cells if _id(cell)}
    blank = {_id(cell): cell for cell in release.cells if _id(cell)}
    own, groups, answers, remarks, at = [], {key: [] for key in frame}, {}, [], None
    for cell in notebook.cells:
        key = _id(cell)
        if key not in frame:
            (own if at is None else groups[at]).append(_free(cell))
            continue
        solution = frame[key].metadata.nbgrader.get("solution")
        if key in answers:
            remarks.append(f"{key}: there twice; the last one counts")
            if solution:
                groups[at].append(_free(answers[key]))
        elif not solution and cell.source.strip() not in (
            blank[key].source.strip(),
            frame[key].source.strip(),
        ):
            remarks.append(f"{key}: had been changed; the original was used")
        answers[key], at = cell, key
    cells = list(own)
    for key, original in frame.items():
        marks = original.metadata.nbgrader
        make = new_code_cell if original.cell_type == "code" else new_markdown_cell
        if key not in answers:
            remarks.append(f"{key}: missing" + ("" if marks.solution else "; put back"))
        pasted = {}
        if not marks.solution:
            text = original.source
        elif key in answers:
            text = answers[key].source
            pasted = _pictures(answers[key]) if make is new_markdown_cell else {}
        else:
            text = blank[key].source if marks.grade else "# this cell was missing"
        cells += [make(text, metadata={"nbgrader": dict(blank[key].metadata.nbgrader)}, **pasted)]
        cells += groups[key]
    if not answers:
        remarks = [
            "none of the assignment's cells is in it, so all were put back: is it the chapter's "
            "own notebook, which is called alike?"
        ]
    return new_notebook(cells=cells, metadata=release.metadata), remarks


def _id(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _free(cell):
    if cell.cell_type == "code":
        return new_code_cell(cell.source)
    return new_markdown_cell(cell.source, **_pictures(cell))

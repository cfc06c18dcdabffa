"""Recognises answers that call the book's own function of the same task.

The book's library is at hand while an assignment is done, and it holds what the tasks ask for.
"""

from __future__ import annotations

import ast
import contextlib

from nbformat import NotebookNode

# What draws, loads and reports is nobody's answer.
FREE = ("datasets", "diagrams", "glue", "paper", "plots", "recipes", "runs", "specs", "support")
# A record comes from there, and what it can be asked is an answer all the same.
METHODS = {"survival_of": "helpers.specs.Network.survival_of"}


def borrowed(notebook: NotebookNode, source: NotebookNode) -> dict[str, list[str]]:
    """For each answer the book's functions that it uses and the solution does not.

    `notebook` is a student's in the assignment's frame, `source` the assignment with its
    solutions. An answer is a cell by its id; what the cells of a student's own define counts
    where an answer uses it. Cells that are no Python are left out.
    """
    usual, known = set(), _names(source)
    for cell in source.cells:
        if cell.cell_type == "code" and (_is_answer(cell) or not _id(cell)):
            usual |= _Uses(cell.source, known).books
    known = _names(notebook)
    own: dict[str, set[str]] = {}  # a name of the student's: what its definition uses
    found = {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or (_id(cell) and not _is_answer(cell)):
            continue
        uses = _Uses(cell.source, known)
        for name, (books, names) in uses.defined.items():
            own[name] = books.union(*(own.get(n, set()) for n in names))
        if _is_answer(cell):
            books = uses.books.union(*(own.get(n, set()) for n in uses.names))
            asked = {*METHODS.values()}
            taken = sorted(b for b in books - usual if b in asked or b.split(".")[1] not in FREE)
            if taken:
                found[_id(cell)] = taken
    return found


class _Uses:
    """What a cell uses of the book, and what the names that it defines use."""

    def __init__(self, source: str, known: dict[str, str]) -> None:
        self.books: set[str] = set()
        self.names: set[str] = set()
        self.defined: dict[str, tuple[set[str], set[str]]] = {}
        try:
            tree = ast.parse(source)
        except SyntaxError:
            return
        known = {**known, **_imported(tree)}
        for statement in tree.body:
            books, names = _used(statement, known)
            self.books |= books
            self.names |= names
            for name in _bound(statement):
                self.defined[name] = books, names


def _used(tree: ast.AST, known: dict[str, str]) -> tuple[set[str], set[str]]:
    """The book's functions in a tree, as "helpers.module.function", and all names."""
    books, names, inner = set(), set(), set()
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n)}
    stored |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    known = {name: path for name, path in known.items() if name not in stored}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=value, attr=attribute):
                inner.add(value)  # of `helpers.blocks.conv` only the longest counts
                if attribute in METHODS:
                    books.add(METHODS[attribute])
                if node not in inner and (path := _path(node, known)):
                    books.add(path)
            case ast.ImportFrom(module=str(module)) if module.startswith("helpers."):
                books |= {f"{module}.{alias.name}" for alias in node.names}
            case ast.Name(id=name):
                names.add(name)
                if name in known and node not in inner:  # a whole module: whatever is in it
                    books.add(known[name] + ("" if known[name].count(".") > 1 else ".*"))
            case ast.Constant(value=str(text)) if text == "helpers" or text.startswith("helpers."):
                books.add(f"{text}.*")
    return {book if book.count(".") > 1 else f"{book}.*" for book in books}, names


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _path(node: ast.Attribute, known: dict[str, str]) -> str:
    parts = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name) and inner.id in known:
        return ".".join([known[inner.id], *reversed(parts)])
    return ""


def _names(notebook: NotebookNode) -> dict[str, str]:
    """The names under which cells import the book: {"blocks": "helpers.blocks"}."""
    known: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with contextlib.suppress(SyntaxError):
                known |= _imported(ast.parse(cell.source))
    return known


def _imported(tree: ast.AST) -> dict[str, str]:
    known = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "helpers":
                known |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names}
            case ast.Import():
                for alias in node.names:
                    if alias.name.split(".")[0] == "helpers":
                        full = alias.name if alias.asname else "helpers"
                        known[alias.asname or "helpers"] = full
    return known


def _bound(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [t.id for t in targets if isinstance(t, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _id(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _is_answer(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))

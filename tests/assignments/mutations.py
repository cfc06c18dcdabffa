"""The usual mistakes, one at a time: each change that is made to a solution's cell.

`changed(source)` gives every mutant of a cell, once. Python's `ast` does it. The operators of
Cosmic Ray (no argument or statement left out, none in another order) and of mutmut (functions of
a package, tested by pytest) lack what goes wrong in an assignment, and neither reads notebooks.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Pow)
# A number is the same one in another type, and the tests take either.
_CONVERSIONS = {"float", "int", "bool", "list"}
_ITERATORS = {"range", "enumerate", "zip", "sum"}  # what they are given runs no loop
_SYMMETRIC = {"min", "max"}
_MORE_THAN_A_NUMBER = 0.01  # a number below it is an epsilon; half of one is hardly a mistake


@dataclass(frozen=True)
class Mutant:
    """A cell with one change.

    - `cell`, `function`: where it is;
    - `kind`: operator, constant, argument, order, statement, return, condition, call or slice;
    - `change`: the line, with [before -> after] where it differs; the same for no other mutant
      of the function;
    - `source`: the whole cell.
    """

    cell: str
    function: str
    kind: str
    change: str
    source: str

    @property
    def name(self) -> str:
        """What the tables call it."""
        return f"{self.cell}, {self.function}: {self.change}"


def changed(cell: str, source: str) -> list[Mutant]:
    """All mutants of a cell, in the order of its lines; none twice, none that is no Python."""
    tree = ast.parse(source)
    found, sources, names = [], {ast.unparse(tree)}, {}
    for top in tree.body:
        for kind, line, before, after in _trials(top):
            text = ast.unparse(tree)
            if text not in sources and _compiles(text):
                sources.add(text)
                function = getattr(top, "name", "")
                change = _marked(before, after)
                number = names[function, change] = names.get((function, change), 0) + 1
                change += f" (number {number})" if number > 1 else ""
                found.append((line, Mutant(cell, function, kind, change, text)))
    return [mutant for _, mutant in sorted(found, key=lambda pair: pair[0])]


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _trials(top: ast.stmt) -> Iterator[tuple[str, int, str, str]]:
    """Makes each change in the tree that holds `top`; takes it back when asked for the next."""
    yield from _statements(top)
    for statement in [node for node in ast.walk(top) if isinstance(node, ast.stmt)]:
        if _docstring(statement):
            continue
        before = _first_line(statement)
        for parent, field, at, node in _expressions(statement):
            called = isinstance(parent, ast.Call) and field == "func"
            for kind, new in () if called else _replacements(node, parent):
                _put(parent, field, at, new)
                yield kind, node.lineno, before, _first_line(statement)
                _put(parent, field, at, node)


def _statements(top: ast.stmt) -> Iterator[tuple[str, int, str, str]]:
    bodies = [
        getattr(node, field)
        for node in ast.walk(top)
        for field in ("body", "orelse")
        if isinstance(getattr(node, field, None), list)
    ]
    for body in bodies:
        for at, statement in enumerate(body):
            if _docstring(statement) or isinstance(statement, ast.FunctionDef | ast.Import):
                continue
            line, before = statement.lineno, _first_line(statement)
            if isinstance(statement, ast.AugAssign):
                op, statement.op = statement.op, _BINARY[type(statement.op)]()
                yield "operator", line, before, _first_line(statement)
                statement.op = op
            if isinstance(statement, ast.Return):
                body[at] = ast.copy_location(ast.Return(ast.Constant(None)), statement)
                yield "return", line, before, "return None"
            else:
                body[at] = ast.copy_location(ast.Pass(), statement)
                yield "statement", line, before, ""
            body[at] = statement
            after = body[at + 1] if at + 1 < len(body) else None
            if after is not None and not isinstance(after, ast.Return | ast.FunctionDef):
                body[at], body[at + 1] = after, statement
                yield "order", line, before, f"{_first_line(after)}; {before}"
                body[at], body[at + 1] = statement, after


def _expressions(statement: ast.stmt) -> list:
    """(parent, field, index, node) of the expressions of a statement, not of those inside it."""
    found, waiting = [], [statement]
    while waiting:
        parent = waiting.pop()
        if isinstance(parent, ast.JoinedStr):
            continue
        for field, value in ast.iter_fields(parent):
            for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.keyword | ast.comprehension | ast.arguments | ast.Slice):
                    waiting.append(node)
                    if not isinstance(node, ast.Slice):
                        continue
                if isinstance(node, ast.expr):
                    found.append((parent, field, at, node))
                    if not isinstance(node, ast.Slice):
                        waiting.append(node)
    return found


def _replacements(node: ast.expr, parent: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What may stand in the place of an expression by mistake."""
    new = copy.deepcopy
    match node:
        case ast.BinOp(left, op, right):
            if type(op) in _BINARY:
                yield "operator", ast.BinOp(new(left), _BINARY[type(op)](), new(right))
            if isinstance(op, _ORDERED):
                yield "order", ast.BinOp(new(right), op, new(left))
        case ast.Compare(left, [op], [right]):
            for other in _COMPARED.get(type(op), ()):
                yield "operator", ast.Compare(new(left), [other()], [new(right)])
        case ast.BoolOp(op, values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "operator", ast.BoolOp(other, new(values))
            for value in values:
                yield "condition", new(value)
        case ast.UnaryOp(_, operand):
            yield "operator", new(operand)
        case ast.IfExp(_, body, orelse):
            yield "condition", new(body)
            yield "condition", new(orelse)
        case ast.Constant(str()) if isinstance(parent, ast.keyword):
            pass  # no other text would be one that Keras knows
        case ast.Constant(value):
            yield from (("constant", ast.Constant(other)) for other in _others(value))
        case ast.Call(function, args, keywords):
            yield from _calls(function, args, keywords)
        case ast.Slice(lower, upper, step):
            for kept in ((None, upper, step), (lower, None, step), (lower, upper, None)):
                if kept != (lower, upper, step):
                    yield "slice", ast.Slice(*new(kept))


def _others(value) -> list:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, 0] if value == 1 else [value + 1]
    if isinstance(value, float):
        return [value / 2 if value >= _MORE_THAN_A_NUMBER else value * 100]
    return [value + "x"] if isinstance(value, str) else []


def _calls(function, args, keywords) -> Iterator[tuple[str, ast.expr]]:
    new = copy.deepcopy
    for at in range(len(keywords)):
        kept = new(keywords[:at] + keywords[at + 1 :])
        yield "argument", ast.Call(new(function), new(args), kept)
    if len(args) > 1:
        yield "argument", ast.Call(new(function), new(args[:-1]), new(keywords))
    name = function.id if isinstance(function, ast.Name) else ""
    for at in range(len(args) - 1 if name not in _SYMMETRIC else 0):
        swapped = [*args[:at], args[at + 1], args[at], *args[at + 2 :]]
        yield "order", ast.Call(new(function), new(swapped), new(keywords))
    if (
        args
        and name not in _CONVERSIONS | _ITERATORS
        and not isinstance(args[0], ast.Starred | ast.GeneratorExp)
    ):
        yield "call", new(args[0])
    if isinstance(function, ast.Attribute) and not args:  # drawn.mean() -> drawn
        yield "call", new(function.value)


def _put(parent, field: str, at: int | None, node) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


def _docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _marked(before: str, after: str) -> str:
    """The first line, and in brackets what becomes what."""
    old, new = (re.findall(r"\w+|\s+|[*/<>=!]+|.", text) for text in (before, after))
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle = ["".join(words[start : len(words) - end]).strip() for words in (old, new)]
    marked = f"[{middle[0]} -> {middle[1] or 'nothing'}]"
    return "".join([*old[:start], marked, *old[len(old) - end :]])


def _alike(old: list[str], new: list[str]) -> int:
    return sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    )


def _first_line(statement: ast.stmt) -> str:
    """A statement without the ones inside it, on one line."""
    return ast.unparse(statement).lstrip("\n").splitlines()[0]

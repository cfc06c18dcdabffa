"""Copies of a test that must fail, so that each grading proves that its tests can.

A submission that makes tests pass whatever they ask makes these pass, too. A copy is the test
itself, in which one expectation, drawn anew for each submission, is turned round: another number
is expected, the bound is out of reach, or the answer that a check gets gives other outputs. In
the test and in the copy the expectation goes through a function with a drawn name, so that
their sources look alike; what the functions do is decided in `grading.guard`.
"""

from __future__ import annotations

import ast
import random
import secrets
from dataclasses import dataclass

_BOUND = {ast.Eq: "equal", ast.Lt: "below", ast.LtE: "below", ast.Gt: "above", ast.GtE: "above"}
SAME = "same"


@dataclass(frozen=True)
class Copy:
    """A test as it is sent: its source, and what the functions do that it calls by drawn names.

    `roles` maps a name to "same", which hands on what it gets, or to a way of turning it round:
    "equal", "below", "above", "truth", "answer".
    """

    source: str
    roles: dict[str, str]


def pair(source: str, draw: random.Random | None = None) -> tuple[Copy, Copy | None]:
    """The test, and a copy of it that must fail; None if nothing in it can be turned round."""
    draw = draw or random.SystemRandom()
    test = _marked(source)
    if test is None:
        return Copy(source, {}), None
    same = dict.fromkeys(test.roles, SAME)
    turned = _marked(source)
    wrong = draw.choice(list(turned.roles))
    roles = {name: role if name == wrong else SAME for name, role in turned.roles.items()}
    return Copy(test.source, same), Copy(turned.source, roles)


def every(source: str) -> list[Copy]:
    """All copies of a test that must fail, one for each place. Empty if there is none."""
    test = _marked(source)
    if test is None:
        return []
    return [
        Copy(test.source, {n: role if n == wrong else SAME for n, role in test.roles.items()})
        for wrong in test.roles
    ]


def _marked(source: str) -> Copy | None:
    """The source with a function of a drawn name at each place, and the role of each."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    marking = _Marking()
    marking.body(tree.body)
    if not marking.roles:
        return None
    return Copy(ast.unparse(ast.fix_missing_locations(tree)), marking.roles)


class _Marking:
    """Finds the places that every run of the test comes to, and puts a call at each."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}

    def body(self, statements: list[ast.stmt]) -> None:
        """Marks statements that are run in any case; what stands below `if` may not be."""
        for statement in statements:
            match statement:
                case ast.Assert():
                    statement.test = self.truth(statement.test)
                case ast.For() | ast.With():
                    self.body(statement.body)
                case ast.Try():
                    self.body(statement.body)
                case ast.Expr(value=ast.Call() as call) if _is_check(call) and call.args:
                    call.args[0] = self.through("answer", call.args[0])

    def truth(self, expression: ast.expr) -> ast.expr:
        """An expression that has to be true."""
        match expression:
            case ast.BoolOp(op=ast.And()):
                expression.values = [self.truth(value) for value in expression.values]
            case ast.Call(func=ast.Name(id="all" | "any"), args=[ast.GeneratorExp() as each]):
                each.elt = self.truth(each.elt)
            case ast.Compare() if type(expression.ops[-1]) in _BOUND:
                role = _BOUND[type(expression.ops[-1])]
                expression.comparators[-1] = self.through(role, expression.comparators[-1])
            case _:
                return self.through("truth", expression)
        return expression

    def through(self, role: str, expression: ast.expr) -> ast.expr:
        """The expression, handed through a function with a name that nobody knows before."""
        name = f"_{secrets.token_hex(4)}"
        self.roles[name] = role
        return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[expression], keywords=[])


def _is_check(call: ast.Call) -> bool:
    """A call of `helpers.checks`, which compares a function or a net with the book's."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="checks")):
            return True
    return False

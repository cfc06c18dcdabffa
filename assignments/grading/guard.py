"""Runs test cells beside a student's code, so that it takes effort to bend them.

A test cell runs in a namespace of its own, a copy of the student's without the names that hide
Python's built-ins. Before, functions and modules that the student's code has replaced in the
libraries are put back, and for its time the settings. The source of a test is gone before the
test begins.

None of this is proof against someone who studies it: tests and answers share a process. So
nothing here is trusted: whether the tests of a submission can fail is tried from outside, with
copies that must (`grading.controls`).
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Callable

from grading.failures import failure
from grading.settings import Settings

GUARDED = (
    *("builtins", "collections", "copy", "dataclasses", "functools", "helpers", "inspect"),
    *("itertools", "keras", "math", "numpy", "operator", "random", "statistics", "warnings"),
)
TOP = ("tensorflow",)  # without what lies below: it is large
_MISSING = object()


class Guard:
    """What the libraries were like before the student's code ran."""

    def __init__(self) -> None:
        self._names = []  # (owner, name, value)
        self._codes = []  # (function, code, defaults, keyword defaults)
        self._modules = dict(sys.modules)
        classes = {}
        for key, module in list(sys.modules.items()):
            if key.partition(".")[0] in GUARDED or key in TOP:
                self._remember(module, _is_kept if key.startswith("helpers") else _is_code)
                classes.update({id(c): c for c in vars(module).values() if isinstance(c, type)})
        kinds = (types.FunctionType, property, staticmethod, classmethod)
        for cls in classes.values():
            if cls.__module__.partition(".")[0] in (*GUARDED[1:], *TOP):
                self._remember(cls, lambda value: isinstance(value, kinds))
        # Bound now: what the student's code does to these names later is of no effect here.
        self._tools = (exec, eval, dict(vars(builtins)))
        self._parsing = (compile, ast.parse, ast.Expression)

    def begin(self) -> None:
        """Takes settings and modules as they are in the cage, before a student's code runs."""
        self._settings, self._modules = Settings(), dict(sys.modules)

    def _remember(self, owner, wanted: Callable) -> None:
        for name, value in list(vars(owner).items()):
            if wanted(value):
                self._names.append((owner, name, value))
            if isinstance(value, types.FunctionType):
                kept = value.__code__, value.__defaults__, value.__kwdefaults__
                self._codes.append((value, *kept))

    def restore(self) -> list[str]:
        """Puts back what was replaced; returns its names."""
        sys.settrace(None)
        sys.setprofile(None)
        replaced = []
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                replaced.append(name)
                sys.modules[name] = module
        for name, module in list(sys.modules.items()):
            new = name not in self._modules and name != "__main__"
            if new and getattr(module, "__spec__", None) is None:  # nothing has imported it
                replaced.append(name)
                del sys.modules[name]
        for owner, name, value in self._names:
            if vars(owner).get(name, _MISSING) is not value:
                replaced.append(f"{owner.__name__}.{name}")
                setattr(owner, name, value)
        for function, code, defaults, keywords in self._codes:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                replaced.append(f"{function.__module__}.{function.__qualname__}")
                function.__code__, function.__defaults__ = code, defaults
                function.__kwdefaults__ = keywords
        return replaced

    def compiled(self, source: str) -> tuple:
        """A test as code: all but its last expression, and that. Raises SyntaxError."""
        compile_, parse, expression = self._parsing
        tree = parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        last = last and compile_(expression(last.value), "<test>", "eval")
        return compile_(tree, "<test>", "exec"), last

    def run(self, code: tuple, roles: dict[str, str], namespace: dict) -> dict:
        """Runs one test that `compiled` made. Returns status, outputs, what was put back.

        `roles` says what the functions do that a test calls by drawn names.
        """
        exec_, eval_, pristine = self._tools
        restored = self.restore()
        kept = {k: v for k, v in namespace.items() if k not in pristine and not k.startswith("__")}
        kept |= {"__builtins__": dict(pristine), "__name__": "__main__"}
        kept |= {name: _ROLES[role] for name, role in roles.items()}
        outputs, status = [], "ok"
        theirs = self._settings.put_back()
        try:
            exec_(code[0], kept)
            if code[1] is not None:
                value = eval_(code[1], kept)
                if type(value) in (int, float):  # partial credit, as nbgrader reads it
                    outputs.append({"kind": "result", "text": repr(value)})
        except BaseException as error:
            status = "error"
            outputs.append(failure(error))
        if changed := self.restore():
            status = "error"
            outputs.append(
                failure(AssertionError(f"replaced while a test ran: {', '.join(changed[:5])}"))
            )
        self._settings.put_back(theirs)
        return {"status": status, "outputs": outputs, "restored": restored[:20]}


def _is_code(value) -> bool:
    return callable(value) or type(value) is types.ModuleType  # others load themselves later


def _is_kept(value) -> bool:
    return _is_code(value) or isinstance(value, int | float | str | tuple | frozenset)


def _other(value):
    """Something of the same kind that is not equal."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + " "
    if isinstance(value, int | float | complex):
        doubled = value * 2 + 7919  # infinity is as large as before
        return doubled if doubled != value else 7919
    if isinstance(value, tuple | list):
        return type(value)([*value, 7919]) if type(value) in (tuple, list) else [*value, 7919]
    if type(value).__module__ == "numpy" and getattr(value, "dtype", None) is not None:
        if value.dtype == bool:
            return ~value
        numpy, doubled = sys.modules["numpy"], value * 2 + 7919
        return numpy.where(doubled != value, doubled, 7919)
    return object()


def _other_answer(answer):
    """A net, or what makes one, whose outputs differ: x becomes 7 + 3 x."""
    keras = sys.modules["keras"]
    if isinstance(answer, keras.Model):
        return keras.Model(answer.inputs, keras.tree.map_structure(_shifted, answer.outputs))
    if callable(answer):
        return lambda *inputs, **options: keras.tree.map_structure(
            _shifted, answer(*inputs, **options)
        )
    return _other(answer)


def _shifted(output):
    return 7 + 3 * output


_ROLES = {
    "same": lambda value: value,
    "equal": _other,
    "below": lambda value: float("nan"),  # nothing is below or above it, infinity neither
    "above": lambda value: float("nan"),
    "truth": lambda value: not value,
    "answer": _other_answer,
}

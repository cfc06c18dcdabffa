"""Runs test cells beside a student's code, so that it takes effort to bend them.

A test cell runs in a namespace of its own, a copy of the student's without the names that hide
Python's built-ins. Before, functions that the student's code has replaced in the libraries are
put back. The verdict is signed with a key that the student's code never got.

None of this is proof against someone who studies it: tests and answers share a process. It
stops what can be done in a cell or two.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import hmac
import sys
import traceback
import types
from collections.abc import Callable

GUARDED = ("builtins", "helpers", "keras", "numpy", "math", "inspect", "operator", "functools")
_MISSING = object()


class Guard:
    """What the libraries were like before the student's code ran."""

    def __init__(self) -> None:
        self._names = []  # (owner, name, value)
        self._codes = []  # (function, code, defaults, keyword defaults)
        classes = {}
        for module in list(sys.modules.values()):
            name = getattr(module, "__name__", None)
            if isinstance(name, str) and name.partition(".")[0] in GUARDED:
                self._remember(module, callable)
                classes.update({id(c): c for c in vars(module).values() if isinstance(c, type)})
        kinds = (types.FunctionType, property, staticmethod, classmethod)
        for cls in classes.values():
            if cls.__module__.partition(".")[0] in GUARDED[1:]:
                self._remember(cls, lambda value: isinstance(value, kinds))
        # Bound now: what the student's code does to these names later is of no effect here.
        self._tools = (compile, exec, eval, ast.parse, ast.Expression, dict(vars(builtins)))

    def begin(self, key: bytes) -> None:
        """Takes the key that signs the verdicts of one submission."""
        self._sign: Callable = lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

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

    def run(self, source: str, namespace: dict, nonce: str) -> dict:
        """Runs one test cell. Returns status, outputs, what was restored, and the signature."""
        compile_, exec_, eval_, parse, expression, pristine = self._tools
        restored = self.restore()
        kept = {k: v for k, v in namespace.items() if k not in pristine and not k.startswith("__")}
        kept |= {"__builtins__": dict(pristine), "__name__": "__main__"}
        outputs, status = [], "ok"
        try:
            tree = parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec_(compile_(tree, "<test>", "exec"), kept)
            if last is not None:
                value = eval_(compile_(expression(last.value), "<test>", "eval"), kept)
                if type(value) in (int, float):  # partial credit, as nbgrader reads it
                    outputs.append({"kind": "result", "text": repr(value)})
        except BaseException as error:
            status = "error"
            outputs.append(failure(error))
        verdict = "".join([nonce, status, *(o["text"] for o in outputs if o["kind"] == "result")])
        return {
            "status": status,
            "outputs": outputs,
            "restored": restored[:20],
            "signature": self._sign(verdict),
        }


def failure(error: BaseException) -> dict:
    """An error as an output: what it says, and the student's own lines, not those of the test."""
    kind = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = "(an exception that cannot be printed)"
    lines = [f"{kind}: {text}" if text else kind]
    if not isinstance(error, AssertionError):
        for frame in traceback.extract_tb(error.__traceback__)[-50:]:
            if "ipython-input" in frame.filename or "/ipykernel_" in frame.filename:
                lines.append(f"  in {frame.name}, line {frame.lineno} of its cell: {frame.line}")
    return {"kind": "error", "name": kind, "text": text[:4000], "traceback": lines[-20:]}

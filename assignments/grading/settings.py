"""Settings of Python and of the libraries that a cell may leave on, put back for a test.

A student's cell may choose another precision, turn warnings into errors or fix a seed, and the
cells behind it go on so; a test has what it would have had in a notebook of its own.
"""

from __future__ import annotations

import copy
import gc
import os
import random
import sys
import warnings

SEED = 0


class Settings:
    """What the settings were when this was made."""

    def __init__(self) -> None:
        self._first = _taken()

    def put_back(self, settings: dict | None = None) -> dict:
        """Puts back the first settings, or those given; returns what they were until then."""
        before = _taken()
        for name, value in (settings or self._first).items():
            if name in _STATES or before.get(name) != value:
                _SETTINGS[name][1](value)
        if settings is None:
            _seed()
        return before


def _taken() -> dict:
    taken = {name: take() for name, (take, _) in _SETTINGS.items()}
    return {name: value for name, value in taken.items() if value is not None}


def _seed() -> None:
    random.seed(SEED)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(SEED)
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(SEED)


def _environ(value: dict) -> None:
    os.environ.clear()
    os.environ.update(value)


def _filters(value: list) -> None:
    warnings.resetwarnings()  # tells the cache that the list has changed
    warnings.filters[:] = value


def _importing(path: list, finders: list, hooks: list) -> None:
    sys.path[:], sys.meta_path[:], sys.path_hooks[:] = path, finders, hooks
    sys.path_importer_cache.clear()


def _of(module: str, take: str, put: str, *, by_name: bool = False):
    """A setting that a library takes and gives by functions; None where it is not loaded."""

    def function(path: str):
        found = sys.modules.get(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        return found

    return (
        lambda: copy.copy(function(take)()) if module in sys.modules else None,
        lambda value: function(put)(**value) if by_name else function(put)(value),
    )


_SETTINGS = {
    "folder": (os.getcwd, os.chdir),
    "environment": (lambda: dict(os.environ), _environ),
    "importing": (
        lambda: (list(sys.path), list(sys.meta_path), list(sys.path_hooks)),
        lambda value: _importing(*value),
    ),
    "warnings": (lambda: list(warnings.filters), _filters),
    "recursion": (sys.getrecursionlimit, sys.setrecursionlimit),
    "collection": (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    "random": (random.getstate, random.setstate),
    "random of NumPy": _of("numpy", "random.get_state", "random.set_state"),
    "precision of printing": _of("numpy", "get_printoptions", "set_printoptions", by_name=True),
    "errors of numbers": _of("numpy", "geterr", "seterr", by_name=True),
    "float": _of("keras", "config.floatx", "config.set_floatx"),
    "epsilon": _of("keras", "config.epsilon", "config.set_epsilon"),
    "images": _of("keras", "config.image_data_format", "config.set_image_data_format"),
    "dtype policy": _of("keras", "config.dtype_policy", "config.set_dtype_policy"),
    "functions": _of("tensorflow", "config.functions_run_eagerly", "config.run_functions_eagerly"),
}
_STATES = {"random", "random of NumPy"}  # dear to compare

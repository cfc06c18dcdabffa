"""The glossary's names of the code are names that the code has."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick

PAGE = Path(__file__).parents[2] / "book" / "notation.md"
NAME = r"[A-Za-z_]\w*"
# `blocks.shortcut`, `weights.load(..., option_a=...)`, `runs.Run.history["error"]`
SPAN = re.compile(rf"({NAME}(?:\.{NAME})+)(?:\((.*)\)|\[.*\])?")
OURS = ("tab-glossary", "tab-other-words")  # the third table has the words of other libraries


def dotted(text):
    """[(name, names of arguments)] of the back-quoted dotted names in a text."""
    found = map(SPAN.fullmatch, re.findall(r"`([^`]+)`", text))
    return [(m[1], re.findall(rf"({NAME})=", m[2] or "")) for m in found if m]


def look_up(name):
    """What a dotted name of `helpers` means; a field of a record is its own name.

    Raises LookupError if there is no such thing.
    """
    thing = importlib.import_module("helpers")
    for part in name.removeprefix("helpers.").split("."):
        if part in getattr(thing, "__dataclass_fields__", ()):
            thing = part
            continue
        if inspect.ismodule(thing) and not hasattr(thing, part):
            try:
                importlib.import_module(f"{thing.__name__}.{part}")
            except ModuleNotFoundError as error:
                raise LookupError(name) from error
        if not hasattr(thing, part):
            raise LookupError(name)
        thing = getattr(thing, part)
    return thing


def named():
    tables = re.findall(
        r"^```{list-table}\n:name: (\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S
    )
    assert set(OURS) <= {label for label, _ in tables}
    return [name for label, text in tables if label in OURS for name in dotted(text)]


@pytest.mark.parametrize(("name", "arguments"), named())
def test_a_name_in_the_glossary_is_one_of_the_code(name, arguments):
    thing = look_up(name)
    for argument in arguments:
        assert argument in inspect.signature(thing).parameters, f"{name} has no {argument}="


def test_the_glossary_names_much_of_the_code():
    assert len(named()) > 20


@pytest.mark.parametrize(
    "name",
    [
        "specs.nothing",
        "nothing.get",
        "specs.Stage.option",
        "specs.Stage.filters.more",
        "blocks.basic_block.option",
    ],
)
def test_a_name_that_is_none_is_found(name):
    with pytest.raises(LookupError):
        look_up(name)


def test_which_words_are_names():
    text = '`a.b`, a.c, `d`, `..._proj_conv`, `e.f(..., g=1)`, `h.i["j"]`, `k = "3x3"`'
    assert dotted(text) == [("a.b", []), ("e.f", ["g"]), ("h.i", [])]

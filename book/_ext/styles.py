"""A style sheet without the rules that no page can use, which two thirds of the theme's are.

A rule stays where every class and name in one of its selectors is a word of some page or script.
A script may put a class together, as in `"tooltip-" + side`: a string that ends or begins with
a hyphen keeps all classes that begin or end so. In doubt the rule stays: what stands within
`:not(...)` and the like is not looked at, nor a name with other characters than a word's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import tinycss2

WORD = re.compile(r"[A-Za-z0-9_-]+")
BEGUN = re.compile(r"""([A-Za-z][\w-]{2,}-)(?:["'`]|\$\{)""")  # "tooltip-" or `tooltip-${
ENDED = re.compile(r"""["'`}](-[A-Za-z][\w-]{2,})""")
CONDITIONS = ("media", "supports", "layer", "container")  # what holds rules, not declarations


@dataclass(frozen=True)
class Words:
    """The words of pages and scripts; the beginnings and ends of those that scripts complete."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    ends: tuple[str, ...]

    @classmethod
    def of(cls, pages: Iterable[str], scripts: Iterable[str]) -> Words:
        """The words in these pages and scripts."""
        scripts = list(scripts)
        whole = frozenset().union(*(WORD.findall(text) for text in [*pages, *scripts]))
        begun = frozenset().union(*(BEGUN.findall(text) for text in scripts))
        ended = frozenset().union(*(ENDED.findall(text) for text in scripts))
        return cls(whole, tuple(begun), tuple(ended))

    def may_be(self, name: str) -> bool:
        """Whether an element can have this class or id."""
        if not WORD.fullmatch(name):
            return True
        return name in self.whole or name.startswith(self.beginnings) or name.endswith(self.ends)


def pruned(sheet: str, words: Words) -> str:
    """The style sheet without the rules that no element with these words can match.

    Licences (`/*! ... */`) stay, other comments go. Raises ValueError for what is no style sheet.
    """
    return _pruned(tinycss2.parse_stylesheet(sheet, skip_whitespace=True), words)


def _pruned(rules, words):
    return "\n".join(filter(None, (_rule(rule, words) for rule in rules)))


def _rule(rule, words):
    if rule.type == "error":
        where = f"in line {rule.source_line}: {rule.message}"
        raise ValueError(f"expected a style sheet. Received, {where}")
    if rule.type == "comment":
        return rule.serialize() if rule.value.startswith("!") else ""
    if rule.type == "qualified-rule":
        kept = [one for one in _selectors(rule.prelude) if _matches(one, words)]
        text = ",".join(tinycss2.serialize(one).strip() for one in kept)
        return f"{text}{{{tinycss2.serialize(rule.content).strip()}}}" if kept else ""
    if rule.content is not None and rule.lower_at_keyword in CONDITIONS:
        inner = _pruned(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), words)
        head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
        return f"{head}{{{inner}}}" if inner else ""
    return rule.serialize()


def _selectors(prelude):
    """The selectors of a rule, without the commas."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _matches(selector, words):
    before = None
    for token in selector:
        named = token.type == "hash" or (token.type == "ident" and before == ".")
        if named and not words.may_be(token.value):
            return False
        before = token
    return True

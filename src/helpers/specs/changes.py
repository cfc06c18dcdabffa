"""Networks from others: by tags behind a name, with some parts exchanged, narrowed.

Book: chapters 1 to 5 and 9.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from helpers.specs.catalogue import _NETWORKS, names
from helpers.specs.network import NORMALIZER_FREE, STARTS, Network, Start
from helpers.specs.parts import BottleneckStride, Option
from helpers.support import expect


class _Tag(NamedTuple):
    """How a field of a network stands in its name, and what a word of the name means."""

    pattern: str
    said: Callable[[Any], str]
    meant: Callable[[str], Any]


_STARTS = {start.replace("-", ""): start for start in STARTS}
_TAGS = {
    "shortcut": _Tag("[ABC]", str, str),
    "bottleneck_stride": _Tag(
        r"v1(?:\.5)?", lambda at: {"1x1": "v1", "3x3": "v1.5"}[at], {"v1": "1x1", "v1.5": "3x3"}.get
    ),
    "start": _Tag("|".join(_STARTS), lambda start: start.replace("-", ""), _STARTS.get),
    "survival": _Tag(
        r"survive\d+(?:\.\d+)?",
        lambda p: f"survive{p:g}",
        lambda word: float(word[7:]),
    ),
    "squeeze": _Tag(r"se\d+", lambda n: f"se{n}", lambda word: int(word[2:])),
    "pooled_shortcut": _Tag(
        "(?:un)?pooled", lambda yes: "pooled" if yes else "unpooled", lambda word: word == "pooled"
    ),
}
_TAG = re.compile(rf"-(?:{'|'.join(tag.pattern for tag in _TAGS.values())})(?=-|$)")


def get(name: str) -> Network:
    """The record of one network, such as `get("resnet34")` or `get("resnet20-zerogamma")`.

    CIFAR-10 nets have option A, as in section 4.2; ImageNet nets have option B,
    as the deeper nets of Table 3 do. Tags behind a name change a field each, as `resolve` names
    them: A, B or C; v1.5, the stride on the 3x3; zerogamma, skipinit, fixup or nf; survive0.5;
    se16; pooled. Raises ValueError for an unknown name, or tags that make no network.
    """
    if not isinstance(name, str) or (base := _TAG.sub("", name)) not in _NETWORKS:
        expect.one_of("name", name, names())
    changes = {}
    for word in name.split("-")[1:]:
        field = next(f for f, tag in _TAGS.items() if re.fullmatch(tag.pattern, word))
        if field in changes:
            expect.fail("name", f"one tag for {field}", name)
        changes[field] = _TAGS[field].meant(word)
    return resolve(_NETWORKS[base], **changes) if changes else _NETWORKS[base]


def resolve(
    name_or_spec: str | Network,
    *,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    shortcut: Option | None = None,
    bottleneck_stride: BottleneckStride | None = None,
    start: Start | None = None,
    survival: float | None = None,
    squeeze: int | None = None,
    pooled_shortcut: bool | None = None,
) -> Network:
    """A record with some of its parts exchanged; None keeps what the record has.

    Another shortcut option than the record's is put into the name, `resnet20-B`,
    and so is a stride on the 3x3, `resnet50-v1.5`, and what follows it here: two nets that
    differ in their layers do not share a name. A `start` without batch normalization takes
    that out, and another puts it back.

    Raises ValueError if the result is not a network, TypeError if
    `name_or_spec` is neither a name nor a `Network`.
    """
    spec = get(name_or_spec) if isinstance(name_or_spec, str) else name_or_spec
    if not isinstance(spec, Network):
        raise TypeError(
            "Expected the name of a network or a specs.Network. "
            f"Received: {name_or_spec!r} of type {type(name_or_spec).__name__}"
        )
    batch_norm = None
    if start is not None:
        was_free, is_free = spec.start in NORMALIZER_FREE, start in NORMALIZER_FREE
        batch_norm = None if was_free == is_free else not is_free
    changes = {
        "input_shape": tuple(input_shape) if isinstance(input_shape, list) else input_shape,
        "num_classes": num_classes,
        "shortcut": shortcut,
        "batch_norm": batch_norm,
        "bottleneck_stride": bottleneck_stride,
        "start": start,
        "survival": survival,
        "squeeze": squeeze,
        "pooled_shortcut": pooled_shortcut,
    }
    changed = dataclasses.replace(spec, **{k: v for k, v in changes.items() if v is not None})
    return dataclasses.replace(changed, name=_renamed(spec, changed))


def _renamed(old: Network, new: Network) -> str:
    """The name with its tags brought up to date."""
    base = _TAG.sub("", old.name)
    usual = _NETWORKS.get(base.split("-")[0])
    defaults = {field.name: field.default for field in dataclasses.fields(Network)}
    words = [base]
    for field, tag in _TAGS.items():
        value = getattr(new, field)
        if usual is not None:
            of_base = getattr(usual, field)
        else:  # a spec of the reader's own keeps the option that its name has
            of_base = old.shortcut if field == "shortcut" else defaults[field]
            if field == "shortcut" and re.search(r"-[ABC](?=-|$)", old.name):
                of_base = None
        if value != of_base:
            words.append(tag.said(value))
    return "-".join(words)


def narrowed(spec: Network, filters: int) -> Network:
    """The same network with `filters` in its first stage, the others in proportion.

    For experiments that must fit a laptop's minute; the name says so. A stem narrower than the
    first stage, as in a WRN, keeps its proportion. Raises ValueError
    unless `filters` is a positive integer.
    """
    filters = int(expect.integer("filters", filters))
    first = spec.stages[0].filters
    stages = tuple(
        dataclasses.replace(stage, filters=stage.filters * filters // first)
        for stage in spec.stages
    )
    name = f"{spec.name}-{filters}filters"
    stem = spec.stem and dataclasses.replace(
        spec.stem, filters=max(1, spec.stem.filters * filters // first)
    )
    return dataclasses.replace(spec, name=name, stem=stem, stages=stages)

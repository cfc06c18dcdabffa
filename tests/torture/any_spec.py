"""Networks at random, for Hypothesis: such as are valid by rules written down here, and others.

The rules are those of the papers and of the docstrings, not taken from the library's checks: a
network that they allow must be built, and be counted the same by arithmetic.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from hypothesis import strategies as st

from helpers.specs import Network, Stage, Stem

PLAIN = ("convolution", "plain", "repvgg")
USUAL = ("basic", "bottleneck")
FIRST = ("preactivation", "preactivation-bottleneck")
BOTTLENECKS = ("bottleneck", "preactivation-bottleneck")
STARTS_OF = {
    USUAL: ("usual", "zero-gamma", "skipinit", "fixup"),
    FIRST: ("usual", "skipinit", "nf"),
    PLAIN: ("usual",),
}
FREE = ("skipinit", "fixup", "nf")


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a small network that the rules allow."""
    family = draw(st.sampled_from((PLAIN, USUAL, FIRST)))
    start = draw(st.sampled_from(STARTS_OF[family]))
    kinds = ("basic",) if start == "fixup" else family
    if family is USUAL and start == "usual" and draw(st.booleans()):
        kinds = (*USUAL, "plain", "convolution")
    stem = draw(st.none() | stems()) if start != "nf" else draw(stems())
    shape = (*draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), draw(st.integers(1, 4)))
    option = draw(st.sampled_from("ABC"))
    made = draw(stages(kinds, shape[2] if stem is None else stem.filters, option))
    residual = any(stage.block in USUAL + FIRST for stage in made)
    smallest = math.prod(s.stride * (2 if s.pooling else 1) for s in made)
    if stem is not None:
        smallest *= stem.stride * (2 if stem.max_pooling else 1)
    found = {
        "name": "any",
        "input_shape": (max(shape[0], smallest), max(shape[1], smallest), shape[2]),
        "num_classes": draw(st.integers(1, 4)),
        "stem": stem,
        "stages": made,
        "shortcut": option if residual else None,
        "batch_norm": start == "zero-gamma" or (start not in FREE and draw(st.booleans())),
        "hidden": draw(st.lists(st.integers(1, 4), max_size=2).map(tuple)),
    }
    if any(stage.block in BOTTLENECKS for stage in made):
        found["bottleneck_stride"] = draw(st.sampled_from(("1x1", "3x3")))
    if residual:
        found |= {
            "start": start,
            "survival": draw(st.sampled_from((1.0, 1, 0.5, 0.25))),
            "squeeze": draw(st.integers(0, 5)),
            "pooled_shortcut": draw(st.booleans()),
        }
    return found


@st.composite
def stems(draw: st.DrawFn) -> Stem:
    convolutions = draw(st.integers(1, 3))
    return Stem(
        kernel_size=draw(st.sampled_from((1, 3, 5, 7))),
        filters=draw(st.integers(1 if convolutions == 1 else 2, 5)),
        stride=draw(st.integers(1, 3)),
        max_pooling=draw(st.booleans()),
        convolutions=convolutions,
    )


@st.composite
def stages(
    draw: st.DrawFn, kinds: tuple[str, ...], channels: int, option: str
) -> tuple[Stage, ...]:
    """One or two stages; with option A no stage has fewer channels than the one before."""
    made = []
    for number in range(2, 2 + draw(st.integers(1, 2))):
        block = draw(st.sampled_from(kinds))
        groups, expansion = 1, 4
        if block in BOTTLENECKS:
            groups, expansion = draw(st.integers(1, 3)), draw(st.integers(1, 4))
        filters = groups * draw(st.integers(1, 4))
        each = expansion if block in BOTTLENECKS else 1
        if option == "A" and filters * each < channels:
            filters = groups * -(-channels // (groups * each))
        channels = filters * each
        made.append(
            Stage(
                f"conv{number}_x",
                block,
                filters,
                repeats=draw(st.integers(1, 2)),
                stride=draw(st.integers(1, 3)),
                pooling=draw(st.booleans()),
                groups=groups,
                expansion=expansion,
            )
        )
    return tuple(made)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from((10**6, 10**18, 10**400, -(10**18))),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=4),
    st.sampled_from(("A", "fixup", "nf", "bottleneck", "repvgg", "3x3", "conv2_x", "conv1_x")),
    st.lists(st.integers(-1, 9), max_size=4),
    st.lists(st.integers(-1, 9), max_size=4).map(tuple),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.binary(max_size=3),
    st.builds(object),
)


@st.composite
def odd_fields(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of which one to three, in the network, its stem or a stage, are anything at all.

    As a reader's code or a record's JSON has them: the stem and the stages as dictionaries.
    """
    found = draw(fields())
    found["stem"] = found["stem"] and dataclasses.asdict(found["stem"])
    found["stages"] = [dataclasses.asdict(stage) for stage in found["stages"]]
    for _ in range(draw(st.integers(1, 3))):
        parts = [found.get("stem"), found.get("stages")]
        parts += parts.pop() if isinstance(parts[1], list) else []
        places = [found, *(part for part in parts if isinstance(part, dict))]
        place = draw(st.sampled_from([place for place in places if place]))
        key = draw(st.sampled_from(sorted(place)))
        change = draw(st.sampled_from(("junk", "junk", "junk", "near", "left out", "besides")))
        if change == "junk":
            place[key] = draw(JUNK)
        elif change == "near":
            place[key] = draw(near(key, place[key]))
        elif change == "left out":
            del place[key]
        else:
            place[draw(st.text(min_size=1, max_size=6))] = draw(JUNK)
    return found


def near(key: str, value: Any) -> st.SearchStrategy:
    """What another network would have in this field."""
    choices = {
        "block": st.sampled_from(PLAIN + USUAL + FIRST),
        "shortcut": st.sampled_from(("A", "B", "C", None)),
        "start": st.sampled_from(("usual", "zero-gamma", "skipinit", "fixup", "nf")),
        "name": st.sampled_from(("conv1_x", "conv2_x", "conv12_x", "conv2_y", "fc", "a/b", "")),
        "stem": st.none(),
        "survival": st.sampled_from((0, 1, 0.5, 2, -1)),
    }
    if key in choices:
        return choices[key]
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, int):
        return st.integers(0, 12)
    return st.just(value)


def network(odd: dict[str, Any]) -> Network:
    """The network of such fields, by the door that a record's file comes through."""
    return Network.from_record(odd)

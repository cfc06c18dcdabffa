"""Where option A puts its zeros: two forms, with the same arrays and other outputs.

Where a shortcut goes from C to C' channels, the paper's option A has C' - C channels of
zeros. The book's nets have them *behind* those of x, as a-martyn's have; akamaster's nets,
and many that follow them, have half of them before x and half behind: "both sides". Every
array of one form fits into the other, which then computes something else without a word.

In a net a channel is nothing but a number: so a net of one form is a net of the other whose
channels are renumbered, and its outputs are the same. The layer itself is
`helpers.layers.ZeroPadShortcut`.

Source: He et al. 2015, section 3.3 (A); resnet.py of a-martyn/resnet and of
akamaster/pytorch_resnet_cifar10 on GitHub. Book: chapter 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import keras
import numpy as np

from helpers.weights import naming, pytorch

OptionA = Literal["zeros behind", "both sides"]
BEHIND, BOTH_SIDES = FORMS = ("zeros behind", "both sides")

# Whose names stand in a file says which form its author's code has.
OF_OWNER: dict[str | None, OptionA] = {"a-martyn": BEHIND, "akamaster": BOTH_SIDES}
_CONVOLUTION = re.compile(r"(conv\d+_\d+)_([123]|proj)_conv")


def pads(model: keras.Model) -> bool:
    """Whether a network of ours has a shortcut that adds channels of zeros."""
    return any(
        "proj" not in layers and _channels(layers)[0] != _channels(layers)[1]
        for layers in _blocks(model).values()
    )


def check(option_a: str | None, where: str = "`option_a`") -> None:
    """Raises ValueError for what is no form of option A; None is allowed."""
    if option_a is not None and option_a not in FORMS:
        raise ValueError(
            f"{where} must be one of {', '.join(map(repr, FORMS))}. Received: {option_a!r}"
        )


def form(
    model: keras.Model,
    title: str,
    *,
    chosen: str | None = None,
    known: str | None = None,
    owner: str | None = None,
    metadata: Mapping[str, str],
) -> OptionA | None:
    """Which form a file has: None where the network adds no channels of zeros.

    - `chosen`: what the reader says; `known`: what the table of published weights says;
    - `owner`: whose names stand in the file; `metadata`: what it says of itself. A file of
      `save` from before it wrote `option_a` is known by its `name` and `block`.

    Raises ValueError if nothing tells the form, or if what is said contradicts itself.
    """
    said = metadata.get("option_a")
    check(said, f"{title}: `option_a` in its metadata")
    if not pads(model):
        return None
    certain = known or said
    if certain and chosen and certain != chosen:
        raise ValueError(
            f"{title} has the option A {certain!r}: leave `option_a` out. "
            f"Received: option_a={chosen!r}"
        )
    ours = BEHIND if {"name", "block"} <= set(metadata) else None
    found = chosen or certain or OF_OWNER.get(owner) or ours
    if found is None:
        raise ValueError(
            f"{title} does not say where its option A has the zeros of new channels, behind x or "
            f"on both sides of it. Its arrays fit {model.name} either way, and one way the "
            "outputs would be wrong. Look it up in the code that trained the net, and say "
            "load(..., option_a='zeros behind') or load(..., option_a='both sides'); or save the "
            "file anew with that in its metadata, {'option_a': 'both sides'}."
        )
    gated = any("_se_" in layer.name for layer in model.layers)
    if found == BOTH_SIDES and (naming.block(model) not in ("basic", "bottleneck") or gated):
        raise ValueError(
            f"{title} has the option A {found!r}, whose channels are renumbered for basic and "
            f"bottleneck blocks without a gate alone. Received: {model.name}"
        )
    return found


def with_zeros_behind(
    model: keras.Model, arrays: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Arrays of a net with zeros on both sides, renumbered to those of the same net with
    zeros behind.

    By torchvision's names, axes in PyTorch's order. What a block puts out is renumbered in
    its last convolution and normalization, and what takes it in, in its inputs.
    """
    changed = dict(arrays)

    def take(name, order, axis=0):
        if name in changed:
            changed[name] = changed[name].take(order, axis)

    order = None
    for block, layers in _blocks(model).items():
        (inputs, outputs), last = _channels(layers), _last(layers)
        name = pytorch.name_of(f"{block}_1_conv").removesuffix("conv1")
        if order is None:
            order = np.arange(inputs)
        take(f"{name}conv1.weight", order, axis=1)
        front = (outputs - inputs) // 2
        behind = np.arange(front + inputs, outputs)
        order = np.concatenate([front + order, np.arange(front), behind])
        for part in ("weight", "bias", "running_mean", "running_var"):
            take(f"{name}bn{last}.{part}", order)
        take(f"{name}conv{last}.weight", order)
        take(f"{name}conv{last}.bias", order)
    take("fc.weight", order, axis=1)
    return changed


def _blocks(model: keras.Model) -> dict[str, dict[str, keras.Layer]]:
    """{block: {"1", "2", "3" or "proj": convolution}} in the order of the network."""
    blocks = {}
    if naming.block(model) != "plain":
        for name, layer in naming.weighted(model).items():
            if m := _CONVOLUTION.fullmatch(name):
                blocks.setdefault(m[1], {})[m[2]] = layer
    return blocks


def _last(layers: Mapping[str, keras.Layer]) -> str:
    return max(number for number in layers if number != "proj")


def _channels(layers: Mapping[str, keras.Layer]) -> tuple[int, int]:
    """Channels that a block takes in and puts out."""
    return layers["1"].kernel.shape[-2], layers[_last(layers)].kernel.shape[-1]

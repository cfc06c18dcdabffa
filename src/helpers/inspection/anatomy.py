"""Where a network's blocks are, and the network taken apart into them.

For any functional Keras model: a residual block is found by its addition, of which the shortcut
is the branch with fewer weighted layers; a plain net's blocks are found by the names of their
layers. The parts share the model's layers, so nothing is copied.

Source: He et al. 2015, Figures 2 and 5; Veit et al. 2016, Figures 1 and 2. Book: chapter 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import KerasTensor, layers, ops

from helpers.layers import ZeroPadShortcut

# Feature maps in and out, (N, H, W, C), as tensors of the backend; `training` by keyword.
Function = Callable[..., Any]
# What pre-activation has before a convolution; a normalizer-free net divides by a number there.
_BEFORE_A_CONVOLUTION = (
    *(layers.BatchNormalization, layers.ReLU, layers.Activation, layers.LeakyReLU),
    layers.Rescaling,
)


@dataclass(frozen=True)
class Block:
    """A block's ends in a model, as symbolic tensors.

    `entry` is x and `exit` what comes out, after a ReLU that follows the sum; with pre-activation
    that ReLU is the next block's. Of a residual block `residual` is F(x), `carried` what the
    shortcut brings to the addition, x itself where it is the identity, and `add` the layer that
    adds them up. A plain block has none of the three.
    """

    name: str
    entry: KerasTensor
    exit: KerasTensor
    residual: KerasTensor | None = None
    carried: KerasTensor | None = None
    add: keras.Layer | None = None


@dataclass(frozen=True)
class Part:
    """A block as functions of feature maps.

    - `whole`: the block;
    - `without`: what is left when its weighted layers are taken out. Of a residual block that is
      the shortcut and what follows the sum, of a plain one x itself; where a plain block changes
      the shape, option A's zeros and strides;
    - `residual`, `carried`: F and the shortcut; `joined(f, carried)` adds up what they put out,
      and goes on to the end of the block. None for a plain block.
    """

    name: str
    whole: Function
    without: Function
    residual: Function | None = None
    carried: Function | None = None
    joined: Function | None = None


@dataclass(frozen=True)
class Parts:
    """A model as a chain: what comes before the blocks, the blocks, and what comes after."""

    stem: Function
    blocks: tuple[Part, ...]
    head: Function

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks' names, from the input to the output."""
        return tuple(part.name for part in self.blocks)


def find_blocks(model: keras.Model) -> list[Block]:
    """The blocks of a network, from the input to the output.

    Residual ones if two branches are added up anywhere, called `conv2_1` where the addition is
    `conv2_1_add`; otherwise plain ones, of layers whose names begin alike, `conv2_1_1_conv`.

    Raises ValueError for a model that has neither.
    """
    made_by = {id(layer.output): layer for layer in model.layers if _has_one_output(layer)}
    order = {layer.name: i for i, layer in enumerate(model.layers)}
    sums = [x for x in model.layers if _adds_two(x)]
    readers = _readers(model) if sums else {}
    # With pre-activation a sum is read by more than the ReLU behind it, or by something else.
    clean = not all(_only_activated(readers.get(id(x.output), [])) for x in sums)
    blocks = [_residual_block(model, made_by, order, readers, x, clean) for x in sums]
    blocks = blocks or _plain_blocks(model)
    if not blocks:
        raise ValueError(
            "Expected a functional model with additions of two branches, or whose layers are "
            "named after their blocks, `conv2_1_1_conv`, as networks.build names them. "
            f"Received: {model.name}"
        )
    return blocks


def block_outputs(model: keras.Model) -> dict[str, KerasTensor]:
    """{name: x of the paper} in the output of the stem and of every block, from the input on.

    A stem of layers called `conv1_`, or `conv1_1_` and on, counts before a pooling that follows
    it; another is called `stem`. VGG has none. Raises ValueError as `find_blocks` does.
    """
    blocks = find_blocks(model)
    outputs = {block.name: block.exit for block in blocks}
    named = re.compile(r"(conv1(?:_\d)?)_(?:conv|bn|relu)")
    stem = [x for x in model.layers if (m := named.fullmatch(x.name)) and m[1] not in outputs]
    if stem:
        return {"conv1": stem[-1].output, **outputs}
    if any(blocks[0].entry is image for image in model.inputs):
        return outputs
    return {"stem": blocks[0].entry, **outputs}


def take_apart(model: keras.Model) -> Parts:
    """The model as a chain of functions that share its layers.

    What the stem, the `whole` of every block and the head compute, one after the other, is what
    the model computes. Raises ValueError as `find_blocks` does, and where a block does not begin
    where the one before it ends.
    """
    blocks = find_blocks(model)
    ends = [block.entry for block in blocks[1:]] + [blocks[-1].exit]
    try:
        return Parts(
            between(model.input, blocks[0].entry),
            tuple(_part(block, end) for block, end in zip(blocks, ends, strict=True)),
            between(blocks[-1].exit, model.output),
        )
    except ValueError as error:
        raise ValueError(
            f"Expected blocks that follow one another. Received: {model.name} ({error})"
        ) from error


def between(start: KerasTensor, end: KerasTensor) -> Function:
    """What the model computes between two of its tensors, with the model's own layers."""
    return keras.Model(start, end) if start is not end else _identity


def _part(block: Block, end: KerasTensor) -> Part:
    """`end` is where the next block begins: something may stand between, as VGG's pooling."""
    whole = between(block.entry, end)
    if block.residual is None:
        return Part(block.name, whole, _in_the_shape(block.entry, end))
    residual, carried = between(block.entry, block.residual), between(block.entry, block.carried)
    after = between(block.add.output, end)
    first = _inputs(block.add)[0] is block.residual

    def joined(f, x, training=False):
        return after(block.add([f, x] if first else [x, f]), training=training)

    def without(x, training=False):
        x = carried(x, training=training)
        return joined(ops.zeros_like(x), x, training=training)

    return Part(block.name, whole, without, residual, carried, joined)


def _in_the_shape(start, end):
    """The identity, as option A would have it where the shape changes."""
    if start.shape[1:] == end.shape[1:]:
        return _identity
    stride = -(-start.shape[1] // end.shape[1])
    pad = ZeroPadShortcut(end.shape[-1], stride)
    return lambda x, training=False: pad(x)


def _identity(x, training=False):
    return x


def _adds_two(layer):
    """Keras' Add and others of that name, such as one that weighs what it adds up.

    The sum of RepVGG's branches is none: no one of them is the shortcut to the others.
    """
    if layer.name.endswith("_sum"):
        return False
    return type(layer).__name__.endswith("Add") and len(_inputs(layer)) == 2


def _has_one_output(layer):
    return isinstance(getattr(layer, "output", None), KerasTensor)


def _inputs(layer):
    given = layer.input
    return list(given) if isinstance(given, list | tuple) else [given]


def _readers(model):
    """{id of a tensor: the layers that read it}."""
    found: dict[int, list] = {}
    for layer in model.layers:
        for tensor in _inputs(layer):
            found.setdefault(id(tensor), []).append(layer)
    return found


def _only_activated(readers):
    return len(readers) == 1 and _is_activation(readers[0])


def _residual_block(model, made_by, order, readers, add, clean):
    branches = [_behind(tensor, made_by, order) for tensor in _inputs(add)]
    shared = set(branches[0]) & set(branches[1])
    entry = max(shared, key=lambda key: branches[0][key][0])
    weights = [
        sum(bool(layer.weights) and _is_weighted(layer) for _, layer, _ in _above(branch, shared))
        for branch in branches
    ]
    if weights[0] == weights[1]:
        raise ValueError(
            f"Expected a branch of {add.name} with fewer weighted layers than the other, the "
            f"shortcut. Received: {model.name}, with {weights[0]} in both"
        )
    long, short = (0, 1) if weights[0] > weights[1] else (1, 0)
    name = re.sub(r"_?add(_?\d+)?$", "", add.name) or add.name
    following = readers.get(id(add.output), [])
    after = following[0] if _only_activated(following) and not clean else add
    given = _inputs(add)
    start = branches[0][entry][2]
    if clean and start is not given[short]:
        start = _before_preactivation(start, made_by, readers)
    return Block(name, start, after.output, given[long], given[short], add)


def _before_preactivation(fork, made_by, readers):
    """x of a block whose projection reads what F's first normalization and ReLU put out."""
    while isinstance(layer := made_by[id(fork)], _BEFORE_A_CONVOLUTION):
        before = _inputs(layer)[0]
        if len(readers[id(before)]) > 1:
            break
        fork = before
    return fork


def _behind(tensor, made_by, order):
    """{id: (place, layer, tensor)} of a tensor and all that it is computed from."""
    found, waiting = {}, [tensor]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in found and (layer := made_by.get(id(tensor))) is not None:
            found[id(tensor)] = order[layer.name], layer, tensor
            if not isinstance(layer, layers.InputLayer):
                waiting += _inputs(layer)
    return found


def _above(branch, shared):
    return [entry for key, entry in branch.items() if key not in shared]


def _is_weighted(layer):
    return not isinstance(layer, layers.BatchNormalization)


def _is_activation(layer):
    return isinstance(layer, layers.ReLU | layers.Activation | layers.LeakyReLU)


def _plain_blocks(model):
    groups: dict[str, list] = {}
    for layer in model.layers:
        if named := re.match(r"(conv\d+_\d+)_", layer.name):
            groups.setdefault(named[1], []).append(layer)
    return [Block(name, _inputs(group[0])[0], group[-1].output) for name, group in groups.items()]

"""A block as it is wired, read from the graph of a `keras.Model`.

Names of layers play no part, so a reader's own block is read like the book's.

Book: chapters 2, 4 and 9.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import keras
from keras import layers

from helpers.layers import NormalizedConv2D, Scale, Shift, StochasticDepth, ZeroPadShortcut


@dataclass(frozen=True)
class Step:
    """One layer on a path.

    `kind` is "conv", also of a fully connected layer, "norm", "activation", "zeros"
    (option A), "gate" or "other"; `shape` that of its output, without the batch;
    `weights` the numbers in its kernel.
    """

    text: str
    kind: str
    shape: tuple[int | None, ...]
    weights: int = 0


@dataclass(frozen=True)
class Block:
    """A block: layers before the path divides, two paths, where they meet, layers after.

    `main` is the path with more convolutions. Without a shortcut `shortcut` and
    `merge` are None and `main` holds all layers but the activation at the end.
    """

    input_shape: tuple[int | None, ...]
    before: tuple[Step, ...]
    main: tuple[Step, ...]
    shortcut: tuple[Step, ...] | None
    merge: Step | None
    after: tuple[Step, ...]

    @property
    def preactivated(self) -> bool:
        """Whether a projection reads what is inside of F, behind F's first activation."""
        weighted = any(step.kind == "conv" for step in self.before)
        return bool(self.before and self.shortcut) and not weighted


def read(model: keras.Model) -> Block:
    """The block that a functional or sequential model consists of.

    Raises TypeError for what is not a model, ValueError for a model that is not
    one block: several inputs or outputs, more than one place where the path
    divides, three ways and more, or layers that cannot be seen (a subclass of
    `keras.Model`, a model that is not built).
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "Expected a keras.Model around one block: x = keras.Input(shape); "
            f"keras.Model(x, block(x)). Received: {model!r}"
        )
    ends = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not all(ends):
        raise ValueError(
            f"The layers of {model.name} cannot be seen: expected a functional model, "
            "keras.Model(inputs, outputs), or a built keras.Sequential. "
            f"Received: a {type(model).__name__}"
        )
    if len(ends[0]) != 1 or len(ends[1]) != 1:
        raise ValueError(
            f"Expected a block with one input and one output. Received: {model.name} "
            f"with {len(ends[0])} inputs and {len(ends[1])} outputs"
        )
    (start,), (end,) = ends
    users, nodes = _with_gates(*_graph(start, end))
    forks = [tensor for tensor, takers in users.items() if len(takers) > 1]
    merges = [node for node in nodes if len(node.input_tensors) > 1]
    ways = [len(users[fork]) for fork in forks] + [len(node.input_tensors) for node in merges]
    split = [node for node in nodes if len(node.output_tensors) > 1]
    if ways not in ([], [2, 2]) or split:
        names = ", ".join(node.operation.name for node in (*split, *merges)) or "none"
        raise ValueError(
            "Expected one block, whose path divides in two at most once and meets again. "
            f"Received: {model.name}, where it divides at {len(forks) + len(split)} and meets "
            f"at {len(merges)} places, or more than two ways (layers: {names}). Give one block "
            "at a time: keras.Model(tensor before it, tensor after it)."
        )
    first, fork = _chain(users, id(start))
    if not merges:
        steps = _steps(first)
        cut = len(steps) - bool(steps and steps[-1].kind == "activation")
        return Block(_shape(start), (), steps[:cut], None, None, steps[cut:])
    (merge,) = merges
    paths = [_chain(users, fork, node)[0] for node in users[fork]]
    # Where both have as many convolutions and layers, F(x) is the sum's first term.
    paths.sort(key=lambda path: _is_second(path, merge))
    main, shortcut = sorted(map(_steps, paths), key=_length, reverse=True)
    after, _ = _chain(users, id(merge.output_tensors[0]))
    meet = Step(type(merge.operation).__name__, "merge", _shape(merge.output_tensors[0]))
    return Block(_shape(start), _steps(first), main, shortcut, meet, _steps(after))


def _graph(start, end):
    """{id of a tensor: the nodes that take it}, and all nodes, between start and end."""
    users, waiting, seen = defaultdict(list), [end], {}
    while waiting:
        tensor = waiting.pop()
        if tensor is start:
            continue
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        if id(node) in seen:
            continue
        seen[id(node)] = node
        for source in node.input_tensors:
            users[id(source)].append(node)
            waiting.append(source)
    return dict(users), list(seen.values())


@dataclass(frozen=True)
class _Gate:
    """Maps times what is computed from them, as one node of the graph."""

    operation: keras.Operation
    inside: list
    input_tensors: list
    output_tensors: list


def _with_gates(users, nodes):
    """The graph with each gate as one node, where something is left to meet besides."""
    for tensor, takers in list(users.items()):
        if len(takers) != 2 or sum(len(node.input_tensors) > 1 for node in nodes) < 2:
            continue
        for times, first in (takers, takers[::-1]):
            inside, last = _chain(users, tensor, first)
            is_product = type(times.operation).__name__ == "Multiply"
            if inside and is_product and users.get(last) == [times]:
                maps = inside[0].input_tensors
                gate = _Gate(times.operation, inside, maps, times.output_tensors)
                users[tensor] = [gate]
                for node in inside:
                    del users[id(node.output_tensors[0])]
                nodes = [node for node in nodes if node is not times and node not in inside]
                nodes.append(gate)
                break
    return users, nodes


def _chain(users, tensor, node=None):
    """The nodes from a tensor to the next fork, meeting or end, and the last tensor's id."""
    found = []
    while True:
        if node is None:
            nodes = users.get(tensor, [])
            if len(nodes) != 1:
                return found, tensor
            (node,) = nodes
        if len(node.input_tensors) > 1:
            return found, tensor
        found.append(node)
        tensor, node = id(node.output_tensors[0]), None


def _is_second(path, merge):
    last = path[-1].output_tensors[0] if path else None
    return last is not merge.input_tensors[0]


def _length(path):
    return sum(step.kind == "conv" for step in path), len(path)


def _shape(tensor):
    return tuple(tensor.shape[1:])


def _steps(nodes):
    """What a path shows: symmetric padding belongs to the convolution behind it."""
    steps = []
    for i, node in enumerate(nodes):
        behind = nodes[i + 1].operation if i + 1 < len(nodes) else None
        if isinstance(node, _Gate):
            steps.append(_gate(node))
        elif not _is_its_padding(node.operation, behind):
            before, after = _shape(node.input_tensors[0]), _shape(node.output_tensors[0])
            steps += _describe(node.operation, before, after)
    return tuple(steps)


def _gate(node):
    weighted = [step for step in _steps(node.inside) if step.kind == "conv"]
    text = "\n".join(["gate", *([", ".join(s.text for s in weighted)] if weighted else [])])
    shape = _shape(node.output_tensors[0])
    return Step(text, "gate", shape, sum(step.weights for step in weighted))


def _is_its_padding(pad, conv):
    if not isinstance(pad, layers.ZeroPadding2D) or not isinstance(conv, layers.Conv2D):
        return False
    return conv.padding == "valid" and all(
        tuple(sides) == ((kernel - 1) // 2,) * 2
        for sides, kernel in zip(pad.padding, conv.kernel_size, strict=True)
    )


def _describe(operation, before, shape):
    """The steps of one layer or operation: two for a convolution with an activation."""
    name = type(operation).__name__
    match operation:
        case layers.Conv2D() | layers.DepthwiseConv2D():
            if isinstance(operation, layers.DepthwiseConv2D):
                text = f"{_size(operation.kernel_size)} depthwise conv"
            else:
                text = f"{_size(operation.kernel_size)} conv, {operation.filters}"
            text += _stride(operation.strides)
            groups = getattr(operation, "groups", 1)
            text += f", {groups} groups" if groups > 1 else ""
            text += ",\nkernel normalised" if isinstance(operation, NormalizedConv2D) else ""
            yield Step(text, "conv", shape, math.prod(operation.kernel.shape))
            yield from _own_activation(operation, shape)
        case layers.Dense():
            yield Step(f"fc {operation.units}", "conv", shape, math.prod(operation.kernel.shape))
            yield from _own_activation(operation, shape)
        case layers.BatchNormalization():
            yield Step("batch norm", "norm", shape)
        case layers.Activation():
            name = getattr(operation.activation, "__name__", name)
            yield Step(_activation(name), "activation", shape)
        case ZeroPadShortcut():
            new = shape[-1] - before[-1]
            pixels = [_every(operation.stride)] if operation.stride > 1 else []
            zeros = [f"zeros for\n{new} channels"] if new else []
            yield Step(",\n".join(pixels + zeros) or "identity", "zeros", shape)
        case layers.MaxPooling2D() | layers.AveragePooling2D():
            if tuple(operation.pool_size) == (1, 1) and operation.strides[0] > 1:
                yield Step(_every(operation.strides[0]), "other", shape)
            else:
                kind = "max" if isinstance(operation, layers.MaxPooling2D) else "average"
                text = f"{_size(operation.pool_size)} {kind} pool{_stride(operation.strides)}"
                yield Step(text, "other", shape)
        case layers.GlobalAveragePooling2D():
            yield Step("average pool", "other", shape)
        case layers.Rescaling() if not operation.offset:
            yield Step(f"times {operation.scale:.3g}", "other", shape)
        case StochasticDepth():
            yield Step(f"kept with p = {operation.survival:g}", "other", shape)
        case Scale() | Shift():
            yield Step(name.lower(), "other", shape)
        case layers.ZeroPadding2D():
            (top, bottom), (left, right) = operation.padding
            same = top == bottom == left == right
            text = f"pad {top}" if same else f"pad ({top}, {bottom}), ({left}, {right})"
            yield Step(text, "other", shape)
        case _:
            kind = "activation" if name.lower() == "relu" else "other"
            name = {"GetItem": "slice", "Pad": "pad"}.get(name, name)  # x[...] and keras.ops.pad
            yield Step(_activation(name), kind, shape)


def _own_activation(operation, shape):
    activation = getattr(operation.activation, "__name__", "linear")
    if activation != "linear":
        yield Step(_activation(activation), "activation", shape)


def _activation(name):
    return "ReLU" if name.lower() == "relu" else name


def _size(sides):
    return "x".join(map(str, sides))


def _stride(strides):
    if max(strides) == 1:
        return ""
    return f", /{strides[0] if len(set(strides)) == 1 else _size(strides)}"


def _every(stride):
    return f"every {stride}{ {2: 'nd', 3: 'rd'}.get(stride, 'th') } pixel"

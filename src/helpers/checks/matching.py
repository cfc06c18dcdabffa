"""Which layers of a reader's model are which of ours: for `checks`.

Names and the order of writing are the reader's own. What counts is the place in the
graph and the shapes of the weights.

Book: all chapters.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict

import keras
import numpy as np


def layers(model: keras.Model) -> list[list[keras.Variable]]:
    """The weights of each layer of a model, as a list of lists.

    The order is that of the graph, from input to output, and where two ways meet, the
    one with more layers first: which of them was written first does not matter. What a
    subclass does inside is not seen; its layers come as Keras lists them, and weights of
    its own as if they were those of Keras' layers.
    """
    operations = [model]  # a subclass has no graph: as Keras counts its weights
    if outputs := getattr(model, "outputs", None):
        operation, index, _ = outputs[0]._keras_history
        depth, last = {}, operation._inbound_nodes[index]
        for node in _walk(last, key=lambda node: 0):
            above = max((depth[parent] for parent in node.parent_nodes), default=0)
            depth[node] = above + bool(getattr(node.operation, "weights", ()))
        operations = dict.fromkeys(node.operation for node in _walk(last, key=depth.get))
    weights = [w for operation in operations for w in getattr(operation, "weights", ())]
    groups = itertools.groupby(weights, lambda weight: weight.path.rpartition("/")[0])
    return [layer for _, group in groups for layer in _as_layers(list(group))]


def _as_layers(weights):
    """One group, or, where a layer has made the weights of several: each kernel, and its norm.

    Which of them is a gamma or a moving variance is told by where it starts: at one.
    """
    kernels = [weight for weight in weights if len(weight.shape) > 1]
    vectors = [weight for weight in weights if len(weight.shape) == 1]
    if len(weights) <= 4 and not (kernels and len(vectors) > 1):
        return [weights]
    roles = [[], [], [], []]  # gammas, betas, means, variances
    for weight in vectors:
        one = bool(np.all(keras.ops.convert_to_numpy(weight) == 1))
        roles[1 - one if weight.trainable else 2 + one].append(weight)
    if not {len(role) for role in roles} <= {0, len(kernels)}:
        return [weights]
    norms = [list(norm) for norm in zip(*roles, strict=True)]
    norms += [[]] * (len(kernels) - len(norms))
    return [
        layer
        for kernel, norm in zip(kernels, norms, strict=True)
        for layer in ([kernel], norm)
        if layer
    ]


def _walk(last, key):
    """The nodes of a graph, each after its parents; the parent with the greatest key first."""
    order, seen, waiting = [], set(), [(last, False)]
    while waiting:
        node, after_its_parents = waiting.pop()
        if after_its_parents:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting += [(parent, False) for parent in sorted(node.parent_nodes, key=key)]
    return order


def pairings(
    mine: list[list[keras.Variable]], theirs: list[list[keras.Variable]], name: str, chapter: int
) -> list[list[list[keras.Variable]]]:
    """`mine` in every order worth trying for `theirs`, both as `layers` returns them.

    First as they are, if the shapes fit, then in all the orders in which they fit, if
    these are few, as in a single block. Raises AssertionError, which says what is
    missing or too much, if there is no such order; `name` and `chapter` are for it.
    """
    shapes = [_shapes(layer) for layer in theirs]
    shapes_of_mine = [_as_asked(_shapes(layer), shapes) for layer in mine]
    lacks, extra = Counter(shapes), Counter(shapes_of_mine)
    lacks, extra = lacks - extra, extra - lacks
    if lacks or extra:
        raise AssertionError(
            f"Your layers with weights are not those of {name}. Missing: {_listed(lacks)}. Too "
            f"much: {_listed(extra)}. A convolution before a batch normalization has no bias; a "
            f"projection is a 1x1 convolution and a batch normalization (chapter {chapter})."
        )
    found = [mine] if shapes_of_mine == shapes else []
    same = defaultdict(list)
    for i, layer in enumerate(shapes_of_mine):
        same[layer].append(i)
    if math.prod(math.factorial(len(places)) for places in same.values()) <= 24:
        for chosen in itertools.product(*map(itertools.permutations, same.values())):
            orders = {layer: iter(order) for layer, order in zip(same, chosen, strict=True)}
            found.append([mine[next(orders[layer])] for layer in shapes])
    if not found:
        at = next(i for i, s in enumerate(shapes) if s != shapes_of_mine[i])
        raise AssertionError(
            f"The layers are those of {name}, their order is another. Number {at + 1} of "
            f"{len(theirs)} with weights: expected {_named(shapes[at])}, came "
            f"{_named(shapes_of_mine[at])} (chapter {chapter})."
        )
    return found


def _shapes(layer):
    return tuple(tuple(weight.shape) for weight in layer)


def _as_asked(layer, shapes):
    """A fully connected layer as the 1x1 convolution that it is, if one is asked for."""
    alike = tuple((1, 1, *shape) if len(shape) == 2 else shape for shape in layer)
    return alike if layer not in shapes and alike in shapes else layer


def _listed(layers):
    return ", ".join(f"{n} x {_named(shapes)}" for shapes, n in layers.items()) or "nothing"


def _named(shapes):
    first, *rest = shapes
    if len(rest) > 1 and len(first) > 1:
        return f"layer with the weights {shapes}"
    bias = "with bias" if rest else "without bias"
    match first:
        case (height, width, inputs, outputs):
            return f"{height}x{width} convolution from {inputs} to {outputs} channels {bias}"
        case (inputs, outputs):
            return f"fully connected layer from {inputs} to {outputs} {bias}"
    channels = first[0] if first else 1
    norm = len(shapes) == 4
    return f"batch normalization of {channels} channels" if norm else f"weights {shapes}"

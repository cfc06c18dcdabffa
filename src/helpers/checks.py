"""What a reader calls to check their own work.

A check prints one line if all is well, and raises AssertionError otherwise,
with what was expected, what came, and where to read.

Book: all chapters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras
import numpy as np

from helpers import blocks, counting, networks, specs
from helpers.specs import Network


def shows(statement: str, holds: bool) -> None:
    """Prints what an experiment shows; raises AssertionError if it does not.

    The notebooks end each experiment with it, so the sentence on the page is
    one that the code has checked.
    """
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"`holds` must be True or False. Received: {holds!r}")
    if not holds:
        raise AssertionError(f"This run does not show that {statement}.")
    print(f"Shown: {statement}.")


def parameters(model: keras.Model, name_or_spec: str | Network) -> None:
    """Checks a model's trainable parameters against the count from the spec."""
    expected = counting.parameters(name_or_spec)
    came = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    name = name_or_spec if isinstance(name_or_spec, str) else name_or_spec.name
    if came != expected:
        raise AssertionError(
            f"{name} has {expected:,} trainable parameters; yours has {came:,}, that is "
            f"{came - expected:+,}. `python -m helpers count {name}` lists them layer by "
            "layer. A convolution before a batch normalization has no bias (chapter 1)."
        )
    print(f"{came:,} trainable parameters, as {name} has.")


def same_outputs(model: keras.Model, reference: keras.Model, *, seed: int = 0) -> None:
    """Checks that two models are the same function, given the same weights.

    Copies the reference's weights, moving statistics included, into `model` and
    compares, for 16 random images: the outputs in inference mode, the outputs in
    training mode, and the moving statistics afterwards. The reference is left as it
    was. Layers correspond by their place in the graph: from input to output, and
    where two ways meet, the one with more layers first.
    """
    _compare(model, reference, seed, chapter=1)
    print(f"Same weights, same outputs: {model.name} and {reference.name}.")


def _compare(model, reference, seed, chapter):
    mine, theirs = _weights(model), _weights(reference)
    _same_shapes(mine, theirs, reference.name, chapter)
    shape = (16, *reference.input_shape[1:])
    images = np.random.default_rng(seed).normal(size=shape).astype("float32")
    state = [keras.ops.convert_to_numpy(w) for w in theirs]
    _assign(mine, state)
    advice = (
        f"expected the same as {reference.name}. Look at the order of convolution, batch "
        "normalization (epsilon 1e-5), ReLU and addition, at the stride, and at the padding, "
        f"the same on every side (chapter {chapter})."
    )
    # A deep net without shortcuts amplifies rounding, most of all in training
    # mode; a wrong layer makes a difference of the size of the outputs.
    for mode, tolerance in (("inference", 2e-4), ("training", 2e-2)):
        expected, came = (
            keras.ops.convert_to_numpy(m(images, training=mode == "training"))
            for m in (reference, model)
        )
        difference = float(abs(expected - came).max() / abs(expected).max())
        if not difference < tolerance:
            raise AssertionError(
                f"With the same weights the outputs differ by {difference:.1%} in {mode} "
                f"mode; {advice}"
            )
    moved = (map(keras.ops.convert_to_numpy, pair) for pair in zip(theirs, mine, strict=True))
    same_statistics = all(np.allclose(a, b, rtol=0.05, atol=1e-2 * abs(a).max()) for a, b in moved)
    _assign(theirs, state)
    _assign(mine, state)
    if not same_statistics:
        raise AssertionError(
            "The outputs agree, the moving statistics after one batch do not. Look at batch "
            "normalization's momentum: 0.9 here, 0.99 in Keras (chapter 1)."
        )


def _weights(model):
    """A model's weights in the order that `same_outputs` describes.

    A model whose graph Keras does not know, a subclassed one, keeps its own order.
    """
    if not getattr(model, "outputs", None):
        return model.weights
    order, seen, todo = [], set(), [(model.outputs[0]._keras_history.operation, False)]
    depth = {}
    for layer in model.layers:  # from input to output
        parents = (depth.get(p, 0) for p in _parents(layer))
        depth[layer] = bool(layer.weights) + max(parents, default=0)
    while todo:
        layer, after_its_parents = todo.pop()
        if after_its_parents:
            order.append(layer)
        elif layer not in seen:
            seen.add(layer)
            todo.append((layer, True))
            todo += [(p, False) for p in sorted(_parents(layer), key=lambda p: depth.get(p, 0))]
    return [weight for layer in order for weight in getattr(layer, "weights", ())]


def _parents(layer):
    return [node.operation for node in layer._inbound_nodes[0].parent_nodes]


def _assign(variables, arrays):
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _same_shapes(mine, theirs, name, chapter):
    shapes = ([tuple(w.shape) for w in weights] for weights in (theirs, mine))
    pairs = list(itertools.zip_longest(*shapes, fillvalue="nothing"))
    at = next((i for i, (expected, came) in enumerate(pairs) if expected != came), None)
    if at is not None:
        where = theirs[at].path if at < len(theirs) else "past the last one"
        raise AssertionError(
            f"Weight {at} of {len(theirs)} differs: expected shape {pairs[at][0]}, came "
            f"{pairs[at][1]}. In {name} it is {where}. The order of the layers and "
            f"the use of biases decide this (chapter {chapter})."
        )


def plain_block(function: Callable) -> None:
    """Checks a plain block of your own, `function(x, filters, stride)`.

    Any way of writing it is right that gives the same function: two 3x3
    convolutions without bias, each with batch normalization and then ReLU, the
    stride in the first.
    """
    _block(function, blocks.plain_block, chapter=1, added=False)


def basic_block(function: Callable) -> None:
    """Checks a residual block of your own, `function(x, filters, stride)`.

    Any way of writing it is right that gives the same function: relu(F(x) + x) with
    two 3x3 convolutions in F, and on the shortcut a 1x1 projection with batch
    normalization where stride or channels change the shape (option B).
    """
    _block(function, blocks.basic_block, chapter=2)


def bottleneck_block(function: Callable, bottleneck_stride: str = "1x1") -> None:
    """Checks a bottleneck block of your own, `function(x, filters, stride)`.

    `filters` are those of the 3x3 convolution; the output has four times as many
    channels. Any way of writing it is right that gives the same function as
    `blocks.bottleneck_block` with option B and this `bottleneck_stride`.
    """
    options = {"bottleneck_stride": bottleneck_stride}
    _block(function, blocks.bottleneck_block, chapter=4, expansion=specs.EXPANSION, **options)


def _block(function, reference, *, chapter, added=True, expansion=1, **options):
    what, filters = reference.__name__.replace("_", " "), 6
    # Everything changes; the channels alone; nothing, so that the shortcut is the identity.
    for stride, channels in ((2, 4), (1, 4), (1, expansion * filters)):
        x = keras.Input((8, 8, channels))
        expected = keras.Model(x, reference(x, filters, stride, name="block", **options), name=what)
        case = f"At stride {stride}, with filters={filters} and {channels} channels coming in,"
        try:
            came = keras.Model(x, function(x, filters, stride), name="yours")
        except ValueError as error:
            raise AssertionError(
                f"{case} your block cannot be built. Where the shape changes, and be it the "
                f"channels alone, the shortcut needs a projection (chapter {chapter}). Keras "
                f"says: {error}"
            ) from error
        if came.output_shape != expected.output_shape:
            raise AssertionError(
                f"{case} a {what} maps {came.input_shape} to {expected.output_shape}; yours gives "
                f"{came.output_shape}. The stride belongs to one convolution of the main path "
                f"alone, and to the projection where there is one (chapter {chapter})."
            )
        if not added and any(isinstance(layer, keras.layers.Add) for layer in came.layers):
            raise AssertionError(
                "A plain block adds nothing to its output; yours holds an Add layer. "
                "That is the residual block of chapter 2."
            )
        try:
            _compare(came, expected, 0, chapter)
        except AssertionError as error:
            raise AssertionError(f"{case} {error}") from None
    print(f"Same weights, same outputs: yours and blocks.{reference.__name__}, at stride 1 and 2.")


def network(model: keras.Model, name_or_spec: str | Network) -> None:
    """Checks a network of your own: parameters, then outputs with equal weights."""
    spec = specs.resolve(name_or_spec)
    parameters(model, spec)
    activation = "softmax" if _softmax(model) else None
    same_outputs(model, networks.build(spec, classifier_activation=activation))


def _softmax(model):
    return getattr(model.layers[-1], "activation", None) is keras.activations.softmax

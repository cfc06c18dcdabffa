"""What a reader calls to check their own work.

A check prints one line if all is well, and raises AssertionError otherwise,
with what was expected, what came, and where to read.

Book: all chapters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import keras
import numpy as np

from helpers import blocks, counting, networks, specs
from helpers.checks import matching
from helpers.specs import BottleneckStride, Network, Option

# Where the book introduces each kind of block.
_CHAPTERS = {"plain": 1, "basic": 2, "convolution": 3, "bottleneck": 4}


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
    compares, for random images: the outputs in inference mode, those in training mode
    (not where there is dropout), and the moving statistics afterwards. The reference
    is left as it was.

    Layers correspond by their place in the graph: from input to output, and where two
    ways meet, the one with more layers first. Names, and which way is written first,
    do not matter. In a small model every other way of pairing equal shapes is tried.
    """
    _compare(model, reference, seed, 2 if _adds(reference) else 1)
    print(f"Same weights, same outputs: {model.name} and {reference.name}.")


def plain_block(function: Callable) -> None:
    """Checks a plain block of your own, `function(x, filters, stride)`.

    Any way of writing it is right that gives the same function: two 3x3
    convolutions without bias, each with batch normalization and then ReLU, the
    stride in the first.
    """
    _block(function, blocks.plain_block, "the stride is in the first convolution")


def basic_block(function: Callable, shortcut: Option = "B") -> None:
    """Checks a residual block of your own, `function(x, filters, stride)`.

    Any way of writing it is right that gives the same function: relu(F(x) + x) with
    two 3x3 convolutions in F, and the paper's option A, B or C as its `shortcut`.
    With B that is a 1x1 projection with batch normalization where stride or channels change
    the shape.
    """
    hint = "the last ReLU comes after the addition, the stride is in the first convolution"
    _block(function, blocks.basic_block, hint, shortcut=shortcut)


def identity_at_zero_gamma(function: Callable) -> None:
    """Checks that a residual block of your own, `function(x, filters, stride)`, can do nothing.

    Sets every gamma and beta to zero, so that F(x) = 0. At stride 1 and with as many
    filters as channels the block should then put out what it gets, if that has passed
    a ReLU: in inference and in training mode, whatever the kernels are.
    """
    x = keras.Input((8, 8, 6))
    y = function(x, 6, 1)
    if not isinstance(y, keras.KerasTensor):
        raise AssertionError(f"Your function should return the output of the block, not {y!r}.")
    block = keras.Model(x, y)
    for weight in block.trainable_weights:
        if len(weight.shape) == 1:
            weight.assign(np.zeros(weight.shape))
    maps = np.random.default_rng(0).uniform(size=(4, 8, 8, 6)).astype("float32")
    for mode in ("inference", "training"):
        came = keras.ops.convert_to_numpy(block(maps, training=mode == "training"))
        if came.shape != maps.shape or not np.allclose(came, maps, atol=1e-5):
            said = "zero" if not came.any() else "something else"
            raise AssertionError(
                "With every gamma and beta zero, F(x) is zero, and a residual block should put out "
                f"its input; in {mode} mode yours puts out {said}. Look at what is added to F(x), "
                "and where that branches off (chapter 2)."
            )
    print("With every gamma and beta zero, your block puts out its input.")


def bottleneck_block(function: Callable, bottleneck_stride: BottleneckStride = "1x1") -> None:
    """Checks a bottleneck block of your own, `function(x, filters, stride)`.

    `filters` are those of the 3x3 convolution; the output has four times as many
    channels. Any way of writing it is right that gives the same function as
    `blocks.bottleneck_block` with option B and this `bottleneck_stride`.
    """
    where = "first 1x1" if bottleneck_stride == "1x1" else "3x3"
    hint = f"the last ReLU comes after the addition, the stride is in the {where} convolution"
    _block(function, blocks.bottleneck_block, hint, bottleneck_stride=bottleneck_stride)


def network(model: keras.Model, name_or_spec: str | Network) -> None:
    """Checks a network of your own: parameters, then outputs with equal weights."""
    spec = specs.resolve(name_or_spec)
    expected = (None, *spec.input_shape)
    if model.input_shape != expected:
        raise AssertionError(
            f"{spec.name} takes images of the shape {expected}; yours takes {model.input_shape}. "
            "For another size: checks.network(model, specs.resolve(name, input_shape=...))."
        )
    parameters(model, spec)
    activation = "softmax" if _softmax(model) else None
    reference = networks.build(spec, classifier_activation=activation)
    _compare(model, reference, 0, _CHAPTERS[spec.stages[0].block])
    print(f"Same weights, same outputs: {model.name} and {reference.name}.")


def _softmax(model):
    return getattr(model.layers[-1], "activation", None) is keras.activations.softmax


def _adds(model):
    return any(type(operation).__name__ == "Add" for operation in getattr(model, "operations", ()))


def _block(function, reference, hint, **arguments):
    what, filters = reference.__name__.replace("_", " "), 6
    kind = what.split()[0]
    chapter, residual = _CHAPTERS[kind], kind in specs.RESIDUAL_BLOCKS
    out = filters * (specs.EXPANSION if kind == "bottleneck" else 1)
    # Nothing changes; the channels; the size; both.
    for stride, channels in itertools.product((1, 2), (out, 4)):
        x = keras.Input((8, 8, channels))
        y = reference(x, filters, stride, name="block", **arguments)
        expected = keras.Model(x, y, name=what)
        random = np.random.default_rng(0)
        for weight in expected.weights:
            if len(weight.shape) == 1:  # of a batch normalization: nothing neutral
                weight.assign(random.uniform(0.5, 1.5, weight.shape))
        case = f"At stride {stride}, with filters={filters} and {channels} channels coming in:"
        try:
            y = function(x, filters, stride)
        except ValueError as error:
            needs = "zeros or fewer pixels" if arguments.get("shortcut") == "A" else "a projection"
            why = (
                "Where size or channels change, and be it one of them alone, the shortcut needs "
                f"{needs} (chapter {chapter}). "
            )
            raise AssertionError(
                f"{case} your block cannot be built. {why * residual}Keras says: {error}"
            ) from error
        if not isinstance(y, keras.KerasTensor):
            raise AssertionError(
                f"{case} your function should return the output of the block. It returned {y!r}."
            )
        came = keras.Model(x, y, name="yours")
        if came.output_shape != expected.output_shape:
            raise AssertionError(
                f"{case} a {what} maps {came.input_shape} to {expected.output_shape}; yours gives "
                f"{came.output_shape}. It puts out {out // filters} x filters channels. The stride "
                "belongs to one convolution of the main path alone, and to the projection where "
                f"there is one (chapter {chapter})."
            )
        if _adds(came) and not residual:
            raise AssertionError(
                "A plain block adds nothing to its output; yours holds an addition. "
                "That is the residual block of chapter 2."
            )
        try:
            _compare(came, expected, 0, chapter, hint)
        except AssertionError as error:
            raise AssertionError(f"{case} {error}") from None
    print(f"Same weights, same outputs: yours and blocks.{reference.__name__}, at stride 1 and 2.")


# --- the comparison ---------------------------------------------------------------


def _compare(model, reference, seed, chapter=1, hint="an addition comes before the last ReLU"):
    theirs = matching.layers(reference)
    pairings = matching.pairings(matching.layers(model), theirs, reference.name, chapter)
    shape = reference.input_shape[1:]
    images = np.random.default_rng(seed).normal(size=(16 if max(shape) <= 64 else 4, *shape))
    images = images.astype("float32")
    weights = [weight for layer in theirs for weight in layer]
    state = [keras.ops.convert_to_numpy(weight) for weight in weights]
    advice = (
        f"expected the same as {reference.name}. Look at the order of convolution, batch "
        f"normalization (epsilon 1e-5) and ReLU: {hint}. Then at the padding, the same on every "
        f"side (chapter {chapter})."
    )

    def difference(training):
        expected, came = (
            keras.ops.convert_to_numpy(m(images, training=training)) for m in (reference, model)
        )
        return float(abs(expected - came).max() / abs(expected).max())

    def differs(by, mode):
        return AssertionError(
            f"With the same weights the outputs differ by {by:.1%} in {mode} mode; {advice}"
        )

    # A deep net without shortcuts amplifies rounding, most of all in training
    # mode; a wrong layer makes a difference of the size of the outputs.
    least = math.inf
    try:
        for pairing in pairings:
            copies = [weight for layer in pairing for weight in layer]
            _assign(copies, state)
            least = min(least, difference(training=False))
            if least < 2e-4:
                break
        else:
            raise differs(least, "inference")
        if any(isinstance(layer, keras.layers.Dropout) for layer in reference.layers):
            return
        found = difference(training=True)
        if not found < 2e-2:
            raise differs(found, "training")
        for pair in zip(weights, copies, strict=True):
            a, b = map(keras.ops.convert_to_numpy, pair)
            if not np.allclose(a, b, rtol=0.05, atol=1e-2 * abs(a).max()):
                raise AssertionError(
                    "The outputs agree, the moving statistics after one batch do not. Look at "
                    "batch normalization's momentum: 0.9 here, 0.99 in Keras (chapter 1)."
                )
    finally:
        _assign(weights, state)
        _assign(copies, state)


def _assign(variables, arrays):
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(np.reshape(array, variable.shape))  # a Dense may be a 1x1 convolution

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

    Copies the reference's weights, moving statistics included, into `model`
    (in the order of `weights`) and compares, for 16 random images: the outputs
    in inference mode, the outputs in training mode, and the moving statistics
    afterwards. The reference is left as it was.
    """
    _same_shapes(model, reference)
    shape = (16, *reference.input_shape[1:])
    images = np.random.default_rng(seed).normal(size=shape).astype("float32")
    state = reference.get_weights()
    model.set_weights(state)
    advice = (
        f"expected the same as {reference.name}. Look at the order of convolution, batch "
        "normalization (epsilon 1e-5) and ReLU, at the stride, and at the padding, the same on "
        "every side (chapter 1)."
    )
    # A deep net without shortcuts amplifies rounding, most of all in training
    # mode; a wrong layer makes a difference of the size of the outputs.
    for mode, tolerance in (("inference", 2e-4), ("training", 2e-2)):
        theirs, mine = (
            keras.ops.convert_to_numpy(m(images, training=mode == "training"))
            for m in (reference, model)
        )
        difference = float(abs(theirs - mine).max() / abs(theirs).max())
        if not difference < tolerance:
            raise AssertionError(
                f"With the same weights the outputs differ by {difference:.1%} in {mode} "
                f"mode; {advice}"
            )
    moved = zip(reference.get_weights(), model.get_weights(), strict=True)
    same_statistics = all(np.allclose(a, b, rtol=0.05, atol=1e-2 * abs(a).max()) for a, b in moved)
    reference.set_weights(state)
    model.set_weights(state)
    if not same_statistics:
        raise AssertionError(
            "The outputs agree, the moving statistics after one batch do not. Look at batch "
            "normalization's momentum: 0.9 here, 0.99 in Keras (chapter 1)."
        )
    print(f"Same weights, same outputs: {model.name} and {reference.name}.")


def _same_shapes(model, reference):
    mine, theirs = ([tuple(w.shape) for w in m.weights] for m in (model, reference))
    pairs = list(itertools.zip_longest(theirs, mine, fillvalue="nothing"))
    at = next((i for i, (expected, came) in enumerate(pairs) if expected != came), None)
    if at is not None:
        where = reference.weights[at].path if at < len(theirs) else "past the last one"
        raise AssertionError(
            f"Weight {at} of {len(theirs)} differs: expected shape {pairs[at][0]}, came "
            f"{pairs[at][1]}. In {reference.name} it is {where}. The order of the layers and "
            "the use of biases decide this (chapter 1)."
        )


def plain_block(function: Callable) -> None:
    """Checks a plain block of your own, `function(x, filters, stride)`.

    Any way of writing it is right that gives the same function: two 3x3
    convolutions without bias, each with batch normalization and then ReLU, the
    stride in the first.
    """
    for stride in (1, 2):
        model, reference = (
            _block_model(f, stride)
            for f in (function, lambda x, n, s: blocks.plain_block(x, n, s, name="block"))
        )
        if model.output_shape != reference.output_shape:
            raise AssertionError(
                f"At stride {stride} a plain block maps {model.input_shape} to "
                f"{reference.output_shape}; yours gives {model.output_shape}. The stride "
                "belongs to the first convolution alone (chapter 1)."
            )
        if any(isinstance(layer, keras.layers.Add) for layer in model.layers):
            raise AssertionError(
                "A plain block adds nothing to its output; yours holds an Add layer. "
                "That is the residual block of chapter 2."
            )
        same_outputs(model, reference)


def network(model: keras.Model, name_or_spec: str | Network) -> None:
    """Checks a network of your own: parameters, then outputs with equal weights."""
    spec = specs.resolve(name_or_spec)
    parameters(model, spec)
    activation = "softmax" if _softmax(model) else None
    same_outputs(model, networks.build(spec, classifier_activation=activation))


def _block_model(function, stride):
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, function(inputs, 6, stride), name=f"block_at_stride_{stride}")


def _softmax(model):
    return getattr(model.layers[-1], "activation", None) is keras.activations.softmax

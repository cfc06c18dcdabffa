"""Four kinds of nets before training: plain, residual, half a shortcut, pre-activation.

Source: He et al. 2016, section 3.1 and Figure 4 (e). Book: chapter 8.
"""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np
from keras import layers

from helpers import networks, specs
from helpers.counting import propagation
from helpers.studies.causes.layers import ScaledAdd
from helpers.support import expect

Kind = Literal["plain", "residual", "half", "pre-activation"]
KINDS: tuple[Kind, ...] = ("plain", "residual", "half", "pre-activation")


def untrained(
    kind: Kind,
    depth: int,
    *,
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    seed: int = 0,
) -> keras.Model:
    """A net for CIFAR-10 of this kind and depth (20, 56, 110, ...), before any training.

    - "plain", "residual": those of `specs.cifar`;
    - "half": the residual net with x / 2 on every shortcut;
    - "pre-activation": the residual net with batch normalization and ReLU before its convolutions.

    Sets Keras' global seed. Raises ValueError for another kind, or a depth that there is not.
    """
    expect.one_of("kind", kind, KINDS)
    block = {"plain": "plain", "pre-activation": "preactivation"}.get(kind, "basic")
    spec = specs.cifar(depth, block)
    keras.utils.set_random_seed(seed)
    model = networks.build(spec, input_shape=input_shape, num_classes=num_classes)
    if kind != "half":
        return model
    half = keras.models.clone_model(model, clone_function=_with_half)
    half.set_weights(model.get_weights())
    return half


def predicted(kind: Kind, depth: int, a: float, *, first: float = 0.5) -> float:
    """How many times chapter 2's argument lets the gradient in x grow from the last block to the
    stem.

    `a` is by what a plain block multiplies its square; `first` the mean square that the stem
    puts out, which only pre-activation needs.
    """
    name = _name(kind, depth)
    if kind == "plain":
        factors = propagation.rule(name, a)
    elif kind == "pre-activation":
        factors = propagation.by_size(name, a, first=first)
    else:
        factors = propagation.by_size(name, a, carried=0.5 if kind == "half" else 1.0)
    return float(np.sqrt(np.prod(factors)))


def _name(kind, depth):
    expect.one_of("kind", kind, KINDS)
    return f"{'plain' if kind == 'plain' else 'resnet'}{depth}"


def _with_half(layer):
    if isinstance(layer, layers.Add):
        return ScaledAdd(0.5, name=layer.name)
    return type(layer).from_config(layer.get_config())

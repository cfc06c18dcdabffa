"""Four kinds of nets before training: plain, residual, half a shortcut, pre-activation.

Source: He et al. 2016, section 3.1 and Figure 4 (e). Book: chapter 8.
"""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np
from keras import layers

from helpers import blocks, expect, networks, propagation, specs
from helpers.studies.causes.layers import ScaledAdd

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

    - "plain", "residual": those of `networks.build`;
    - "half": the residual net with x / 2 on every shortcut;
    - "pre-activation": `blocks.preactivation_block` with option A, a bare convolution before
      the blocks, and a batch normalization and a ReLU after the last.

    Sets Keras' global seed. Raises ValueError for another kind, or a depth that there is not.
    """
    spec = specs.resolve(_name(kind, depth), input_shape=input_shape, num_classes=num_classes)
    keras.utils.set_random_seed(seed)
    if kind == "pre-activation":
        return _preactivation(spec)
    model = networks.build(spec)
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


def _preactivation(spec):
    inputs = keras.Input(spec.input_shape, name="image")
    x = blocks.conv_bn(inputs, spec.stem.filters, 3, name="conv1", batch_norm=False)
    for stage in spec.stages:
        for i in range(stage.repeats):
            name, stride = f"{stage.name.removesuffix('x')}{i + 1}", stage.stride if i == 0 else 1
            x = blocks.preactivation_block(x, stage.filters, stride, name=name, shortcut="A")
    x = layers.ReLU(name="last_relu")(layers.BatchNormalization(name="last_bn")(x))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(spec.num_classes, activation="softmax", name="fc")(x)
    return keras.Model(inputs, x, name=f"{spec.name}-preactivation")

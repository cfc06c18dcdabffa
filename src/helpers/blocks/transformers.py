"""Transformer blocks, with their normalization on the residual stream or beside it.

Attention, layer normalization and the fully connected layers are Keras' own. A block adds twice:
what attention finds, and what a network of two layers makes of each position. It differs from a
residual block in what F is, and not in what becomes of it.

Source: Vaswani et al. 2017, section 3.1 (post-norm); Xiong et al. 2020, Figure 1 (both);
Radford et al. 2019, section 2.3 (the residual layers' scale). Book: chapter 9.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import keras
from keras import KerasTensor, layers

from helpers.support import expect

Norm = Literal["pre", "post"]
NORMS: tuple[Norm, ...] = ("pre", "post")
ADDITIONS = 2  # to the stream, in a block
EXPANSION = 4  # the inner layer of the feed-forward network by the stream's width
EPSILON = 1e-5


def pre_norm_block(
    x: KerasTensor, heads: int, *, name: str, residual_scale: float = 1.0
) -> KerasTensor:
    """x + F(norm(x)), twice: nothing stands on the stream. (N, T, width) -> (N, T, width).

    `residual_scale` multiplies the initial kernels of the last layer of each F.

    Source: Xiong et al. 2020, Figure 1 (b). Book: chapter 9.
    """
    _check(x, heads, name)
    for part, function in (("1", _attention), ("2", _feed_forward)):
        prefix = f"{name}_{part}"
        fx = layers.LayerNormalization(epsilon=EPSILON, name=f"{prefix}_norm")(x)
        fx = function(fx, heads, prefix, residual_scale)
        x = layers.Add(name=f"{prefix}_add")([x, fx])
    return x


def post_norm_block(
    x: KerasTensor, heads: int, *, name: str, residual_scale: float = 1.0
) -> KerasTensor:
    """norm(x + F(x)), twice: the stream is normalized itself. (N, T, width) -> (N, T, width).

    Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020, Figure 1 (a). Book: chapter 9.
    """
    _check(x, heads, name)
    for part, function in (("1", _attention), ("2", _feed_forward)):
        prefix = f"{name}_{part}"
        fx = function(x, heads, prefix, residual_scale)
        x = layers.Add(name=f"{prefix}_add")([x, fx])
        x = layers.LayerNormalization(epsilon=EPSILON, name=f"{prefix}_norm")(x)
    return x


def build(
    blocks: int,
    *,
    norm: Norm,
    width: int = 64,
    heads: int = 4,
    length: int = 16,
    num_classes: int = 10,
    scaled: bool = False,
) -> keras.Model:
    """A stack of blocks over vectors: (N, length, width) -> (N, num_classes), probabilities.

    With "pre" a last normalization follows the stack. The classes are read from the mean over
    the positions. `scaled` divides the initial kernels of the layers that add to the stream by
    the root of the number of additions, as GPT-2 does. No dropout, no embedding.

    Raises ValueError for another `norm`, for what is no positive integer, and where the heads do
    not divide the width.

    Source: Xiong et al. 2020; Radford et al. 2019, section 2.3. Book: chapter 9.
    """
    expect.one_of("norm", norm, NORMS)
    sizes = {"blocks": blocks, "width": width, "length": length, "num_classes": num_classes}
    for key, value in sizes.items():
        expect.integer(key, value)
    block = {"pre": pre_norm_block, "post": post_norm_block}[norm]
    scale = 1 / math.sqrt(ADDITIONS * blocks) if scaled else 1.0
    inputs = x = keras.Input((length, width), name="stream")
    for i in range(1, blocks + 1):
        x = block(x, heads, name=f"block{i}", residual_scale=scale)
    if norm == "pre":
        x = layers.LayerNormalization(epsilon=EPSILON, name="last_norm")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    x = layers.Dense(num_classes, activation="softmax", name="classes")(x)
    return keras.Model(inputs, x, name=f"{norm}norm{blocks}")


def _attention(x, heads, prefix, scale):
    how = {"kernel_initializer": "glorot_uniform", "name": f"{prefix}_attention"}
    attention = layers.MultiHeadAttention(heads, x.shape[-1] // heads, **how)
    fx = attention(x, x)
    if scale != 1:
        (kernel,) = (w for w in attention.weights if w.path.endswith("attention_output/kernel"))
        kernel.assign(kernel * scale)
    return fx


def _feed_forward(x, heads, prefix, scale):
    width = x.shape[-1]
    fx = layers.Dense(EXPANSION * width, "relu", name=f"{prefix}_inner")(x)
    outer: dict[str, Any] = {"name": f"{prefix}_outer"}
    if scale != 1:  # Glorot's variance, times the square of the scale
        outer["kernel_initializer"] = keras.initializers.VarianceScaling(
            scale**2, "fan_avg", "uniform"
        )
    return layers.Dense(width, **outer)(fx)


def _check(x, heads, name):
    if len(getattr(x, "shape", ())) != 3:
        raise ValueError(
            f"{name}: expected a batch of sequences (N, T, width). "
            f"Received: {getattr(x, 'shape', x)!r}"
        )
    if x.shape[-1] % expect.integer("heads", heads):
        expect.fail("heads", f"a divisor of the width {x.shape[-1]}", heads)

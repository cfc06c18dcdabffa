"""A residual network as a collection of paths: through n blocks there are 2^n.

At each block a path goes through F or along the shortcut. Its length is the number of blocks
that it goes through.

Source: Veit et al. 2016, sections 3 and 4.4. Book: chapter 8.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import keras
import numpy as np
from keras import ops

from helpers.inspection import anatomy, passes
from helpers.optimizer import cross_entropy
from helpers.support import expect


def lengths(blocks: int) -> np.ndarray:
    """The share of the 2^n paths that go through 0, 1, ... n blocks: binomial, (n + 1,)."""
    expect.integer("blocks", blocks, least=0)
    return np.array([math.comb(blocks, k) / 2**blocks for k in range(blocks + 1)])


def span(blocks: int, share: float) -> tuple[int, int]:
    """The fewest lengths in a row, about the middle, that hold at least this share of all paths.

    Raises ValueError unless the share is above 0 and at most 1.
    """
    expect.number("share", share, above=0, most=1)
    shares = lengths(blocks)
    low, high = blocks // 2, (blocks + 1) // 2
    while shares[low : high + 1].sum() < share and low > 0:
        low, high = low - 1, high + 1
    return low, high


def path_gradient(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    through: Collection[str],
    *,
    training: bool = False,
) -> np.ndarray:
    """The gradient in the images that comes back along one path alone: (N, H, W, C).

    The net computes what it always does. On the way back the gradient of the mean
    cross-entropy goes through F of the blocks named in `through`, and along the shortcut of
    all others. Over all 2^n paths these gradients add up to the whole gradient.

    Raises ValueError for names that are no residual blocks of the model, or what does not fit
    it; RuntimeError on another backend than TensorFlow.

    Source: Veit et al. 2016, section 4.4. Book: chapter 8.
    """
    tf = passes.tensorflow("path_gradient")
    passes.check_batch(model, images, labels)
    parts = residual_parts(model)
    if unknown := sorted(set(through) - set(parts.names)):
        expect.fail("through", f"blocks of {', '.join(parts.names)}", unknown)
    loss, images = cross_entropy(model), tf.convert_to_tensor(images)
    with passes.left_as_it_was(model), tf.GradientTape() as tape:
        tape.watch(images)
        x = parts.stem(images, training=training)
        for part in parts.blocks:
            f, carried = part.residual(x, training=training), part.carried(x, training=training)
            if part.name in through:
                carried = tf.stop_gradient(carried)
            else:
                f = tf.stop_gradient(f)
            x = part.joined(f, carried, training=training)
        value = loss(labels, parts.head(x, training=training))
    return ops.convert_to_numpy(tape.gradient(value, images))


def gradient_by_length(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    draws: int = 10,
    seed: int = 0,
    at: Sequence[int] | None = None,
) -> np.ndarray:
    """The norm of the gradient along one path, by the path's length: (lengths, draws).

    For each length in `at`, by default 0, 1, ... n, `draws` paths are drawn at random; each row
    has the norms of `path_gradient` of one length, in inference mode. The mean of a row times
    `lengths` is what all paths of that length are said to contribute.

    Raises as `path_gradient` does.

    Source: Veit et al. 2016, Figure 6. Book: chapter 8.
    """
    names = residual_parts(model).names
    at = range(len(names) + 1) if at is None else at
    rng, found = np.random.default_rng(seed), []
    for length in at:
        expect.integer("at", length, least=0, most=len(names))
        chosen = [rng.choice(names, length, replace=False) for _ in range(draws)]
        found.append([np.linalg.norm(path_gradient(model, images, labels, set(c))) for c in chosen])
    return np.array(found)


def residual_parts(model: keras.Model) -> anatomy.Parts:
    """`anatomy.take_apart` of a model all of whose blocks are residual; else a ValueError."""
    parts = anatomy.take_apart(model)
    if plain := [part.name for part in parts.blocks if part.residual is None]:
        raise ValueError(
            f"Expected residual blocks alone. Received: {model.name}, where {plain[0]} is plain"
        )
    return parts

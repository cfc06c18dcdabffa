"""The loss around trained weights: slices through it, its sharpest curvature, its steepest way.

A slice shows two directions out of hundreds of thousands: what it shows is there, and what it
does not show may be elsewhere. The leading eigenvalue looks in the sharpest direction instead.

Derivatives are taken by TensorFlow, and losses computed by it.

Source: Li et al. 2018; Santurkar et al. 2018. Book: chapter 8.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from helpers.inspection.losses import Direction, MeanLoss, trained_weights, twice_differentiable
from helpers.inspection.passes import tensorflow
from helpers.support import expect


def filter_normalized_direction(model: keras.Model, seed: int) -> list[np.ndarray]:
    """A random direction in the space of the weights, every filter as long as the one it moves.

    Gaussian numbers, one array of the same shape for each of `model.trainable_variables`, of
    which each filter of a convolution and each unit of a dense layer (last axis) is scaled to
    the L2 norm of the weights at its place. Zero for biases, gammas and betas, and for all
    other variables of one axis, as Li et al. have it.

    Batch normalization makes a net blind to the size of a filter, so without this a step of 1
    would be large for one net and small for another that computes the same function.

    Raises ValueError for a seed that is no integer, or a model without weights to train.

    Source: Li et al. 2018, section 4. Book: chapter 8.
    """
    expect.integer("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    return [_like_its_filters(each, rng) for each in trained_weights(model)]


def loss_slice(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    directions: Sequence[Direction],
    coordinates: Sequence[float] | np.ndarray,
    *,
    batch_size: int = 250,
) -> np.ndarray:
    """The mean cross-entropy along one direction, or in the plane of two, in inference mode.

    The loss at weights + a d for one direction, (n,) float64, with a from `coordinates` (n,);
    at weights + a d1 + b d2 for two, (n, n), where [i, j] has a = coordinates[i] and
    b = coordinates[j]. `images` are (N, H, W, C) as the network is trained on, `labels` (N,).
    Moving averages of batch normalization stay those of the weights in the middle.

    The loss is taken from the logits, so that it is right where a probability rounds to 0.
    Where numbers are too large even for that, beyond 3e38, it is `inf`, and never NaN.
    The weights are put back, after an error too.

    Raises ValueError where an argument does not fit the model, or if that does not end in a
    softmax or in logits; RuntimeError on another backend.

    Source: Li et al. 2018, section 4. Book: chapter 8.
    """
    tensorflow("loss_slice")
    _check_directions(model, directions)
    along = _numbers("coordinates", coordinates)
    with MeanLoss(model, images, labels, batch_size).around(*directions) as loss_at:
        losses = [loss_at(*point) for point in itertools.product(along, repeat=len(directions))]
    return np.reshape(losses, len(directions) * along.shape)


def loss_along_gradient(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    steps: Sequence[float] | np.ndarray,
    *,
    training: bool = False,
    batch_size: int = 250,
) -> np.ndarray:
    """The mean cross-entropy after one step of gradient descent, for every size of the step.

    The loss at weights - step * gradient, (n,) float64, for `steps` (n,), which are learning
    rates: 0 gives the loss as it is, and the slope there is minus the gradient's squared norm.
    All trainable weights move. With `training` batch normalization uses the statistics of
    each batch of `batch_size`. All else is as in `loss_slice`.

    Raises ValueError where an argument does not fit the model; RuntimeError on another backend.

    Source: Santurkar et al. 2018, section 3.1. Book: chapter 8.
    """
    tensorflow("loss_along_gradient")
    steps = _numbers("steps", steps)
    loss = MeanLoss(model, images, labels, batch_size, training=training)
    with loss.around(loss.gradient()) as loss_at:
        return np.array([loss_at(-step) for step in steps])


@dataclass(frozen=True)
class Eigenvalue:
    """The Hessian's eigenvalue of largest magnitude, as far as power iteration has come.

    - `value`: the last Rayleigh quotient v.Hv of a direction v of length 1;
    - `history`: all of them, (iterations,) float64: whether they have settled;
    - `residual`: the norm |Hv - value v|. An eigenvalue lies within this of `value`.
    """

    value: float
    history: np.ndarray
    residual: float


def leading_eigenvalue(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    iterations: int = 20,
    seed: int = 0,
    training: bool = False,
    batch_size: int = 50,
) -> Eigenvalue:
    """The sharpest curvature of the loss: the leading eigenvalue of its Hessian.

    Of the mean cross-entropy in all trainable weights, by power iteration from a random
    direction: multiply by the Hessian, scale to 1, again. A product takes two backward passes
    and no matrix. A ReLU counts as the straight lines that it is made of. Images and labels
    are as in `loss_slice`; with `training` the loss is the mean over batches of `batch_size`,
    each normalized by its own statistics, and another size means another loss.

    Close to the largest eigenvalue others often lie, and the iteration takes long to choose.
    What it has until then is never too large in magnitude, and may be too small.

    Raises ValueError where an argument does not fit the model, or if the loss has no finite
    second derivatives; RuntimeError on another backend.

    Source: Li et al. 2018, section 6. Book: chapter 8.
    """
    tensorflow("leading_eigenvalue")
    expect.integer("iterations", iterations)
    expect.integer("seed", seed, least=0)
    weights = trained_weights(model)
    model = twice_differentiable(model) if training else model
    loss = MeanLoss(model, images, labels, batch_size, training=training)
    rng = np.random.default_rng(seed)
    v = _unit([rng.normal(size=each.shape) for each in weights])
    history = []
    for _ in range(iterations):
        product = loss.hessian_product(v)
        value = _dot(v, product)
        if not np.isfinite(value):
            raise ValueError(
                "Expected a loss with finite second derivatives at these weights and images. "
                f"Received: v.Hv = {value}"
            )
        history.append(value)
        away = [hv - value * each for hv, each in zip(product, v, strict=True)]
        v = _unit(product) if any(map(np.any, product)) else v
    return Eigenvalue(history[-1], np.array(history), float(np.sqrt(_dot(away, away))))


def _numbers(name, values):
    array = np.asarray(values, dtype="float64")
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        expect.fail(name, "finite numbers, (n,) and at least one", values)
    return array


def _check_directions(model, directions):
    shapes = [tuple(variable.shape) for variable in model.trainable_variables]
    fits = len(directions) in (1, 2) and all(
        [np.shape(array) for array in direction] == shapes for direction in directions
    )
    if not fits:
        raise ValueError(
            "Expected one or two directions, [d] or [d1, d2], each with an array for every one "
            f"of the {len(shapes)} variables of model.trainable_variables, of its shape. "
            f"Received: {len(directions)} directions of {[len(d) for d in directions]} arrays"
        )


def _like_its_filters(weights, rng):
    if weights.ndim < 2:
        return np.zeros_like(weights)
    direction, axes = rng.normal(size=weights.shape), tuple(range(weights.ndim - 1))
    norms = [np.sqrt((each.astype("float64") ** 2).sum(axes)) for each in (weights, direction)]
    return (direction * norms[0] / norms[1]).astype(weights.dtype)


def _dot(a, b):
    return float(sum(np.vdot(x, y) for x, y in zip(a, b, strict=True)))


def _unit(v):
    length = np.sqrt(_dot(v, v))
    return [np.asarray(each, "float64") / length for each in v]

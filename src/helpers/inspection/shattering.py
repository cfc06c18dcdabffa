"""Shattered gradients: how alike the gradients at two inputs are, by depth, in NumPy.

Nets of one number x, as in the paper's Figure 1, or of several: `width` units a layer, He's
kernels. What a layer's outputs change by with x is carried forwards beside them, exactly. The
gradient of a random readout v . h is v . dh/dx; over v the correlation of two such gradients is
the cosine of the two vectors dh/dx, so no readout is drawn.

Source: Balduzzi et al. 2017, section 2 and Theorems 1 to 3. Book: chapter 8.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from helpers.support import expect

Kind = Literal["plain", "plain, batch norm", "residual", "residual, batch norm"]
KINDS: tuple[Kind, ...] = ("plain", "plain, batch norm", "residual", "residual, batch norm")


def slopes(
    kind: Kind,
    depth: int,
    points: np.ndarray,
    *,
    width: int = 200,
    beta: float = 1.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """dh/dx of the last layer at each point, and how often two points switch a unit on together.

    `points` are the inputs: (P,), on a line, or (P, d), where x is the first coordinate. A first
    linear layer makes `width` numbers of them, on a line with a normal bias; each of the `depth`
    layers after it is, with W for a kernel of its own,

    - "plain": h -> W relu(h), and with batch norm W relu(bn(h));
    - "residual": h -> h + beta W relu(h), and with batch norm h + beta W relu(bn(h)).

    Batch normalization takes mean and deviation over the points, as constants: each point is one
    of many.

    Returns slopes (P, width), and of each of the `depth` layers the share of its units that are
    on at both of two points a quarter of the points apart, (depth,): theory supposes 1/4.

    Raises ValueError for an unknown kind, or points of another shape.
    """
    expect.one_of("kind", kind, KINDS)
    expect.integer("depth", depth, least=0)
    rng = np.random.default_rng(seed)
    x = np.asarray(points, dtype="float64")
    if x.ndim not in (1, 2) or len(x) < 4:
        expect.fail("points", "at least 4 inputs, (P,) or (P, d)", f"shape {x.shape}")
    bias = rng.normal(size=width) if x.ndim == 1 else 0.0
    x = x.reshape(len(x), -1)
    kernel = rng.normal(size=(x.shape[1], width)) / np.sqrt(x.shape[1])
    h, slope = x @ kernel + bias, np.repeat(kernel[:1], len(x), axis=0)
    together, apart = [], len(x) // 4
    for _ in range(depth):
        kernel = rng.normal(scale=np.sqrt(2 / width), size=(width, width))
        inner, inner_slope = h, slope
        if kind.endswith("batch norm"):
            deviation = h.std(axis=0)
            inner, inner_slope = (h - h.mean(axis=0)) / deviation, slope / deviation
        on = inner > 0
        together.append((on[apart:] & on[: len(on) - apart]).mean())
        f, f_slope = np.where(on, inner, 0) @ kernel, np.where(on, inner_slope, 0) @ kernel
        if kind.startswith("residual"):
            f, f_slope = h + beta * f, slope + beta * f_slope
        h, slope = f, f_slope
    return slope, np.array(together)


def correlations(slope: np.ndarray) -> np.ndarray:
    """The correlation of the gradients at two points, by how many points lie between: (P,).

    The mean over all pairs of points that far apart of the cosine of their slopes, (P, width);
    entry 0 is 1.
    """
    slope = slope / np.linalg.norm(slope, axis=1, keepdims=True)
    cosines = slope @ slope.T
    return np.array([np.diagonal(cosines, lag).mean() for lag in range(len(slope))])


def law(kind: Kind, depth: int, *, beta: float = 1.0) -> float:
    """What theory expects of the correlation at two inputs that are nothing alike.

    Each unit is on at one of them half the time, and at both a quarter of it. A plain layer then
    keeps the variance of the gradient and halves the covariance: 2^-L. A residual one adds these
    to 1: (3/4)^L for beta = 1. With batch normalization its part is divided by the variance of h,
    to which each layer adds beta^2 (1 - 1 / pi), so that it decays like a power of L and not
    exponentially: 1 / sqrt(L) where the mean of ReLU, the 1 / pi, is left out of account.

    Source: Balduzzi et al. 2017, Theorems 1 to 3, with a beta. Book: chapter 8.
    """
    expect.one_of("kind", kind, KINDS)
    if kind.startswith("plain"):
        return 0.5**depth
    added = np.full(depth, beta**2)
    if kind.endswith("batch norm"):
        added /= 1 + beta**2 * (1 - 1 / np.pi) * np.arange(depth)
    return float(np.prod((1 + added / 2) / (1 + added)))

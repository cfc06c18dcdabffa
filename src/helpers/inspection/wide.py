"""Wide, fully connected nets with batch normalization, in NumPy: what theory speaks of.

Source: Yang et al. 2019, Theorem 8. Book: chapter 8.
"""

from __future__ import annotations

import numpy as np

from helpers.support import expect


def gradient_factors(
    layers: int = 20, *, width: int = 1000, batch: int = 1000, seed: int = 0
) -> np.ndarray:
    """By what each layer multiplies the squared norm of the gradient, on its way back.

    A net of `layers` layers, each a product with He's random kernel (width, width), batch
    normalization and ReLU, on `batch` rows of normal numbers; the gradient at its output is
    normal, too. Forwards and backwards by hand, the batch's statistics included.

    Returns (layers,) in the order of the layers. For large width and batch the later ones tend
    to `counting.propagation.RELU_AND_BATCH_NORM`, pi / (pi - 1). Raises ValueError for numbers
    that are no positive integers, or a batch of one.

    Source: Yang et al. 2019, Theorem 8 and Figure 1. Book: chapter 8.
    """
    for name, value, least in (("layers", layers, 1), ("width", width, 1), ("batch", batch, 2)):
        expect.integer(name, value, least=least)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, width))
    passed = []
    for _ in range(layers):
        kernel = rng.normal(scale=np.sqrt(2 / width), size=(width, width))
        z = x @ kernel
        deviation = z.std(axis=0)
        normal = (z - z.mean(axis=0)) / deviation
        passed.append((kernel, deviation, normal))
        x = np.maximum(normal, 0)
    g, norms = rng.normal(size=x.shape), []
    for kernel, deviation, normal in reversed(passed):
        norms.append((g**2).sum())
        g = g * (normal > 0)
        g = (g - g.mean(axis=0) - normal * (g * normal).mean(axis=0)) / deviation
        g = g @ kernel.T
    norms.append((g**2).sum())
    norms = np.array(norms[::-1])
    return norms[:-1] / norms[1:]

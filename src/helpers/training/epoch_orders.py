"""What the steps of an epoch take, as arrays of numbers for the accelerator.

Source: He et al. 2015, section 4.2. Book: chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.datasets import Data, mixing, sampling
from helpers.recipes import Recipe


def orders(data: Data, recipe: Recipe, seed: int, steps: int) -> Callable[[int], tuple]:
    """By the number of an epoch, what its steps take; the last two are kept.

    Indices, first rows, first columns, mirrored, each (steps, batch_size), and (steps,)
    whether the step is one of the recipe's: in the last epoch those after its end are not, and
    one compiled function does for all epochs. With mixup also the partners, (steps, batch_size),
    and the weights, (steps,).
    """
    batch, kept = recipe.batch_size, {}
    chosen = sampling.Order(len(data.train), batch, seed=seed, shuffle=recipe.shuffle)
    how = {"seed": seed, "padding": recipe.padding, "flip": recipe.flip}

    def stacked(parts):
        return [np.stack(part) for part in zip(*parts, strict=True)]

    def order(epoch: int) -> tuple[np.ndarray, ...]:
        if epoch not in kept:
            numbers = range(epoch * steps, (epoch + 1) * steps)
            rows, columns, mirrored = stacked(sampling.draws(batch, step=n, **how) for n in numbers)
            indices = np.stack([chosen(n) for n in numbers]).astype("int32")
            taken = np.array([n < recipe.steps for n in numbers])
            parts = [indices, rows.astype("int32"), columns.astype("int32"), mirrored, taken]
            if recipe.mixup:
                pairs = {"seed": seed, "mixup": recipe.mixup}
                partners, weights = stacked(mixing.draws(batch, step=n, **pairs) for n in numbers)
                parts += [partners.astype("int32"), weights]
            kept[epoch] = tuple(parts)
            kept.pop(epoch - 2, None)
        return kept[epoch]

    return order

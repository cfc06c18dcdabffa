"""Which images a network takes for what.

Book: chapter 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def confusion(labels: np.ndarray, said: np.ndarray, num_classes: int) -> np.ndarray:
    """How often which class was taken for which: (classes, classes) int64.

    A row for each true class, a column for each answer. `labels` and `said` are (N,) integers.
    Raises ValueError if they have different lengths or lie outside 0..num_classes-1.
    """
    labels, said = np.asarray(labels), np.asarray(said)
    both = np.concatenate([labels.ravel(), said.ravel()])
    if labels.ndim != 1 or labels.shape != said.shape or not len(labels):
        raise ValueError(
            "Expected as many answers as labels, at least one, (N,) each. "
            f"Received: labels of shape {labels.shape}, answers of shape {said.shape}"
        )
    if both.min() < 0 or both.max() >= num_classes:
        raise ValueError(
            f"Expected classes in 0..{num_classes - 1}. Received: {both.min()} to {both.max()}"
        )
    return np.bincount(num_classes * labels + said, minlength=num_classes**2).reshape(
        num_classes, num_classes
    )


def most_confused(
    matrix: np.ndarray, class_names: Sequence[str], count: int = 5
) -> list[tuple[str, str, int]]:
    """The pairs of classes that are most often mixed up: (one, other, how often).

    Mistakes in both directions are added; pairs without a mistake are left out.
    """
    both = np.triu(matrix + matrix.T, 1)
    order = np.argsort(both, axis=None, kind="stable")[::-1][:count]
    pairs = zip(*np.unravel_index(order, both.shape), strict=True)
    return [(class_names[i], class_names[j], int(both[i, j])) for i, j in pairs if both[i, j]]

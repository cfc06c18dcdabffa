"""Where a network sees its answer, and which images it finds alike.

Source: Zhou et al. 2016 (class activation maps). Book: chapter 6.
"""

from __future__ import annotations

import keras
import numpy as np

from helpers.inspection import passes


def activation_maps(
    model: keras.Model, images: np.ndarray, *, batch_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """How much each position of the last feature maps speaks for each class.

    Returns the class activation maps, (N, h, w, classes) float32, and the bias of the
    classifier, (classes,). The mean of a map over its positions, plus the bias, is the score
    that goes into the softmax. `images` are (N, H, W, C) as the network wants them; inference
    mode.

    Raises ValueError for images that do not fit the model, and for a model in which `fc` does
    not follow `avg_pool` at once, as it does in every ResNet of `networks.build`: with hidden
    layers in between no such maps exist.

    Source: Zhou et al. 2016, section 2. Book: chapter 6.
    """
    last = [layer.name for layer in model.layers if not isinstance(layer, keras.layers.Dropout)]
    if last[-2:] != ["avg_pool", "fc"]:
        raise ValueError(
            "Expected a network of networks.build that ends in `avg_pool` and `fc`. "
            f"Received: {model.name}, which ends in {' and '.join(last[-2:])}"
        )
    passes.check_batch(model, images)
    body = keras.Model(model.input, model.get_layer("avg_pool").input)
    kernel, bias = model.get_layer("fc").get_weights()
    maps = []
    for start in range(0, len(images), batch_size):
        x = body(np.asarray(images[start : start + batch_size]), training=False)
        maps.append(keras.ops.convert_to_numpy(x).astype("float32") @ kernel)
    return np.concatenate(maps), bias


def nearest(
    features: np.ndarray, queries: np.ndarray | None = None, *, count: int = 1
) -> np.ndarray:
    """Which `count` images are nearest to each query, the nearest first: (M, count) int64.

    `features` (N, C) are of the images to choose from, `queries` (M, C) of others; without
    queries each image looks for its neighbours among the rest. Distances are Euclidean, in
    units in which every feature has mean 0 and standard deviation 1 over `features`; one that
    never changes is left out. For pixels pass the images as (N, pixels).

    Raises ValueError if the two have different numbers of features, or if `count` is not an
    integer from 1 to the number of images to choose from.

    Book: chapter 6.
    """
    x = np.asarray(features, "float64")
    y = x if queries is None else np.asarray(queries, "float64")
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(
            f"Expected features (N, C) and queries (M, C). Received: shapes {x.shape} and {y.shape}"
        )
    most = len(x) - (queries is None)
    if not 1 <= count <= most:
        raise ValueError(f"Expected a count from 1 to {most}. Received: {count}")
    mean, spread = x.mean(axis=0), x.std(axis=0)
    changes = spread > 0
    x, y = (((a - mean) / np.where(changes, spread, 1))[:, changes] for a in (x, y))
    squared = (y**2).sum(1)[:, None] - 2 * y @ x.T + (x**2).sum(1)
    if queries is None:
        np.fill_diagonal(squared, np.inf)
    return np.argsort(squared, axis=1, kind="stable")[:, :count]

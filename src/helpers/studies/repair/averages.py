"""The moving averages of batch normalization, estimated anew for a trained net."""

from __future__ import annotations

import keras
import numpy as np

from helpers.datasets import Data
from helpers.inspection import passes


def renew_averages(
    model: keras.Model, data: Data, *, batch_size: int = 64, batches: int = 100, seed: int = 0
) -> None:
    """Estimates the moving averages of all batch normalization anew; other weights stay.

    Afterwards they are the plain means of the batches' means and variances, over `batches`
    batches of training images, all measured with the weights as they are now. `data` are
    the images as the model sees them (`images`); they are neither cropped nor flipped here.
    `seed` chooses their order.

    Raises ValueError for a model without batch normalization, and where `batch_size` is
    larger than the number of training images or one of the two numbers is below 1.

    Source: Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3 (PreciseBN).
    Book: "Repairing a notebook".
    """
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    if not norms:
        raise ValueError(
            f"Expected a model with batch normalization. Received: {model.name!r}, which has none."
        )
    x = data.train.images
    if batches < 1 or not 1 <= batch_size <= len(x):
        raise ValueError(
            f"Expected at least 1 batch of 1 to {len(x)} images. Received: "
            f"batches={batches}, batch_size={batch_size}"
        )
    order = np.random.default_rng(seed).permutation(len(x))
    momenta = [layer.momentum for layer in norms]
    try:
        with passes.nothing_left_out(model):
            for k in range(batches):
                for layer in norms:
                    layer.momentum = k / (k + 1)  # the mean of k + 1 batches
                at = np.arange(k * batch_size, (k + 1) * batch_size) % len(x)
                model(x[order[at]] - data.mean, training=True)
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum

"""How large x and its gradient are along a network, block by block.

`counting.propagation` predicts what is measured here, of a net before training.

Source: He et al. 2016, equation 5; Yang et al. 2019. Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from helpers.inspection import anatomy, passes
from helpers.optimizer import cross_entropy


def activation_gradients(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, *, training: bool = True
) -> dict[str, float]:
    """The norm of the loss's gradient in each block's output, x of the paper, stem first.

    The gradient of the mean cross-entropy in a whole batch of feature maps, (N, H, W, C),
    and its L2 norm over all four axes. A block's output is what comes after its last ReLU,
    and the stem's is that before a pooling (`anatomy.block_outputs`). Images, labels and
    `training` are as in `gradient_norms`.

    The chain rule runs through these and not through the kernels: how much a gradient grows
    on its way back is read from here. `gradient_norms` has kernels and maps of other sizes
    in every stage, and differs.

    Returns {block name: L2 norm}. Raises ValueError if images and labels do not fit the
    model, or if no block is found in it; RuntimeError on another backend.

    Source: He et al. 2016, equation 5; Yang et al. 2019. Book: chapters 1, 2 and 8.
    """
    tf = passes.tensorflow("activation_gradients")
    outputs = anatomy.block_outputs(model)
    passes.check_batch(model, images, labels)
    with_blocks = keras.Model(model.input, [*outputs.values(), model.output])
    loss = cross_entropy(model)
    images = tf.convert_to_tensor(images)
    with passes.left_as_it_was(model), tf.GradientTape() as tape:
        tape.watch(images)  # so that all that follows is recorded, frozen layers too
        *x, predicted = with_blocks(images, training=training)
        value = loss(labels, predicted)
    gradients = tape.gradient(value, x)
    norms = [float(tf.norm(tf.cast(gradient, "float32"))) for gradient in gradients]
    return dict(zip(outputs, norms, strict=True))


def activation_sizes(
    model: keras.Model, images: np.ndarray, *, training: bool = True
) -> dict[str, float]:
    """How large the numbers in each block's output are, stem first.

    The root of the mean square over the whole batch of feature maps, (N, H, W, C). Blocks,
    images and `training` are as in `activation_gradients`; the model is left as it was.

    Returns {block name: root mean square}. Raises ValueError for images that do not fit
    the model, or if no block is found in it.

    Book: chapters 2 and 8.
    """
    outputs = anatomy.block_outputs(model)
    passes.check_batch(model, images)
    with_blocks = keras.Model(model.input, list(outputs.values()))
    with passes.left_as_it_was(model):
        x = with_blocks(images, training=training)
    x = x if isinstance(x, list) else [x]
    sizes = [float(ops.sqrt(ops.mean(ops.square(ops.cast(maps, "float32"))))) for maps in x]
    return dict(zip(outputs, sizes, strict=True))

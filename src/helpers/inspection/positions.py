"""Which positions of its input a block reads, through F and through the shortcut.

Source: He et al. 2019, section 4.1 (what a 1x1 convolution with stride 2 leaves out).
Book: chapter 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from helpers.inspection import anatomy, passes
from helpers.support import expect


@dataclass(frozen=True)
class PositionsRead:
    """Masks of a block's input, (H, W), true where a position is read.

    `residual` is what F reads, `carried` what the shortcut reads.
    """

    residual: np.ndarray
    carried: np.ndarray

    @property
    def either(self) -> np.ndarray:
        """What the block reads at all."""
        return self.residual | self.carried


def positions_read(
    model: keras.Model, block: str, *, draws: int = 4, seed: int = 0
) -> PositionsRead:
    """Measures a residual block, such as `conv3_1`: a position is read if its gradient is not 0.

    The gradient is that of random sums of what comes out, at `draws` random inputs, in inference
    mode. Where F adds nothing, as in a block that starts as the identity, F reads nothing.

    Raises ValueError for a name that is no residual block of the model; RuntimeError on another
    backend than TensorFlow.
    """
    tf = passes.tensorflow("positions_read")
    blocks = {b.name: b for b in anatomy.find_blocks(model) if b.residual is not None}
    if not blocks:
        raise ValueError(f"Expected a model with residual blocks. Received: {model.name}")
    found = blocks[expect.one_of("block", block, list(blocks))]
    rng = np.random.default_rng(seed)

    def drawn(shape):
        return tf.convert_to_tensor(rng.normal(size=shape).astype("float32"))

    x = drawn((expect.integer("draws", draws), *found.entry.shape[1:]))
    masks = []
    for end in (found.residual, found.carried):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = anatomy.between(found.entry, end)(x, training=False)
            weighed = ops.sum(ops.cast(y, "float32") * drawn(y.shape))
        gradient = ops.convert_to_numpy(tape.gradient(weighed, x))
        masks.append(np.any(gradient != 0, axis=(0, 3)))
    return PositionsRead(*masks)

"""The residual stream of a stack of transformer blocks: its size, and gradients along it.

Source: Xiong et al. 2020, section 3. Book: chapter 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from helpers.inspection import passes
from helpers.optimizer import cross_entropy


@dataclass(frozen=True)
class Stream:
    """By block, the input's own numbers first where there are such.

    - `sizes`: root mean square of the stream behind each block, (blocks + 1,);
    - `gradients`: norm of the loss's gradient in it, (blocks + 1,);
    - `kernels`: norm of the gradient in the last kernel of each block's feed-forward network,
      (blocks,).
    """

    sizes: np.ndarray
    gradients: np.ndarray
    kernels: np.ndarray


def stream(model: keras.Model, x: np.ndarray, labels: np.ndarray) -> Stream:
    """Measures a model of `blocks.transformers.build` on one batch, (N, T, width) and (N,).

    Raises ValueError for a model without such blocks, or a batch that does not fit it;
    RuntimeError on another backend than TensorFlow.

    Source: Xiong et al. 2020, section 3.3. Book: chapter 9.
    """
    tf = passes.tensorflow("stream")
    names = [layer.name for layer in model.layers]
    blocks = sorted({int(m[1]) for n in names if (m := re.match(r"block(\d+)_2_outer$", n))})
    if not blocks:
        raise ValueError(f"Expected a model of blocks.transformers.build. Received: {model.name}")
    shape = tuple(model.input_shape[1:])
    if x.shape[1:] != shape or np.shape(labels) != (len(x),):
        raise ValueError(
            f"Expected vectors (N, {', '.join(map(str, shape))}) and one label each. "
            f"Received: {x.shape} and {np.shape(labels)}"
        )
    last = "norm" if names.index("block1_2_norm") > names.index("block1_2_add") else "add"
    outputs = [model.get_layer(f"block{i}_2_{last}").output for i in blocks]
    kernels = [model.get_layer(f"block{i}_2_outer").kernel.value for i in blocks]
    watched = keras.Model(model.input, [*outputs, model.output])
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        *found, predicted = watched(x, training=True)
        value = cross_entropy(model)(labels, predicted)
    of_stream, of_kernels = tape.gradient(value, ([x, *found], kernels))

    def norms(tensors):
        return np.array([float(tf.norm(t)) for t in tensors])

    sizes = np.array([float(ops.sqrt(ops.mean(ops.square(t)))) for t in [x, *found]])
    return Stream(sizes, norms(of_stream), norms(of_kernels))

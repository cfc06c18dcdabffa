"""A block of three branches that can be merged into one convolution.

Source: Ding et al. 2021, Figure 2 (b). Book: chapter 9.
"""

from __future__ import annotations

from typing import Any

from keras import KerasTensor, layers

from helpers.blocks.convolutions import conv_bn
from helpers.layers import BatchNormalization


def repvgg_block(
    x: KerasTensor, filters: int, stride: int = 1, *, name: str, **conv: Any
) -> KerasTensor:
    """relu(bn(conv3x3 x) + bn(conv1x1 x) + bn(x)); the last only where x has the shape of the sum.

    (N, H, W, C) -> (N, ceil(H / stride), ceil(W / stride), filters). Each branch is linear but for
    batch normalization, which is linear too once it is trained:
    `networks.reparameterisation.merge` makes one 3x3 convolution of the three. `conv` are
    `batch_norm` and `initializer`, as in `conv_bn`; without batch normalization the third branch
    is x itself.

    Source: Ding et al. 2021, section 3.2 and Figure 2 (b). Book: chapter 9.
    """
    branches = [
        conv_bn(x, filters, 3, stride, name=name, **conv),
        conv_bn(x, filters, 1, stride, name=f"{name}_1x1", **conv),
    ]
    if stride == 1 and x.shape[-1] == filters:
        normalized = conv.get("batch_norm", True)
        branches.append(BatchNormalization(name=f"{name}_identity_bn")(x) if normalized else x)
    x = layers.Add(name=f"{name}_sum")(branches)
    return layers.ReLU(name=f"{name}_relu")(x)

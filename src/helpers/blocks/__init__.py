"""One function per box of the papers' figures.

Each takes a batch of feature maps (N, H, W, C) and returns one. `name` is the
prefix of every layer in the block, `conv3_1` for the first block of conv3_x.

A departure from Keras' defaults, each with its reason:
- He-normal kernels, as the paper (Keras: Glorot uniform);
- no bias before a batch normalization, whose beta makes it redundant;
- padding (k - 1) / 2 on every side also at stride 2, as Caffe and PyTorch do;
  TensorFlow's "same" would pad right and bottom only.

`transformers` has those of language models, which add as a residual block does.

Source: He et al. 2015, Figures 2, 3 and 5, section 3.3; He et al. 2016, Figure 4 (e); what came
after them stands with its block. Book: chapters 1 to 4, 8 and 9.
"""

from helpers.blocks.convolutions import conv_bn, conv_bn_relu, convolution
from helpers.blocks.preactivation import (
    RELU_GAIN,
    preactivation_block,
    preactivation_bottleneck_block,
)
from helpers.blocks.repvgg import repvgg_block
from helpers.blocks.residual import basic_block, bottleneck_block, plain_block, residual_function
from helpers.blocks.shortcuts import NF_ALPHA, gate, shortcut

__all__ = [
    "NF_ALPHA",
    "RELU_GAIN",
    "basic_block",
    "bottleneck_block",
    "conv_bn",
    "conv_bn_relu",
    "convolution",
    "gate",
    "plain_block",
    "preactivation_block",
    "preactivation_bottleneck_block",
    "repvgg_block",
    "residual_function",
    "shortcut",
]

"""A row of the count, and the feature maps on their way from row to row.

Book: chapters 3, 4 and 9.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import prod
from typing import Any


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    - `stage`: `conv1`, `conv2_x` ... or `fc`, the rows of Table 1; the first max
      pooling of a ResNet belongs to conv2_x, as there;
    - `output_shape`: without the batch;
    - `parameters`: the trainable ones; `moving_statistics`: the means and variances
      that batch normalization keeps and does not train;
    - `multiply_adds`: for one image;
    - `activations`: numbers per image that this layer leaves in memory for the
      backward pass. A convolution before a batch normalization leaves its output,
      so do ReLU, padding and pooling; batch normalization and addition leave
      nothing, since what follows them keeps enough. What is multiplied by learned numbers is
      kept, and so is a sum that a batch normalization reads, with pre-activation;
    - `receptive_field`: the side, in pixels of the image, of the square that one
      number of the output can depend on, borders aside; None where that is the
      whole image, from the average pooling or the flattening on;
    - `kernel_size`, `stride`: of a convolution's or a max pooling's window, along
      one side; None for the other layers.
    """

    stage: str
    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int = 0
    moving_statistics: int = 0
    multiply_adds: int = 0
    activations: int = 0
    receptive_field: int | None = None
    kernel_size: int | None = None
    stride: int | None = None


@dataclass(frozen=True)
class Maps:
    """Feature maps on their way: shape, receptive field, pixels of the image per step."""

    shape: tuple[int, int, int]
    field: int = 1
    step: int = 1

    def behind(self, kernel: int, stride: int, filters: int) -> Maps:
        """After a window of `kernel` pixels, padded by (kernel - 1) / 2 at both ends."""
        height, width, _ = self.shape
        shape = ((height - 1) // stride + 1, (width - 1) // stride + 1, filters)
        return Maps(shape, self.field + (kernel - 1) * self.step, self.step * stride)

    def padded(self, border: int) -> Maps:
        """With `border` more pixels on every side."""
        height, width, channels = self.shape
        shape = (height + 2 * border, width + 2 * border, channels)
        return dataclasses.replace(self, shape=shape)

    def row(self, stage: str, name: str, kind: str, keeps: bool = False, **numbers: Any) -> Layer:
        """The layer that puts these maps out; `keeps` if they stay in memory."""
        numbers["activations"] = prod(self.shape) if keeps else 0
        return Layer(stage, name, kind, self.shape, receptive_field=self.field, **numbers)

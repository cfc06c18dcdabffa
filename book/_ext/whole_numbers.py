"""A small residual net in whole numbers: what the page "Look inside" sends to its readers.

In inference mode a batch normalization multiplies each channel by a number and adds another, so
it goes into the convolution before it. The weights of each output channel are then a scale times
whole numbers from -127 to 127, a byte each. `forward` is the same in NumPy, in double precision.

Source: He et al. 2015, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from helpers.specs import Network

LARGEST = 127  # of a byte with a sign; -128 is left out, so that both sides are alike
EPSILON = 1e-5  # of the book's batch normalizations


@dataclass(frozen=True)
class Layer:
    """A convolution (height, width, in, out), or the classifier (in, out), in whole numbers.

    The weights are `whole` times `scale`, one number for each output channel; `bias` is added.
    """

    name: str
    whole: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    stride: int = 1

    @property
    def weights(self) -> np.ndarray:
        """The weights that the whole numbers stand for, float32."""
        return self.whole.astype("float32") * self.scale


@dataclass(frozen=True)
class Inside:
    """What one image is on its way through the net, (H, W, C) each.

    Of each block by name: what its shortcut brings, F(x), and their sum after the ReLU.
    """

    stem: np.ndarray
    blocks: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    features: np.ndarray
    logits: np.ndarray


def read(path: Path, spec: Network) -> list[Layer]:
    """The layers of a ResNet of basic blocks with option A, from a file that `weights.save` wrote.

    Raises ValueError for a file that is missing or lacks an array of the net.
    """
    if not Path(path).is_file():
        raise ValueError(f"Expected the weights of {spec.name}. Received: {path}, which is no file")
    arrays = load_file(path)
    layers = [_folded(arrays, "conv1", "conv1", "bn1", spec.stem.stride)]
    for block, theirs, stride in blocks(spec):
        for k, own in ((1, stride), (2, 1)):
            pair = f"{theirs}.conv{k}", f"{theirs}.bn{k}"
            layers.append(_folded(arrays, f"{block}_{k}", *pair, own))
    kernel = _array(arrays, "fc.weight").T
    return [*layers, _rounded("fc", kernel, _array(arrays, "fc.bias"), 1)]


def blocks(spec: Network) -> list[tuple[str, str, int]]:
    """(our name, the file's name, stride) of each block, from the input to the output."""
    return [
        (f"{stage.name.removesuffix('x')}{i}", f"layer{s}.{i - 1}", stage.stride if i == 1 else 1)
        for s, stage in enumerate(spec.stages, start=1)
        for i in range(1, stage.repeats + 1)
    ]


def _array(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise ValueError(f"Expected an array {name}. Received: {', '.join(sorted(arrays))}")
    return arrays[name].astype("float64")


def _folded(arrays, name, conv, norm, stride):
    kernel = _array(arrays, f"{conv}.weight").transpose(2, 3, 1, 0)  # OIHW -> HWIO
    gamma, beta, mean, variance = (
        _array(arrays, f"{norm}.{what}")
        for what in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + EPSILON)
    return _rounded(name, kernel * factor, beta - mean * factor, stride)


def _rounded(name, kernel, bias, stride):
    """The nearest whole numbers: off by half a scale at most."""
    largest = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0)
    scale = (np.where(largest > 0, largest, 1) / LARGEST).astype("float32")
    whole = np.clip(np.rint(kernel / scale), -LARGEST, LARGEST).astype("int8")
    return Layer(name, whole, scale, bias.astype("float32"), stride)


def forward(layers: list[Layer], image: np.ndarray) -> Inside:
    """The net on one image (H, W, 3), the mean subtracted, in double precision."""
    stem, *inner, last = layers
    x = start = _relu(_convolved(image.astype("float64"), stem))
    found = {}
    for first, second in zip(inner[::2], inner[1::2], strict=True):
        f = _convolved(_relu(_convolved(x, first)), second)
        carried = x[:: first.stride, :: first.stride]
        zeros = f.shape[-1] - carried.shape[-1]
        carried = np.pad(carried, ((0, 0), (0, 0), (0, zeros)))  # option A
        x = _relu(carried + f)
        found[first.name.removesuffix("_1")] = carried, f, x
    features = x.mean(axis=(0, 1))
    return Inside(start, found, features, features @ last.weights.astype("float64") + last.bias)


def _relu(x):
    return np.maximum(x, 0)


def _convolved(x, layer):
    """Zeros of half a kernel on every side, as the book's nets have them, also at stride 2."""
    kernel, side = layer.weights.astype("float64"), layer.whole.shape[0] // 2
    x = np.pad(x, ((side, side), (side, side), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return (
        np.einsum("hwcij,ijco->hwo", windows[:: layer.stride, :: layer.stride], kernel) + layer.bias
    )

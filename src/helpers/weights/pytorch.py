"""What timm and torchvision call the layers of a network, and how their arrays lie.

| here                      | ResNets              | pre-activation              |
|---------------------------|----------------------|-----------------------------|
| conv1_conv, conv1_bn      | conv1, bn1           | stem.conv, stem.norm        |
| conv1_1_conv, conv1_1_bn  | conv1.0, conv1.1     | stem.conv1, stem.norm1      |
| conv1_2_conv, conv1_2_bn  | conv1.3, conv1.4     | stem.conv2, stem.norm2      |
| conv1_3_conv, conv1_3_bn  | conv1.6, bn1         | stem.conv3, stem.norm3      |
| conv3_1_2_conv            | layer2.0.conv2       | stages.1.blocks.0.conv2     |
| conv3_1_2_bn              | layer2.0.bn2         | stages.1.blocks.0.norm2     |
| conv3_1_proj_conv         | layer2.0.downsample. | stages.1.blocks.0.          |
|                           | 0, behind a pool 1   | downsample.conv             |
| conv3_1_proj_bn           | layer2.0.downsample. |                             |
|                           | 1, behind a pool 2   |                             |
| conv3_1_se_1              | layer2.0.se.fc1      | stages.1.blocks.0.se.fc1    |
| post_bn, fc               | fc                   | norm, head.fc               |

The gate's layers, and the classifier behind pre-activation, are 1x1 convolutions there. The
numbers of SkipInit and the gains of normalized kernels are called as in timm's normalizer-free
nets, the shifts and the scale of Fixup as in its authors' code.

Source: timm, models/resnet.py, resnetv2.py and nfnet.py; torchvision.models.resnet;
hongyi-zhang/Fixup on GitHub. Book: chapters 4 and 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import keras
import numpy as np

from helpers.layers import StochasticDepth
from helpers.weights import naming

_IN_A_BLOCK = re.compile(r"conv(\d+)_(\d+)_(.+)")
_IN_THE_STEM = re.compile(r"conv1_(?:(\d)_)?(conv|bn|shift)")
_SHIFTS = {"1_shift_in": "bias1a", "1_shift_out": "bias1b", "2_shift_in": "bias2a"}
_SHIFTS["2_shift_out"] = "bias2b"

# Axes of a variable of ours in PyTorch's order: HWIO -> OIHW, (in, out) -> (out, in).
_AXES = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,), 0: ()}
_VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gain": "gain",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class Form:
    """What of a network decides how its layers are called elsewhere.

    `stem`: convolutions before the first block; `pooled`: shortcuts that average first.
    """

    preactivation: bool = False
    stem: int = 1
    pooled: bool = False
    fixup: bool = False


def form(model: keras.Model) -> Form:
    """The form of a network made by `networks.build`, read from its layers."""
    names = {layer.name for layer in model.layers}
    numbered = [n for n in names if re.fullmatch(r"conv1_\d_conv", n)]
    return Form(
        "post_relu" in names,
        len(numbered) or 1,
        pooled(model),
        any(name.endswith("_shift") for name in names),
    )


def pooled(model: keras.Model) -> bool:
    """Whether shortcuts average the pixels before they leave some out (ResNet-D)."""
    return any(re.fullmatch(r"conv\d+_\d+_pool", layer.name) for layer in model.layers)


def survival(model: keras.Model) -> float:
    """The probability with which the last block is kept in training; 1 without such a choice."""
    drops = [layer for layer in model.layers if isinstance(layer, StochasticDepth)]
    return drops[-1].survival if drops else 1.0


def name_of(name: str, form: Form | None = None) -> str | None:
    """What a layer of ours is called in PyTorch, None where it has no name there (VGG)."""
    form = form or Form()
    if name in ("fc", "post_bn", "fc_shift"):
        usual = {"fc": "fc", "fc_shift": "bias2"}
        return ({"fc": "head.fc", "post_bn": "norm"} if form.preactivation else usual).get(name)
    if m := _IN_THE_STEM.fullmatch(name):
        if (m[1] is None) != (form.stem == 1):  # VGG has conv1_1_conv as well
            return None
        return _in_the_stem(int(m[1] or 1), m[2], form, m[1] or "")
    if not (m := _IN_A_BLOCK.fullmatch(name)):
        return None
    stage, block, part = int(m[1]), int(m[2]), m[3]
    part = _in_a_block(part, form)
    if part is None or stage < 2:
        return None
    if form.preactivation:
        return f"stages.{stage - 2}.blocks.{block - 1}.{part}"
    return f"layer{stage - 1}.{block - 1}.{part}"


def _in_the_stem(number: int, kind: str, form: Form, written: str) -> str | None:
    if form.preactivation:
        return f"stem.{'conv' if kind == 'conv' else 'norm'}{written}"
    if kind == "shift":
        return "bias1" if form.stem == 1 else f"bias1.{number - 1}"
    if kind == "bn" and number == form.stem:
        return "bn1"
    return "conv1" if form.stem == 1 else f"conv1.{3 * (number - 1) + (kind == 'bn')}"


def _in_a_block(part: str, form: Form) -> str | None:
    if m := re.fullmatch(r"([123])_(conv|bn)", part):
        kind = "norm" if m[2] == "bn" and form.preactivation else m[2]
        return f"{kind}{m[1]}"
    if m := re.fullmatch(r"proj_(conv|bn)", part):
        if form.preactivation:
            return "downsample.conv"
        return f"downsample.{(m[1] == 'bn') + form.pooled}"
    if m := re.fullmatch(r"se_([12])", part):
        return f"se.fc{m[1]}"
    if part == "scale":
        return "scale" if form.fixup else "skipinit_gain"
    return _SHIFTS.get(part)


def array_of(layer: str, variable: keras.Variable) -> str:
    """The name of a variable's array, in a layer of this name in PyTorch."""
    return f"{layer}.{_VARIABLES[variable.name]}" if variable.name in _VARIABLES else layer


def shape_of(layer: keras.Layer, variable: keras.Variable, form: Form) -> tuple[int, ...]:
    """The shape that PyTorch has for a variable of ours."""
    shape = tuple(variable.shape[axis] for axis in _AXES[len(variable.shape)])
    pointwise = "_se_" in layer.name or (layer.name == "fc" and form.preactivation)
    if variable.name == "kernel" and pointwise:
        return (*shape, 1, 1)
    if variable.name == "gain":
        return (*shape, 1, 1, 1)
    return (1,) if shape == () and form.fixup else shape


def to_pytorch(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An array of ours with PyTorch's axes, as memory lies, of the shape from `shape_of`."""
    return np.ascontiguousarray(array.transpose(_AXES[array.ndim])).reshape(shape)


def to_ours(array: np.ndarray, variable: keras.Variable) -> np.ndarray:
    """An array of PyTorch's with the axes of our variable."""
    n = len(variable.shape)  # what PyTorch has more are axes of 1 at the end
    return array.reshape(array.shape[:n]).transpose(np.argsort(_AXES[n]))


def marks(model: keras.Model) -> dict[str, str]:
    """What decides the outputs and is in no array: words for the metadata of a file.

    `block`; for bottlenecks `bottleneck_stride`; `pooled_shortcut` and `survival` where the
    network has them.
    """
    found = {"block": naming.block(model)}
    if stride := naming.bottleneck_stride(naming.weighted(model)):
        found["bottleneck_stride"] = stride
    if pooled(model):
        found["pooled_shortcut"] = "true"
    if survival(model) < 1:
        found["survival"] = f"{survival(model):g}"
    return found

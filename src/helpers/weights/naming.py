"""What other libraries call our layers, and what a model's layers say about the network.

| here              | keras.applications   | torchvision, timm           |
|-------------------|----------------------|-----------------------------|
| conv1_conv        | conv1_conv           | conv1                       |
| conv3_1_2_conv    | conv3_block1_2_conv  | layer2.0.conv2              |
| conv3_1_2_bn      | conv3_block1_2_bn    | layer2.0.bn2                |
| conv3_1_proj_conv | conv3_block1_0_conv  | layer2.0.downsample.0       |
| conv3_1_proj_bn   | conv3_block1_0_bn    | layer2.0.downsample.1       |
| fc                | predictions          | fc                          |
| conv3_1_conv, fc6 | block3_conv1, fc1    | (VGG: has no blocks)        |

What PyTorch's libraries call the layers of later nets stands in `pytorch`. Two who published
nets for CIFAR-10 have torchvision's names but for these:

| torchvision         | a-martyn             | akamaster                   |
|---------------------|----------------------|-----------------------------|
| conv1, bn1, fc      | convIn, bnIn, fcOut  | conv1, bn1, linear          |
| layer1.0            | stack1.0             | layer1.0                    |
| layer2.0, layer2.1  | stack2a, stack2b.0   | layer2.0, layer2.1          |

Source: keras.applications.resnet and vgg16, torchvision.models.resnet, a-martyn/resnet and
akamaster/pytorch_resnet_cifar10 on GitHub. Book: chapters 4 and 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import keras

from helpers.specs import BOTTLENECK_STRIDES, BlockKind, BottleneckStride

_OURS = re.compile(
    r"conv1_(conv|bn|shift)|conv\d+_\d+_(([123]|proj)_)?(conv|bn)|post_bn|fc[67]?|fc_shift"
    r"|conv\d+_\d+_(se_[12]|scale|shift|[12]_shift_(in|out))"
)

# Every layer with weights of these models; the others of keras.applications have more.
_KERAS_RESNET = re.compile(r"conv1_(conv|bn)|conv[2-5]_block\d+_[0-3]_(conv|bn)|predictions")
_KERAS_VGG = re.compile(r"block[1-5]_conv[1-4]|fc[12]|predictions")
KERAS_MODELS = "ResNet50, ResNet101, ResNet152, VGG16 or VGG19"


def in_keras(name: str) -> str:
    """keras.applications' name for a layer of ours: `conv3_1_proj_bn` is `conv3_block1_0_bn`."""
    if name in ("fc", "fc6", "fc7"):
        return {"fc": "predictions", "fc6": "fc1", "fc7": "fc2"}[name]
    if vgg := re.fullmatch(r"conv(\d+)_(\d+)_conv", name):
        return f"block{vgg[1]}_conv{vgg[2]}"
    name = re.sub(r"^(conv\d+)_(\d+)_", r"\1_block\2_", name)
    return name.replace("_proj_", "_0_")


_A_MARTYN = (
    (re.compile(r"convIn\."), lambda _: "conv1."),
    (re.compile(r"bnIn\."), lambda _: "bn1."),
    (re.compile(r"fcOut\."), lambda _: "fc."),
    (re.compile(r"stack1\."), lambda _: "layer1."),
    (re.compile(r"stack(\d)a\."), lambda m: f"layer{m[1]}.0."),
    (re.compile(r"stack(\d)b\.(\d+)\."), lambda m: f"layer{m[1]}.{int(m[2]) + 1}."),
)
_AKAMASTER = ((re.compile(r"linear\."), lambda _: "fc."),)
# What stands first in a name of a network that nothing wraps.
_ROOT = re.compile(r"conv\w*|bn\w*|bias\d.*|fc\w*|linear|layer\d|stack\d\w?|stem|stages|norm|head")
_AVERAGES = "n_averaged"  # PyTorch's AveragedModel counts in it; no output depends on it


def in_torchvision(names: Iterable[str]) -> tuple[dict[str, str], str | None]:
    """{torchvision's name: the name in a file}, and whose the file's names are.

    "a-martyn" and "akamaster" are known by what they call the first convolution and the
    classifier; other names stay, and the second is None. What stands before every name, as
    PyTorch writes it for a net inside DataParallel (`module.`), torch.compile (`_orig_mod.`) or
    another module, is left out. Raises ValueError if two names of the file become one.
    """
    unwrapped = _unwrapped(names)
    owner, rules = None, ()
    if "convIn.weight" in unwrapped:
        owner, rules = "a-martyn", _A_MARTYN
    elif "linear.weight" in unwrapped:
        owner, rules = "akamaster", _AKAMASTER
    found = {}
    for short, name in unwrapped.items():
        translated = short
        for pattern, new in rules:
            if m := pattern.match(short):
                translated = new(m) + short[m.end() :]
                break
        if translated in found:
            raise ValueError(
                f"The names in the file are {owner}'s, and two of them mean {translated}: "
                f"{found[translated]} and {name}. Expected one name for each array."
            )
        found[translated] = name
    return found, owner


def _unwrapped(names: Iterable[str]) -> dict[str, str]:
    """{name: the name in the file}, without what all of them have in front.

    A ResNet's own names begin with several words, so a word before all of them is a wrapper's.
    """
    shorter = {name: name for name in names if name != _AVERAGES}
    while len(first := {name.partition(".")[0] for name in shorter}) == 1:
        rest = {short.partition(".")[2]: name for short, name in shorter.items()}
        if _ROOT.fullmatch(first.pop()) or not all("." in name for name in rest):
            break
        shorter = rest
    return shorter


def weighted(model: keras.Model) -> dict[str, keras.Layer]:
    """The layers with weights of a network made by `networks.build`, by name.

    Raises TypeError if it is not a Keras model, ValueError if it has other layers.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "`model` must be a network made by networks.build. "
            f"Received: model={model!r:.80} of type {type(model).__name__}"
        )
    found = {layer.name: layer for layer in model.layers if layer.weights}
    strange = [f"the layer {name!r}" for name in found if not _OURS.fullmatch(name)]
    if strange or not found:
        raise ValueError(
            "`model` must be a network made by networks.build. Received: a model named "
            f"{model.name!r} with {strange[0] if strange else 'no weights'}"
        )
    return found


def weighted_in_keras(source: keras.Model) -> dict[str, keras.Layer]:
    """The layers with weights of a model of keras.applications, by its names.

    Raises ValueError if it is none of those whose layers are ours.
    """
    found = {layer.name: layer for layer in source.layers if layer.weights}
    known = _KERAS_RESNET if "conv1_conv" in found else _KERAS_VGG
    strange = [f"the layer {name!r}" for name in found if not known.fullmatch(name)]
    if strange or not found:
        raise ValueError(
            f"`source` must be {KERAS_MODELS} of keras.applications. Received: a model named "
            f"{source.name!r} with {strange[0] if strange else 'no weights'}. Between two "
            "networks of the book: model.set_weights(other.get_weights())."
        )
    return found


def bottleneck_stride(layers: dict[str, keras.Layer]) -> BottleneckStride | None:
    """Which convolution of the bottleneck blocks has the stride, None if none of them has.

    `layers` by our names, as `weighted` returns them.
    """
    for name, layer in layers.items():
        m = re.fullmatch(r"(conv\d+_\d+)_([12])_conv", name)
        if m and f"{m[1]}_3_conv" in layers and max(layer.strides) > 1:
            return BOTTLENECK_STRIDES[int(m[2]) - 1]
    return None


def block(model: keras.Model) -> BlockKind:
    """The kind of a network's blocks as `specs` calls it: plain, basic, preactivation ..."""
    names = {layer.name for layer in model.layers}
    if not any(name.endswith("_add") for name in names):
        return "plain"
    bottleneck = any(name.endswith("_3_conv") for name in _in_blocks(names))
    if "post_relu" in names:
        return "preactivation-bottleneck" if bottleneck else "preactivation"
    return "bottleneck" if bottleneck else "basic"


def _in_blocks(names: Iterable[str]) -> list[str]:
    return [name for name in names if re.fullmatch(r"conv\d+_\d+_\d_conv", name)]

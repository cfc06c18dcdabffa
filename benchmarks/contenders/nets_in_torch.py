"""The nets in PyTorch, from the tests' oracles: written from the paper, without Keras."""

import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "oracles"))

import torch_cifar
import torch_resnet


def net(name: str, classes: int = 10):
    """A net of section 4.2, or of Table 1."""
    kind, depth = re.fullmatch(r"(plain|resnet)(\d+)", name).groups()
    depth = int(depth)
    if depth in torch_resnet.TABLE_1 and kind == "resnet":
        return torch_resnet.ResNet(depth, classes=classes)
    form = "plain" if kind == "plain" else "zeros behind"
    return torch_cifar.Net((16, 32, 64), (depth - 2) // 6, form, classes=classes)

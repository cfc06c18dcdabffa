"""An independent net of section 4.2 in PyTorch, with either form of option A.

Written from section 4.2 and Figure 5 of He et al. 2015; nothing here imports `helpers` or
Keras. Names are torchvision's; `renamed` has those of two repositories on GitHub.
"""

import re

from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inputs, filters, stride, bottleneck, form):
        super().__init__()
        plan = [(filters, 3, stride), (filters, 3, 1)]
        if bottleneck:
            plan = [(filters, 1, 1), (filters, 3, stride), (4 * filters, 1, 1)]
        channels, self.length, self.stride, self.form = inputs, len(plan), stride, form
        for i, (outputs, size, step) in enumerate(plan, start=1):
            conv = nn.Conv2d(channels, outputs, size, step, padding=size // 2, bias=False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(outputs))
            channels = outputs
        self.new = channels - inputs

    def forward(self, x):
        y = x
        for i in range(1, self.length + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = y if i == self.length else F.relu(y)
        if self.form != "plain":
            front = self.new // 2 if self.form == "both sides" else 0
            x = x[:, :, :: self.stride, :: self.stride]
            y = y + F.pad(x, (0, 0, 0, 0, front, self.new - front))
        return F.relu(y)


class Net(nn.Module):
    """(N, 3, H, W) -> the logits. `form`: plain, zeros behind, both sides."""

    def __init__(self, filters, repeats, form, bottleneck=False, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, filters[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters[0])
        channels = filters[0]
        for stage, f in enumerate(filters, start=1):
            blocks = []
            for i in range(repeats):
                stride = 2 if stage > 1 and i == 0 else 1
                blocks.append(Block(channels, f, stride, bottleneck, form))
                channels = f * (4 if bottleneck else 1)
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.stages = len(filters)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean(dim=(2, 3)))


def renamed(state, owner):
    """A state dict under the names that somebody else's code gives the same parts."""
    if owner == "a-martyn":
        rules = (
            (r"^conv1\.", "convIn."),
            (r"^bn1\.", "bnIn."),
            (r"^fc\.", "fcOut."),
            (r"^layer1\.", "stack1."),
            (r"^layer(\d)\.0\.", r"stack\1a."),
            (r"^layer(\d)\.(\d+)\.", lambda m: f"stack{m[1]}b.{int(m[2]) - 1}."),
        )
    else:
        rules = {"akamaster": ((r"^fc\.", "linear."),), "torchvision": ()}[owner]
    found = {}
    for name, tensor in state.items():
        for pattern, new in rules:
            if re.match(pattern, name):
                name = re.sub(pattern, new, name)
                break
        found[name] = tensor
    return found

"""An independent ResNet in PyTorch, with torchvision's names for its parts.

Written from Table 1 and Figure 5 of He et al. 2015; nothing here imports `helpers` or Keras.
The stride of a bottleneck block is on the 3x3, as torchvision and timm have it.
"""

import torch
from torch import nn

from he2015 import TABLE_1


class Block(nn.Module):
    """Two 3x3 convolutions, or 1x1, 3x3, 1x1 with four times the channels at the end."""

    def __init__(self, inputs, filters, stride, bottleneck):
        super().__init__()
        if bottleneck:
            plan = [(filters, 1, 1), (filters, 3, stride), (4 * filters, 1, 1)]
        else:
            plan = [(filters, 3, stride), (filters, 3, 1)]
        self.length = len(plan)
        channels = inputs
        for i, (outputs, size, step) in enumerate(plan, start=1):
            conv = nn.Conv2d(channels, outputs, size, step, padding=size // 2, bias=False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(outputs))
            channels = outputs
        self.downsample = None
        if stride > 1 or inputs != channels:
            projection = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(channels))

    def forward(self, x):
        fx = x
        for i in range(1, self.length + 1):
            fx = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(fx))
            fx = fx if i == self.length else torch.relu(fx)
        return torch.relu(fx + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """(N, 3, H, W) -> the logits and the outputs of the four stages."""

    def __init__(self, depth, classes=1000, filters=64):
        super().__init__()
        bottleneck, channels = depth >= 50, filters
        self.conv1 = nn.Conv2d(3, filters, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        for stage, repeats in enumerate(TABLE_1[depth], start=1):
            blocks = []
            for i in range(repeats):
                stride = 2 if stage > 1 and i == 0 else 1
                blocks.append(Block(channels, filters, stride, bottleneck))
                channels = filters * (4 if bottleneck else 1)
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            filters *= 2
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = nn.functional.max_pool2d(x, 3, 2, padding=1)
        stages = []
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
            stages.append(x)
        return self.fc(x.mean(dim=(2, 3))), stages


@torch.no_grad()
def randomise(net, seed=0):
    """Random weights and statistics, none at its neutral value, the logits of about one."""
    random = torch.Generator().manual_seed(seed)
    normal = lambda like: torch.randn(like.shape, generator=random)  # noqa: E731
    uniform = lambda like: 0.5 + torch.rand(like.shape, generator=random)  # noqa: E731
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            fan = module.weight[0].numel()
            module.weight.copy_(normal(module.weight) * (2 / fan) ** 0.5)
        elif isinstance(module, nn.Linear):
            module.weight.copy_(normal(module.weight) / module.in_features**0.5)
            module.bias.copy_(normal(module.bias))
        elif isinstance(module, nn.BatchNorm2d):
            last = name.endswith("bn3" if net.layer1[0].length == 3 else ".bn2")
            module.weight.copy_(uniform(module.weight) * (0.3 if last else 1.0))
            module.bias.copy_(normal(module.bias) * 0.3)
            module.running_mean.copy_(normal(module.running_mean) * 0.3)
            module.running_var.copy_(uniform(module.running_var))
            module.num_batches_tracked.fill_(1234)
    return net.eval()

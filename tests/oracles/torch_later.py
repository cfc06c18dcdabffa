"""Nets of after 2015 in PyTorch, with timm's names for their parts: ResNet-C and D, ResNeXt,
SE-ResNet, and pre-activation.

Written from the figures of He et al. 2019, Xie et al. 2017, Hu et al. 2018 and He et al. 2016;
nothing here imports `helpers` or Keras. Strides are on the 3x3.
"""

import torch
from torch import nn


def conv(inputs, outputs, size=1, stride=1, groups=1):
    how = {"padding": size // 2, "groups": groups, "bias": False}
    return nn.Conv2d(inputs, outputs, size, stride, **how)


def mean_of_four():
    """Of as many pixels as there are: at the border of an odd side two, or one."""
    return nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)


class Gate(nn.Module):
    def __init__(self, channels, squeeze):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // squeeze, 1)
        self.fc2 = nn.Conv2d(channels // squeeze, channels, 1)

    def forward(self, x):
        s = torch.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))
        return x * torch.sigmoid(self.fc2(s))


class Block(nn.Module):
    """1x1, 3x3, 1x1; then the ReLU behind the sum."""

    def __init__(self, inputs, filters, stride, *, groups, expansion, squeeze, pooled):
        super().__init__()
        outputs = expansion * filters
        self.conv1, self.bn1 = conv(inputs, filters), nn.BatchNorm2d(filters)
        self.conv2 = conv(filters, filters, 3, stride, groups)
        self.bn2 = nn.BatchNorm2d(filters)
        self.conv3, self.bn3 = conv(filters, outputs), nn.BatchNorm2d(outputs)
        self.se = Gate(outputs, squeeze) if squeeze else nn.Identity()
        self.downsample = None
        if stride > 1 or inputs != outputs:
            parts = [conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)]
            if pooled:
                pool = mean_of_four() if stride > 1 else nn.Identity()
                parts = [pool, conv(inputs, outputs), nn.BatchNorm2d(outputs)]
            self.downsample = nn.Sequential(*parts)

    def forward(self, x):
        fx = torch.relu(self.bn1(self.conv1(x)))
        fx = torch.relu(self.bn2(self.conv2(fx)))
        fx = self.se(self.bn3(self.conv3(fx)))
        return torch.relu(fx + (x if self.downsample is None else self.downsample(x)))


class Later(nn.Module):
    """(N, 3, H, W) -> the logits."""

    def __init__(
        self, stem, filters, repeats, classes, deep=False, pooled=False, groups=1, expansion=4,
        squeeze=0,
    ):  # fmt: skip
        super().__init__()
        self.conv1, self.bn1 = conv(3, stem, 7, 2), nn.BatchNorm2d(stem)
        if deep:
            half = stem // 2
            first = [conv(3, half, 3, 2), nn.BatchNorm2d(half), nn.ReLU()]
            second = [conv(half, half, 3), nn.BatchNorm2d(half), nn.ReLU()]
            self.conv1 = nn.Sequential(*first, *second, conv(half, stem, 3))
        how = {"groups": groups, "expansion": expansion, "squeeze": squeeze, "pooled": pooled}
        channels = stem
        for stage, blocks in enumerate(repeats, start=1):
            parts = []
            for i in range(blocks):
                parts.append(Block(channels, filters, 2 if stage > 1 and i == 0 else 1, **how))
                channels = expansion * filters
            self.add_module(f"layer{stage}", nn.Sequential(*parts))
            filters *= 2
        self.fc = nn.Linear(channels, classes)
        self.stages = len(repeats)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = nn.functional.max_pool2d(x, 3, 2, padding=1)
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean(dim=(2, 3)))


class PreBlock(nn.Module):
    """bn, relu and 1x1, 3x3, 1x1, each behind its own; a projection reads the first ReLU."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        outputs = 4 * filters
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Module()
            self.downsample.conv = conv(inputs, outputs, 1, stride)
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, filters)
        self.norm2, self.conv2 = nn.BatchNorm2d(filters), conv(filters, filters, 3, stride)
        self.norm3, self.conv3 = nn.BatchNorm2d(filters), conv(filters, outputs)

    def forward(self, x):
        first = torch.relu(self.norm1(x))
        carried = x if self.downsample is None else self.downsample.conv(first)
        fx = self.conv2(torch.relu(self.norm2(self.conv1(first))))
        return carried + self.conv3(torch.relu(self.norm3(fx)))


class Preactivated(nn.Module):
    """(N, 3, H, W) -> the logits. The stem's maps are pooled without a ReLU before."""

    def __init__(self, stem, filters, repeats, classes):
        super().__init__()
        self.stem, self.head = nn.Module(), nn.Module()
        self.stem.conv = conv(3, stem, 7, 2)
        channels, stages = stem, []
        for stage, blocks in enumerate(repeats):
            parts = []
            for i in range(blocks):
                parts.append(PreBlock(channels, filters, 2 if stage > 0 and i == 0 else 1))
                channels = 4 * filters
            stages.append(nn.Module())
            stages[-1].blocks = nn.Sequential(*parts)
            filters *= 2
        self.stages = nn.ModuleList(stages)
        self.norm = nn.BatchNorm2d(channels)
        self.head.fc = nn.Conv2d(channels, classes, 1)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.stem.conv(x), 3, 2, padding=1)
        for stage in self.stages:
            x = stage.blocks(x)
        x = torch.relu(self.norm(x)).mean(dim=(2, 3), keepdim=True)
        return self.head.fc(x).flatten(1)


@torch.no_grad()
def randomise(net, seed=0):
    """Random weights and statistics, none at its neutral value, the logits of about one."""
    random = torch.Generator().manual_seed(seed)
    normal = lambda like: torch.randn(like.shape, generator=random)  # noqa: E731
    uniform = lambda like: 0.5 + torch.rand(like.shape, generator=random)  # noqa: E731
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            gain = 1 if name.endswith("fc") else 2
            module.weight.copy_(normal(module.weight) * (gain / module.weight[0].numel()) ** 0.5)
            if module.bias is not None:
                module.bias.copy_(normal(module.bias))
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.copy_(uniform(module.weight) * (0.3 if name.endswith("bn3") else 1.0))
            module.bias.copy_(normal(module.bias) * 0.3)
            module.running_mean.copy_(normal(module.running_mean) * 0.3)
            module.running_var.copy_(uniform(module.running_var))
            module.num_batches_tracked.fill_(1234)
    return net.eval()

"""Seconds from a net in PyTorch to the end of its first step: torch_first_step.py NETWORK."""

import sys

import torch
from nets_in_torch import net
from torch.nn import functional as F

import serving


def work():
    model = net(sys.argv[1]).to(memory_format=torch.channels_last).train()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    images = torch.randn(128, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    F.cross_entropy(model(images), torch.randint(0, 10, (128,))).backward()
    sgd.step()


serving.serve(serving.seconds(work))

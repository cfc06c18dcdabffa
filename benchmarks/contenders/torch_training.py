"""Training steps of the same net in PyTorch, on one batch again and again.

torch_training.py NETWORK SIDE BATCH STEPS [--bfloat16] [--compiled]

Written as PyTorch's own guide to processors says: channels last, one loop, no data loader.
"""

import torch
from torch.nn import functional as F

import serving

options = serving.training_arguments(bfloat16="autocast", compiled="torch.compile")

from nets_in_torch import net  # noqa: E402

torch.manual_seed(0)
model = net(options.network).to(memory_format=torch.channels_last).train()
images = torch.randn(options.batch, 3, options.side, options.side)
images = images.contiguous(memory_format=torch.channels_last)
labels = torch.randint(0, 10, (options.batch,))
sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
forward = torch.compile(model) if options.compiled else model


def step():
    sgd.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
        logits = forward(images)
        logits = logits[0] if isinstance(logits, tuple) else logits  # the oracle shows its stages
    F.cross_entropy(logits.float(), labels).backward()
    sgd.step()


def work():
    for _ in range(options.steps):
        step()
    return options.steps * options.batch


serving.serve(serving.rate(work))

"""Seconds of a live cell of chapter 1: narrow plain-20 trained on *shapes*, and its errors.

live_cell.py ours|torch STEPS

Both get the same batches from the book's input; PyTorch's loop is a page of its tutorial.
"""

import sys

which, steps = sys.argv[1], int(sys.argv[2])
if which == "torch":
    import os

    os.environ["KERAS_BACKEND"] = "torch"  # the batches are arrays then

import helpers  # noqa: F401, I001, E402  before Keras: for TensorFlow's fast kernels


import numpy as np  # noqa: E402
import serving  # noqa: E402

from helpers import datasets, recipes, specs, training  # noqa: E402

data = datasets.reduce(datasets.load("shapes"))
recipe = recipes.QUICK.scaled(steps)


def ours():
    training.train(specs.narrowed(specs.get("plain20"), 8), data, recipe, seed=0, verbose=0)


def theirs():
    import torch
    from torch.nn import functional as F

    import torch_cifar

    model = torch_cifar.Net((8, 16, 32), 3, "plain", classes=data.num_classes)
    model = model.to(memory_format=torch.channels_last).train()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

    def logits(x):
        x = torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2)
        return model(x)

    made = datasets.training_batches(
        data, recipe.batch_size, seed=0, padding=recipe.padding, flip=recipe.flip
    )
    for i in range(steps):
        x, y = made[i]
        sgd.zero_grad()
        F.cross_entropy(logits(x), torch.from_numpy(y).long()).backward()
        sgd.step()
        if (i + 1) % datasets.steps_per_epoch(data, recipe.batch_size) == 0:
            measured(logits, "validation")
    for part in ("train", "validation", "test"):
        measured(logits, part)


def measured(logits, part):
    import torch

    with torch.no_grad():
        batches = datasets.batches(data, part, 500)
        parts = (batches[i] for i in range(batches.num_batches))
        return [(logits(x).argmax(1).numpy() != y).mean() for x, y in parts]


if which == "torch":
    import nets_in_torch  # noqa: F401  where the oracles lie
serving.serve(serving.seconds({"ours": ours, "torch": theirs}[which]))

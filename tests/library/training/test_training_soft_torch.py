"""training: the loss of smoothed labels is PyTorch's. Runs where that is: `make backends`."""

import numpy as np
import pytest
import torch

from helpers.datasets import mixing
from helpers.optimizer import SoftCrossEntropy

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_of_smoothed_labels_is_pytorch_s(smoothing):
    labels = np.array([0, 3, 1, 1])
    logits = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    theirs = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    expected = float(theirs(torch.tensor(logits), torch.tensor(labels)))
    rows = mixing.targets(labels, 4, smoothing)
    assert float(SoftCrossEntropy()(rows, logits)) == pytest.approx(expected, rel=1e-5)

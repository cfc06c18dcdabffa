"""What follows from records and from the paper's errors by statistics, for `claims/`."""

import functools
import itertools
import math
import re

import numpy as np

from helpers import paper, recipes, runs

NORMAL = 1.959964  # standard deviations of the two-sided 95 % interval
TAIL = 0.025  # the probability above it
SETTINGS = 10  # that the page supposes to be equally good
BATCH = 256  # of the exercise
TEN_EPOCHS = "he2015-cifar10-3510steps-mixed_bfloat16"


def reported(net=None):
    """The paper's entry of Table 6; all of them without a net."""
    return paper.TABLE_6 if net is None else paper.TABLE_6[net]


def full_epochs(images):
    """Epochs that the paper's iterations are with so many training images."""
    return recipes.HE2015_CIFAR10.steps * recipes.HE2015_CIFAR10.batch_size / images


def run_of(net, seed=0):
    """The recorded run of ten epochs on CIFAR-10 (JPEG)."""
    return runs.load(f"cifar10-{net}-{TEN_EPOCHS}-seed{seed}")


def of_seeds(net):
    """The test errors of the recorded seeds of a net on CIFAR-10 (JPEG), in per cent."""
    found = [n for n in runs.names() if re.fullmatch(rf"cifar10-{net}-{TEN_EPOCHS}-seed\d+", n)]
    return np.array([100 * runs.load(name).final["test"]["error"] for name in found])


def all_errors(net):
    """The training error as logged, and the final ones on three splits, in per cent."""
    run = run_of(net)
    finished = [run.final[split]["error"] for split in ("train", "validation", "test")]
    return [100 * e for e in (run.history["error"][-1], *finished)]


def picked():
    """What the best epoch by the test error gains over the last, in points, of every run."""
    gains = []
    for name in runs.names():
        if re.fullmatch(rf"cifar10-\w+-{TEN_EPOCHS}-seed\d+", name):
            test = runs.load(name).history["test_error"]
            gains.append(100 * (test[-1] - min(test)))
    return np.array(gains)


def steps_in_errors():
    """The steps of Table 6 in standard errors of the difference of two samples."""
    errors = [paper.TABLE_6[f"resnet{depth}"] for depth in (20, 32, 44, 56, 110)]
    steps = []
    for shallow, deep in itertools.pairwise(errors):
        a, b = (e / 100 for e in (shallow.error, deep.mean or deep.error))
        steps.append((a - b) / math.sqrt((a * (1 - a) + b * (1 - b)) / 10_000))
    return steps


@functools.cache
def best_of(draws, mean, spread):
    """The expected minimum of independent normal draws, by integrating P(all exceed z)."""
    z = np.linspace(-8, 8, 20_001)
    above = np.array([0.5 * math.erfc(x / math.sqrt(2)) for x in z]) ** draws
    # E[min] = integral over z > 0 of P(min > z), less that over z < 0 of P(min < z)
    step = z[1] - z[0]
    return mean + spread * step * (above[z > 0].sum() - (1 - above[z < 0]).sum())


def images_for(p, q):
    """Images, drawn apart for two nets, for their errors to differ by two standard errors."""
    return 4 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2

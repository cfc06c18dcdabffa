"""What follows from records and from the paper's errors by statistics, for `claims/`."""

import functools
import itertools
import math
import statistics

import numpy as np

from helpers import paper, recipes, runs, studies
from helpers.studies import repair

NORMAL = 1.959964  # standard deviations of the two-sided 95 % interval
TAIL = 0.025  # the probability above it
SETTINGS = 10  # that the page supposes to be equally good
BATCH = 256  # of the exercise


def reported(net=None):
    """The paper's entry of Table 6; all of them without a net."""
    return paper.TABLE_6 if net is None else paper.TABLE_6[net]


def full_epochs(images):
    """Epochs that the paper's iterations are with so many training images."""
    return recipes.HE2015_CIFAR10.steps * recipes.HE2015_CIFAR10.batch_size / images


@functools.cache
def _study():
    """The records of ten epochs on CIFAR-10 (JPEG) in bfloat16, by net and seed."""
    plans = [p for p in studies.load("cifar10").plans if p.precision == "mixed_bfloat16"]
    return {(plan.network, plan.seed): plan.record() for plan in plans}


def run_of(net, seed=0):
    """The recorded run of ten epochs on CIFAR-10 (JPEG)."""
    return runs.load(_study()[net, seed])


def of_seeds(net):
    """The test errors of the recorded seeds of a net on CIFAR-10 (JPEG), in per cent."""
    found = [run_of(*key) for key in _study() if key[0] == net]
    return np.array([100 * run.final["test"]["error"] for run in found])


def spread_of_seeds(net):
    """The standard deviation of these errors, in points."""
    return of_seeds(net).std(ddof=1)


def pairs_of_seeds(net):
    """How far apart each two of them are, in points."""
    return [abs(a - b) for a, b in itertools.combinations(of_seeds(net), 2)]


def all_errors(net):
    """The training error as logged, and the final ones on three splits, in per cent."""
    run = run_of(net)
    finished = [run.final[split]["error"] for split in ("train", "validation", "test")]
    return [100 * e for e in (run.history["error"][-1], *finished)]


def repaired(step, split="test", seed=0):
    """The final error of a step of "Repairing a notebook", in per cent."""
    return 100 * repair.recorded(step, seed=seed).final[split]["error"]


def late(step, seed=0):
    """The mean of the last three of the ten test errors of a step, in per cent."""
    return sum(_last_three(step, seed)) / 3


def _last_three(step, seed=0):
    history = repair.recorded(step, seed=seed).history
    errors = dict(
        zip(history["step"], history.get("test_error", history["validation_error"]), strict=True)
    )
    return [100 * errors[at] for at in (4680, 5265, 5850)]


def jump_of_steps():
    """How far apart a step's last three are, in points: the median before "recipe"."""
    return statistics.median([jump_of(step) for step in repair.STEPS if step != "recipe"])


def jump_of(step):
    """How far apart the last three test errors of a step are, in points."""
    return max(_last_three(step)) - min(_last_three(step))


def passing(mean=False):
    """The steps whose change of the test error is larger than luck: {step: points}."""
    read, limit = late if mean else repaired, largest_luck(mean)
    changes = {b: read(b) - read(a) for a, b in itertools.pairwise(repair.STEPS)}
    return {step: points for step, points in changes.items() if abs(points) > limit}


def largest_luck(mean=False):
    """The largest change that luck alone made of a step's test error, in points."""
    read = late if mean else repaired
    lucky = [abs(read("biases") - read("order")), *([] if mean else [jump_of_steps()])]
    for step in ("published", "recipe"):
        of_seeds = [read(step, seed=seed) for seed in range(3)]
        lucky.append(max(of_seeds) - min(of_seeds))
    return max(lucky)


def trained(design):
    """The parameters of a repaired net that are trained."""
    return sum(math.prod(w.shape) for w in repair.build(design).trainable_weights)


def as_it_stands():
    """The run of the published notebook in float32."""
    return repair.recorded("published", precision="float32")


def picked():
    """What the best epoch by the test error gains over the last, in points, of every run."""
    gains = []
    for key in _study():
        test = run_of(*key).history["test_error"]
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


def above_validation():
    """Test error minus validation error of the study's nets, seed 0, in points."""
    errors = [run_of(net).final for net, seed in _study() if seed == 0]
    return [100 * (e["test"]["error"] - e["validation"]["error"]) for e in errors]


def bits(dtype):
    """Bits of precision of a floating-point type."""
    import ml_dtypes

    return ml_dtypes.finfo(dtype).nmant + 1


def images_for(p, q):
    """Images, drawn apart for two nets, for their errors to differ by two standard errors."""
    return 4 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2


def fell(net, before, after):
    """By how many points the training error as logged fell between two epochs, from 1 on."""
    errors = run_of(net).history["error"]
    return 100 * (errors[before - 1] - errors[after - 1])


def cifar_steps():
    """Whole batches in an epoch of the recorded runs on CIFAR-10."""
    run = run_of("plain20")
    return run.data["images"]["train"] // run.recipe["batch_size"]


def lost_by_decay(momentum, steps=1_000):
    """Per cent that a weight loses by the paper's decay alone, through momentum or beside it."""
    recipe, weight, velocity = recipes.HE2015_CIFAR10, 1.0, 0.0
    for _ in range(steps):
        velocity = momentum * velocity - recipe.learning_rate * recipe.weight_decay * weight
        weight += velocity
    return 100 * (1 - weight)

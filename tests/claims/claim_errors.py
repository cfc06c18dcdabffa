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


@functools.cache
def _sweep():
    """The runs of the sweep by depth at 16x16, by net."""
    found = {}
    for run in studies.recorded(studies.load("depth"), size=16, learning_rate=None):
        found.setdefault(run.network, []).append(run)
    return found


SWEEP_DEPTHS = sorted({run.architecture.depth for of_net in _sweep().values() for run in of_net})


def sweep_error(net, split="train"):
    """The mean error of a net over the seeds of the sweep, in per cent."""
    return statistics.fmean(100 * run.final[split]["error"] for run in _sweep()[net])


def sweep_seeds():
    """How many seeds every net of the sweep has; raises if they are not equally many."""
    (count,) = {len({run.seed for run in of_net}) for of_net in _sweep().values()}
    return count


def sweep_run(net):
    """The first seed's run of a net in the sweep."""
    return _sweep()[net][0]


def lower_rate(rate, net="plain56", split="train"):
    """The errors of a net of the sweep at a lower rate, a number for each seed, in per cent."""
    found = studies.recorded(studies.load("depth"), partial=True, size=16, learning_rate=rate)
    return [100 * run.final[split]["error"] for run in found if run.network == net]


def rates_below(net="plain56"):
    """The lower rates at which the study has a net, as parts of the full one, high to low."""
    study = studies.load("depth")
    rates = {plan.learning_rate for plan in study.plans if plan.network == net} - {None}
    full = recipes.RECIPES[study.plans[0].recipe].learning_rate
    return sorted((round(rate / full, 2) for rate in rates), reverse=True)


def best_depth(kind):
    """The depth with the lowest mean training error, of "plain" or "resnet" nets."""
    return min(SWEEP_DEPTHS, key=lambda depth: sweep_error(f"{kind}{depth}"))


def falling_depths(kind, split, least=0.0):
    """From where and to where the mean error falls by more than `least` points at every step."""
    errors = [sweep_error(f"{kind}{depth}", split) for depth in SWEEP_DEPTHS]
    steps = itertools.pairwise(errors)
    count = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] - pair[1] > least, steps))
    return [SWEEP_DEPTHS[0], SWEEP_DEPTHS[count]]


def repaired(step, split="test", seed=0):
    """The final error of a step of "Repairing a notebook", in per cent."""
    return 100 * repair.recorded(step, seed=seed).final[split]["error"]


def anew(step, split="test", seed=1):
    """The same with the moving averages of batch normalization estimated anew."""
    return 100 * repair.recorded(step, seed=seed).extra["renewed"][split]["error"]


def read_with(read, step):
    """The seeds of a step with which an error was read: both; anew one or both."""
    extra = {seed: repair.recorded(step, seed=seed).extra for seed in (0, 1)}
    return [seed for seed in (0, 1) if read is not anew or "renewed" in extra[seed]]


def changes(read):
    """What each step changes of an error, in points, for each seed: {step: [points, ..]}."""
    return {
        after: [
            read(after, seed=seed) - read(before, seed=seed)
            for seed in read_with(read, after)
            if seed in read_with(read, before)
        ]
        for before, after in itertools.pairwise(repair.STEPS)
    }


def apart(read):
    """How far apart an error is with two seeds, in points: {step: points}."""
    both = [step for step in repair.STEPS if len(read_with(read, step)) == 2]
    return {step: abs(read(step, seed=0) - read(step, seed=1)) for step in both}


def largest_luck(read=anew):
    """The largest change that luck alone made of a step's error, in points."""
    return max(*apart(read).values(), *(abs(points) for points in changes(read)["biases"]))


def passing(read=anew):
    """The steps that change an error by more than luck, with every seed: {step: points}."""
    limit = largest_luck(read)
    return {
        step: sum(of) / len(of)
        for step, of in changes(read).items()
        if min(of) * max(of) > 0 and abs(sum(of) / len(of)) > limit
    }


def as_it_stands():
    """The run of the published notebook in float32."""
    return repair.recorded("published", precision="float32")


@functools.cache
def best_of(draws, mean, spread):
    """The expected minimum of independent normal draws, by integrating P(all exceed z)."""
    z = np.linspace(-8, 8, 20_001)
    above = np.array([0.5 * math.erfc(x / math.sqrt(2)) for x in z]) ** draws
    # E[min] = integral over z > 0 of P(min > z), less that over z < 0 of P(min < z)
    step = z[1] - z[0]
    return mean + spread * step * (above[z > 0].sum() - (1 - above[z < 0]).sum())


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

"""Odd batches to every measurement, and odd trainings: numbers that are finite, or the reason."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np

from helpers import inspection, runs, training
from helpers.datasets import Data, Split
from helpers.inspection import landscape
from torture import small
from torture.fault import Lost, Trial, fault
from torture.of_data import GROUP, REFUSED, SPLITS, WORKED
from torture.of_data import put as _put


@functools.cache
def trained() -> keras.Model:
    return training.train(small.SPEC, small.data(), small.RECIPE, seed=0, verbose=0).model


def _batch() -> tuple[np.ndarray, np.ndarray]:
    part, mean = small.data().test, small.data().mean
    return part.images.astype("float32") - mean, part.labels.copy()


MEASUREMENTS: dict[str, Callable[[keras.Model, np.ndarray, np.ndarray], object]] = {
    "activation_gradients": inspection.activation_gradients,
    "activation_maps": lambda m, x, _: inspection.activation_maps(m, x),
    "activation_sizes": lambda m, x, _: inspection.activation_sizes(m, x),
    "block_features": lambda m, x, _: inspection.block_features(m, x),
    "early_exits": inspection.early_exits,
    "errors_without": lambda m, x, y: inspection.errors_without(m, x, y, [["conv2_1"]]),
    "errors_reordered": lambda m, x, y: inspection.errors_reordered(
        m, x, y, [["conv2_1", "conv3_1"]]
    ),
    "gradient_norms": inspection.gradient_norms,
    "layer_responses": lambda m, x, _: inspection.layer_responses(m, x),
    "leading_eigenvalue": lambda m, x, y: landscape.leading_eigenvalue(m, x, y, iterations=1),
    "linear_probes": lambda m, x, y: inspection.linear_probes(m, x, y, *_batch()),
    "loss_along_gradient": lambda m, x, y: landscape.loss_along_gradient(m, x, y, [0.0, 0.1]),
    "residual_ratios": lambda m, x, _: inspection.residual_ratios(m, x),
}
OF_LABELS = tuple(
    name
    for name in MEASUREMENTS
    if name
    not in (
        "activation_maps",
        "activation_sizes",
        "block_features",
        "layer_responses",
        "residual_ratios",
    )
)
ODD_BATCHES: dict[str, tuple[Callable, str | None]] = {
    "NaN": (lambda x, y, c: (_put(x, np.nan, c), y), "finite numbers"),
    "infinity": (lambda x, y, c: (_put(x, np.inf, c), y), "finite numbers"),
    "float64": (lambda x, y, c: (x.astype("float64"), y), None),
    "no images": (lambda x, y, c: (x[:0], y[:0]), "at least one image"),
    "channels first": (
        lambda x, y, c: (x.transpose(0, 3, 1, 2), y),
        "images (N, 8, 8, 3)",
    ),
    "another size": (lambda x, y, c: (x[:, 1:], y), "images (N, 8, 8, 3)"),
    "labels too large": (lambda x, y, c: (x, _put(y, 4, c)), "integers in 0..3"),
    "labels below zero": (lambda x, y, c: (x, _put(y, -1, c)), "integers in 0..3"),
    "labels of float": (lambda x, y, c: (x, y + 0.5), "integers in 0..3"),
    "a label too few": (lambda x, y, c: (x, y[1:]), "one label each"),
}


@fault(
    "odd-measurements",
    group=GROUP,
    does="a batch with NaN, infinity, no images, other shapes, or labels that are no class, to "
    "every measurement of `inspection` that takes images",
    holds="it is refused with the reason; a batch that is one gives finite numbers",
    outcomes=(WORKED, REFUSED),
    few=40,
    many=1_300,
)
def odd_measurements(trial: Trial) -> None:
    cases = [
        (measure, odd)
        for odd in ODD_BATCHES
        for measure in MEASUREMENTS
        if "label" not in odd or measure in OF_LABELS
    ]
    trial.chance.shuffle(cases)
    for number in range(trial.times):
        measure, odd = cases[number % len(cases)]
        change, reason = ODD_BATCHES[odd]
        x, y = change(*_batch(), trial.chance)
        try:
            found = MEASUREMENTS[measure](trained(), x, y)
        except (ValueError, TypeError) as error:
            if reason is None or reason not in str(error):
                raise Lost(f"{measure}, {odd}: refused by {error!s:.400}") from error
            trial.came(REFUSED)
            continue
        except Exception as error:
            raise Lost(f"{measure}, {odd}: {type(error).__name__}: {error!s:.400}") from error
        if reason is not None:
            raise Lost(f"{measure} took {odd} and found {found!s:.200}")
        if "nan" in repr(found).lower().replace("nanmean", ""):
            raise Lost(f"{measure}, {odd}: {found!r:.300}")
        trial.came(WORKED)


# Each odd training: what is changed, and the words of the reason, none where it is none.
TRAININGS: dict[str, tuple[Callable[[Data], Data], dict[str, int], str | None]] = {
    "batches of one image": (lambda d: d, {"batch_size": 1}, None),
    "one batch of all": (lambda d: d, {"batch_size": 80}, None),
    "a batch larger than the data": (lambda d: d, {"batch_size": 81}, "at most the 80"),
    "one larger, and epochs of one's own": (
        lambda d: d,
        {"batch_size": 200, "steps_per_epoch": 3},
        "at most the 80",
    ),
    "one training image": (lambda d: _first(d, "train"), {"batch_size": 1}, None),
    "one validation image": (lambda d: _first(d, "validation"), {}, None),
    "one class": (
        lambda d: dataclasses.replace(
            d,
            class_names=("a",),
            **{s: Split(getattr(d, s).images, 0 * getattr(d, s).labels) for s in SPLITS},
        ),
        {},
        None,
    ),
    "labels of uint8": (
        lambda d: dataclasses.replace(
            d, train=Split(d.train.images, d.train.labels.astype("uint8"))
        ),
        {},
        None,
    ),
    "one channel": (
        lambda d: dataclasses.replace(
            d, **{s: Split(getattr(d, s).images[..., :1], getattr(d, s).labels) for s in SPLITS}
        ),
        {},
        None,
    ),
}


def _first(data: Data, split: str) -> Data:
    part = getattr(data, split)
    return dataclasses.replace(data, **{split: Split(part.images[:1], part.labels[:1])})


@fault(
    "odd-trainings",
    group=GROUP,
    does="trainings with batches of one image, or larger than the data, splits of one image, one "
    "class, other labels and channels",
    holds="the training ends with finite numbers and a record that reads back, or says before "
    "its first step why it cannot be",
    outcomes=(WORKED, REFUSED),
    few=3,
    many=45,
)
def odd_trainings(trial: Trial) -> None:
    names = list(TRAININGS)
    trial.chance.shuffle(names)
    for number in range(trial.times):
        name = names[number % len(names)]
        change, recipe, reason = TRAININGS[name]
        recipe = dataclasses.replace(small.RECIPE, steps=3, boundaries=(), **recipe)
        data, seed = change(small.data()), trial.chance.randrange(1000)
        spec = dataclasses.replace(small.SPEC, **data.build_arguments)
        try:
            with small.results(trial.folder):
                run = training.train(
                    spec, data, recipe, seed=seed, name=f"odd{number}", save=True, verbose=0
                )
                back = runs.load(run.name)
        except ValueError as error:
            if reason is None or reason not in str(error):
                raise Lost(f"{name}: refused by {error!s:.400}") from error
            trial.came(REFUSED)
            continue
        except Exception as error:
            raise Lost(f"{name}: {type(error).__name__}: {error!s:.400}") from error
        numbers = [*run.history["loss"], *(s["loss"] for s in back.final.values())]
        if reason is not None or not np.isfinite(numbers).all():
            raise Lost(f"{name}: came to {numbers}")
        trial.came(WORKED)

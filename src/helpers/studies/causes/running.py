"""Training with an intervention, and what is measured before the first step and after the last.

Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers import datasets, inspection, networks, recipes, runs, specs, training, weights
from helpers.datasets import Data
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.studies.causes.interventions import INTERVENTIONS, Intervention, get
from helpers.studies.causes.layers import Clip
from helpers.studies.causes.network import FILTERS, build, deepen

DATA, SIZE = "shapes", 16
STEPS = 900  # twice those of chapter 1's live cells: 56 layers are far from done after 450
WARMUP = 100  # of them: without a warm-up it is luck whether ResNet-56 gets off the ground
BATCH = 128
SOURCES = {what.deepened_from for what in INTERVENTIONS.values()} - {None}


def recipe(what: Intervention, steps: int = STEPS, warmup: int = WARMUP) -> Recipe:
    """The recipe of an intervention: `recipes.QUICK` over `steps`, changed where it says so.

    Over the first `warmup` of 900 steps the rate rises from a hundredth, and over as large a
    part of another length.
    """
    warmup = warmup * steps // STEPS
    how = recipes.QUICK.scaled(steps)
    if what.learning_rate is not None:
        how = how.at_learning_rate(what.learning_rate)
    return how.with_warmup(warmup) if warmup else how


def record(
    name: str, data: str = DATA, *, seed: int = 0, steps: int = STEPS, warmup: int = WARMUP
) -> str:
    """The name of a record, `shapes-causes-plain56-seed0`.

    Other `steps` than 900 stand in it, and another `warmup` than over 100 of them.
    """
    how = "" if steps == STEPS else f"-{steps}steps"
    how += "" if warmup == WARMUP else f"-warmup{warmup}"
    return f"{data}-causes-{name}{how}-seed{seed}"


def recorded(name: str, *, seed: int = 0, warmup: int = WARMUP) -> Run:
    """The book's recorded run of one of `INTERVENTIONS`.

    Raises FileNotFoundError where there is none.
    """
    return runs.load(record(name, seed=seed, warmup=warmup))


def train(
    intervention: str,
    data: Data,
    *,
    seed: int,
    steps: int = STEPS,
    warmup: int = WARMUP,
    **arguments: Any,
) -> Run:
    """Trains with one of `INTERVENTIONS` and records it under its `record` name.

    `data` are the images as the net sees them, of 16x16 pixels in the book's runs; over the
    first `warmup` of the `steps` the rate rises; `arguments` go to `training.train`. The run
    is saved unless `save=False` says otherwise, and of a net from which another starts the
    weights too, in half precision.

    The record's `extra` has three parts:

    - `intervention`: the fields of the `Intervention`;
    - `before`: of the untrained net, in training mode, on the first 128 training images as
      they are: `activation_gradients` and `activation_sizes` by block, stem first, and
      `kernel_gradients` by convolution, all as `inspection` measures them;
    - `after`: `train`, loss and error on the training images in training mode, in batches of
      128 with their own statistics. `Run.final` has them in inference mode, where a young
      net's moving averages may be off.

    Raises ValueError for an unknown name; FileNotFoundError where the net starts from
    another that is not trained yet; and what `training.train` raises.
    """
    what, how = get(intervention), {"steps": steps, "warmup": warmup}
    given = {"name": record(intervention, data.name, seed=seed, **how), **arguments}
    save = given.pop("save", True)
    if save:
        runs.check_free(given["name"])
    model = build(intervention, seed=seed, **data.build_arguments)
    if what.deepened_from:
        shallow = _trained(what.deepened_from, data, seed, how)
        deepen(model, shallow, data.train.images - data.mean)
    before = _before(model, data)
    callbacks = (Clip(what.clip_norm),) if what.clip_norm else ()

    def finish(run: Run) -> None:
        after = {"train": with_batch_statistics(model, data)}
        run.extra = {"intervention": runs.as_json(what), "before": before, "after": after}

    return training.train(
        model,
        data,
        recipe(what, **how),
        seed=seed,
        save=save,
        keep_weights=save and intervention in SOURCES,
        callbacks=callbacks,
        finish=finish,
        **given,
    )


def with_batch_statistics(model: keras.Model, data: Data, batch_size: int = BATCH) -> dict:
    """`loss` and `error` on the training images in training mode, not augmented.

    Each batch is normalized by its own statistics, as while the net was trained. The model is
    left as it was.
    """
    before, y = model.get_weights(), data.train.labels
    batches = datasets.batches(data, "train", batch_size)
    p = _InTrainingMode(model).predict(batches, verbose=0).astype("float64")
    model.set_weights(before)
    wrong = (p.argmax(axis=1) != y).mean()
    loss = -np.log(np.maximum(p[np.arange(len(y)), y], 1e-7)).mean()  # Keras' bound
    return {"error": float(wrong), "loss": float(loss)}


class _InTrainingMode(keras.Model):
    """A model that is in training mode whatever is asked of it; for `predict`, in a graph."""

    def __init__(self, model):
        super().__init__(name="in_training_mode")
        self.model = model

    def call(self, x):
        return self.model(x, training=True)


def growth(run: Run, of: str = "activation_gradients") -> float | None:
    """How many times larger the gradient is near the input than near the output, untrained.

    In x: at the output of the stem, over that at the output of the last block, as in chapters
    2, 8 and 9. With "kernel_gradients" at the first convolution over that at the last; None
    where the latter is 0, behind a gamma or an alpha of 0. Measured before training, see `train`.
    """
    first, *_, last = run.extra["before"][of]
    return first / last if last else None


def _before(model, data):
    """What is measured of the untrained net, to six digits."""
    x, y = data.train.images[:BATCH] - data.mean, data.train.labels[:BATCH]
    found = {
        "activation_gradients": inspection.activation_gradients(model, x, y),
        "activation_sizes": inspection.activation_sizes(model, x),
        "kernel_gradients": inspection.gradient_norms(model, x, y),
    }
    return {key: [float(f"{v:.6g}") for v in values.values()] for key, values in found.items()}


def _weights(name: str) -> Path:
    return runs.directory() / "weights" / f"{name}.safetensors"


def _trained(network: str, data: Data, seed: int, how: dict[str, int]) -> keras.Model:
    """The trained net that another starts from, of the same seed, steps and warm-up."""
    name = record(network, data.name, seed=seed, **how)
    if not (path := _weights(name)).is_file():
        raise FileNotFoundError(
            f"Expected the trained weights {path}. Train them first: "
            f"python -m helpers train causes/{network} --seed {seed}"
        )
    spec = specs.narrowed(specs.resolve(network, **data.build_arguments), FILTERS)
    shallow = networks.build(spec)
    weights.load(shallow, path)
    return shallow

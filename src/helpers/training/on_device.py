"""Training with everything on the accelerator: an epoch is one call of it.

A net for CIFAR-10 is small, and a GPU that is handed one batch after the other waits for
Python most of the time. Here all images lie on the device, as they are, and it takes an
epoch's order and crops as a few arrays of whole numbers. JAX alone, on one device.

What is computed is what `training.train` computes on JAX: the same images in the same order,
the same crops, the same steps. In float32 the losses differ by rounding alone.

Source: He et al. 2015, section 4.2. Book: chapter 5.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import time
from collections.abc import Callable

import keras
import numpy as np

from helpers import datasets, runs
from helpers.datasets import Data, mixing, sampling
from helpers.optimizer import error as errors_of
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.specs import Network
from helpers.support import expect
from helpers.training import loop, processes, state_files
from helpers.training.callbacks import GROUPS, Lines, Record, check_finite, variables
from helpers.training.epoch_orders import orders

_MEASURED_AT_ONCE = 1_000
_ALMOST = 1.25  # epochs of time that must be left before another one begins


def train(
    network: str | Network,
    data: str | Data,
    recipe: Recipe,
    *,
    seed: int,
    name: str | None = None,
    checkpoints: str | os.PathLike | None = None,
    follow_test: bool = False,
    save: bool = False,
    keep_weights: bool = False,
    verbose: int = 2,
    minutes: float | None = None,
    command: str | None = None,
    finish: Callable[[Run], None] | None = None,
) -> Run:
    """Trains a network as `training.train` does, without leaving the device.

    Arguments are those of `training.train`, except:

    - `data`: images in memory;
    - `checkpoints`: a folder; after each epoch the state is written there, whole or not at
      all, as one file NAME.state.safetensors. The next call goes on from it, exactly, on this
      machine or another. It is removed at the end;
    - `minutes`: after so long the training ends between two epochs, with its state written;
      the `final` of the run that is returned is then empty, and no record is made;
    - `verbose`: 0 is silence, else a short line per epoch.

    Raises ValueError on another backend, on several devices, without `checkpoints` where there
    are `minutes`, TypeError for photographs, and what `training.train` raises.
    """
    end = math.inf if minutes is None else time.monotonic() + 60 * minutes
    data = datasets.load(data) if isinstance(data, str) else data
    _check(data, minutes, checkpoints)
    import jax

    with jax.default_device(_processor()):  # a few hundred small calls, compiled in no time
        data, run = loop.prepared(network, data, recipe, seed=seed, name=name, command=command)
        model = run.model
        model.optimizer.build(model.trainable_variables)
    run.hardware["on_device"] = True
    whole = datasets.steps_per_epoch(data, recipe.batch_size)  # raises for too large a batch
    with runs.alone(run.name, save=save, checkpoints=checkpoints):
        steps = recipe.steps_per_epoch or whole
        epochs = math.ceil(recipe.steps / steps)
        file = state_files.path(checkpoints, run.name) if checkpoints else None
        plan = _plan(run, data)
        state = jax.device_put(_restored(run, file, plan) or _values(model))

        images = jax.device_put((data.train.images, data.train.labels.astype("int32"), data.mean))
        measure, order = _measuring(model, data), orders(data, recipe, seed, steps)
        one_epoch = _epoch(model, recipe)
        found: dict[str, dict] = {}
        followed = ("validation", "test") if follow_test else ("validation",)
        history = Record(run, recipe, steps, found.__getitem__, followed)
        lines, last = Lines(run, epochs), 0.0
        for epoch in range(_done(run), epochs):
            start = time.monotonic()
            if start + _ALMOST * last > end:
                break
            history.on_epoch_begin(epoch)
            state, losses, errors = one_epoch(state, *images, *order(epoch))
            measured = {split: measure(state, split) for split in followed}
            order(epoch + 1)  # drawn while the device computes
            taken = min(steps, recipe.steps - epoch * steps)
            losses, errors = np.asarray(losses)[:taken], np.asarray(errors)[:taken]
            if not np.isfinite(losses).all():
                bad = int(np.argmin(np.isfinite(losses)))
                check_finite(losses[bad], model, f"at step {epoch * steps + bad + 1}")
            found.update({split: _mean(sums, data, split) for split, sums in measured.items()})
            for split in followed:
                check_finite(found[split]["loss"], model, f"on the {split} images")
            logs = {"loss": losses.mean(dtype="float64"), "error": errors.mean(dtype="float64")}
            history.on_epoch_end(epoch, logs)
            if file:
                record = {"plan": plan, "epochs": epochs, **run.so_far()}
                state_files.write(file, jax.device_get(state), record)
            if verbose:
                lines.on_epoch_end(epoch)
            last = time.monotonic() - start
        if _done(run) < epochs:
            return run
        run.final = {split: _mean(measure(state, split), data, split) for split in data.splits}
        for group, of_group in zip(GROUPS, variables(model), strict=True):
            for variable, value in zip(of_group, state[group], strict=True):
                variable.assign(value)
        if finish:
            finish(run)
        if save:
            loop.keep(run, keep_weights=keep_weights)
        if file:
            file.unlink(missing_ok=True)
        return run


def _check(data, minutes, checkpoints):
    if keras.backend.backend() != "jax":
        raise ValueError(
            "Training on the device needs JAX: set KERAS_BACKEND=jax, or train without "
            "`on_device` (--on-device), on any backend. "
            f"Received: {keras.backend.backend()}"
        )
    if processes.team() != processes.Team():
        raise ValueError("Training on the device uses one device of one process.")
    if minutes is not None and not checkpoints:
        raise ValueError("With `minutes` give a folder of `checkpoints`, or nothing will be left.")
    if minutes is not None:
        expect.number("minutes", minutes, above=0)
    if not isinstance(data, Data):
        raise TypeError(
            "`data` must hold its images in memory, as shapes and cifar10 do. "
            f"Received: {getattr(data, 'description', type(data).__name__)}"
        )


def _done(run):
    return len(run.history.get("error", ()))


def _processor():
    """JAX' device for what is done once, or None where it has accelerators alone."""
    import jax

    with contextlib.suppress(RuntimeError):
        return jax.local_devices(backend="cpu")[0]


def _values(model) -> dict[str, list]:
    return {
        group: [np.asarray(v.value) for v in of_group]
        for group, of_group in zip(GROUPS, variables(model), strict=True)
    }


def _plan(run: Run, data: Data) -> str:
    """By which a state knows its training again: all but the machine."""
    facts = [run.spec, run.parameters, run.recipe, run.seed, run.data, data.fingerprint]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _restored(run: Run, file, plan: str) -> dict[str, list] | None:
    """The numbers that an interrupted training left; the run gets its history."""
    if file is None or not file.exists():
        return None
    groups, record = state_files.read(file)
    shapes = {group: [v.shape for v in list_] for group, list_ in groups.items()}
    mine = zip(GROUPS, variables(run.model), strict=True)
    expected = {group: [tuple(v.shape) for v in list_] for group, list_ in mine}
    if record.get("plan") != plan or shapes != expected:
        raise ValueError(
            f"{file} holds an interrupted training with another spec, recipe or seed, or other "
            "images, or of an earlier version of the book. Finish that one, remove the file, or "
            "give this run another `name`."
        )
    run.go_on(record)
    return groups


def _epoch(model: keras.Model, recipe: Recipe) -> Callable:
    """A compiled function: (state, images, labels, mean, *order) -> state, losses, errors.

    The old state is given up. Losses and errors are those of each step.
    """
    import jax
    from jax import numpy as jnp

    def loss(trainable, others, x, y):
        predicted, others = model.stateless_call(trainable, others, x, training=True)
        return model.loss(y, predicted), (others, jnp.mean(errors_of(y, predicted)))

    def epoch(state, images, labels, mean, *order):
        def step(state, now):
            indices, rows, columns, mirrored, taken, *pair = now
            x = images[indices].astype("float32") - mean
            x = sampling.crops(x, rows, columns, mirrored, padding=recipe.padding, xp=jnp)
            y = labels[indices]
            if recipe.soft_targets:
                y = mixing.targets(y, model.output_shape[-1], recipe.label_smoothing, jnp)
            if pair:
                x, y = mixing.mixed(x, *pair), mixing.mixed(y, *pair)
            (value, (others, wrong)), gradients = jax.value_and_grad(loss, has_aux=True)(
                state["trainable"], state["others"], x, y
            )
            trainable, optimizer = model.optimizer.stateless_apply(
                state["optimizer"], gradients, state["trainable"]
            )
            new = dict(zip(GROUPS, (trainable, others, optimizer), strict=True))
            state = jax.tree.map(lambda a, b: jnp.where(taken, a, b), new, state)
            return state, (value, wrong)

        state, (losses, errors) = jax.lax.scan(step, state, order)
        return state, losses, errors

    return jax.jit(epoch, donate_argnums=0)


def _measuring(model: keras.Model, data: Data) -> Callable[[dict, str], list]:
    """A function (state, split) -> sums of loss and error, a pair for each part of the split.

    Parts are of one size, so one function is compiled; the last is filled up with images
    that do not count. The sums are on the device still.
    """
    import jax
    from jax import numpy as jnp

    size = min(_MEASURED_AT_ONCE, max(len(getattr(data, split)) for split in data.splits))
    mean = jax.device_put(data.mean)

    @functools.cache
    def parts(split: str) -> list[tuple]:
        images, labels = getattr(data, split).images, getattr(data, split).labels
        places = np.arange(-(-len(labels) // size) * size).reshape(-1, size)
        counted, places = places < len(labels), np.minimum(places, len(labels) - 1)
        return [
            jax.device_put((images[p], labels[p].astype("int32"), c.astype("float32")))
            for p, c in zip(places, counted, strict=True)
        ]

    @jax.jit
    def sums(trainable, others, mean, images, labels, counted):
        x = images.astype("float32") - mean
        predicted, _ = model.stateless_call(trainable, others, x, training=False)
        loss = model.loss(labels, predicted, sample_weight=counted) * size
        return loss, jnp.sum(errors_of(labels, predicted) * counted)

    return lambda state, split: [
        sums(state["trainable"], state["others"], mean, *part) for part in parts(split)
    ]


def _mean(sums: list, data: Data, split: str) -> dict[str, float]:
    """Loss and error of a split, from the sums over its parts."""
    loss, wrong = np.asarray(sums, "float64").sum(axis=0) / len(getattr(data, split))
    return {"loss": float(loss), "error": float(wrong)}

"""Training a network by a recipe, with a record of it.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from functools import partial

import keras

from helpers import datasets, expect, networks, runs, specs, weights
from helpers.datasets import DataSet, mixing
from helpers.datasets.photos import damage_named
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.specs import Network
from helpers.training import processes
from helpers.training.callbacks import (
    Checkpoint,
    Lines,
    Record,
    StopAt,
    check_finite,
)
from helpers.training.optimizer import build_optimizer, compile_model


def train(
    network: str | Network | keras.Model,
    data: str | DataSet,
    recipe: Recipe,
    *,
    seed: int,
    name: str | None = None,
    checkpoints: str | os.PathLike | None = None,
    tensorboard: str | os.PathLike | None = None,
    follow_test: bool = False,
    save: bool = False,
    keep_weights: bool = False,
    verbose: int = 1,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    command: str | None = None,
) -> Run:
    """Trains a network on the training images and measures it on all splits.

    - `network`: a name, a spec, or a model of your own that takes the images
      and returns one row of logits or probabilities per image;
    - `data`: photographs are cut as the recipe's `view` says, if it has one;
    - `seed`: of the weights, the order of the images and the augmentation;
    - `name`: of the record; by default from data, network, recipe and seed;
    - `checkpoints`: a folder; after each epoch the state is written there, and
      a training that was interrupted goes on from it. It is emptied at the end;
    - `tensorboard`: a folder for TensorBoard's logs;
    - `follow_test`: measure the test images too after each epoch. That is for a
      curve to look at, and never to choose anything by;
    - `save`: write the record to `runs.directory()`; without it the run is
      only returned, as a notebook's live cells want it;
    - `keep_weights`: with `save`, the trained weights go into the folder `weights` of the
      records, as NAME.safetensors in half precision (`weights.save`);
    - `verbose`: 1 is Keras' progress bar, 2 a short line per epoch, 0 silence.

    After `processes.start` all its devices train together: each process reads its share
    of every batch, and process 0 alone prints, records and writes checkpoints.

    Sets Keras' global seed. Raises `DivergedError` if the loss becomes infinite
    or NaN, `photos.DamagedError` naming a photograph that cannot be decoded, ValueError
    or TypeError for what does not fit together.

    Source: He et al. 2015, section 4.2. Book: chapters 1, 5 and 7.
    """
    if isinstance(network, keras.Model) and checkpoints and not name:
        raise ValueError(
            "`checkpoints` with a model of your own needs a `name`: Keras names models by "
            "counting them, so an interrupted training would not be found again."
        )
    data, run = prepared(network, data, recipe, seed=seed, name=name, command=command)
    model, team = run.model, processes.team()
    if save and team.first:
        runs.check_free(run.name)

    steps = recipe.steps_per_epoch or datasets.steps_per_epoch(data, recipe.batch_size)
    followed = ("validation", "test") if follow_test else ("validation",)
    watchers = [
        StopAt(recipe.steps, steps),
        Record(run, recipe, steps, partial(evaluate, model, data), followed),
    ]
    if checkpoints:
        checkpoint = Checkpoint(checkpoints, run, data)
        checkpoint.restore()
        watchers.append(checkpoint)
    if tensorboard and team.first:
        watchers.append(_tensorboard(tensorboard))
    first, epochs = len(run.history.get("error", ())), math.ceil(recipe.steps / steps)
    if verbose == 2 and team.first:
        watchers.append(Lines(run, epochs))
    if first < epochs:
        batches = datasets.training_batches(
            data,
            recipe.batch_size,
            seed=seed,
            first_step=first * steps,
            padding=recipe.padding,
            flip=recipe.flip,
            shuffle=recipe.shuffle,
            shard=team.shard,
        )
        if recipe.soft_targets:
            batches = mixing.soft(
                batches,
                data.num_classes,
                recipe.batch_size,
                seed=seed,
                first_step=first * steps,
                smoothing=recipe.label_smoothing,
                mixup=recipe.mixup,
            )
        build_optimizer(model)
        with damage_named():
            model.fit(
                batches,
                epochs=epochs,
                initial_epoch=first,
                steps_per_epoch=steps,
                callbacks=[*watchers, *callbacks],
                shuffle=False,  # the batches are shuffled already
                verbose=int(verbose == 1 and team.first),
            )
    run.final = {split: evaluate(model, data, split) for split in data.splits}
    if save and team.first:
        keep(run, keep_weights=keep_weights)
    if checkpoints:
        checkpoint.remove()
    return run


def prepared(
    network: str | Network | keras.Model,
    data: str | DataSet,
    recipe: Recipe,
    *,
    seed: int,
    name: str | None = None,
    command: str | None = None,
) -> tuple[DataSet, Run]:
    """What a training begins with: the images as the recipe sees them, and an empty record
    whose `model` is the network, compiled. Arguments and errors are those of `train`."""
    runs.check_backend()
    data = datasets.load(data) if isinstance(data, str) else data
    _check(data, recipe, seed)
    data = _seen(data, recipe)
    processes.team().check(recipe.batch_size)
    if recipe.mixup and processes.team().processes > 1:
        raise ValueError(
            f"`mixup` pairs the images of a whole batch, and each of {processes.team().processes} "
            f"processes has its share alone: train in one. Received: mixup={recipe.mixup}"
        )
    keras.utils.set_random_seed(seed)
    spec, model = None, network
    if not isinstance(network, keras.Model):
        spec = specs.resolve(network, **data.build_arguments)
        with precision_scope(recipe.precision):
            model = networks.build(spec)
    _check_model(model, data, recipe)
    compile_model(model, recipe)
    return data, _new_run(model, spec, data, recipe, seed, name, command)


def keep(run: Run, *, keep_weights: bool) -> None:
    """Writes the record of a finished training, and before it the weights if they are kept:
    what is recorded is not trained again."""
    if keep_weights:
        path = runs.directory() / "weights" / f"{run.name}.safetensors"
        path.unlink(missing_ok=True)  # of a training that was stopped right here
        weights.save(run.model, path, dtype="float16")
    runs.save(run)


def evaluate(model: keras.Model, data: DataSet, split: str, batch_size: int = 250) -> dict:
    """`loss` and `error` of a split in inference mode, single view.

    Raises ValueError for a model that is not compiled, `DivergedError` if the
    loss is no finite number, `photos.DamagedError` for a photograph that cannot be decoded.
    """
    if not model.compiled:
        raise ValueError("Expected a compiled model: training.compile_model(model, recipe).")
    n, result = datasets.size(data, split), {}
    for images, chosen, size in processes.team().parts(n, batch_size):
        batches = datasets.batches(data, split, size, chosen=chosen)
        with damage_named():
            means = model.evaluate(batches, return_dict=True, verbose=0)
        for key, mean in means.items():
            result[key] = result.get(key, 0.0) + images / n * mean
    check_finite(result["loss"], model, f"on the {split} images")
    return result


@contextlib.contextmanager
def precision_scope(policy: str) -> Iterator[None]:
    """Keras' dtype policy for the layers that are made inside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _tensorboard(folder):
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "`tensorboard=` writes logs for TensorBoard, which is not installed: "
            "pip install tensorboard, or leave the argument out."
        ) from error
    return keras.callbacks.TensorBoard(folder, write_graph=False)


def _new_run(model, spec, data, recipe, seed, name, command):
    sizes = {split: len(getattr(data, split)) for split in data.splits}
    return Run(
        name=name or f"{data.name}-{model.name}-{recipe.name}-seed{seed}",
        network=model.name,
        spec=runs.as_json(spec),
        recipe=runs.as_json(recipe),
        seed=seed,
        data={"name": data.name, "description": data.description, "images": sizes},
        parameters=sum(math.prod(w.shape) for w in model.trainable_weights),
        history={},
        final={},
        seconds=0.0,
        interruptions=0,
        command=command,
        versions=runs.versions(),
        hardware=runs.hardware() | processes.team().record,
        model=model,
    )


def _check(data, recipe, seed):
    for value, kind, key in ((data, DataSet, "data"), (recipe, Recipe, "recipe")):
        if not isinstance(value, kind):
            name = f"{kind.__module__.split('.')[1]}.{kind.__name__}"
            raise TypeError(f"`{key}` must be a {name}. Received: {type(value).__name__}")
    expect.integer("seed", seed, least=0, most=2**32 - 1)


def _seen(data, recipe):
    """The data as the recipe wants it to be seen."""
    if recipe.view is None:
        return data
    try:
        return data.seen_as(recipe.view)
    except ValueError as error:
        raise ValueError(f"The recipe {recipe.name} does not fit the images: {error}") from error


def _check_model(model, data, recipe):
    expected = (None, *data.image_shape), (None, data.num_classes)
    came = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if came != expected:
        raise ValueError(
            f"{model.name} does not fit {data.description}: expected a model that is built, "
            f"from {expected[0]} to {expected[1]}. Received: from {came[0]} to {came[1]}. "
            "A Sequential model wants keras.Input as its first element."
        )
    _check_precision(model, recipe)


# What the layers of a network compute in under each policy, and hold their variables in. The
# last layer of a mixed one computes in full precision.
_COMPUTES_IN = {"float32": {"float32"}, "mixed_bfloat16": {"bfloat16", "float32"}}


def _check_precision(model, recipe):
    policies = [layer.dtype_policy for layer in _layers(model) if layer.weights]
    computed = {policy.compute_dtype for policy in policies}
    held = {policy.variable_dtype for policy in policies}
    expected = _COMPUTES_IN[recipe.precision]
    mixed = recipe.precision != "float32"
    if computed <= expected and held == {"float32"} and ("bfloat16" in computed) == mixed:
        return
    raise ValueError(
        f"{model.name} computes in {' and '.join(sorted(computed))} and holds its variables in "
        f"{' and '.join(sorted(held))}; the recipe says {recipe.precision!r}, and a record would "
        f"say so, too. Build the model under keras.config.set_dtype_policy({recipe.precision!r}), "
        "or take Recipe.in_precision."
    )


def _layers(model):
    """The layers of a model and of the models inside it."""
    for layer in model.layers:
        yield from _layers(layer) if isinstance(layer, keras.Model) else [layer]

"""Training a network by a recipe, with a record of it.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from functools import partial

import keras

from helpers import datasets, networks, runs, specs, weights
from helpers.datasets import DataSet, mixing
from helpers.datasets.photos import damage_named
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.specs import Network
from helpers.training import fitting, processes
from helpers.training.callbacks import (
    Checkpoint,
    Lines,
    Record,
    StopAt,
    check_finite,
)
from helpers.training.compiling import build_optimizer, compile_model


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
    finish: Callable[[Run], None] | None = None,
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
    - `verbose`: 1 is Keras' progress bar, 2 a short line per epoch, 0 silence;
    - `finish`: called with the run before it is recorded and its checkpoint is removed. What
      it adds to the record, or keeps beside it, is never missing: a process that is killed
      there goes on from the last epoch.

    A process that is killed leaves whole files, and the same call goes on after its last
    whole epoch. A second process that trains the same record, or has its checkpoints in the
    same folder under the same name, is refused.

    After `processes.start` all its devices train together: each process reads its share
    of every batch, and process 0 alone prints, records and writes checkpoints.

    Sets Keras' global seed. Raises `DivergedError` if the loss becomes infinite
    or NaN, `locks.LockedError` while another process is at the same training,
    `photos.DamagedError` naming a photograph that cannot be decoded, ValueError
    or TypeError for what does not fit together.

    Source: He et al. 2015, section 4.2. Book: chapters 1, 5 and 7.
    """
    if isinstance(network, keras.Model) and checkpoints and not name:
        raise ValueError(
            "`checkpoints` with a model of your own needs a `name`: Keras names models by "
            "counting them, so an interrupted training would not be found again."
        )
    data, run = prepared(network, data, recipe, seed=seed, name=name, command=command)
    if not processes.team().first:
        alone = contextlib.nullcontext()
    else:
        alone = runs.alone(run.name, save=save, checkpoints=checkpoints)
    with alone:
        checkpoint = Checkpoint(checkpoints, run, data) if checkpoints else None
        if checkpoint:
            checkpoint.restore()
        watchers = [checkpoint] if checkpoint else []
        if tensorboard and processes.team().first:
            watchers.append(_tensorboard(tensorboard))
        followed = ("validation", "test") if follow_test else ("validation",)
        _fit(run, data, recipe, followed, watchers, callbacks, verbose)
        run.final = {split: evaluate(run.model, data, split) for split in data.splits}
        if finish:
            finish(run)
        if save and processes.team().first:
            keep(run, keep_weights=keep_weights)
        if checkpoint:
            checkpoint.remove()
    return run


def _fit(run, data, recipe, followed, watchers, callbacks, verbose):
    """Trains from where the run is to its end; `watchers` see each epoch when it is recorded."""
    model, team = run.model, processes.team()
    steps = recipe.steps_per_epoch or datasets.steps_per_epoch(data, recipe.batch_size)
    measure = partial(evaluate, model, data)
    own = [StopAt(recipe.steps, steps), Record(run, recipe, steps, measure, followed)]
    first, epochs = len(run.history.get("error", ())), math.ceil(recipe.steps / steps)
    if first >= epochs:
        return
    lines = [Lines(run, epochs)] if verbose == 2 and team.first else []
    batches = datasets.training_batches(
        data,
        recipe.batch_size,
        seed=run.seed,
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
            seed=run.seed,
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
            callbacks=[*own, *watchers, *lines, *callbacks],
            shuffle=False,  # the batches are shuffled already
            verbose=int(verbose == 1 and team.first),
        )


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
    fitting.check(data, recipe, seed)
    data = fitting.seen(data, recipe)
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
    fitting.check_model(model, data, recipe)
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

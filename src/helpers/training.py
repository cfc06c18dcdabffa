"""Training a network by a recipe, with a record of it.

Source: He et al. 2015, section 4.2. Book: chapters 1 and 5.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import shutil
import time
from pathlib import Path

import keras
from keras import ops

from helpers import datasets, networks, runs, specs
from helpers.datasets import Data
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.specs import Network


class DivergedError(RuntimeError):
    """The loss became infinite or NaN."""


@keras.saving.register_keras_serializable(package="helpers")
class SGD(keras.optimizers.SGD):
    """Momentum SGD with the paper's weight decay: L2 in the loss.

    The gradient of lambda / 2 * |w|^2 is added to that of the loss before the
    momentum: v <- m v - rate (g + lambda w); w <- w + v, for every trainable
    variable. Keras' own `weight_decay` shrinks the weights beside the momentum,
    which is another method.

    Source: He et al. 2015, section 3.4; Loshchilov and Hutter 2019 on the
    difference. Book: chapter 5.
    """

    def __init__(self, learning_rate=0.1, momentum=0.9, l2=1e-4, name="sgd_l2", **kwargs):
        super().__init__(learning_rate, momentum=momentum, name=name, **kwargs)
        self.l2 = l2

    def update_step(self, gradient, variable, learning_rate):
        decay = ops.multiply(ops.cast(self.l2, variable.dtype), variable)
        super().update_step(ops.add(gradient, decay), variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}


@keras.saving.register_keras_serializable(package="helpers")
def error(y_true, y_pred):
    """1 where the most probable class is not the label, else 0; (N,)."""
    wrong = ops.not_equal(ops.argmax(y_pred, axis=-1), ops.cast(y_true, "int64"))
    return ops.cast(wrong, "float32")


def compile_model(model: keras.Model, recipe: Recipe) -> keras.Model:
    """Gives a model the recipe's optimizer, the cross-entropy, and `error`."""
    activation = getattr(model.layers[-1], "activation", None)
    model.compile(
        optimizer=SGD(recipe.schedule(), recipe.momentum, recipe.weight_decay),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=activation is not keras.activations.softmax
        ),
        metrics=[keras.metrics.MeanMetricWrapper(error, name="error")],
    )
    return model


def train(
    network: str | Network | keras.Model,
    data: str | Data,
    recipe: Recipe,
    *,
    seed: int,
    name: str | None = None,
    checkpoints: str | os.PathLike | None = None,
    tensorboard: str | os.PathLike | None = None,
    save: bool = False,
    verbose: int | str = "auto",
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    command: str | None = None,
) -> Run:
    """Trains a network on the training images and measures it on all splits.

    - `network`: a name, a spec, or a model of your own that takes the images
      and returns one row of logits or probabilities per image;
    - `seed`: of the weights, the order of the images and the augmentation;
    - `checkpoints`: a folder; after each epoch the state is written there, and
      a training that was interrupted goes on from it. It is emptied at the end;
    - `tensorboard`: a folder for TensorBoard's logs;
    - `save`: write the record to `runs.directory()`;
    - `verbose`: Keras' progress, 1 a bar, 2 a line per epoch, 0 silent.

    Sets Keras' global seed. Raises `DivergedError` if the loss becomes infinite
    or NaN, ValueError or TypeError for what does not fit together.

    Source: He et al. 2015, section 4.2. Book: chapters 1 and 5.
    """
    data = datasets.load(data) if isinstance(data, str) else data
    _check(data, recipe, seed)
    keras.utils.set_random_seed(seed)
    spec = None
    if not isinstance(network, keras.Model):
        spec = specs.resolve(network, **data.fits)
    with _precision(recipe.precision):
        model = network if spec is None else networks.build(spec)
    _check_model(model, data)
    compile_model(model, recipe)

    steps = datasets.steps_per_epoch(data, recipe.batch_size)
    epochs = math.ceil(recipe.steps / steps)
    run = Run(
        name=name or f"{data.name}-{model.name}-{recipe.name}-seed{seed}",
        network=model.name,
        spec=None if spec is None else dataclasses.asdict(spec),
        recipe=dataclasses.asdict(recipe),
        seed=seed,
        data=_describe(data),
        parameters=sum(math.prod(w.shape) for w in model.trainable_weights),
        history={},
        final={},
        seconds=0.0,
        interruptions=0,
        command=command,
        versions=runs.versions(),
        hardware=runs.hardware(),
        model=model,
    )
    if save:
        runs.check_free(run.name)
    checkpoint = _Checkpoint(checkpoints, run) if checkpoints else None
    if checkpoint:
        checkpoint.restore()
    first = len(run.history.get("error", ()))
    watchers = [_StopAt(recipe.steps, steps), _Record(run, data, recipe, steps), *callbacks]
    if checkpoint:
        watchers.insert(2, checkpoint)
    if tensorboard:
        watchers.append(_tensorboard(tensorboard))
    if first < epochs:
        model.fit(
            datasets.training_batches(
                data,
                recipe.batch_size,
                seed=seed,
                first_epoch=first,
                padding=recipe.padding,
                flip=recipe.flip,
            ),
            epochs=epochs,
            initial_epoch=first,
            steps_per_epoch=steps,
            callbacks=watchers,
            shuffle=False,  # the batches are shuffled already
            verbose=verbose,
        )
    run.final = {split: evaluate(model, data, split) for split in data.splits}
    if save:
        runs.save(run)
    if checkpoint:
        checkpoint.remove()
    return run


def evaluate(model: keras.Model, data: Data, split: str, batch_size: int = 250) -> dict:
    """`loss` and `error` of a split in inference mode, single view."""
    if not model.compiled:
        raise ValueError("Expected a compiled model: training.compile_model(model, recipe).")
    return model.evaluate(datasets.batches(data, split, batch_size), return_dict=True, verbose=0)


class _precision:
    """Keras' dtype policy for the layers that are made inside."""

    def __init__(self, policy):
        self.policy = policy

    def __enter__(self):
        self.before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.policy)

    def __exit__(self, *_):
        keras.config.set_dtype_policy(self.before)


class _StopAt(keras.callbacks.Callback):
    """Ends training after a number of steps, also in the midst of an epoch;
    raises `DivergedError` at the first loss that is no number."""

    def __init__(self, steps, steps_per_epoch):
        super().__init__()
        self.steps, self.steps_per_epoch = steps, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps_per_epoch

    def on_train_batch_end(self, batch, logs=None):
        step = self.before + batch + 1
        if logs and not math.isfinite(logs["loss"]):
            raise DivergedError(
                f"The loss of {self.model.name} is {logs['loss']} at step {step}; expected a "
                "finite number. Try a lower learning rate, or a warm-up "
                "(Recipe.warmup_steps), and look at the images' range."
            )
        if step >= self.steps:
            self.model.stop_training = True


class _Record(keras.callbacks.Callback):
    """Writes each epoch into the run's history, validation included."""

    def __init__(self, run, data, recipe, steps_per_epoch):
        super().__init__()
        self.run, self.data, self.recipe = run, data, recipe
        self.steps_per_epoch = steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        validation = evaluate(self.model, self.data, "validation")
        step = min((epoch + 1) * self.steps_per_epoch, self.recipe.steps)
        seconds = time.perf_counter() - self.start
        entry = {
            "step": step,
            "loss": float(logs["loss"]),
            "error": float(logs["error"]),
            "validation_loss": validation["loss"],
            "validation_error": validation["error"],
            "learning_rate": self.recipe.learning_rate_at(step - 1),
            "seconds": round(seconds, 2),
        }
        for key, value in entry.items():
            self.run.history.setdefault(key, []).append(value)
        self.run.seconds = round(self.run.seconds + seconds, 2)
        logs.update({k: entry[k] for k in ("validation_loss", "validation_error")})


class _Checkpoint(keras.callbacks.Callback):
    """Weights, optimizer and history after the last whole epoch, in one folder.

    A folder of another training (other spec, recipe, seed or images) is an
    error and is left as it is.
    """

    def __init__(self, folder, run):
        super().__init__()
        self.folder = Path(folder) / run.name
        self.run = run
        plan = [run.network, run.spec, run.recipe, run.seed, run.data, run.versions["backend"]]
        self.plan = hashlib.sha256(json.dumps(plan).encode()).hexdigest()

    def restore(self):
        state = self.folder / "state"
        if not state.is_dir():
            return
        record = json.loads((state / "record.json").read_text())
        if record["plan"] != self.plan:
            raise ValueError(
                f"{self.folder} holds an interrupted training with another spec, recipe, seed, "
                "backend or other images. Finish that one, remove the folder, or give this "
                "run another `name`."
            )
        model = self.run.model
        model.optimizer.build(model.trainable_variables)
        model.load_weights(state / "model.weights.h5")
        for key in ("history", "seconds", "interruptions"):
            setattr(self.run, key, record[key])
        self.run.interruptions += 1

    def on_epoch_end(self, epoch, logs=None):
        new, old = self.folder / "new", self.folder / "old"
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        new.mkdir(parents=True)
        self.model.save_weights(new / "model.weights.h5")
        keep = {key: getattr(self.run, key) for key in ("history", "seconds", "interruptions")}
        runs.write_json(new / "record.json", {"plan": self.plan, **keep})
        state = self.folder / "state"
        if state.is_dir():
            state.rename(old)
        new.rename(state)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def _tensorboard(folder):
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "`tensorboard=` writes logs for TensorBoard, which is not installed: "
            "pip install tensorboard, or leave the argument out."
        ) from error
    return keras.callbacks.TensorBoard(folder, write_graph=False)


def _describe(data: Data) -> dict:
    sizes = {split: len(getattr(data, split)) for split in data.splits}
    return {"name": data.name, "description": data.description, "images": sizes}


def _check(data, recipe, seed):
    for value, kind, key in ((data, Data, "data"), (recipe, Recipe, "recipe")):
        if not isinstance(value, kind):
            raise TypeError(
                f"`{key}` must be a {kind.__module__}.{kind.__name__}. "
                f"Received: {type(value).__name__}"
            )
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"`seed` must be an integer in 0..2**32-1. Received: seed={seed!r}")


def _check_model(model, data):
    expected = (None, *data.image_shape), (None, data.num_classes)
    if (model.input_shape, model.output_shape) != expected:
        raise ValueError(
            f"{model.name} does not fit {data.description}: expected a model from "
            f"{expected[0]} to {expected[1]}. "
            f"Received: from {model.input_shape} to {model.output_shape}"
        )

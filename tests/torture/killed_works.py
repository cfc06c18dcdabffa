"""What is killed: a training, the writing of weights and of a record, a study.

Each function works in a folder, goes on where an earlier process was, and returns what came of
it, as JSON. Nothing here is computed before a process is forked.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from safetensors import safe_open

from helpers import __main__ as program
from helpers import datasets, networks, recipes, runs, specs, training, weights
from helpers.datasets import Data, Split
from helpers.runs import Run
from helpers.specs import Network, Stage, Stem
from helpers.support.locks import LockedError
from small_images import coloured

CLASSES = ("red", "green", "blue", "grey")
NAME = "killed"
EPOCHS = 4
RECIPE = "quick"


def _spec(name: str, filters: int, **more) -> Network:
    """A net of one block, which is dropped at random: an interrupted training has its draws to
    go on with, too."""
    return Network(
        name=name,
        input_shape=(8, 8, 3),
        num_classes=4,
        stem=Stem(kernel_size=3, filters=filters, stride=1, max_pooling=False),
        stages=(Stage("conv2_x", "basic", filters, 1, 1),),
        shortcut="A",
        **more,
    )


def _data() -> Data:
    parts = [Split(*coloured(n, 8, seed)) for seed, n in enumerate((96, 16, 16))]
    return Data("shapes", "small shapes", CLASSES, *parts)


SPECS = {name: _spec(name, filters) for name, filters in (("tiny4", 4), ("tiny5", 6))}
specs._NETWORKS.update(SPECS)
datasets.LOADERS["shapes"] = lambda _: _data()
datasets.TRAINING_IMAGES["shapes"] = 96


class Told(keras.callbacks.Callback):
    """Writes down, in a file outside of the folder, which epochs began and were kept."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        self._say(f"began {epoch}")

    def on_epoch_end(self, epoch, logs=None):  # behind the library's own, which keep it
        self._say(f"kept {epoch}")

    def _say(self, text):
        with self.path.open("a") as file:
            file.write(text + "\n")


def _beginning(folder: Path) -> None:
    tf.config.experimental.enable_op_determinism()
    os.environ[runs.DIRECTORY_VARIABLE] = str(folder / "results")
    (folder / "results").mkdir(exist_ok=True)


def _digest(arrays) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _file(path: Path) -> str | None:
    """A digest of what a file of weights holds; its header names the same things in any order."""
    if not path.is_file():
        return None
    with safe_open(path, framework="np") as file:
        arrays = [file.get_tensor(name) for name in sorted(file.keys())]
        said = json.dumps([sorted(file.keys()), sorted(file.metadata().items())])
    return _digest([np.frombuffer(said.encode(), "uint8"), *arrays])


def came(name: str) -> dict:
    """A record and its weights, but for what the clock says."""
    run = runs.load(name)
    history = {key: values for key, values in run.history.items() if key != "seconds"}
    kept = _file(runs.directory() / "weights" / f"{name}.safetensors")
    return {"history": history, "final": run.final, "weights": kept}


def train(folder: Path, precision: str = "float32", seed: int = 3) -> dict:
    """A training with checkpoints, recorded with its weights."""
    _beginning(folder)
    recipe = recipes.get(RECIPE).for_batch(32, images=96).scaled(3 * EPOCHS)
    model = None
    try:
        model = training.train(
            _spec("tiny4", 4, survival=0.6),
            _data(),
            recipe.in_precision(precision),
            seed=seed,
            name=NAME,
            checkpoints=folder / "checkpoints",
            save=True,
            keep_weights=True,
            verbose=0,
            callbacks=(Told(folder.with_suffix(".told")),),
        ).model
    except FileExistsError:  # it was killed when all was done
        pass
    except LockedError as error:
        return {"refused": str(error)}
    return {**came(NAME), "exact": model and _digest(model.get_weights())}


def save(folder: Path) -> dict:
    """Weights of a net, over none or in the place of those that are there."""
    keras.utils.set_random_seed(5)
    model = networks.build(SPECS["tiny4"])
    path = folder / "net.safetensors"
    path.unlink(missing_ok=True)
    weights.save(model, path)
    return {"weights": _file(path)}


def record(folder: Path, seed: int = 0) -> dict:
    """A record of a training, as large as that of a long one."""
    _beginning(folder)
    numbers = np.random.default_rng(seed).random(200).tolist()
    history = dict.fromkeys(("step", "loss", "error", "validation_error", "seconds"), numbers)
    run = Run(
        name=NAME,
        network="tiny4",
        spec=runs.as_json(SPECS["tiny4"]),
        recipe={"name": RECIPE},
        seed=seed,
        data={"name": "shapes", "description": "small shapes", "images": {}},
        parameters=1,
        history=history,
        final={"test": {"loss": 1.0, "error": 0.5}},
        seconds=1.0,
        interruptions=0,
        command=None,
        versions={},
        hardware={},
    )
    try:
        runs.save(run)
    except FileExistsError:
        return {"refused": True, **came(NAME)}
    return {"refused": False, **came(NAME)}


def study(folder: Path, seeds: int = 2, networks: tuple[str, ...] = ("tiny4", "tiny5")) -> dict:
    """`python -m helpers study FILE`, and what is recorded when it has ended."""
    _beginning(folder)
    file = folder.with_suffix(".toml")
    names = json.dumps(list(networks))
    file.write_text(
        'title = "Killed"\ndata = "shapes"\n[[runs]]\n'
        f'networks = {names}\nseeds = {list(range(seeds))}\nrecipe = "{RECIPE}"\n'
        "batch = 32\nepochs = 2\nkeep_weights = true\n"
    )
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = program.main(["study", str(file), "--weights", str(folder / "weights")])
    if code:
        raise RuntimeError(f"the study ended with {code}: {said.getvalue()}")
    found = {name: came(name) for name in runs.names()}
    for name in found:
        found[name]["exact"] = _file(folder / "weights" / f"{name}.safetensors")
    return {"records": found, "said": said.getvalue()}

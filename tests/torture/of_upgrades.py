"""Files of earlier versions of the book, which are read; and of later ones, which are refused.

`earlier/` holds a small file of each format that a commit of this repository wrote; the name
begins with that commit. Records are from `results/`, with two epochs left of each.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from helpers import networks, runs, studies, training, weights
from helpers.datasets import npz_file
from helpers.studies import inside
from helpers.training import callbacks, state_files
from torture import small
from torture.fault import Lost, Trial, fault

GROUP = "Earlier and later versions"
EARLIER = Path(__file__).with_name("earlier")
READ, REFUSED = "read, all of it", "refused, with what to do"


def _record(path: Path, _: Path) -> str:
    run, stored = runs.load(path), json.loads(path.read_text("utf-8"))
    for key, value in stored.items():
        if getattr(run, key) != value:
            raise Lost(f"{path.name}: `{key}` is another")
    if run.spec is not None and run.architecture.name != run.network:
        raise Lost(f"{path.name}: its network is {run.architecture.name}")
    runs.table(runs.compare([run]))
    return READ


def _weights(path: Path, _: Path) -> str:
    weights.load(model := networks.build(small.SPEC), path)
    kernels = [w.numpy() for w in model.weights if w.name == "kernel" and len(w.shape) == 4]
    stored = [a for a in load_file(path).values() if a.ndim == 4]
    if {a.transpose(2, 3, 1, 0).tobytes() for a in stored} != {k.tobytes() for k in kernels}:
        raise Lost(f"{path.name}: other weights were loaded")
    return READ


def _state(path: Path, _: Path) -> str:
    groups, record = state_files.read(path)
    if groups["trainable"][0].tolist() != [*range(6)] or record["history"]["error"] != [0.5, 0.25]:
        raise Lost(f"{path.name}: {groups}, {record}")
    return READ


def _images(path: Path, _: Path) -> str:
    found, made = npz_file.read(path), small.data()
    for split in made.splits:
        if not np.array_equal(getattr(found, split).images, getattr(made, split).images):
            raise Lost(f"{path.name}: other {split} images")
    return READ


def _states(path: Path, folder: Path) -> str:
    """An interrupted training: goes on, to the end of one that was not, or is refused and kept."""
    shutil.copytree(path, folder)
    if callbacks.epochs_done(folder, "again") != 2:
        raise Lost(f"{path.name}: its two epochs are not counted")
    how = {"seed": 0, "name": "again", "verbose": 0, "checkpoints": folder}
    try:
        run = training.train(small.SPEC, small.data(), small.RECIPE, **how)
    except ValueError as error:
        if "earlier version" not in str(error) or not (folder / "again" / "state").is_dir():
            raise Lost(f"{path.name}: {error}") from error
        return REFUSED
    whole = training.train(small.SPEC, small.data(), small.RECIPE, seed=0, verbose=0)
    if not np.allclose(run.history["loss"], whole.history["loss"], rtol=0.02):
        raise Lost(f"{path.name}: {run.history['loss']}, undisturbed {whole.history['loss']}")
    return READ


def _study(path: Path, _: Path) -> str:
    try:
        if not studies.load(path).plans:
            raise Lost(f"{path.name} lists nothing")
    except ValueError as error:
        if not path.name.startswith("refused") or "expected the options" not in str(error):
            raise Lost(f"{path.name}: {error}") from error
        return REFUSED
    return READ


def _earlier() -> Iterable[tuple[Callable[[Path, Path], str], Path]]:
    for reader, pattern in (
        (_states, "states-*"),
        (_weights, "weights-*"),
        (_state, "state-*"),
        (_images, "data-*"),
        (_study, "studies/*.toml"),
        (_record, "records/*.json"),
    ):
        found = sorted(EARLIER.glob(pattern))
        if not found:
            raise Lost(f"{EARLIER} has no {pattern}")
        yield from ((reader, path) for path in found)


@fault(
    "earlier-versions",
    group=GROUP,
    does="records, weights, states of unfinished trainings, data sets and study files that "
    "earlier versions of the book wrote, one of each format there has been",
    holds="each is read, and what it holds is what comes out; an unfinished training goes on, or "
    "is refused and left as it is where its network or recipe is described otherwise today",
    outcomes=(READ, REFUSED),
    few=19,
    many=114,
)
def earlier_versions(trial: Trial) -> None:
    every = list(_earlier())
    for number in range(trial.times):
        reader, path = every[number % len(every)]
        try:
            trial.came(reader(path, trial.folder / str(number)))
        except Lost:
            raise
        except Exception as error:
            raise Lost(f"{path.name}: {type(error).__name__}: {error!s:.500}") from error


# --- later versions -------------------------------------------------------------------


def _later_record(folder: Path, number: object) -> Callable[[], object]:
    path = next(iter(sorted((EARLIER / "records").glob("*.json"))))
    record = json.loads(path.read_text("utf-8"))
    (new := folder / "record.json").write_text(json.dumps({**record, "format": number, "new": 1}))
    return lambda: runs.load(new)


def _again(path: Path, new: Path, **said: str) -> None:
    """The same arrays, with more in the metadata."""
    with safe_open(path, "np") as file:
        about = file.metadata() | said
    save_file(load_file(path), new, about)


def _later_weights(folder: Path, number: object) -> Callable[[], object]:
    path = sorted(EARLIER.glob("weights-*"))[0]
    new = folder / "net.safetensors"
    _again(path, new, resnet_book_format=str(number), dilation="2")
    model, before = small.model(), [w.numpy().copy() for w in small.model().weights]

    def read() -> None:
        try:
            weights.load(model, new)
        finally:
            if any((a != w.numpy()).any() for a, w in zip(before, model.weights, strict=True)):
                raise Lost("refused, and yet something was loaded")

    return read


def _later_state(folder: Path, number: object) -> Callable[[], object]:
    (path,) = EARLIER.glob("state-*")
    _again(path, new := folder / "x.state.safetensors", format=str(number))
    return lambda: state_files.read(new)


def _later_states(folder: Path, number: object) -> Callable[[], object]:
    shutil.copytree(sorted(EARLIER.glob("states-*"))[-1], folder / "states")
    (path,) = folder.rglob("record.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))
    return lambda: callbacks.epochs_done(folder / "states", "again")


def _later_images(folder: Path, number: object) -> Callable[[], object]:
    (path,) = EARLIER.glob("data-*")
    with np.load(path) as content:
        stored = min(number, 2**62) if isinstance(number, int) else number
        np.savez(new := folder / "data.npz", **content, format=np.array(stored))
    return lambda: npz_file.read(new)


def _later_measurement(folder: Path, number: object) -> Callable[[], object]:
    (folder / "inside").mkdir()
    record = {"format": number, "nets": {}}
    (folder / "inside" / "paths.json").write_text(json.dumps(record))

    def read() -> None:
        with small.variables(**{runs.DIRECTORY_VARIABLE: folder}):
            inside.record("paths")

    return read


LATER = (
    _later_record,
    _later_weights,
    _later_state,
    _later_states,
    _later_images,
    _later_measurement,
)


def _number(chance: random.Random) -> object:
    return chance.choice((2, 3, chance.randrange(2, 10**6), 10**30, "two", "-1", 1.5, ""))


@fault(
    "later-versions",
    group=GROUP,
    does="records of trainings and of measurements, weights, states and data sets that say they "
    "are of a format that is not yet known, or of none",
    holds="each is refused: a later version wrote it, and what to do; nothing of it is taken over",
    outcomes=(REFUSED,),
    few=40,
    many=2_000,
)
def later_versions(trial: Trial) -> None:
    for number in range(trial.times):
        write, said = LATER[number % len(LATER)], _number(trial.chance)
        (folder := trial.folder / str(number)).mkdir()
        read = write(folder, said)
        known = isinstance(said, int)
        expected = "Bring your clone of the book up to date" if known else "must be a number"
        try:
            read()
        except ValueError as error:
            if expected not in str(error):
                raise Lost(f"{write.__name__}, format {said!r}: {error}") from error
        else:
            raise Lost(f"{write.__name__}: format {said!r} was read")
        trial.came(REFUSED)
        shutil.rmtree(folder)

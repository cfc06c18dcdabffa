"""The work of `killed_works` with a break planted: what the faults must notice."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import keras

from helpers import runs
from helpers.runs import alone as of_alone
from helpers.support import whole
from helpers.training import callbacks, loop
from torture import killed_works


@contextlib.contextmanager
def _in_place(path, **_):
    yield Path(path)


def _half_files() -> None:
    """Files are written under their own names."""
    whole.written = _in_place


def _over_others() -> None:
    """Whoever writes a record last wins."""
    written = whole.written
    whole.written = lambda path, new=False, **how: written(path, **how)


def _removed_too_early() -> None:
    """The state is removed before there is a record."""
    keep = loop.keep

    def removing_first(run, **how):
        shutil.rmtree(Path("checkpoints") / run.name)
        keep(run, **how)

    loop.keep = removing_first


def _draws_forgotten() -> None:
    """A training that goes on drops its blocks as one that begins."""
    load = callbacks._load

    def forgetting(model, file):
        weights = {id(weight) for weight in model.weights}
        draws = [v for v in model.non_trainable_variables if id(v) not in weights]
        first = [keras.ops.convert_to_numpy(v.value) for v in draws]
        load(model, file)
        for variable, value in zip(draws, first, strict=True):
            variable.assign(value)

    callbacks._load = forgetting


def _no_locks() -> None:
    """Nobody holds anything."""
    runs.alone = of_alone.alone = lambda *_, **__: contextlib.nullcontext()


PLANTS = {
    "half files": _half_files,
    "over others": _over_others,
    "removed too early": _removed_too_early,
    "draws forgotten": _draws_forgotten,
    "no locks": _no_locks,
}


def planted(folder: Path, plant: str, work: str, **options) -> dict:
    """A work of `killed_works`, broken."""
    PLANTS[plant]()
    return getattr(killed_works, work)(folder, **options)


train, save, record = killed_works.train, killed_works.save, killed_works.record

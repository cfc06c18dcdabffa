"""No network, one that says nothing, and no home: a sentence in time, and the rest goes on."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import huggingface_hub
from huggingface_hub import constants

import stalling
from helpers import datasets, networks, weights
from helpers.datasets import DataUnavailableError
from helpers.support import fetching
from torture import small
from torture.fault import Lost, Trial, fault

GROUP = "Network and home"
TOLD = "given up in time, with what to do"
WENT_ON = "went on without"
SECONDS = 60  # in which a host is given up whose limits are those below; a second, as a rule
FETCHES: dict[str, tuple[type[Exception], tuple[str, ...]]] = {
    "akamaster/resnet20": (ConnectionError, ("RESNET_BOOK_PUBLISHED",)),
    "timm/resnet18.tv_in1k": (ConnectionError, ("Download", "pass the path")),
    "someone/pets": (ConnectionError, ("Download", "pass the path")),
    "keras.applications.ResNet50": (ConnectionError, ("~/.keras/models",)),
    "cifar10": (DataUnavailableError, ("TFDS_DATA_DIR", "RESNET_BOOK_DATA=shapes")),
    "oxford_iiit_pet": (DataUnavailableError, ("TFDS_DATA_DIR",)),
}


@contextlib.contextmanager
def limits(folder: Path) -> Iterator[None]:
    """Short ones, and caches of their own, that are empty."""
    seconds = {"LOOK": 1.0, "ANSWER": 0.5, "GROWTH": 1.5}
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        for name, value in seconds.items():
            enter(mock.patch.object(fetching, name, value))
        enter(mock.patch.object(constants, "HF_HUB_CACHE", str(folder / "hub")))
        enter(mock.patch.object(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5))
        enter(mock.patch.object(constants, "HF_HUB_ETAG_TIMEOUT", 0.5))
        enter(mock.patch.object(constants, "HF_HUB_OFFLINE", False))
        keras_home = "keras.src.utils.file_utils.config.keras_home"
        (folder / "keras").mkdir()
        enter(mock.patch(keras_home, lambda: str(folder / "keras")))
        enter(small.variables(RESNET_BOOK_PUBLISHED=None, KERAS_HOME=folder / "keras"))
        yield


def ends_in_a_sentence(name: str, fetch: Callable[[], object], folder: Path) -> None:
    """Raises Lost unless a fetch is given up in time, and nothing is left that counts as whole."""
    kind, told = FETCHES[name]
    ended: list[object] = []

    def wait() -> None:
        try:
            ended.append(fetch())
        except BaseException as error:
            ended.append(error)

    waiting = threading.Thread(target=wait, daemon=True)  # else this would wait for ever, too
    waiting.start()
    waiting.join(SECONDS)
    if not ended:
        raise Lost(f"{name} was waited for longer than {SECONDS} s")
    (came,) = ended
    if not isinstance(came, BaseException):
        raise Lost(f"{name} was fetched from nowhere")
    if not isinstance(came, kind):
        raise Lost(f"{name}: {type(came).__name__} from inside: {came!s:.500}") from came
    if missing := [words for words in told if words not in str(came)]:
        raise Lost(f"{name}: the error does not say {missing}: {came}") from came
    whole = [path for path in folder.rglob("*") if path.name == "dataset_info.json"]
    whole += [path for path in folder.rglob("snapshots/*/*") if path.is_file()]
    if whole:
        raise Lost(f"{name}: something passes for whole: {whole}")


def fetch(name: str, folder: Path) -> Callable[[], object]:
    """What fetches one of `FETCHES`."""
    if name in datasets.names():
        return lambda: datasets.load(name, data_dir=folder / "tfds")
    network = {"akamaster/resnet20": "resnet20", "keras.applications.ResNet50": "resnet50"}
    how = {"bottleneck_stride": "1x1"} if name.startswith("keras") else {}
    model = networks.build(network.get(name, "resnet18"), initializer="zeros", **how)
    return lambda: weights.load(model, name)


@fault(
    "no-network",
    group=GROUP,
    does="weights and data sets that must be fetched, where no connection can be made",
    holds="within seconds an error says what was looked for, where, and how to do without; "
    "nothing that is not whole lies where it would be taken for whole",
    outcomes=(TOLD,),
    few=3,
    many=30,
)
def no_network(trial: Trial) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    _by_way_of(nowhere, trial)


@fault(
    "networks-that-say-nothing",
    group=GROUP,
    does="the same where connections are accepted and nothing comes",
    holds="as above: every download has a limit of time",
    outcomes=(TOLD,),
    few=3,
    many=30,
)
def networks_that_say_nothing(trial: Trial) -> None:
    with stalling.host() as address:
        _by_way_of(address, trial)


def _by_way_of(proxy: str, trial: Trial) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    with small.variables(**proxies, NO_PROXY=None, no_proxy=None):
        huggingface_hub.close_session()  # which knows other proxies
        try:
            for number, name in zip(range(trial.times), itertools.cycle(FETCHES), strict=False):
                (folder := trial.folder / str(number)).mkdir()
                with limits(folder):
                    ends_in_a_sentence(name, fetch(name, folder), folder)
                trial.came(TOLD)
        finally:
            huggingface_hub.close_session()


HOMES = ("not set, and a user without an entry", "not there", "only to be read")
_WITHOUT_HOME = """
import json, sys
from pathlib import Path
from helpers import datasets, networks, plots, runs, training, weights
from helpers.support import fetching
from torture import small
fetching.GROWTH = 1.0
run = training.train(small.SPEC, small.data(), small.RECIPE, seed=0, verbose=0, save=True,
                     keep_weights=True, checkpoints=Path(sys.argv[1]) / "states")
weights.load(run.model, runs.directory() / "weights" / f"{run.name}.safetensors")
said = []
for fetch in (lambda: weights.load(networks.build("resnet18"), "timm/resnet18.tv_in1k"),
              lambda: datasets.load("cifar10")):
    try:
        fetch()
    except (ConnectionError, datasets.DataUnavailableError) as error:
        said.append(str(error))
print(json.dumps([runs.names(), said]))
"""


@fault(
    "no-home",
    group=GROUP,
    does="a training, its record and weights, and two downloads, for a user whose home is not "
    "set, not there or only to be read",
    holds="the training ends as ever; the downloads, which have no network either, in a sentence",
    outcomes=(WENT_ON,),
    few=1,
    many=6,
)
def no_home(trial: Trial) -> None:
    with small.disk(trial.folder / "read-only") as disk:
        if disk is not None:
            disk.read_only()  # for root, too
        for number in range(trial.times):
            (folder := trial.folder / str(number)).mkdir()
            (folder / "results").mkdir()
            kind = trial.chance.choice(HOMES) if trial.times < len(HOMES) else HOMES[number % 3]
            home = {HOMES[1]: trial.folder / "none", HOMES[2]: trial.folder / "read-only"}.get(kind)
            known = {"TMPDIR": folder, "RESNET_BOOK_RESULTS": folder / "results", "HOME": home}
            known |= {"HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONDONTWRITEBYTECODE": "1"}
            known |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TFDS_DATA_DIR": None}
            with small.variables(**known):
                ended = subprocess.run(
                    [*_nobody(), sys.executable, "-c", _WITHOUT_HOME, str(folder)],
                    capture_output=True,
                    text=True,
                    cwd=folder,
                )
            try:
                names, said = json.loads(ended.stdout.strip().splitlines()[-1])
            except (IndexError, ValueError) as error:
                raise Lost(f"home {kind}: {ended.stderr[-2000:]}") from error
            told = ["pass the path" in said[0], "TFDS_DATA_DIR" in said[1]]
            if names != ["tiny-tiny6-short-seed0"] or not all(told):
                raise Lost(f"home {kind}: {names}, {said}")
            trial.came(WENT_ON)


@functools.cache
def _nobody() -> tuple[str, ...]:
    """What runs a command for a user whom the system does not know, where it lets one do so."""
    words = ("unshare", "--user", "--map-user=54321", "--map-group=54321")
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return words

"""Downloads that stop midway, or go on by drips: given up in time, with a sentence."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from huggingface_hub import constants

import hub_server
import places
import stalling
from helpers.datasets import tfds_folders
from helpers.weights import addresses
from torture import small
from torture.fault import Lost, Trial, fault
from torture.of_surroundings import GROUP, SECONDS, TOLD, ends_in_a_sentence, fetch, limits

FEW_BYTES = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\nthe first"
)
STOPPING = {"sent": FEW_BYTES}
DRIPPING = {  # 40 kB a second here, where the limit, on as short a time, is 400
    "sent": FEW_BYTES.replace(b"100000", b"100000000"),
    "drip": bytes(2_000),
}


@fault(
    "downloads-that-stop",
    group=GROUP,
    does="a host that sends the first bytes of a file and no more, to each of the four ways in "
    "which the book fetches, and to the first cell of a notebook",
    holds="as above; also where each new attempt brings a few bytes again",
    outcomes=(TOLD,),
    few=5,
    many=25,
)
def downloads_that_stop(trial: Trial) -> None:
    ways = itertools.cycle((_of_the_hub, _of_an_address, _of_keras, _of_tfds, _of_git))
    for number, way in zip(range(trial.times), ways, strict=False):
        (folder := trial.folder / str(number)).mkdir()
        with limits(folder), small.variables(NO_PROXY="127.0.0.1,localhost"):
            way(folder, STOPPING)
        trial.came(TOLD)


@fault(
    "downloads-that-drip",
    group=GROUP,
    does="a host that never stops and sends little at a time, to the four ways in which the book "
    "fetches",
    holds="as above, though every answer comes well within its limit of time",
    outcomes=(TOLD,),
    few=4,
    many=20,
)
def downloads_that_drip(trial: Trial) -> None:
    ways = itertools.cycle((_of_the_hub, _of_an_address, _of_keras, _of_tfds))
    for number, way in zip(range(trial.times), ways, strict=False):
        (folder := trial.folder / str(number)).mkdir()
        with limits(folder), small.variables(NO_PROXY="127.0.0.1,localhost"):
            way(folder, DRIPPING)
        trial.came(TOLD)


def _of_the_hub(folder: Path, how: dict) -> None:
    """Names and check sums come; of the file itself a few bytes, and each time anew."""
    with hub_server.running() as hub, stalling.host(**how) as address:
        hub.files["timm/resnet18.tv_in1k/model.safetensors"] = bytes(100_000)
        hub.elsewhere = address
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        with (
            mock.patch.object(constants, "ENDPOINT", hub.address),
            mock.patch.object(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template),
        ):
            name = "timm/resnet18.tv_in1k"
            ends_in_a_sentence(name, fetch(name, folder), folder)


def _of_an_address(folder: Path, how: dict) -> None:
    with stalling.host(**how) as address:
        name = "akamaster/resnet20"
        url = f"{address}/resnet20.th"
        ends_in_a_sentence(name, lambda: addresses.get(name, url, "0" * 64), folder)


def _of_keras(folder: Path, how: dict) -> None:
    with stalling.host(**how) as address:
        name = "keras.applications.ResNet50"
        path = "keras.src.applications.resnet.BASE_WEIGHTS_PATH"
        with mock.patch(path, f"{address}/"):
            ends_in_a_sentence(name, fetch(name, folder), folder)


def _of_tfds(folder: Path, how: dict) -> None:
    from tensorflow_datasets.image_classification import cifar

    with stalling.host(**how) as address:
        there = cifar.Cifar10(data_dir=folder / "any")._cifar_info
        elsewhere = there._replace(url=f"{address}/cifar-10-binary.tar.gz")
        with (
            mock.patch.object(cifar.Cifar10, "_cifar_info", elsewhere),
            mock.patch.object(tfds_folders, "_host", lambda _: address),
        ):
            ends_in_a_sentence("cifar10", fetch("cifar10", folder), folder)


def _of_git(folder: Path, how: dict) -> None:
    cell = places.Book().first_cell()
    short = cell.replace("timeout=1200", "timeout=2")
    if short == cell:
        raise Lost("the first cell fetches without a limit of time")
    with stalling.host(**how) as address:
        known = {**os.environ, "RESNET_BOOK_REPOSITORY": f"{address}/book.git", "HOME": str(folder)}
        command = [sys.executable, "-I", "-S", "-c", short]
        ended = subprocess.run(
            command, cwd=folder, env=known, capture_output=True, text=True, timeout=SECONDS
        )
    last = ended.stderr.strip().splitlines()[-1:]
    if ended.returncode == 0 or "Could not fetch" not in str(last):
        raise Lost(f"the first cell ended with {ended.returncode}: {ended.stderr[-800:]}")
    if left := list(folder.rglob("helpers")):
        raise Lost(f"something passes for the book: {left}")

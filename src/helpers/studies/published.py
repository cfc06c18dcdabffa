"""Nets that others trained for the whole schedule and published, measured with our networks.

Twelve nets for CIFAR-10: the plain and residual ones of a-martyn, and akamaster's residual
ones, of 20, 32, 44 and 56 layers. Their authors trained them on all 50,000 original images;
what is recorded here is our measurement of their weights, and beside it what the log of
a-martyn's trainings says.

Each is one training, and the test images chose akamaster's epochs: a measurement of these
nets, not of a method. Book: chapters 1, 2 and 5.
"""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers import networks, runs, specs, weights
from helpers.datasets import Data, Split
from helpers.support import expect
from helpers.weights import addresses, hub

NAMES = tuple(name for name in weights.names() if weights.get(name).url)
TRAINING_IMAGES = 4_000  # of those that a net was trained on
QUANTITIES = tuple(
    f"{images}{split}_{what}"
    for images, split in (("", "training"), ("jpeg_", "training"), ("jpeg_", "test"))
    for what in ("error", "loss")
)
# The original images of all nets come first, and then what the JPEG copy does to them.
_PARTS = (("originals",), ("train", "test"))
_LOGS = {
    "plainnet20": "72cd1b93cbcbef377e08d72bd9c7088b267c700a60c9034fb18cc5e691f6e550",
    "plainnet32": "7617eee232c679efca2eb01e29f4a12a751a9f5a9b65d3ed564e957113a2ff56",
    "plainnet44": "ec28927b5e8379cdc219522cf88907fd9740cbc6b859efd5ec744f379344d0d0",
    "plainnet56": "ed5ef820059bdd28f71d94309ebcb92e2065c6dbd998a805e1f2099417661082",
    "resnet20": "8405062b0f99ad2328156263d315b1d6c4881b57d7270f5eaefa573d7153d9fa",
    "resnet32": "21223c8963c1a6d675f2de16e77fd67731b986512fdf4c10598f9edc4c2920bd",
    "resnet44": "639b8844d1de5bfb9fb84b01a567041d22be1427e6fc4d0e186cd9b41e3a681e",
    "resnet56": "176921c4b601262962a4af939a5ba36dce9f37c2a133e3dd6614d471af78c27d",
}


@dataclass(frozen=True)
class Log:
    """What a-martyn's log says of one quantity, in per cent; epochs are counted from 1.

    Over the training the weights of the last epoch were published; `best` is what the
    least of all epochs was.
    """

    last: float
    last_epoch: int
    best: float
    best_epoch: int


@dataclass(frozen=True)
class Measured:
    """One published net as we measured it.

    - `source`, `network`: a name for `weights.load`, and one for `networks.build`;
    - `training_error`, `training_loss`: on the first 4,000 original training images, without
      augmentation. Errors are in per cent, losses are means of the cross-entropy;
    - `jpeg_training_...`, `jpeg_test_...`: on 4,000 training images and all test images of
      CIFAR-10 (JPEG), on which none of them was trained; None where that is not measured yet;
    - `logged_training`, `logged_test`: a-martyn's own, of all images, the training images
      augmented. None for akamaster, who published no log.
    """

    source: str
    network: str
    training_error: float
    training_loss: float
    jpeg_training_error: float | None
    jpeg_training_loss: float | None
    jpeg_test_error: float | None
    jpeg_test_loss: float | None
    logged_training: Log | None
    logged_test: Log | None

    @property
    def owner(self) -> str:
        """Who trained it."""
        return self.source.split("/")[0]

    @property
    def kind(self) -> str:
        """plain or residual."""
        return "plain" if self.network.startswith("plain") else "residual"

    @property
    def depth(self) -> int:
        """Weighted layers."""
        return specs.get(self.network).depth


def path() -> Path:
    """Where the record is: `published/cifar10.json` among the book's records."""
    return runs.directory() / "published" / "cifar10.json"


def record() -> dict[str, Any]:
    """The whole record, with images, command, versions, hardware and checksums.

    Raises FileNotFoundError if there is none.
    """
    if not path().is_file():
        raise FileNotFoundError(
            f"There is no record {path()}. It comes with the book's repository, and "
            "`python -m helpers published` makes it."
        )
    return json.loads(path().read_text(encoding="utf-8"))


def measured() -> list[Measured]:
    """The recorded nets, a-martyn's plain and residual ones and then akamaster's, by depth."""
    return [_measured(entry) for entry in record()["nets"]]


def get(network: str, owner: str = "a-martyn") -> Measured:
    """One recorded net, such as `get("plain20")`. Raises ValueError if there is none."""
    found = {(net.network, net.owner): net for net in measured()}
    if (network, owner) not in found:
        raise ValueError(
            f"Expected one of {', '.join(f'{n} of {o}' for n, o in found)}. "
            f"Received: network={network!r}, owner={owner!r}"
        )
    return found[network, owner]


def by_depth(quantity: str = "training_loss") -> dict[str, dict[int, float]]:
    """{"plain, a-martyn": {20: value, ...}, ...}: one of `QUANTITIES`, for `plots.by_depth`."""
    expect.one_of("quantity", quantity, QUANTITIES)
    lines = {}
    for net in measured():
        lines.setdefault(f"{net.kind}, {net.owner}", {})[net.depth] = getattr(net, quantity)
    return lines


def rows(quantity: str = "training_loss") -> list[dict[str, Any]]:
    """The same as rows for `runs.table`: a row per kind of net, a column per depth."""
    return [
        {"nets": nets, **{str(depth): value for depth, value in line.items()}}
        for nets, line in by_depth(quantity).items()
    ]


def originals(file: Path | str) -> Split:
    """4,000 original training images from a `.npz` file: `images` and `labels`.

    The JPEG copy will not do: the nets never saw one. Raises ValueError if it holds others,
    FileNotFoundError if there is no such file.
    """
    with np.load(file, allow_pickle=False) as arrays:
        if not {"images", "labels"} <= set(arrays):
            raise ValueError(f"{file} must hold `images` and `labels`. Received: {list(arrays)}")
        split = Split(arrays["images"], arrays["labels"].astype("int32"))
    expected = (TRAINING_IMAGES, 32, 32, 3)
    if split.images.shape != expected or split.images.dtype != "uint8":
        raise ValueError(
            f"{file}: `images` must be uint8 of shape {expected}. "
            f"Received: {split.images.dtype} of shape {split.images.shape}"
        )
    return split


def evaluate(name: str, split: Split, batch_size: int = 250) -> dict[str, float]:
    """`error` (a share of 1) and `loss` of a published net, in inference mode, single view."""
    return _evaluate(*_load(name)[:2], split, batch_size)


def measure(
    data: Data, file: Path | str, *, names: tuple[str, ...] = NAMES, command: str | None = None
) -> Path:
    """Measures the nets that are not recorded yet, and records them; returns the record's path.

    `data` is CIFAR-10, `file` what `originals` reads: all nets on the original images first,
    then on the copy. After each net the record is written, and the same call goes on where it
    was interrupted.

    Raises ValueError if the record there is of other images or versions, and what
    `weights.load` raises where a net cannot be had.
    """
    splits = {
        "originals": originals(file),
        "train": Split(data.train.images[:TRAINING_IMAGES], data.train.labels[:TRAINING_IMAGES]),
        "test": data.test,
    }
    about = {key: {"description": data.description} for key in splits}
    about["originals"] = {"description": "CIFAR-10", "sha256": hub.checksum(Path(file))}
    for key, split in splits.items():
        about[key]["number"] = len(split)
    head = {
        "command": command,
        "images": about,
        "versions": runs.versions(),
        "hardware": runs.hardware(),
    }
    whole = record() if path().is_file() else {**head, "nets": []}
    if any(whole[key] != head[key] for key in ("images", "versions")):
        raise ValueError(
            f"{path()} was measured on other images or by other versions. Remove it to measure "
            "all nets anew."
        )
    entries = {entry["source"]: entry for entry in whole["nets"]}
    for part in _PARTS:
        for name in names:
            entry = entries.setdefault(name, {"source": name, "measured": {}, "seconds": 0.0})
            if missing := [key for key in part if key not in entry["measured"]]:
                start = time.perf_counter()
                model, prepare, loaded = _load(name)
                found = {key: _evaluate(model, prepare, splits[key]) for key in missing}
                entry["network"], entry["sha256"] = model.name, weights.get(name).sha256
                entry["read"] = {"sha256": loaded.sha256, "verified": loaded.verified}
                entry["log"] = _log(name)
                entry["measured"] |= found
                entry["seconds"] = round(entry["seconds"] + time.perf_counter() - start, 1)
                whole["nets"] = [entries[known] for known in NAMES if known in entries]
                path().parent.mkdir(parents=True, exist_ok=True)
                runs.write_json(path(), whole)
                print(f"{name}: {_said(found)}", flush=True)
                keras.backend.clear_session()
    return path()


def _said(found):
    return ", ".join(
        f"{key} {100 * split['error']:.2f} %, loss {split['loss']:.4f}"
        for key, split in found.items()
    )


def _load(name):
    source = weights.get(name)
    model = networks.build(source.network, classifier_activation=None, initializer="zeros")
    loaded = weights.load(model, name)
    if keras.backend.backend() == "tensorflow":  # whose XLA is slower on processors
        model.compile(jit_compile=False)
    return model, source.preprocessing, loaded


def _evaluate(model, prepare, split, batch_size=250):
    logits = np.concatenate(
        [
            keras.ops.convert_to_numpy(
                model.predict_on_batch(prepare(split.images[i : i + batch_size]))
            )
            for i in range(0, len(split), batch_size)
        ]
    ).astype("float64")
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(split)), split.labels]
    error = (logits.argmax(axis=1) != split.labels).mean()
    return {"error": float(error), "loss": float(loss.mean())}


def _log(name: str) -> dict[str, Any] | None:
    """The last and the least values of a-martyn's log, in shares of 1; None of akamaster."""
    owner, net = name.split("/")
    if net not in _LOGS or owner != "a-martyn":
        return None
    url = f"{weights.get(name).url.split('pretrained/')[0]}results/{net}.csv"
    file = addresses.get(name, url, _LOGS[net])
    with open(file.path, newline="", encoding="utf-8") as lines:
        epochs = list(csv.DictReader(lines))
    found = {"url": url, "sha256": file.sha256, "epochs": len(epochs)}
    for quantity in ("train_err", "test_err"):
        values = [float(epoch[quantity]) for epoch in epochs]
        best = int(np.argmin(values))
        found[quantity] = {"last": values[-1], "best": values[best], "best_epoch": best + 1}
    return found


def _measured(entry: dict[str, Any]) -> Measured:
    found, log = {}, entry["log"]
    keys = ("originals", "train", "test")
    for i, quantity in enumerate(QUANTITIES):
        key, what = keys[i // 2], quantity.rsplit("_", 1)[1]
        value = entry["measured"].get(key, {}).get(what)
        found[quantity] = 100 * value if value is not None and what == "error" else value
    for quantity, column in (("logged_training", "train_err"), ("logged_test", "test_err")):
        found[quantity] = log and Log(
            last=100 * log[column]["last"],
            last_epoch=log["epochs"],
            best=100 * log[column]["best"],
            best_epoch=log[column]["best_epoch"],
        )
    return Measured(entry["source"], entry["network"], **found)

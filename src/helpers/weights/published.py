"""Weights that others trained on ImageNet and published, and one set of our own, as a table.

A checksum stands here where the hub's page of the file states it (`/blob/main/
model.safetensors`). Where there is none, the one that the hub names with the file is used.

Source: torchvision.models.resnet (ResNet18_Weights and the like); timm, models/resnet.py;
the pages of huggingface.co/timm; keras.applications.resnet; the README of
KaimingHe/deep-residual-networks. Book: chapter 6.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from helpers.specs import BottleneckStride
from helpers.weights.preprocessing import IMAGENET_MEAN, IMAGENET_STD, KERAS, Preprocessing


@dataclass(frozen=True)
class Source:
    """One set of published weights.

    - `name`: what `load` takes, and where it is: `timm/resnet50.tv_in1k` is a repository on
      huggingface.co, `keras.applications.ResNet50` is fetched by Keras, `book/` is ours;
    - `network`: whose weights they are, a name for `networks.build`;
    - `sha256`: of the file `model.safetensors`, None where it is not known for certain.
      Keras checks its own files;
    - `origin`: who trained it, and how;
    - `file`: where the book itself has it, None for what is published elsewhere.
    """

    name: str
    network: str
    preprocessing: Preprocessing
    origin: str
    sha256: str | None = None
    bottleneck_stride: BottleneckStride | None = None
    file: Path | None = None

    @property
    def in_keras(self) -> bool:
        """Whether Keras fetches it, and not the hub."""
        return self.name.startswith("keras.")

    @property
    def call(self) -> str:
        """How the network is built that these weights fit."""
        stride = self.bottleneck_stride
        option = f', bottleneck_stride="{stride}"' if stride else ""
        return f'networks.build("{self.network}"{option})'


_TORCHVISION = Preprocessing(IMAGENET_MEAN, IMAGENET_STD)
_NEWER = dataclasses.replace(_TORCHVISION, resize=232)
_TIMM = dataclasses.replace(_TORCHVISION, resize=288, crop=288, interpolation="bicubic")
_SETS = {  # the part of the name behind the network's
    "tv_in1k": (_TORCHVISION, "torchvision, the recipe of 2016, close to the paper's"),
    "tv2_in1k": (_NEWER, "torchvision, the recipe of 2021"),
    "a1_in1k": (_TIMM, "timm, recipe A1 of Wightman et al. 2021, 600 epochs"),
}
_ON_THE_HUB = {
    "resnet18.tv_in1k": "694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81",
    "resnet34.tv_in1k": None,
    "resnet50.tv_in1k": "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
    "resnet101.tv_in1k": None,
    "resnet152.tv_in1k": "15897077afdf4d6334dc0c3f8e6fb483afb3faa9298c139f3c6eb29bca6ae5b2",
    "resnet50.tv2_in1k": None,
    "resnet101.tv2_in1k": None,
    "resnet152.tv2_in1k": None,
    "resnet18.a1_in1k": "80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
    "resnet34.a1_in1k": None,
    "resnet50.a1_in1k": "773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
    "resnet101.a1_in1k": "1ba5b660e7c175b3c27c557fc7dc8b2815be830c516815b0155f61b403f27380",
    "resnet152.a1_in1k": None,
}

# Networks that torchvision and timm call as we do. timm has others with the same names and
# shapes of arrays that compute something else, such as resnetaa50: a name decides.
ON_THE_HUB = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def on_the_hub(
    name: str,
    network: str,
    preprocessing: Preprocessing,
    origin: str,
    sha256: str | None = None,
) -> Source:
    """A set in torchvision's and timm's form, whose bottlenecks stride on the 3x3."""
    stride = "3x3" if network in ("resnet50", "resnet101", "resnet152") else None
    return Source(name, network, preprocessing, origin, sha256, stride)


# Our own, small enough for the repository. Channel means of CIFAR-10 (JPEG): the net was trained
# on images minus the mean of every pixel, which fits images of one size alone.
_CIFAR10 = Preprocessing((124.13, 122.95, 112.51), scale=1.0, resize=32, crop=32)
_RECORD = "cifar10-resnet20-he2015-cifar10-3510steps-mixed_bfloat16-seed0"
_OURS = Source(
    "book/resnet20.cifar10",
    "resnet20",
    _CIFAR10,
    "this book, ten epochs of CIFAR-10 (JPEG) by the paper's recipe, shortened",
    "bec2df7d2e86d47969bea859d40b1fc8ac896dfe0fa72ce1fd4e1be20d319681",
    file=Path(__file__).resolve().parents[3] / "results" / "weights" / f"{_RECORD}.safetensors",
)


def _table():
    for name, sha256 in _ON_THE_HUB.items():
        network, tag = name.split(".")
        yield on_the_hub(f"timm/{name}", network, *_SETS[tag], sha256)
    for depth in (50, 101, 152):
        name, origin = f"keras.applications.ResNet{depth}", "He et al. 2015, their Caffe model"
        yield Source(name, f"resnet{depth}", KERAS, origin, bottleneck_stride="1x1")
    yield _OURS


_SOURCES = {source.name: source for source in _table()}


def names() -> list[str]:
    """The published sets that the book knows, for `load`; others on the hub work, too."""
    return list(_SOURCES)


def get(name: str) -> Source:
    """One entry of the table. Raises ValueError for an unknown name."""
    if name not in _SOURCES:
        raise ValueError(f"`name` must be one of {', '.join(names())}. Received: name={name!r}")
    return _SOURCES[name]


def with_checksum(sha256: str) -> Source | None:
    """The set whose file has this checksum, None if the table has none."""
    return next((s for s in _SOURCES.values() if s.sha256 == sha256), None)

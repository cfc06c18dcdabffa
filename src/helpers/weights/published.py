"""Weights that others trained and published, and one set of our own, as a table.

A checksum stands here where the hub's page of the file states it (`/blob/main/
model.safetensors`). Where there is none, the one that the hub names with the file is used.

Source: torchvision.models.resnet (ResNet18_Weights and the like); timm, models/resnet.py and
models/resnetv2.py (`default_cfgs`);
the pages of huggingface.co/timm; keras.applications.resnet; the README of
KaimingHe/deep-residual-networks; a-martyn/resnet and akamaster/pytorch_resnet_cifar10 on
GitHub. Book: chapters 5, 6 and 9.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from helpers import specs
from helpers.datasets.preprocessing import IMAGENET_MEAN, IMAGENET_STD, KERAS, Preprocessing
from helpers.specs import BottleneckStride
from helpers.support import expect
from helpers.weights.option_a import BEHIND, BOTH_SIDES, OptionA


@dataclass(frozen=True)
class Source:
    """One set of published weights.

    - `name`: what `load` takes, and where it is: `timm/resnet50.tv_in1k` is a repository on
      huggingface.co, `keras.applications.ResNet50` is fetched by Keras, `book/` is ours;
    - `network`: whose weights they are, a name for `networks.build`;
    - `sha256`: of the file, None where it is not known for certain. Keras checks its own
      files;
    - `origin`: who trained it, and how;
    - `file`: where the book itself has it, None for what is published elsewhere;
    - `url`: of a file that is neither on the hub nor in Keras, `licence` what it is under;
    - `option_a`: where its shortcuts have their zeros (`helpers.weights.option_a`).
    """

    name: str
    network: str
    preprocessing: Preprocessing
    origin: str
    sha256: str | None = None
    bottleneck_stride: BottleneckStride | None = None
    file: Path | None = None
    url: str | None = None
    licence: str | None = None
    option_a: OptionA | None = None

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
    "a1h_in1k": (
        dataclasses.replace(_TIMM, mean=(0.5,) * 3, std=(0.5,) * 3),
        "timm, recipe A1H, after Wightman et al. 2021",
    ),
    "ra2_in1k": (
        dataclasses.replace(_TIMM, resize=303),
        "timm, with the augmentation RandAugment",
    ),
    "gluon_in1k": (
        dataclasses.replace(_TORCHVISION, interpolation="bicubic"),
        "GluonCV, the recipe of He et al. 2019",
    ),
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
    "resnet50c.gluon_in1k": None,
    "resnet50d.gluon_in1k": None,
    "resnet50d.ra2_in1k": None,
    "resnet50d.a1_in1k": None,
    "resnext50_32x4d.tv_in1k": None,
    "resnext50_32x4d.tv2_in1k": None,
    "resnext50_32x4d.a1_in1k": None,
    "seresnet50.ra2_in1k": None,
    "seresnet50.a1_in1k": None,
    "resnetv2_50.a1h_in1k": None,
}

# What torchvision and timm call our networks. timm has others with the same names and
# shapes of arrays that compute something else, such as resnetaa50: a name decides.
_AS_OURS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
_LATER = ("resnet50c", "resnet50d", "resnext50_32x4d", "seresnet50")
ON_THE_HUB = {name: name for name in (*_AS_OURS, *_LATER)} | {"resnetv2_50": "preresnet50"}


def on_the_hub(
    name: str,
    network: str,
    preprocessing: Preprocessing,
    origin: str,
    sha256: str | None = None,
) -> Source:
    """A set in torchvision's and timm's form, whose bottlenecks stride on the 3x3.

    `network` is our name for it.
    """
    deep = specs.get(network).stages[0].block in specs.BOTTLENECK_BLOCKS
    stride = "3x3" if deep else None
    return Source(name, network, preprocessing, origin, sha256, stride)


# Our own, small enough for the repository. Channel means of CIFAR-10 (JPEG): the net was trained
# on images minus the mean of every pixel, which fits images of one size alone.
_CIFAR10 = Preprocessing((124.13, 122.95, 112.51), scale=1.0, resize=32, crop=32)
_RECORD = "cifar10-resnet56-late-drops-seed0"
_OURS = Source(
    "book/resnet56.cifar10",
    "resnet56",
    _CIFAR10,
    "this book, 20 epochs of CIFAR-10 (JPEG)",
    "50806628066145364054ce4c3a759473399beadf4c64fde6e1ebadd0a46b619a",
    file=Path(__file__).resolve().parents[3] / "results" / "weights" / f"{_RECORD}.safetensors",
)

# Nets of section 4.2, trained by others on all 50,000 original images for the whole schedule.
# Both publish files of PyTorch's, at these commits.
_A_MARTYN = "https://raw.githubusercontent.com/a-martyn/resnet/a977915/"
_AKAMASTER = "https://raw.githubusercontent.com/akamaster/pytorch_resnet_cifar10/d5489e8/"
_WHOLE = {"resize": 32, "crop": 32}
# One mean and one deviation for the three channels.
_GREY = Preprocessing((0.49187,) * 3, (0.24697,) * 3, **_WHOLE)
_AS_IMAGENET = Preprocessing(IMAGENET_MEAN, IMAGENET_STD, **_WHOLE)
_IN_FULL = {
    "plainnet20.pt": "0f77669a030c3ed83c4cb51a14657ff5b9382a0204a1f2e74f817489b55322a2",
    "plainnet32.pt": "66116e99103f8f23cb5a2abbe8ede59aadc8ee1035f92dc4bdb950bd8f129d4b",
    "plainnet44.pt": "daa3c99abdf9db6863d49b4720cf913454d42600370b192a0ed983362e80945d",
    "plainnet56.pt": "1d7483c8dc8f800679882758eaf1fb2d929d847597b058a44ede98904775b221",
    "resnet20.pt": "690e7b7665ec4848aa69e8950a496ae5890a737fc42693fe17edfab97e9e488f",
    "resnet32.pt": "504f145a83d5cfa886d76504f3c64c9dfc8e1ec4450cc3aba2387280a1b59576",
    "resnet44.pt": "d76072bac4bd33978f9f521550827d816daa4832718c3444781aa01947652324",
    "resnet56.pt": "2d3b6e685714119c5fb0d45c369f353a26f8afd30ae7196760c98d300dc119de",
    "resnet20-12fca82f.th": "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
    "resnet32-d509ac18.th": "d509ac1820d7f25398913559d7e81a13229b1e7adc5648e3bfa5e22dc137f850",
    "resnet44-014dd654.th": "014dd6541728a1c700b1642ab640e211dc6eb8ed507d70697458dc8f8a0ae2e4",
    "resnet56-4bfd9763.th": "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
}


def _in_full(file: str, sha256: str) -> Source:
    """One of the nets for CIFAR-10: the ending of its file says whose it is."""
    name = file.split("-")[0].removesuffix(".pt")
    if file.endswith(".pt"):
        return Source(
            f"a-martyn/{name}",
            name.replace("plainnet", "plain"),
            _GREY,
            "a-martyn, 164 epochs of CIFAR-10, the last one",
            sha256,
            url=f"{_A_MARTYN}pretrained/{file}",
            licence="BSD 3-Clause",
            option_a=None if "plain" in name else BEHIND,
        )
    return Source(
        f"akamaster/{name}",
        name,
        _AS_IMAGENET,
        "akamaster, 200 epochs of CIFAR-10, the one of least test error",
        sha256,
        url=f"{_AKAMASTER}pretrained_models/{file}",
        licence="BSD 2-Clause",
        option_a=BOTH_SIDES,
    )


def _table():
    for name, sha256 in _ON_THE_HUB.items():
        network, tag = name.split(".")
        yield on_the_hub(f"timm/{name}", ON_THE_HUB[network], *_SETS[tag], sha256)
    for depth in (50, 101, 152):
        name, origin = f"keras.applications.ResNet{depth}", "He et al. 2015, their Caffe model"
        yield Source(name, f"resnet{depth}", KERAS, origin, bottleneck_stride="1x1")
    for file, sha256 in _IN_FULL.items():
        yield _in_full(file, sha256)
    yield _OURS


_SOURCES = {source.name: source for source in _table()}


def names() -> list[str]:
    """The published sets that the book knows, for `load`; others on the hub work, too."""
    return list(_SOURCES)


def get(name: str) -> Source:
    """One entry of the table. Raises ValueError for an unknown name."""
    return _SOURCES[expect.one_of("name", name, _SOURCES)]


def with_checksum(sha256: str) -> Source | None:
    """The set whose file has this checksum, None if the table has none."""
    return next((s for s in _SOURCES.values() if s.sha256 == sha256), None)

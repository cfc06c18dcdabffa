"""`load`: one door for files, published names and models of keras.applications.

Book: chapters 4 and 6.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import keras

from helpers import counting, specs
from helpers.datasets import preprocessing
from helpers.datasets.preprocessing import Preprocessing
from helpers.weights import addresses, applications, files, hub, naming, published, stated
from helpers.weights import option_a as forms
from helpers.weights.hub import CONFIGURATION, WEIGHTS
from helpers.weights.option_a import OptionA
from helpers.weights.places import SAME_NETWORK, check_stride, check_unseen
from helpers.weights.published import Source

_BIT = " Those of BiT have group normalization and standardized kernels."
_ON_THE_HUB = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True)
class Loaded:
    """What `load` put into a network.

    - `source`: name or path;
    - `preprocessing`: how these weights want their images, None where the source does not
      say: a file that is in no table was trained on images that only its author knows;
    - `sha256`: checksum of the file, None for a model of keras.applications;
    - `verified`: whether a published checksum was compared, by the book or by Keras.
    """

    source: str
    preprocessing: Preprocessing | None = None
    sha256: str | None = None
    verified: bool = False


def load(
    model: keras.Model,
    source: keras.Model | str | os.PathLike,
    *,
    head: bool = True,
    option_a: OptionA | None = None,
) -> Loaded:
    """Puts the weights of `source` into a network made by `networks.build`, all or none.

    `source` is one of four things:

    - a published name of `names()`, such as `timm/resnet50.tv_in1k` or
      `keras.applications.ResNet50`, downloaded once and compared with its checksum, or
      `book/resnet56.cifar10`, which lies in the book's repository, or `akamaster/resnet20`
      and `a-martyn/plainnet20`, trained on CIFAR-10 in full;
    - another repository of timm's form on huggingface.co, such as `timm/resnet50.ra_in1k`:
      its `config.json` says which network it is and how images are prepared, and must state
      no pooling, activation or other argument that the network has not;
    - the path of a `.safetensors` file with torchvision's and timm's names, such as
      `layer1.0.conv1.weight`, or with a-martyn's or akamaster's: a download, or what `save` or
      `python -m helpers study --weights` wrote. Bottlenecks of torchvision and timm have the
      stride on the 3x3 ("v1.5"): a file counts as one of theirs unless its metadata say
      `bottleneck_stride: 1x1`. timm's resnetv2_50 is `preresnet50` with that stride. What else
      the metadata state, `pooling`, `activation` or `epsilon`, must be the network's. What
      wraps a net in PyTorch and stands before every name, `module.` or `_orig_mod.`, is
      left out;
    - ResNet50, ResNet101, ResNet152, VGG16 or VGG19 of keras.applications as a model. Its
      biases and its epsilon go into our moving statistics.

    With `head=False` the classifier `fc` stays as it is, for classes of your own; all else
    must fit. Where shortcuts of option A add channels, `option_a` says where a file has the
    zeros, "zeros behind" or "both sides"; published names, a-martyn's and akamaster's names of
    arrays, files of `save` and the metadata `option_a` say it, too, and a file of which nothing
    says it is refused. The second form is renumbered into ours: the outputs are the same. That
    a file holds a plain net is known from its metadata `block` or its published name alone.

    Weights of half or double precision become what the network's variables are,
    usually float32. The images must be prepared as they were for the source: see `Loaded`.

    Raises ValueError if an array is missing, superfluous or of another shape, holds NaN or
    infinity, or a variance below zero; if the stride stands elsewhere, a stated setting is
    another, the form of option A is not known or a checksum differs;
    FileNotFoundError if there is no such file or repository; ConnectionError if it cannot be
    downloaded; TypeError if `model` or `source` is something else. The weights are then as they
    were.

    Source: He et al. 2015, Table 1; keras.applications.resnet; torchvision.models.resnet.
    Book: chapters 4 to 6 and 9.
    """
    naming.weighted(model)
    forms.check(option_a)
    if isinstance(source, keras.Model):
        applications.load(model, source, head=head)
        return Loaded(source.name, preprocessing.KERAS)
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            "`source` must be a published name (weights.names()), a model of "
            "keras.applications, such as keras.applications.ResNet50(), or the path of a "
            f".safetensors file. Received: source={source!r:.80} of type {type(source).__name__}"
        )
    if isinstance(source, str) and source in published.names():
        return _load_published(model, published.get(source), head, option_a)
    if isinstance(source, str) and _is_repository(source):
        files.places_of(model)  # what can be refused is refused before a download
        return _load_published(model, _from_configuration(model, source), head, option_a)
    return _load_file(model, Path(source), head, option_a)


def _is_repository(source: str) -> bool:
    """`user/name`: no file on this disk, and not written like one."""
    written_like_a_file = Path(source).suffix in (".safetensors", *files.OTHER_FORMATS)
    return bool(
        _ON_THE_HUB.fullmatch(source) and not written_like_a_file and not Path(source).exists()
    )


def _load_published(
    model: keras.Model, source: Source, head: bool, option_a: OptionA | None
) -> Loaded:
    _check_network(model, source)
    if source.in_keras:
        applications.load(model, applications.fetch(source, head=head), head=head)
        return Loaded(source.name, source.preprocessing, verified=True)
    if source.file is not None:
        return _load_ours(model, source, head)
    if source.url:
        file = addresses.get(source.name, source.url, source.sha256)
    else:
        file = hub.fetch(source.name, WEIGHTS, source.sha256)
    hint = f"The source fits {source.call}."
    how = {"head": head, "title": source.name, "hint": hint, "option_a": option_a}
    files.load(model, file.path, **how, known=source)
    return Loaded(source.name, source.preprocessing, file.sha256, file.verified)


def _load_ours(model: keras.Model, source: Source, head: bool) -> Loaded:
    path = source.file
    if not path.is_file():
        raise FileNotFoundError(
            f"{source.name} was expected in {path}, which is not there. It comes with the book's "
            "repository: work in a clone of it, or choose other weights (weights.names())."
        )
    if (sha256 := hub.checksum(path)) != source.sha256:
        raise ValueError(
            f"{path} is damaged or another file: expected the SHA-256 {source.sha256}. Received: "
            f"{sha256}. Have git restore it."
        )
    files.load(model, path, head=head, title=source.name, hint=f"It fits {source.call}.")
    return Loaded(source.name, source.preprocessing, sha256, verified=True)


def _check_network(model: keras.Model, source: Source) -> None:
    """Refuses what will not fit before anything is downloaded."""
    rows = counting.layers(source.network)
    theirs = [row.name for row in rows if row.parameters]
    ours = naming.weighted(model)
    if other := [name for name in (*theirs, *ours) if name not in theirs or name not in ours]:
        raise ValueError(
            f"{source.name} fits {source.call}. Received: {model.name}, of which other layers "
            f"have weights ({', '.join(other[:3])}{', ...' if len(other) > 3 else ''})."
        )
    spec = specs.get(source.network)
    if (block := naming.block(model)) != (theirs := spec.stages[0].block):
        raise ValueError(
            f"{source.name} fits {source.call}, whose blocks are {theirs}. Received: {model.name}, "
            f"whose blocks are {block}: the arrays would fit and the outputs be wrong."
        )
    check_stride(model, source.name, source.bottleneck_stride)
    check_unseen(model, source.name, pooled=spec.pooled_shortcut, survival=spec.survival)


def _from_configuration(model: keras.Model, name: str) -> Source:
    """A source that is in no table, as timm describes it on the hub."""
    path = hub.fetch(name, CONFIGURATION).path
    try:
        configuration = json.loads(path.read_text("utf-8"))
        network = configuration["architecture"]
        older = "mean" in configuration  # timm once had all in one table
        prepared = configuration if older else configuration["pretrained_cfg"]
        prepared = preprocessing.from_timm(prepared)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{CONFIGURATION} of {name} must say `architecture` and `pretrained_cfg` as timm's "
            f"do. {error}. Download {WEIGHTS} and pass its path, if its names are torchvision's."
        ) from error
    if network not in published.ON_THE_HUB:
        raise ValueError(
            f"{name} holds a network that timm calls {network!r}. Expected one of "
            f"{', '.join(published.ON_THE_HUB)}: others compute something else, even where all "
            f"arrays would fit.{_BIT if network.endswith('_bit') else ''}"
        )
    stated.check_configuration(model, name, configuration)
    ours = published.ON_THE_HUB[network]
    return published.on_the_hub(name, ours, prepared, f"huggingface.co/{name}")


def _load_file(model: keras.Model, path: Path, head: bool, option_a: OptionA | None) -> Loaded:
    sha256 = hub.checksum(path) if path.is_file() else None
    known = published.with_checksum(sha256) if sha256 else None
    if known and known.url:  # a file of PyTorch's is opened because it is this one
        _check_network(model, known)
    files.load(model, path, head=head, hint=SAME_NETWORK, option_a=option_a, known=known)
    prepared = known and known.preprocessing
    return Loaded(str(path), prepared, sha256, verified=known is not None)

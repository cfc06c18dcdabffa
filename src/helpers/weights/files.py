"""Files of weights with torchvision's and timm's names, read and written.

A `.safetensors` file holds names, shapes and numbers, and nothing that could run when it is
read. Of PyTorch's own files, which are pickles, those alone are read whose checksum is in the
table of published weights, and by `pickles`, which admits tensors only. Book: chapter 4.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_bytes

from helpers.specs import BOTTLENECK_STRIDES
from helpers.support import expect, whole
from helpers.weights import naming, pickles, published, pytorch, stated
from helpers.weights import option_a as forms
from helpers.weights import places as fitting
from helpers.weights.places import HEAD, SAME_NETWORK, Place

OTHER_FORMATS = (".pth", ".pt", ".th", ".bin", ".ckpt", ".pkl", ".keras", ".h5", ".npz", ".onnx")
FORMAT = 1  # goes up where an earlier version could not read the metadata rightly
_WRITTEN = "resnet_book_format"  # "format" is PyTorch's
_TYPES = ("F64", "F32", "F16", "BF16")
_NOT_SAFETENSORS = (
    "{} is not a whole .safetensors file ({}). Files of Keras (.keras, .weights.h5) are read "
    "by Keras itself, model.load_weights(path). A file of PyTorch's (.pth, .pt, .bin) is a "
    "pickle, which may run any code when it is read; convert it with PyTorch: "
    "safetensors.torch.save_file(torch.load(path, weights_only=True), 'net.safetensors')."
)


def load(
    model: keras.Model,
    path: Path,
    *,
    head: bool = True,
    title: str | None = None,
    hint: str = SAME_NETWORK,
    option_a: str | None = None,
    known: published.Source | None = None,
) -> None:
    """Puts the arrays of a file into a network, without the classifier if not `head`.

    Errors call the file `title` and end in `hint` where nothing better is known. `option_a`
    is what the reader says of its form, `known` the entry of the table that the file is:
    such a file may be a pickle of PyTorch's, its checksum compared by the caller.

    Raises ValueError, the network unchanged, if the file is no whole `.safetensors` file or
    does not fit; FileNotFoundError if there is none.
    """
    places = places_of(model)
    if not path.is_file():
        raise FileNotFoundError(
            "Expected a .safetensors file, or a model of keras.applications "
            f"({naming.KERAS_MODELS}), or a published name ({published.names()[0]} and the "
            f"like: weights.names()). Received: source={str(path)!r}, which is not a file."
        )
    pickled = known is not None and path.suffix in pickles.SUFFIXES
    if path.suffix in OTHER_FORMATS and not pickled:
        raise ValueError(_NOT_SAFETENSORS.format(path, f"its name ends in {path.suffix}"))
    if not head:
        places = {name: place for name, place in places.items() if place.layer.name != HEAD}
    said = {"known": known and known.option_a, "chosen": option_a}
    try:
        with _Pickle(path) if pickled else _Safetensors(path) as file:
            arrays = _read(model, title or path.name, places, file, hint, head, said)
    except SafetensorError as error:
        raise ValueError(_NOT_SAFETENSORS.format(path, error)) from error
    pairs = (
        (place, pytorch.to_ours(arrays[name], place.variable)) for name, place in places.items()
    )
    fitting.assign(title or path.name, pairs)


def _read(
    model: keras.Model,
    title: str,
    places: Mapping[str, Place],
    file: _Safetensors | _Pickle,
    hint: str,
    head: bool,
    said: Mapping[str, str | None],
) -> dict[str, np.ndarray]:
    """The arrays of an open file by torchvision's names, none of them read before all fit."""
    names, owner = naming.in_torchvision(file.entries)
    classifier = f"{pytorch.name_of(HEAD, pytorch.form(model))}."
    names = {
        name: theirs
        for name, theirs in names.items()
        # PyTorch counts batches in its normalizations; no output depends on it.
        if not name.endswith("num_batches_tracked") and (head or not name.startswith(classifier))
    }
    if "stem.conv.weight" in names and "stages.0.blocks.0.norm1.running_mean" not in names:
        raise ValueError(
            f"{title} does not fit {model.name}: it holds a pre-activation net without batch "
            "normalization, as BiT's are, with group normalization and standardized kernels. "
            "Of timm's, resnetv2_50 has batch normalization: networks.build('preresnet50', "
            "bottleneck_stride='3x3')."
        )
    fitting.check_names(model, title, places, names, hint)
    _check_metadata(model, title, file.metadata)
    form = forms.form(model, title, owner=owner, metadata=file.metadata, **said)
    entries = {name: file.entries[theirs] for name, theirs in names.items()}
    shapes = {name: shape for name, (shape, _) in entries.items()}
    fitting.check_shapes(model, title, places, shapes, hint)
    for name, (_, kind) in entries.items():
        if kind not in _TYPES:
            raise ValueError(
                f"{title}: {name} must be of type {', '.join(_TYPES[:-1])} or {_TYPES[-1]}. "
                f"Received: {kind}. Convert it with PyTorch: tensor.float()."
            )
    arrays = {name: file.array(theirs) for name, theirs in names.items()}
    return forms.with_zeros_behind(model, arrays) if form == forms.BOTH_SIDES else arrays


class _Safetensors:
    """An open `.safetensors` file. `entries`: {name: (shape, type)}."""

    def __init__(self, path: Path):
        self.path, self.file = path, safe_open(path, framework="np")

    def __enter__(self):
        file = self.file.__enter__()
        parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        self.entries = {n: (tuple(p.get_shape()), p.get_dtype()) for n, p in parts.items()}
        self.metadata = file.metadata() or {}
        return self

    def __exit__(self, *error):
        return self.file.__exit__(*error)

    def array(self, name: str) -> np.ndarray:
        if self.entries[name][1] != "BF16":
            return self.file.get_tensor(name)
        # A type that NumPy has not: the upper half of a float32, the lower being zero.
        content = np.memmap(self.path, "u1", mode="r")
        start = 8 + int.from_bytes(content[:8].tobytes(), "little")
        first, last = json.loads(content[8:start].tobytes())[name]["data_offsets"]
        halves = np.frombuffer(content[start + first : start + last].tobytes(), "<u2")
        return (halves.astype("uint32") << 16).view("float32").reshape(self.entries[name][0])


class _Pickle:
    """A file of PyTorch's, as `pickles` reads it; in form an open `.safetensors` file."""

    metadata: Mapping[str, str] = MappingProxyType({})

    def __init__(self, path: Path):
        self.arrays = pickles.read(path)
        self.entries = {n: (a.shape, _CODES[a.dtype.str]) for n, a in self.arrays.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def array(self, name: str) -> np.ndarray:
        return self.arrays[name]


_CODES = {"<f8": "F64", "<f4": "F32", "<f2": "F16", "<i8": "I64"}  # of what `pickles` reads


def places_of(model: keras.Model) -> dict[str, Place]:
    """{name of the array in a file: where it belongs}. Raises ValueError for VGG."""
    layers = naming.weighted(model)  # refuses what is no network of the book
    places, form = {}, pytorch.form(model)
    for layer in layers.values():
        name = pytorch.name_of(layer.name, form)
        if name is None:
            raise ValueError(
                f"torchvision's names for ResNets have none for {layer.name} of {model.name}: "
                "files hold ResNets and plain nets. For VGG, keras.applications' VGG16 and VGG19 "
                "can be loaded, and model.save_weights(path) writes Keras' own format."
            )
        for variable in layer.weights:
            shape = pytorch.shape_of(layer, variable, form)
            places[pytorch.array_of(name, variable)] = Place(layer, variable, shape)
    return places


_NO_STRIDE = (
    " The file's metadata do not say where it is, so it is taken to be where torchvision and "
    "timm have it. If it is on the 1x1, save the file anew with the metadata "
    "{'bottleneck_stride': '1x1'}."
)


def _check_metadata(model: keras.Model, title: str, metadata: dict[str, str]) -> None:
    expect.known_format(title, metadata.get(_WRITTEN), FORMAT)
    stated.check(model, title, metadata)
    block = naming.block(model)
    if metadata.get("block", block) != block:
        raise ValueError(
            f"{title} holds a network of {metadata['block']} blocks, {model.name} has {block} "
            "ones: the arrays would fit and the outputs be wrong. Build the network that the "
            "file holds."
        )
    stride = metadata.get("bottleneck_stride", "3x3")
    if stride not in BOTTLENECK_STRIDES:
        raise ValueError(
            f"{title}: `bottleneck_stride` in its metadata must be one of "
            f"{', '.join(BOTTLENECK_STRIDES)}. Received: bottleneck_stride={stride!r}"
        )
    said = "bottleneck_stride" in metadata
    fitting.check_stride(model, title, stride, "" if said else _NO_STRIDE)
    # Of a file that does not say so, the names of ResNet-D's projections do.
    told = any(".downsample.2." in name for name in places_of(model))
    pooled = metadata.get("pooled_shortcut", "true" if told else "false")
    if pooled not in ("true", "false"):
        raise ValueError(
            f"{title}: `pooled_shortcut` in its metadata must be true or false. "
            f"Received: pooled_shortcut={pooled!r}"
        )
    survival = metadata.get("survival", "1")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e-[0-9]+)?", survival):
        raise ValueError(
            f"{title}: `survival` in its metadata must be a number, a probability. "
            f"Received: survival={survival!r}"
        )
    fitting.check_unseen(model, title, pooled=pooled == "true", survival=survival)


def save(model: keras.Model, path: str | os.PathLike, *, dtype: str = "float32") -> Path:
    """Writes a ResNet or a plain net as a `.safetensors` file; returns its path.

    Names and axes are torchvision's, `layer1.0.conv1.weight` of shape (out, in, height,
    width), in float32 or, as `dtype` says, in float16: half the size, and every weight within
    1/2048 of its value. Moving averages stay in float32, since nothing bounds a variance: the
    early layers of a deep plain net exceed what float16 can hold. The metadata say `name`,
    `block`, for bottlenecks `bottleneck_stride`, and `option_a`, "zeros behind", where shortcuts
    have channels of zeros; also `pooled_shortcut` and `survival` of a net that has them, and
    `pooling`, `activation`, `normalization` and `epsilon`, of which no array speaks either.
    torchvision's own classes take ResNet-18 and 34 with option B and the bottleneck nets with the
    stride on the 3x3, timm's resnet50c, resnet50d, seresnet50, resnext50_32x4d and resnetv2_50
    (preresnet50) as well; the other nets keep the scheme.

    Raises FileExistsError if the file is there, ValueError for VGG, for a path that
    does not end in `.safetensors`, for another `dtype` and for a weight that float16 cannot
    hold, TypeError if `model` is not a Keras model, OSError where it cannot be written.

    Book: chapters 4 and 9.
    """
    path = Path(path)
    places = places_of(model)
    if path.suffix != ".safetensors":
        raise ValueError(f"`path` must end in .safetensors. Received: path={str(path)!r}")
    expect.one_of("dtype", dtype, ("float32", "float16"))
    if path.exists():
        raise FileExistsError(f"{path} is there already. Remove it, or choose another `path`.")
    arrays = {}
    for name, place in places.items():
        array = fitting.numpy(place.variable).astype("float32")
        kept = "float32" if name.rpartition(".")[2].startswith("running_") else dtype
        if np.abs(array).max(initial=0) > np.finfo(kept).max:
            raise ValueError(
                f"{name} of {model.name} has an entry of {np.abs(array).max():.3g}, above the "
                f"largest {kept}, {np.finfo(kept).max:.3g}. Leave `dtype` out."
            )
        # The library writes memory as it lies, so the change of axes must be carried out.
        arrays[name] = pytorch.to_pytorch(array.astype(kept), place.shape)
    metadata = {"format": "pt", "name": model.name, **pytorch.marks(model), **stated.of(model)}
    metadata[_WRITTEN] = str(FORMAT)
    if forms.pads(model):
        metadata["option_a"] = forms.BEHIND
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole.written(path, new=True) as unfinished:
        unfinished.write_bytes(save_bytes(arrays, metadata=metadata))
    return path

"""Weights from elsewhere into our networks, and ours into a file that PyTorch reads.

What a layer is called elsewhere stands in `naming`. Everything is checked before
anything is assigned: after an error the network is as it was. Book: chapter 4.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from helpers import naming
from helpers.specs import BOTTLENECK_STRIDES

# Axes of a variable of ours in PyTorch's order: HWIO -> OIHW, (in, out) -> (out, in).
_PYTORCH_AXES = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
_PYTORCH_VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class _Place:
    """Where one array of a source belongs: a variable of one of our layers."""

    layer: keras.Layer
    variable: keras.Variable
    shape: tuple[int, ...]  # as the source has it


def load(model: keras.Model, source: keras.Model | str | os.PathLike) -> None:
    """Puts the weights of `source` into a network made by `networks.build`, all or none.

    `source` is one of two things:

    - ResNet50, ResNet101, ResNet152, VGG16 or VGG19 of keras.applications. Its ResNets
      have a bias b before every batch normalization and an epsilon of 1.001e-5. Both go
      into our moving statistics: x + b - mean is x - (mean - b), and variance + 1.001e-5
      is (variance + 1e-8) + 1e-5. In inference the outputs agree to rounding;
    - the path of a `.safetensors` file with torchvision's and timm's names, such as
      `layer1.0.conv1.weight`. Their bottlenecks have the stride on the 3x3 ("v1.5"): a
      file counts as one of theirs unless its metadata say `bottleneck_stride: 1x1`.

    The network then wants its images prepared as they were for the source.

    Raises ValueError if an array is missing, superfluous or of another shape, or if the
    stride stands elsewhere; FileNotFoundError if there is no such file; TypeError if
    `model` or `source` is something else. The weights are then as they were.

    Source: He et al. 2015, Table 1; keras.applications.resnet; torchvision.models.resnet.
    Book: chapter 4.
    """
    naming.weighted(model)
    if isinstance(source, keras.Model):
        _load_keras(model, source)
    elif isinstance(source, str | os.PathLike):
        _load_file(model, Path(source))
    else:
        raise TypeError(
            "`source` must be a model of keras.applications, such as "
            "keras.applications.ResNet50(), or the path of a .safetensors file. "
            f"Received: source={source!r:.80} of type {type(source).__name__}"
        )


def save(model: keras.Model, path: str | os.PathLike) -> Path:
    """Writes a ResNet or a plain net as a `.safetensors` file; returns its path.

    Names and axes are torchvision's, `layer1.0.conv1.weight` of shape (out, in, height,
    width), in float32. The metadata say `name`, `block` and, for bottlenecks,
    `bottleneck_stride`. torchvision's own classes take ResNet-18 and 34 with option B
    and the bottleneck nets with the stride on the 3x3; the other nets keep the scheme.

    Raises FileExistsError if the file is there, ValueError for VGG or for a path that
    does not end in `.safetensors`, TypeError if `model` is not a Keras model.

    Book: chapter 4.
    """
    path = Path(path)
    places = _places_in_file(model)
    if path.suffix != ".safetensors":
        raise ValueError(f"`path` must end in .safetensors. Received: path={str(path)!r}")
    if path.exists():
        raise FileExistsError(f"{path} is there already. Remove it, or choose another `path`.")
    arrays = {}
    for name, place in places.items():
        array = _numpy(place.variable).astype("float32")
        # The library writes memory as it lies, so the change of axes must be carried out.
        arrays[name] = np.ascontiguousarray(array.transpose(_PYTORCH_AXES[array.ndim]))
    metadata = {"format": "pt", "name": model.name, "block": naming.block(model)}
    if stride := naming.bottleneck_stride(naming.weighted(model)):
        metadata["bottleneck_stride"] = stride
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    save_file(arrays, unfinished, metadata=metadata)
    unfinished.replace(path)
    return path


# --- from keras.applications ------------------------------------------------------


def _load_keras(model: keras.Model, source: keras.Model) -> None:
    title = f"The model {source.name!r} of keras.applications"
    ours, theirs = naming.weighted(model), naming.weighted_in_keras(source)
    places = {
        f"{naming.in_keras(layer.name)}/{variable.name}": _Place(layer, variable, variable.shape)
        for layer in ours.values()
        for variable in layer.weights
    }
    variables = {f"{n}/{v.name}": v for n, layer in theirs.items() for v in layer.weights}
    biases = {
        name: variables.pop(name.replace("_bn", "_conv") + "/bias", None)
        for name, layer in theirs.items()
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    _check_names(model, title, places, variables)
    stride = naming.bottleneck_stride({n: theirs[naming.in_keras(n)] for n in ours})
    _check_stride(model, title, stride)
    _check_shapes(model, title, places, {name: v.shape for name, v in variables.items()})
    arrays = {name: _numpy(variable) for name, variable in variables.items()}
    for name, bias in biases.items():
        mean, variance = f"{name}/moving_mean", f"{name}/moving_variance"
        epsilon = theirs[name].epsilon - places[variance].layer.epsilon
        arrays[mean] = arrays[mean].astype("float64") - (0.0 if bias is None else _numpy(bias))
        arrays[variance] = arrays[variance].astype("float64") + epsilon
    _assign((place, arrays[name]) for name, place in places.items())


# --- from a file --------------------------------------------------------------------

_NOT_SAFETENSORS = (
    "{} is not a whole .safetensors file ({}). Files of Keras (.keras, .weights.h5) are read "
    "by Keras itself, model.load_weights(path). A file of PyTorch's (.pth, .pt, .bin) is a "
    "pickle, which may run any code when it is read; convert it with PyTorch: "
    "safetensors.torch.save_file(torch.load(path, weights_only=True), 'net.safetensors')."
)


def _load_file(model: keras.Model, path: Path) -> None:
    places = _places_in_file(model)
    if not path.is_file():
        raise FileNotFoundError(
            "Expected a .safetensors file, or a model of keras.applications "
            f"({naming.KERAS_MODELS}). Received: source={str(path)!r}, which is not a file."
        )
    try:
        with safe_open(path, framework="np") as file:
            arrays = _read(model, path.name, places, file)
    except SafetensorError as error:
        raise ValueError(_NOT_SAFETENSORS.format(path, error)) from error
    _assign(
        (place, arrays[name].transpose(np.argsort(_PYTORCH_AXES[len(place.shape)])))
        for name, place in places.items()
    )


def _read(
    model: keras.Model, title: str, places: dict[str, _Place], file: safe_open
) -> dict[str, np.ndarray]:
    """The arrays of an open file, none of them read before all fit."""
    # PyTorch counts batches in its normalizations; no output depends on it.
    names = [name for name in file.keys() if not name.endswith("num_batches_tracked")]  # noqa: SIM118
    parts = {name: file.get_slice(name) for name in names}
    _check_names(model, title, places, parts)
    _check_metadata(model, title, file.metadata() or {})
    _check_shapes(model, title, places, {n: tuple(p.get_shape()) for n, p in parts.items()})
    for name, part in parts.items():
        if part.get_dtype() not in ("F64", "F32", "F16"):
            raise ValueError(
                f"{title}: {name} must be of type F64, F32 or F16. "
                f"Received: {part.get_dtype()}. Convert it with PyTorch: tensor.float()."
            )
    return {name: file.get_tensor(name) for name in places}


def _places_in_file(model: keras.Model) -> dict[str, _Place]:
    """{name of the array in a file: where it belongs}. Raises ValueError for VGG."""
    places = {}
    for layer in naming.weighted(model).values():
        name = naming.in_pytorch(layer.name)
        if name is None:
            raise ValueError(
                f"torchvision's names for ResNets have none for {layer.name} of {model.name}: "
                "files hold ResNets and plain nets. For VGG, keras.applications' VGG16 and VGG19 "
                "can be loaded, and model.save_weights(path) writes Keras' own format."
            )
        for variable in layer.weights:
            shape = tuple(variable.shape[axis] for axis in _PYTORCH_AXES[len(variable.shape)])
            places[f"{name}.{_PYTORCH_VARIABLES[variable.name]}"] = _Place(layer, variable, shape)
    return places


_NO_STRIDE = (
    " The file's metadata do not say where it is, so it is taken to be where torchvision and "
    "timm have it. If it is on the 1x1, save the file anew with the metadata "
    "{'bottleneck_stride': '1x1'}."
)


def _check_metadata(model: keras.Model, title: str, metadata: dict[str, str]) -> None:
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
    _check_stride(model, title, stride, "" if "bottleneck_stride" in metadata else _NO_STRIDE)


# --- for both -----------------------------------------------------------------------

_HINTS = {
    "fc": "For the source's classes, build the network with `num_classes`; for classes of your "
    "own, load first and then put a new Dense layer on the layer `avg_pool`.",
    "fc6": "It depends on the size of the images: build both with the same `input_shape`.",
}
_SAME_NETWORK = "Build the network that the source holds."


def _check_names(
    model: keras.Model, title: str, places: dict[str, _Place], names: Iterable[str]
) -> None:
    missing = [name for name in places if name not in names]
    superfluous = [name for name in names if name not in places]
    if not missing and not superfluous:
        return
    faults = []
    if missing:
        parts = [f"{n} of shape {places[n].shape} for {places[n].layer.name}" for n in missing]
        faults.append("has no " + _some(parts))
    if superfluous:
        faults.append(f"has {_some(superfluous)}, for which {model.name} has no place")
    hint = _SAME_NETWORK
    if missing and all(places[name].layer.name == "fc" for name in missing):
        hint = "The classifier `fc` is needed, too: in keras.applications, include_top=True."
    raise ValueError(f"{title} does not fit {model.name}: it {' and it '.join(faults)}. {hint}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_stride(model: keras.Model, title: str, theirs: str | None, hint: str = "") -> None:
    ours = naming.bottleneck_stride(naming.weighted(model))
    if ours and theirs and ours != theirs:
        raise ValueError(
            f"{title} has the stride of its bottleneck blocks on the {theirs}, {model.name} on "
            f"the {ours}: the arrays would fit and the outputs be wrong. Build the network with "
            f'bottleneck_stride="{theirs}".{hint}'
        )


def _check_shapes(
    model: keras.Model,
    title: str,
    places: dict[str, _Place],
    shapes: dict[str, tuple[int, ...]],
) -> None:
    for name, place in places.items():
        if tuple(place.shape) != tuple(shapes[name]):
            raise ValueError(
                f"{title} does not fit {model.name}: {name} for {place.layer.name} must have the "
                f"shape {place.shape}. Received: shape {shapes[name]}. "
                + _HINTS.get(place.layer.name, _SAME_NETWORK)
            )


def _assign(pairs: Iterable[tuple[_Place, np.ndarray]]) -> None:
    """All arrays are made ready before the first variable changes."""
    ready = [(place.variable, np.ascontiguousarray(a, "float32")) for place, a in pairs]
    for variable, array in ready:
        variable.assign(array)


def _numpy(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable.value)

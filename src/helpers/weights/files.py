"""Files of weights with torchvision's and timm's names, read and written.

A `.safetensors` file holds names, shapes and numbers, and nothing that could run when it is
read. Nothing here ever unpickles. Book: chapter 4.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from helpers import naming
from helpers.specs import BOTTLENECK_STRIDES
from helpers.weights import places as fitting
from helpers.weights import published
from helpers.weights.places import HEAD, SAME_NETWORK, Place

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


OTHER_FORMATS = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".keras", ".h5", ".npz", ".onnx")
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
) -> None:
    """Puts the arrays of a file into a network, without the classifier if not `head`.

    Errors call the file `title` and end in `hint` where nothing better is known. Raises
    ValueError, the network unchanged, if the file is no whole `.safetensors` file or does
    not fit; FileNotFoundError if there is none.
    """
    places = places_of(model)
    if not path.is_file():
        raise FileNotFoundError(
            "Expected a .safetensors file, or a model of keras.applications "
            f"({naming.KERAS_MODELS}), or a published name ({published.names()[0]} and the "
            f"like: weights.names()). Received: source={str(path)!r}, which is not a file."
        )
    if path.suffix in OTHER_FORMATS:
        raise ValueError(_NOT_SAFETENSORS.format(path, f"its name ends in {path.suffix}"))
    if not head:
        places = {name: place for name, place in places.items() if place.layer.name != HEAD}
    try:
        with safe_open(path, framework="np") as file:
            arrays = _read(model, title or path.name, places, file, path, hint, head)
    except SafetensorError as error:
        raise ValueError(_NOT_SAFETENSORS.format(path, error)) from error
    fitting.assign(
        (place, arrays[name].transpose(np.argsort(_PYTORCH_AXES[len(place.shape)])))
        for name, place in places.items()
    )


def _read(
    model: keras.Model,
    title: str,
    places: Mapping[str, Place],
    file: safe_open,
    path: Path,
    hint: str,
    head: bool,
) -> dict[str, np.ndarray]:
    """The arrays of an open file, none of them read before all fit."""
    parts = {
        name: file.get_slice(name)
        for name in file.keys()  # noqa: SIM118
        # PyTorch counts batches in its normalizations; no output depends on it.
        if not name.endswith("num_batches_tracked") and (head or name.split(".")[0] != HEAD)
    }
    fitting.check_names(model, title, places, parts, hint)
    _check_metadata(model, title, file.metadata() or {})
    shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
    fitting.check_shapes(model, title, places, shapes, hint)
    for name, part in parts.items():
        if part.get_dtype() not in _TYPES:
            raise ValueError(
                f"{title}: {name} must be of type {', '.join(_TYPES[:-1])} or {_TYPES[-1]}. "
                f"Received: {part.get_dtype()}. Convert it with PyTorch: tensor.float()."
            )
    halves = [name for name, part in parts.items() if part.get_dtype() == "BF16"]
    whole = {name: file.get_tensor(name) for name in parts if name not in halves}
    return whole | _bfloat16(path, halves)


def _bfloat16(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Arrays of a type that NumPy has not: the upper half of a float32, the lower being zero."""
    if not names:
        return {}
    content = np.memmap(path, "u1", mode="r")
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")
    header = json.loads(content[8:start].tobytes())
    arrays = {}
    for name in names:
        first, last = header[name]["data_offsets"]
        halves = np.frombuffer(content[start + first : start + last].tobytes(), "<u2")
        arrays[name] = (halves.astype("uint32") << 16).view("float32")
        arrays[name] = arrays[name].reshape(header[name]["shape"])
    return arrays


def places_of(model: keras.Model) -> dict[str, Place]:
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
            places[f"{name}.{_PYTORCH_VARIABLES[variable.name]}"] = Place(layer, variable, shape)
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
    said = "bottleneck_stride" in metadata
    fitting.check_stride(model, title, stride, "" if said else _NO_STRIDE)


def save(model: keras.Model, path: str | os.PathLike, *, dtype: str = "float32") -> Path:
    """Writes a ResNet or a plain net as a `.safetensors` file; returns its path.

    Names and axes are torchvision's, `layer1.0.conv1.weight` of shape (out, in, height,
    width), in float32 or, as `dtype` says, in float16: half the size, and every weight within
    1/2048 of its value. The metadata say `name`, `block` and, for bottlenecks,
    `bottleneck_stride`. torchvision's own classes take ResNet-18 and 34 with option B
    and the bottleneck nets with the stride on the 3x3; the other nets keep the scheme.

    Raises FileExistsError if the file is there, ValueError for VGG, for a path that
    does not end in `.safetensors`, for another `dtype` and for a weight that float16 cannot
    hold, TypeError if `model` is not a Keras model.

    Book: chapter 4.
    """
    path = Path(path)
    places = places_of(model)
    if path.suffix != ".safetensors":
        raise ValueError(f"`path` must end in .safetensors. Received: path={str(path)!r}")
    if dtype not in ("float32", "float16"):
        raise ValueError(f"`dtype` must be 'float32' or 'float16'. Received: dtype={dtype!r}")
    if path.exists():
        raise FileExistsError(f"{path} is there already. Remove it, or choose another `path`.")
    arrays = {}
    for name, place in places.items():
        array = fitting.numpy(place.variable).astype("float32")
        if np.abs(array).max(initial=0) > np.finfo(dtype).max:
            raise ValueError(
                f"{name} of {model.name} has an entry of {np.abs(array).max():.3g}, above the "
                f"largest {dtype}, {np.finfo(dtype).max:.3g}. Leave `dtype` out."
            )
        array = array.astype(dtype)
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

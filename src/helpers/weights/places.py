"""Where each array of a source belongs in one of our networks, and whether all of them fit.

Nothing is assigned before everything is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from helpers.weights import naming, pytorch

HEAD = "fc"  # the classifier: the one layer that depends on the classes
SAME_NETWORK = "Build the network that the source holds."
_NO_HEAD = "load(..., head=False) leaves the network's own classifier as it is."
_HINTS = {
    HEAD: "For the source's classes, build the network with their number as `num_classes`; for "
    f"classes of your own, {_NO_HEAD}",
    "fc6": "It depends on the size of the images: build both with the same `input_shape`.",
}
_PROJECTION = re.compile(r"\.downsample\.|_block\d+_0_")  # torchvision's names, Keras' names


@dataclass(frozen=True)
class Place:
    """Where one array of a source belongs: a variable of one of our layers."""

    layer: keras.Layer
    variable: keras.Variable
    shape: tuple[int, ...]  # as the source has it


def check_names(
    model: keras.Model,
    title: str,
    places: Mapping[str, Place],
    names: Iterable[str],
    hint: str = SAME_NETWORK,
) -> None:
    """Raises ValueError if `names` of a source are not those of `places`, all and no others."""
    names = dict.fromkeys(names)
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
    heads = [name for name in superfluous if re.fullmatch(rf"{HEAD}\.\d+\.\w+", name)]
    if missing and heads and all(places[name].layer.name == HEAD for name in missing):
        hint = (
            f"Its classifier stands in a Sequential ({heads[0]}): save it anew as {missing[0]} and "
            f"so on. {_NO_HEAD}"
        )
    elif missing and all(places[name].layer.name == HEAD for name in missing):
        hint = (
            "The classifier `fc` is needed, too: in keras.applications, include_top=True. "
            f"Without it, {_NO_HEAD}"
        )
    elif any(".downsample.2." in name for name in (*missing, *superfluous)):
        which = "no pooled" if pytorch.pooled(model) else "a pooled"
        hint = f"The source has {which} shortcut (ResNet-D): build the network that it holds."
    elif all(_PROJECTION.search(name) for name in (*missing, *superfluous)):
        hint = (
            f"{model.name} is a plain net, without shortcuts: build the residual net."
            if naming.block(model) == "plain"
            else "Only the projections differ: build the network with the `shortcut` that the "
            "source has. Published ResNets have option B."
        )
    elif not missing:
        hint += " Of a checkpoint, save the network's state_dict() alone."
    raise ValueError(f"{title} does not fit {model.name}: it {' and it '.join(faults)}. {hint}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def check_stride(model: keras.Model, title: str, theirs: str | None, hint: str = "") -> None:
    """Raises ValueError if the bottlenecks of source and network stride at different places."""
    ours = naming.bottleneck_stride(naming.weighted(model))
    if ours and theirs and ours != theirs:
        raise ValueError(
            f"{title} has the stride of its bottleneck blocks on the {theirs}, {model.name} on "
            f"the {ours}: the arrays would fit and the outputs be wrong. Build the network with "
            f'bottleneck_stride="{theirs}".{hint}'
        )


def check_unseen(
    model: keras.Model, title: str, *, pooled: bool = False, survival: float | str = 1.0
) -> None:
    """Raises ValueError if source and network differ in what no array shows.

    `pooled` and `survival` are the source's: whether its shortcuts average before they leave
    pixels out, and the probability with which its last block was kept in training.
    """
    ours = pytorch.pooled(model), f"{pytorch.survival(model):g}"
    theirs = pooled, f"{float(survival):g}"
    for key, mine, other in zip(("pooled_shortcut", "survival"), ours, theirs, strict=True):
        if mine != other:
            raise ValueError(
                f"{title} has {key}={other}, {model.name} has {key}={mine}: the arrays would fit "
                f"and the outputs be wrong. {SAME_NETWORK}"
            )


def check_shapes(
    model: keras.Model,
    title: str,
    places: Mapping[str, Place],
    shapes: Mapping[str, tuple[int, ...]],
    hint: str = SAME_NETWORK,
) -> None:
    """Raises ValueError for the first array of a source whose shape is another."""
    for name, place in places.items():
        if tuple(place.shape) != tuple(shapes[name]):
            raise ValueError(
                f"{title} does not fit {model.name}: {name} for {place.layer.name} must have the "
                f"shape {place.shape}. Received: shape {shapes[name]}. "
                + _HINTS.get(place.layer.name, hint)
            )


def assign(title: str, pairs: Iterable[tuple[Place, np.ndarray]]) -> None:
    """All arrays are made ready before the first variable changes.

    A variable that is no float32, as under a policy of half precision, rounds for itself.
    Raises ValueError for an array of the source `title` that holds NaN or infinity, in float32,
    and for a variance below zero.
    """
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and is refused
        ready = [(place, np.asarray(a, "float32", order="C")) for place, a in pairs]
    for place, array in ready:
        _check_numbers(title, place, array)
    for place, array in ready:
        place.variable.assign(array)


def _check_numbers(title: str, place: Place, array: np.ndarray) -> None:
    wrong, what = ~np.isfinite(array), "NaN or infinite"
    if place.variable.name == "moving_variance" and not wrong.any():
        wrong, what = array < 0, "below zero, which no variance is"
    if wrong.any():
        raise ValueError(
            f"{title}: {wrong.sum():,} of the {array.size:,} numbers for {place.variable.name} of "
            f"{place.layer.name} are {what}. The file is damaged, or its training had failed: "
            "take other weights."
        )


def numpy(variable: keras.Variable) -> np.ndarray:
    """The values of a variable, as an array of the variable's type."""
    return keras.ops.convert_to_numpy(variable.value)

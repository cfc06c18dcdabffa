"""What a source says of its network that no array shows, compared with the network.

Two networks with the same names and shapes of arrays may compute different functions: with
another pooling before the classifier, another activation, another epsilon. Where a file or a
`config.json` states such a setting, it must be the network's; `of` is what `save` writes down.

Source: timm, models/_builder.py and models/resnet.py (`config.json`, its `model_args`).
Book: chapters 4 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

# What settings are called in metadata and in timm's configurations, ours first.
_CALLED = {
    "pooling": ("pooling", "global_pool", "pool_type"),
    "activation": ("activation", "act_layer"),
    "normalization": ("normalization", "norm_layer"),
    "epsilon": ("epsilon", "eps", "bn_eps", "bn_epsilon", "norm_eps"),
}
# Other words for the same.
_SAME = {
    "average": "avg",
    "mean": "avg",
    "globalaveragepooling2d": "avg",
    "fast": "avg",  # timm's quicker average
    "fastavg": "avg",
    "batchnorm2d": "batchnorm",
    "batchnormact2d": "batchnorm",
    "batchnormalization": "batchnorm",
}
# Of timm's `model_args` these change nothing that is computed in inference, whatever they say.
_TRAINING_ONLY = ("drop_rate", "drop_path_rate", "drop_block_rate", "zero_init_last")
_USUAL = {"num_classes": None, "in_chans": 3, "output_stride": 32}  # shapes hold the first


def of(model: keras.Model) -> dict[str, str]:
    """The settings of a network made by `networks.build`, read from its layers.

    `pooling` ("avg", "max", or "none" before fully connected layers), `activation` ("relu",
    "leaky_relu 0.5"), and `epsilon` of the batch normalizations ("1e-05") where it has any.
    """
    kinds = [type(layer) for layer in model.layers]
    pooling = "none"
    for kind, word in (
        (keras.layers.GlobalAveragePooling2D, "avg"),
        (keras.layers.GlobalMaxPooling2D, "max"),
    ):
        pooling = word if kind in kinds else pooling
    found = {"pooling": pooling, "activation": " and ".join(sorted(_activations(model)))}
    epsilons = {
        layer.epsilon
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    if epsilons:
        found |= {"normalization": "batchnorm"}
        found |= {"epsilon": " and ".join(f"{value:g}" for value in sorted(epsilons))}
    return found


def _activations(model: keras.Model) -> set[str]:
    found = set()
    for layer in model.layers:
        if isinstance(layer, keras.layers.ReLU | keras.layers.LeakyReLU):
            slope = float(layer.negative_slope)
            found.add(f"leaky_relu {slope:g}" if slope else "relu")
        elif isinstance(layer, keras.layers.Activation):
            found.add(layer.activation.__name__)
    return found


def check(model: keras.Model, title: str, stated: Mapping[str, Any]) -> None:
    """Raises ValueError if a source states another setting than the network has.

    `stated` may hold anything else, which is not looked at.
    """
    ours = of(model)
    for setting, names in _CALLED.items():
        mine = ours.get(setting, "none")
        for name in names:
            if stated.get(name) is not None and not _same(setting, stated[name], mine):
                raise ValueError(
                    f"{title} says {name}={stated[name]!r}, {model.name} has the {setting} "
                    f"{mine!r}: the arrays would fit and the outputs be wrong. The networks of "
                    "the book have average pooling, ReLU and batch normalization: choose other "
                    "weights."
                )


def _same(setting: str, theirs: Any, mine: str) -> bool:
    if setting == "epsilon":
        try:
            return math.isclose(float(theirs), float(mine), rel_tol=1e-6)
        except (TypeError, ValueError):  # no number, or none in the network
            return False
    return _plain(theirs) == _plain(mine)


def _plain(word: Any) -> str:
    """`torch.nn.ReLU`, `relu_` and `ReLU` are the same word, and so are synonyms."""
    last = str(word).strip().lower().rpartition(".")[2].rstrip("_").replace("_", "")
    return _SAME.get(last, last)


def check_configuration(model: keras.Model, name: str, configuration: Mapping[str, Any]) -> None:
    """Raises ValueError if a `config.json` of timm's says more than the architecture's name.

    Its settings must be the network's, and `model_args`, which change an architecture, may hold
    none that is not known here: what it would do to the outputs could not be said.
    """
    title = f"config.json of {name}"
    arguments = configuration.get("model_args") or {}
    if not isinstance(arguments, Mapping):
        raise ValueError(f"{title}: `model_args` must be a table. Received: {arguments!r:.80}")
    # Where timm's newer form has a part of its own, older files have all in one.
    check(model, title, {**configuration, **(configuration.get("pretrained_cfg") or {})})
    check(model, title, arguments)
    known = {called for names in _CALLED.values() for called in names}
    for key, value in arguments.items():
        usual = key in _USUAL and _USUAL[key] in (None, value)
        if key not in known and key not in _TRAINING_ONLY and not usual:
            raise ValueError(
                f"{title} changes its architecture by {key}={value!r}, which no network of the "
                "book has, so the arrays might fit and the outputs be wrong. Choose other weights, "
                "or download the file and pass its path if you know that the change does not "
                "matter."
            )

"""From a model of keras.applications into one of our networks.

Its ResNets have a bias b before every batch normalization and an epsilon of 1.001e-5. Both
go into our moving statistics: x + b - mean is x - (mean - b), and variance + 1.001e-5 is
(variance + 1e-8) + 1e-5. In inference the outputs agree to rounding.

Source: keras.applications.resnet, vgg16, vgg19. Book: chapter 4.
"""

from __future__ import annotations

import keras

from helpers.support import fetching
from helpers.weights import naming
from helpers.weights.places import (
    HEAD,
    Place,
    assign,
    check_names,
    check_shapes,
    check_stride,
    check_unseen,
)
from helpers.weights.places import numpy as values
from helpers.weights.published import Source


def load(model: keras.Model, source: keras.Model, *, head: bool = True) -> None:
    """Copies ResNet50, 101, 152, VGG16 or VGG19, without the classifier if not `head`.

    Raises ValueError, the network unchanged, if the source does not fit.
    """
    title = f"The model {source.name!r} of keras.applications"
    ours, theirs = naming.weighted(model), naming.weighted_in_keras(source)
    if not head:
        ours = {name: layer for name, layer in ours.items() if name != HEAD}
        theirs = {name: x for name, x in theirs.items() if name != naming.in_keras(HEAD)}
    places = {
        f"{naming.in_keras(layer.name)}/{variable.name}": Place(layer, variable, variable.shape)
        for layer in ours.values()
        for variable in layer.weights
    }
    variables = {f"{n}/{v.name}": v for n, layer in theirs.items() for v in layer.weights}
    biases = {
        name: variables.pop(name.replace("_bn", "_conv") + "/bias", None)
        for name, layer in theirs.items()
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    check_names(model, title, places, variables)
    check_stride(
        model, title, naming.bottleneck_stride({n: theirs[naming.in_keras(n)] for n in ours})
    )
    check_unseen(model, title)
    check_shapes(model, title, places, {name: v.shape for name, v in variables.items()})
    arrays = {name: values(variable) for name, variable in variables.items()}
    for name, bias in biases.items():
        mean, variance = f"{name}/moving_mean", f"{name}/moving_variance"
        epsilon = theirs[name].epsilon - places[variance].layer.epsilon
        arrays[mean] = arrays[mean].astype("float64") - (0.0 if bias is None else values(bias))
        arrays[variance] = arrays[variance].astype("float64") + epsilon
    assign(title, ((place, arrays[name]) for name, place in places.items()))


def fetch(source: Source, *, head: bool = True) -> keras.Model:
    """The published model, its file fetched and its MD5 checked by Keras.

    Without the classifier if not `head`. Raises ConnectionError if Keras cannot have the file.
    """
    make = getattr(keras.applications, source.name.removeprefix("keras.applications."))
    try:
        return fetching.within_limits(
            lambda: make(weights="imagenet", include_top=head, input_shape=(224, 224, 3)),
            *fetching.keras_folders(),
        )
    except Exception as error:  # Keras raises a bare Exception
        raise ConnectionError(
            f"The file of {source.name} is not on this machine, and Keras could not fetch it "
            f"({error!s:.200}). Put it into ~/.keras/models under the name that stands in the "
            "address, or build the model from a file with `weights=path` and pass the model."
        ) from error

"""The network of an intervention, made from the book's own by exchanging layers.

Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

import re

import keras
import numpy as np

from helpers import networks, specs
from helpers.studies.causes.interventions import Intervention, get
from helpers.studies.causes.layers import (
    DiracConv2D,
    FixedNorm,
    ScaledAdd,
    identity_kernel,
)

FILTERS = 8


def build(
    name: str,
    *,
    seed: int,
    input_shape: tuple[int, int, int] = (16, 16, 3),
    num_classes: int = 10,
) -> keras.Model:
    """The network of one of `INTERVENTIONS`, untrained, with 8 filters in its first stage.

    The wiring is that of `networks.build`, and so are the initial kernels: with one seed
    all nets of 56 layers start with the same, shortcuts or not. A net that starts from a
    trained one is made here as any other; `deepened` gives it its start.

    Sets Keras' global seed. Raises ValueError for an unknown name.
    """
    what = get(name)
    spec = specs.resolve(what.network, input_shape=input_shape, num_classes=num_classes)
    spec = specs.narrowed(spec, FILTERS)
    start = "zero-gamma" if what.zero_gamma else "skipinit" if what.skip_init else None
    keras.utils.set_random_seed(seed)
    model = networks.build(specs.resolve(spec, start=start))
    if what.bare:
        return model
    copy = keras.models.clone_model(model, clone_function=lambda layer: _exchanged(layer, what))
    for layer in copy.layers:
        old = model.get_layer(layer.name)
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            layer.kernel.assign(old.kernel)
        if what.fixed_norms and isinstance(layer, keras.layers.Conv2D):
            layer.kernel.constraint = FixedNorm(float(np.linalg.norm(old.kernel.numpy())))
    return keras.Model(copy.input, copy.output, name=f"{spec.name}-{name}")


def _exchanged(layer: keras.Layer, what: Intervention) -> keras.Layer:
    """A new layer for one of the book's network: the same, or what the intervention has."""
    config = layer.get_config()
    in_block = not layer.name.startswith("conv1_")
    match layer:
        case keras.layers.ReLU() if what.slope:
            return keras.layers.LeakyReLU(what.slope, name=layer.name)
        case keras.layers.Conv2D() if what.dirac != "no" and in_block:
            return DiracConv2D.from_config({**config, "scaled": what.dirac == "scaled"})
        case keras.layers.Add() if what.shortcut != 1:
            return ScaledAdd(what.shortcut, name=layer.name)
    return type(layer).from_config(config)


def deepen(
    deep: keras.Model, shallow: keras.Model, images: np.ndarray, batch_size: int = 128
) -> None:
    """Gives a plain net the function of a trained shallower one: Net2Net for depth.

    The stem, the first blocks of each stage and the classifier are copied. Every further
    layer changes nothing: its kernel is the identity, and its batch normalization has for
    gamma the standard deviation and for beta the mean of what comes in, the moving
    statistics likewise. What comes in has been through a ReLU, so the layer's own ReLU
    changes nothing either.

    In inference mode both nets are the same function, to rounding. In training mode a
    batch has a mean and a variance of its own: the first new layer of a stage moves each
    channel to the mean and variance over all `images`, (N, H, W, C) as the network sees
    them, and cuts off what falls below zero; the layers after it find nearly that and change
    nearly nothing. With all of `images` as one batch, `batch_size` of them, it is exact in
    training mode too.

    Raises ValueError if the nets are not two plain nets of one width.

    Source: Chen et al. 2016, "Net2Net", section 2.3.2, which leaves batch normalization
    open. Book: chapters 1 and 8.
    """
    theirs = {layer.name: layer for layer in shallow.layers}
    lasts = {}  # the last block of each stage of the shallow net: {"conv2": "conv2_3"}
    for name in theirs:
        if named := re.match(r"((conv\d+)_\d+)_2_relu$", name):
            lasts[named[2]] = named[1]
    statistics = _statistics(shallow, lasts, images, batch_size)
    for layer in deep.layers:
        if layer.name in theirs:
            old, own = theirs[layer.name].get_weights(), layer.get_weights()
            if [w.shape for w in old] != [w.shape for w in own]:
                raise ValueError(
                    f"Expected two plain nets of one width. Received: {layer.name} with "
                    f"{[w.shape for w in old]} in {shallow.name} and "
                    f"{[w.shape for w in own]} in {deep.name}"
                )
            layer.set_weights(old)
        elif isinstance(layer, keras.layers.Conv2D):
            size, _, channels, filters = layer.kernel.shape
            layer.set_weights([identity_kernel(size, channels, filters)])
        elif isinstance(layer, keras.layers.BatchNormalization):
            mean, variance = statistics[layer.name.split("_")[0]]
            gamma = np.sqrt(variance + layer.epsilon)
            layer.set_weights([gamma, mean, mean, variance])


def _statistics(model, blocks, images, batch_size):
    """{stage: mean and variance of each channel of its last output, in training mode}."""
    outputs = [model.get_layer(f"{block}_2_relu").output for block in blocks.values()]
    if not outputs:
        raise ValueError(f"Expected a plain net. Received: {model.name}")
    before = model.get_weights()
    watched = keras.Model(model.input, outputs)
    sums = [np.zeros((2, x.shape[-1])) for x in outputs]
    count = [0] * len(outputs)
    for start in range(0, len(images) - batch_size + 1, batch_size):
        found = watched(images[start : start + batch_size], training=True)
        for i, x in enumerate(found):
            x = keras.ops.convert_to_numpy(x).astype("float64").reshape(-1, x.shape[-1])
            sums[i] += x.sum(axis=0), (x**2).sum(axis=0)
            count[i] += len(x)
    model.set_weights(before)
    result = {}
    for stage, (total, squares), n in zip(blocks, sums, count, strict=True):
        mean = total / n
        result[stage] = mean, np.maximum(squares / n - mean**2, 0)
    return result

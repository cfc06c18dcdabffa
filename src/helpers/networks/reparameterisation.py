"""Branches that are linear together, merged into one convolution; and what cannot be merged.

After training a batch normalization is a fixed factor and a fixed sum for each channel. With the
convolution before it, it is one convolution with a bias. Convolutions of the same x that are
added up are one convolution, whose kernel is the sum of theirs; a 1x1 kernel is a 3x3 one with
zeros around it, and x itself is a convolution with the identity. So whatever lies between two
ReLUs, and adds up only what begins at the first of them, is one convolution.

Source: Ding et al. 2021, section 3.3 and Figure 4 (RepVGG); Zagoruyko and Komodakis 2017
(DiracNets). Book: chapter 9.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from helpers import blocks, specs
from helpers.networks.building import build
from helpers.specs import Network
from helpers.support import expect


def merge(model: keras.Model) -> keras.Model:
    """The model as a chain of convolutions with bias and ReLUs, without batch normalization.

    In inference mode both are the same function, to rounding; `model` is left as it is. For
    nets whose every sum adds up branches that are linear in one x: RepVGG, plain nets, VGG, and
    plain nets with `DiracConv2D` (whatever has a `whole_kernel`). Layers have the names
    that `networks.build` gives to those of `merged(spec)`.

    Raises TypeError for what is no functional model, and ValueError for any other net, a
    ResNet's basic block foremost: the ReLU inside of F stands between x and the sum, and a
    convolution has no ReLU inside.

    Source: Ding et al. 2021, section 3.3. Book: chapter 9.
    """
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise TypeError(
            f"Expected a functional Keras model. Received: {model!r:.80} of type "
            f"{type(model).__name__}"
        )
    return _Merger(model).merged()


def fold(model: keras.Model, name_or_spec: str | Network, **changes: Any) -> keras.Model:
    """A network with every batch normalization folded into the convolution before it.

    In inference mode both are the same function, to rounding; `model` is left as it is, and what
    comes back is smaller, faster, and not to be trained. `name_or_spec` and `changes` are those
    of `networks.build`, which made the model. For nets whose every batch normalization follows on
    a convolution: plain and residual ones, bottleneck blocks, VGG. Shortcuts stay what they are.

    Raises ValueError for another net, as one whose batch normalizations come first (before
    activation), and for a model that is not of that network.

    Source: Ioffe and Szegedy 2015, section 3.1. Book: chapter 4.
    """
    spec = specs.resolve(name_or_spec, **changes)
    branches = any(stage.block == "repvgg" for stage in spec.stages)
    if not spec.batch_norm or spec.preactivation or branches:
        why = "a network whose every batch normalization follows on a convolution"
        expect.fail("name_or_spec", why, spec.name)
    activation = keras.activations.serialize(model.layers[-1].activation)
    new = build(dataclasses.replace(spec, batch_norm=False), classifier_activation=activation)
    try:
        for layer in new.layers:
            layer.set_weights(_folded(model, layer))
    except ValueError as error:  # no layer of that name, or of another shape
        raise ValueError(
            f"Expected a model of {spec.name}, as networks.build makes it. Received: {model.name}"
        ) from error
    return new


def _folded(model, layer):
    """The weights of a layer without batch normalization, from the same layer with one behind."""
    found = model.get_layer(layer.name).get_weights()
    if not isinstance(layer, layers.Conv2D) or len(found) == len(layer.weights):
        return found
    norm = model.get_layer(layer.name.removesuffix("conv") + "bn")
    form = _Linear(layer.input, found[0], np.zeros(()), stride=1).normalized(norm)
    return [form.kernel, form.bias]


def merged(name_or_spec: str | Network) -> Network:
    """The record of what `merge` makes of a network: a 3x3 convolution with bias per layer.

    Raises ValueError for a residual net.
    """
    spec = specs.resolve(name_or_spec)
    if spec.residual:
        why = "the ReLU inside of F keeps its blocks from being one convolution"
        expect.fail("name_or_spec", f"a net without residual blocks: {why}", spec.name)
    stages = tuple(
        dataclasses.replace(stage, block="convolution") if stage.block == "repvgg" else stage
        for stage in spec.stages
    )
    return dataclasses.replace(spec, name=f"{spec.name}-merged", stages=stages, batch_norm=False)


def departure(
    function: Callable[[Any], Any], shape: tuple[int, int, int], *, images: int = 8, seed: int = 0
) -> float:
    """How far a function of maps is from every convolution with a bias; 0 where it is one.

    Of such a function h(u + v) - h(u) - h(v) + h(0) is nothing. This is the norm of it for
    random u and v, (images, H, W, C) with the H, W, C of `shape`, behind a ReLU as a block's
    input is, as a part of the norm of h(u + v) - h(0).
    """
    random = np.random.default_rng(seed)
    u, v = np.maximum(random.normal(size=(2, images, *shape)), 0).astype("float32")
    both, first, second, nothing = (
        ops.convert_to_numpy(function(x)).astype("float64") for x in (u + v, u, v, 0 * u)
    )
    whole = np.linalg.norm(both - nothing)
    return float(np.linalg.norm(both - first - second + nothing) / whole)


@dataclass(frozen=True)
class _Linear:
    """A tensor as one convolution of `source`: y = source * kernel + bias, of Keras' layer `name`.

    `kernel` is (size, size, channels, filters); padded by (size - 1) / 2 on every side.
    """

    source: KerasTensor
    kernel: np.ndarray
    bias: np.ndarray
    stride: int
    name: str | None = None

    def normalized(self, layer: layers.BatchNormalization) -> _Linear:
        """With a batch normalization behind it, in inference mode."""
        mean, variance = (_array(v) for v in (layer.moving_mean, layer.moving_variance))
        factor = 1 / np.sqrt(variance + layer.epsilon)
        factor = factor * _array(layer.gamma) if layer.scale else factor
        beta = _array(layer.beta) if layer.center else 0.0
        bias = factor * (self.bias - mean) + beta
        return dataclasses.replace(self, kernel=self.kernel * factor, bias=bias)

    def plus(self, other: _Linear) -> _Linear:
        """The sum of the two: the smaller kernel stands in the middle of the larger."""
        large, small = sorted((self, other), key=lambda f: f.kernel.shape[0], reverse=True)
        border = (large.kernel.shape[0] - small.kernel.shape[0]) // 2
        padding = [(border, border), (border, border), (0, 0), (0, 0)]
        kernel = large.kernel + np.pad(small.kernel, padding)
        return dataclasses.replace(large, kernel=kernel, bias=self.bias + other.bias)


class _Merger:
    """A model's layers in their order, and what each of its tensors has become."""

    def __init__(self, model: keras.Model):
        self.model = model
        self.made: dict[int, KerasTensor] = {}  # by the id of the model's own tensor
        self.linear: dict[int, _Linear] = {}
        self.padded: dict[int, tuple[KerasTensor, Any]] = {}

    def merged(self) -> keras.Model:
        for layer in self.model.layers:
            given = layer.input if isinstance(layer.input, list) else [layer.input]
            match layer:
                case layers.InputLayer():
                    new = keras.Input(layer.output.shape[1:], name=layer.name)
                    self.made[id(layer.output)] = new
                case layers.Conv2D():
                    self.linear[id(layer.output)] = self._convolution(layer, given[0])
                case layers.BatchNormalization():
                    form = self._form(given[0]).normalized(layer)
                    self.linear[id(layer.output)] = form
                case layers.Add():
                    self.linear[id(layer.output)] = self._sum(layer, given)
                case layers.ZeroPadding2D() if self._before_convolutions(layer):
                    self.padded[id(layer.output)] = given[0], layer.padding
                case layers.ReLU() | layers.Dropout() | layers.Flatten() | layers.Dense():
                    self._copy(layer, given[0])
                case layers.MaxPooling2D() | layers.ZeroPadding2D():
                    self._copy(layer, given[0])
                case layers.GlobalAveragePooling2D():
                    self._copy(layer, given[0])
                case _:
                    kind = type(layer).__name__
                    self._fail(f"{layer.name}, a {kind}, is no part of a chain of convolutions")
        outputs = self._built(self.model.output)
        return keras.Model(
            self.made[id(self.model.input)], outputs, name=f"{self.model.name}-merged"
        )

    def _convolution(self, layer, x):
        size, stride = layer.kernel_size[0], layer.strides[0]
        border = (size - 1) // 2
        if id(x) in self.padded:
            x, found = self.padded[id(x)]
            symmetric = found == ((border, border), (border, border)) and layer.padding == "valid"
        else:
            symmetric = size == 1 or (stride == 1 and layer.padding == "same")
        usual = type(layer) is layers.Conv2D or hasattr(layer, "whole_kernel")
        usual = usual and layer.groups == 1 and max(layer.dilation_rate) == 1 and size % 2 == 1
        usual = usual and layer.activation is keras.activations.linear
        if not (symmetric and usual and layer.strides == (stride,) * 2):
            self._fail(f"{layer.name} is not the usual convolution, of all channels, padded alike")
        whole = getattr(layer, "whole_kernel", lambda: layer.kernel)
        kernel = _array(whole())
        bias = _array(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1])
        if id(x) in self.linear:
            self._fail(f"{layer.name} follows on no ReLU: at a border two convolutions are not one")
        return _Linear(x, kernel, bias, stride, layer.name)

    def _form(self, x):
        """`x` as a convolution, of itself where it is none."""
        if id(x) in self.linear:
            return self.linear[id(x)]
        channels = x.shape[-1]
        return _Linear(x, np.eye(channels)[None, None], np.zeros(channels), stride=1)

    def _sum(self, layer, given):
        first, *others = (self._form(x) for x in given)
        for other in others:
            if other.source is not first.source or other.stride != first.stride:
                self._fail(
                    f"{layer.name} adds up what does not begin at the same x: "
                    "a ReLU inside of one branch keeps the sum from being one convolution"
                )
            first = first.plus(other)
        return first

    def _before_convolutions(self, layer):
        nodes = layer._outbound_nodes
        return all(isinstance(node.operation, layers.Conv2D) for node in nodes)

    def _copy(self, layer, x):
        copy = type(layer).from_config(layer.get_config())
        self.made[id(layer.output)] = copy(self._built(x))
        copy.set_weights(layer.get_weights())

    def _built(self, x):
        """The new tensor in place of `x`, the convolution that it has become among them."""
        if id(x) not in self.made:
            form = self.linear[id(x)]
            if form.name is None:
                self._fail("a batch normalization follows on no convolution")
            size, _, _, filters = form.kernel.shape
            name = form.name.removesuffix("_conv")
            window = (filters, size, form.stride)
            self.made[id(x)] = blocks.convolution(
                self._built(form.source), *window, name=name, bias=True
            )
            layer = self.made[id(x)]._keras_history[0]
            layer.set_weights([form.kernel, form.bias])
        return self.made[id(x)]

    def _fail(self, why):
        raise ValueError(
            "Expected a net of convolutions, batch normalizations and ReLUs whose sums add up "
            f"branches that are linear in one x, as RepVGG's. Received: {self.model.name} ({why})"
        )


def _array(variable):
    return ops.convert_to_numpy(variable).astype("float64")

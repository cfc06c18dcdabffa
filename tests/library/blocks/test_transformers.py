"""transformers: both blocks against NumPy, their initial kernels, and what is refused."""

import math

import keras
import numpy as np
import pytest

from helpers.blocks import transformers

pytestmark = [pytest.mark.backends, pytest.mark.quick]

WIDTH, HEADS, LENGTH = 8, 2, 5


def made(norm, blocks=1, **how):
    keras.utils.set_random_seed(0)
    model = transformers.build(
        blocks, norm=norm, width=WIDTH, heads=HEADS, length=LENGTH, num_classes=3, **how
    )
    rng = np.random.default_rng(0)
    for weight in model.weights:  # biases and norms too, which start at 0 and 1
        weight.assign(rng.normal(1.0 if "gamma" in weight.path else 0.0, 0.5, weight.shape))
    return model


def numbers(layer, *names):
    """The layer's weights whose paths end so."""
    return [
        next(keras.ops.convert_to_numpy(w) for w in layer.weights if w.path.endswith(name))
        for name in names
    ]


def normalized(x, layer):
    gamma, beta = numbers(layer, "gamma", "beta")
    centred = x - x.mean(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(centred.var(axis=-1, keepdims=True) + 1e-5) + beta


def attention(x, layer):
    """softmax(q k / sqrt(d)) v by head, and the layer that mixes the heads."""

    def project(what):
        kernel, bias = numbers(layer, f"{what}/kernel", f"{what}/bias")
        return np.einsum("ntw,whd->nhtd", x, kernel) + bias[None, :, None, :]

    q, k, v = (project(what) for what in ("query", "key", "value"))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found = weights / weights.sum(axis=-1, keepdims=True) @ v
    kernel, bias = numbers(layer, "attention_output/kernel", "attention_output/bias")
    return np.einsum("nhtd,hdw->ntw", found, kernel) + bias


def feed_forward(x, model, prefix):
    for name in ("inner", "outer"):
        kernel, bias = numbers(model.get_layer(f"{prefix}_{name}"), "kernel", "bias")
        x = x @ kernel + bias
        x = np.maximum(x, 0) if name == "inner" else x
    return x


def by_hand(x, model, norm):
    for part in ("1", "2"):
        prefix = f"block1_{part}"
        layer_norm = model.get_layer(f"{prefix}_norm")
        read = normalized(x, layer_norm) if norm == "pre" else x
        if part == "1":
            fx = attention(read, model.get_layer(f"{prefix}_attention"))
        else:
            fx = feed_forward(read, model, prefix)
        x = x + fx if norm == "pre" else normalized(x + fx, layer_norm)
    if norm == "pre":
        x = normalized(x, model.get_layer("last_norm"))
    return x.mean(axis=1)


@pytest.mark.parametrize("norm", transformers.NORMS)
def test_a_block_against_numpy(norm):
    model = made(norm)
    x = np.random.default_rng(1).normal(size=(3, LENGTH, WIDTH)).astype("float32")
    features = keras.Model(model.input, model.get_layer("mean").output)
    found = keras.ops.convert_to_numpy(features(x))
    np.testing.assert_allclose(found, by_hand(x.astype("float64"), model, norm), atol=2e-5)


def test_scaled_kernels_are_smaller_by_the_root_of_the_additions():
    """GPT-2's rule, of the two layers of a block that add to the stream and of no other."""
    kernels = {}
    for scaled in (False, True):
        keras.utils.set_random_seed(1)
        model = transformers.build(8, norm="pre", width=64, heads=4, length=4, scaled=scaled)
        kernels[scaled] = {w.path: w for w in model.weights if w.path.endswith("kernel")}
    assert len(kernels[True]) == 8 * 6 + 1
    for path, weight in kernels[True].items():
        sizes = [float(keras.ops.std(k)) for k in (weight, kernels[False][path])]
        adds = "attention_output" in path or "_2_outer" in path
        assert sizes[0] / sizes[1] == pytest.approx(1 / 4 if adds else 1, rel=0.05), path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm": "middle"}, "norm.*pre, post.*'middle'"),
        ({"blocks": 0}, "blocks.*at least 1.*0"),
        ({"heads": 3}, "heads.*divisor of the width 8.*3"),
    ],
)
def test_what_is_no_stack_is_refused(change, message):
    arguments = {"blocks": 1, "norm": "pre", "width": 8, "heads": 2} | change
    with pytest.raises(ValueError, match=message):
        transformers.build(arguments.pop("blocks"), **arguments)


def test_maps_are_no_sequences():
    with pytest.raises(ValueError, match=r"b: expected a batch of sequences.*8, 8, 3"):
        transformers.pre_norm_block(keras.Input((8, 8, 3)), 2, name="b")

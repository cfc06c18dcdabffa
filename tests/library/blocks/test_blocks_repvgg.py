"""repvgg_block and the network of such blocks: against NumPy on every backend, and counted."""

import dataclasses
import math

import keras
import numpy as np
import pytest

import reference
from backend import backward, forward
from helpers import blocks, counting, inspection, networks, specs

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SHAPE = (6, 7, 4)
CASES = [(4, 1, True), (4, 1, False), (4, 2, True), (6, 1, True), (6, 2, False)]


def block(filters, stride, batch_norm):
    x = keras.Input(SHAPE)
    built = blocks.repvgg_block(x, filters, stride, name="conv3_1", batch_norm=batch_norm)
    return keras.Model(x, built)


def images(seed=1):
    return np.random.default_rng(seed).normal(size=(3, *SHAPE))


def branches(x, weights, stride, training):
    """Figure 2 (b), before the ReLU."""
    how = {"stride": stride, "training": training}
    y = reference.conv_bn(x, weights, "conv3_1", **how)
    y = y + reference.conv_bn(x, weights, "conv3_1_1x1", **how)
    if x.shape != y.shape:
        return y
    if "conv3_1_bn" not in weights:
        return y + x
    return y + reference.batch_norm(x, *weights["conv3_1_identity_bn"], training=training)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("filters", "stride", "batch_norm"), CASES)
def test_against_numpy(filters, stride, batch_norm, training):
    model = block(filters, stride, batch_norm)
    weights = reference.random_weights(model)
    expected = reference.relu(branches(images(), weights, stride, training))
    found = forward(model, images(), training)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_its_gradient_in_x_is_that_of_the_three_branches():
    model = block(4, 1, True)
    weights = reference.random_weights(model)
    factors = np.random.default_rng(2).normal(size=(3, *SHAPE))
    x = images()
    _, found, _ = backward(model, x.astype("float32"), factors, True)
    dy = factors * (branches(x, weights, 1, True) > 0)
    expected = sum(
        reference.conv_bn_gradient(dy, x, weights, name, training=True)[0]
        for name in ("conv3_1", "conv3_1_1x1")
    )
    norm = weights["conv3_1_identity_bn"]
    expected = expected + reference.batch_norm_gradient(dy, x, *norm, training=True)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.one_backend
@pytest.mark.parametrize("batch_norm", [True, False])
def test_rows_and_built_layers_agree(batch_norm):
    spec = dataclasses.replace(specs.get("repvgg20"), batch_norm=batch_norm)
    model = networks.build(spec)
    rows = {row.name: row for row in counting.layers(spec)}
    assert [layer.name for layer in model.layers[1:] if layer.name not in rows] == []
    assert len(rows) == len(model.layers) - 1
    for layer in model.layers[1:]:
        row = rows[layer.name]
        assert (row.kind, row.output_shape) == (type(layer).__name__, layer.output.shape[1:])
        assert row.parameters == sum(math.prod(w.shape) for w in layer.trainable_weights)
        kept = sum(math.prod(w.shape) for w in layer.non_trainable_weights)
        assert row.moving_statistics == kept


@pytest.mark.one_backend
def test_it_is_plain_20_and_a_1x1_beside_each_3x3():
    """A ninth of the work in blocks more, and what the 1x1s and the batch normalizations weigh."""
    plain, rep = specs.get("plain20"), specs.get("repvgg20")
    assert rep.depth == plain.depth == 20
    assert (rep.stem, rep.input_shape) == (plain.stem, plain.input_shape)
    assert [s.filters for s in rep.stages] == [s.filters for s in plain.stages]
    outside = sum(r.multiply_adds for r in counting.layers(plain) if r.stage in ("conv1", "fc"))
    in_blocks = counting.multiply_adds(plain) - outside
    assert 9 * (counting.multiply_adds(rep) - counting.multiply_adds(plain)) == in_blocks
    inputs = [(16, 16)] * 6 + [(16, 32)] + [(32, 32)] * 5 + [(32, 64)] + [(64, 64)] * 5
    more = sum(a * b + 2 * b + 2 * b * (a == b) for a, b in inputs)
    assert counting.parameters(rep) - counting.parameters(plain) == more
    assert counting.layers(rep)[-3].receptive_field == counting.layers(plain)[-3].receptive_field


@pytest.mark.one_backend
def test_its_blocks_are_found_and_the_sum_is_no_shortcut():
    spec = specs.narrowed(specs.get("repvgg20"), 4)
    found = inspection.find_blocks(networks.build(spec))
    assert [b.name for b in found] == [f"conv{s}_{i}" for s in (2, 3, 4) for i in range(1, 7)]
    assert all(b.residual is None for b in found)
    outputs = [b.exit for b in found]
    assert all(b.entry is before for b, before in zip(found[1:], outputs, strict=False))


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shortcut": "A"}, "`shortcut` must be left out: repvgg20 has RepVGG's branches.*'A'"),
        ({"start": "zero-gamma"}, "`start` must be left out: repvgg20.*'zero-gamma'"),
    ],
)
def test_what_is_an_option_of_shortcuts_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        specs.resolve("repvgg20", **changes)


@pytest.mark.one_backend
def test_what_is_no_batch_of_maps_is_refused():
    with pytest.raises(ValueError, match="conv3_1: expected a batch of feature maps"):
        blocks.repvgg_block(keras.Input((8,)), 4, name="conv3_1")
    with pytest.raises(ValueError, match=r"3 n \+ 2"):
        specs.cifar(21, "repvgg")

"""Paths are counted as binomials are, and their gradients add up to the whole."""

import itertools
from math import comb

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs
from helpers.inspection import paths
from helpers.specs import Stage, Stem


def tiny(shortcut="A", block="basic"):
    """Three blocks, so eight paths; one of the blocks changes the shape."""
    spec = specs.Network(
        "tiny",
        (8, 8, 3),
        4,
        Stem(3, 4, 1, False),
        (Stage("conv2_x", block, 4, 2, 1), Stage("conv3_x", block, 8, 1, 2)),
        shortcut=shortcut,
    )
    keras.utils.set_random_seed(0)
    return networks.build(spec)


def batch(n=6):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 8, 8, 3)).astype("float32"), rng.integers(0, 4, n)


def test_lengths_are_binomial():
    counted = np.zeros(6)
    for path in itertools.product((0, 1), repeat=5):
        counted[sum(path)] += 1
    np.testing.assert_allclose(inspection.lengths(5), counted / 32)
    assert inspection.lengths(0).tolist() == [1.0]
    assert inspection.lengths(54).sum() == pytest.approx(1)


def test_the_numbers_of_veit_et_al():
    """54 blocks: "more than 95 % of paths go through 19 to 35"; one fewer at either end will do."""
    shares = inspection.lengths(54)
    assert shares[19:36].sum() > 0.95
    assert inspection.span(54, 0.95) == (20, 34)
    assert shares[20:35].sum() >= 0.95 > shares[21:34].sum()
    exact = sum(comb(54, k) for k in range(5, 18)) / 2**54
    assert shares[5:18].sum() == pytest.approx(exact)


def test_a_span_of_everything_is_everything():
    assert inspection.span(7, 1.0) == (0, 7)
    assert inspection.span(7, 1e-9) == (3, 4)
    with pytest.raises(ValueError, match="`share` must be"):
        inspection.span(7, 0.0)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shortcut", "block"), [("A", "basic"), ("B", "basic"), ("B", "preactivation")]
)
def test_the_gradients_of_all_paths_add_up_to_the_whole(shortcut, block, training):
    import tensorflow as tf

    model, (x, y) = tiny(shortcut, block), batch()
    names = inspection.take_apart(model).names
    total, sizes = np.zeros_like(x), set()
    for number in range(8):
        found = inspection.path_gradient(
            model, x, y, inspection.subset(names, number), training=training
        )
        total += found
        sizes.add(round(float(np.linalg.norm(found)), 7))
    images = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(images)
        p = model(images, training=training)
        loss = keras.losses.SparseCategoricalCrossentropy()(y, p)
    whole = tape.gradient(loss, images).numpy()
    np.testing.assert_allclose(total, whole, atol=1e-3 * np.abs(whole).max())
    assert len(sizes) == 8


def test_without_any_block_the_gradient_is_that_of_stem_and_head():
    """By finite differences along the gradient: F held at what it is, x alone moved."""
    model, (x, y) = tiny(), batch(2)
    parts = inspection.take_apart(model)
    found = inspection.path_gradient(model, x, y, set())
    held, z = [], parts.stem(x, training=False)
    for part in parts.blocks:
        held.append(part.residual(z, training=False))
        z = part.whole(z, training=False)

    def loss(images):
        z = parts.stem(images, training=False)
        for part, f in zip(parts.blocks, held, strict=True):
            z = part.joined(f, part.carried(z, training=False), training=False)
        p = keras.ops.convert_to_numpy(parts.head(z, training=False)).astype("float64")
        return -np.log(p[np.arange(len(y)), y]).mean()

    direction = found / np.linalg.norm(found)
    step = 1e-2
    slope = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    assert slope == pytest.approx(np.linalg.norm(found), rel=0.02)


def test_by_length():
    model, (x, y) = tiny(), batch()
    found = inspection.gradient_by_length(model, x, y, draws=4, seed=1)
    assert found.shape == (4, 4)
    assert np.ptp(found[0]) == 0 and np.ptp(found[3]) == 0  # one path each
    assert found[3, 0] == pytest.approx(
        np.linalg.norm(inspection.path_gradient(model, x, y, inspection.take_apart(model).names))
    )
    two = inspection.gradient_by_length(model, x, y, draws=2, at=[2, 0])
    assert two.shape == (2, 2) and two[1, 0] == pytest.approx(found[0, 0])


def test_the_net_of_keras_applications():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=4)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 32, 32, 3)).astype("float32"), rng.integers(0, 4, 2)
    found = inspection.gradient_by_length(model, x, y, draws=1, at=[0, 16])
    assert found.shape == (2, 1) and (found > 0).all()


def test_what_does_not_fit_is_refused():
    model, (x, y) = tiny(), batch()
    with pytest.raises(ValueError, match=r"`through` must be blocks of conv2_1.*conv9"):
        inspection.path_gradient(model, x, y, {"conv9"})
    plain = networks.build(specs.narrowed(specs.resolve("plain8", input_shape=(8, 8, 3)), 4))
    with pytest.raises(ValueError, match=r"Expected residual blocks alone.*conv2_1 is plain"):
        paths.residual_parts(plain)

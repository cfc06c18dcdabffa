"""The argument of chapter 2, against nets written out in NumPy and sums done by hand."""

import math

import numpy as np
import pytest

from helpers import specs
from helpers.counting import propagation

WIDTH, BATCH = 400, 100


def normalised(z):
    """Batch normalisation with gamma 1 and beta 0, and its standard deviations."""
    deviation = z.std(axis=0)
    return (z - z.mean(axis=0)) / deviation, deviation


def rate_by_hand(layers, *, relu=True, seed=0):
    """Mean factor of a fully connected layer: He's weights, batch norm, ReLU, and back again."""
    rng = np.random.default_rng(seed)
    x, tape = rng.normal(size=(BATCH, WIDTH)), []
    x = np.maximum(x, 0) if relu else x
    for _ in range(layers):
        w = rng.normal(0, math.sqrt(2 / WIDTH), (WIDTH, WIDTH))
        z, deviation = normalised(x @ w)
        on = z > 0 if relu else np.ones_like(z)
        tape.append((w, z, deviation, on))
        x = z * on
    d = rng.normal(size=x.shape)
    start = np.linalg.norm(d)
    for w, z, deviation, on in reversed(tape):
        d = d * on
        d = (d - d.mean(axis=0) - z * (d * z).mean(axis=0)) / deviation
        d = d @ w.T
    return (np.linalg.norm(d) / start) ** (2 / layers)


def rate_of_theorem_8(batch):
    """Yang et al. 2019, equation 25 for ReLU (alpha = 1), with the arc cosine kernel J."""
    c = -1 / (batch - 1)
    angle = math.pi - math.acos(c)
    j, slope = (math.sqrt(1 - c * c) + angle * c) / math.pi, angle / math.pi
    return (slope + batch - 1) / ((batch - 3) * (1 - j)) - 1 / (batch - 3)


def test_a_wide_layer_multiplies_the_square_by_pi_over_pi_minus_1():
    assert rate_of_theorem_8(10**7) == pytest.approx(propagation.RELU_AND_BATCH_NORM, rel=1e-5)
    found = np.mean([rate_by_hand(10, seed=seed) for seed in range(3)])
    assert found == pytest.approx(rate_of_theorem_8(BATCH), rel=0.02)
    assert found == pytest.approx(propagation.RELU_AND_BATCH_NORM, rel=0.04)


def test_it_is_the_mean_that_relu_leaves_which_makes_it_grow():
    """Without ReLU there is none, and the theorem's rate is (B - 2) / (B - 3)."""
    assert rate_by_hand(10, relu=False) == pytest.approx((BATCH - 2) / (BATCH - 3), rel=0.02)


def residual_by_hand(blocks, seed=0):
    """Gradient norms and sizes of x in a fully connected net of y = relu(x + F(x))."""
    rng = np.random.default_rng(seed)
    x, tape = np.maximum(normalised(rng.normal(size=(BATCH, WIDTH)))[0], 0), []
    squares = [(x**2).mean()]
    for _ in range(blocks):
        w1, w2 = rng.normal(0, math.sqrt(2 / WIDTH), (2, WIDTH, WIDTH))
        z1, s1 = normalised(x @ w1)
        z2, s2 = normalised(np.maximum(z1, 0) @ w2)
        tape.append((w1, z1, s1, w2, z2, s2, x + z2 > 0))
        x = np.maximum(x + z2, 0)
        squares.append((x**2).mean())
    d, norms = rng.normal(size=x.shape), []
    norms.append(np.linalg.norm(d))
    for w1, z1, s1, w2, z2, s2, on in reversed(tape):
        d = d * on
        f = (d - d.mean(axis=0) - z2 * (d * z2).mean(axis=0)) / s2 @ w2.T * (z1 > 0)
        d = d + (f - f.mean(axis=0) - z1 * (f * z1).mean(axis=0)) / s1 @ w1.T
        norms.append(np.linalg.norm(d))
    return norms[::-1], np.sqrt(squares)


def test_shortcuts_turn_the_exponential_into_a_power():
    """Of a wide net, with a = (pi / (pi - 1))^2 for the two layers of a block."""
    norms, sizes = residual_by_hand(12)
    measured = propagation.factors(dict(enumerate(norms)))
    a = propagation.RELU_AND_BATCH_NORM**2
    blocks = np.arange(1, 13)
    predicted = np.prod(1 + a / blocks)
    assert 0.4 < np.prod(measured) / predicted < 2.5  # a^12 is 70 times as much
    assert a**12 > 20 * np.prod(measured)
    # The mean square grows by one a block, less what ReLU takes: evenly, not by a factor.
    steps = np.diff(np.square(sizes))
    assert (steps > 0.5).all()
    assert (steps < 1).all()


def test_factors_and_growth_undo_each_other():
    norms = {"conv1": 12.0, "conv2_1": 6.0, "conv2_2": 2.0}
    found = propagation.factors(norms)
    assert found == pytest.approx([4, 9])
    assert propagation.growth(found) == pytest.approx([6, 3, 1])
    with pytest.raises(ValueError, match="at least two"):
        propagation.factors({"conv1": 1.0})


def test_the_rule_is_a_in_a_plain_net_and_1_plus_a_over_l_in_a_residual_one():
    assert propagation.rule("plain20", 1.5) == pytest.approx([1.5] * 9)
    assert propagation.rule("resnet20", 2) == pytest.approx(
        [3, 2, 5 / 3, 1.5, *(1 + 2 / np.arange(5, 10))]
    )
    # For a = 2 the product has a closed form: (n + 1)(n + 2) / 2.
    assert np.prod(propagation.rule("resnet56", 2)) == pytest.approx(28 * 29 / 2)


def test_the_size_of_x_grows_by_one_in_square_and_is_halved_by_empty_channels():
    assert np.square(propagation.sizes("plain20")) == pytest.approx([0.5] * 10)
    squares = [0.5, 1.5, 2.5, 3.5, 2.75, 3.75, 4.75, 3.375, 4.375, 5.375]
    assert np.square(propagation.sizes("resnet20")) == pytest.approx(squares)
    shortcut = [1, 1, 1, 0.5, 1, 1, 0.5, 1, 1]
    expected = [k + 2 / s for k, s in zip(shortcut, squares, strict=False)]
    assert propagation.by_size("resnet20", 2) == pytest.approx(expected)


def test_half_a_shortcut_and_another_stem():
    """x is halved at every block: its square settles at 4/3, and the gradient's factor has 1/4."""
    found = np.square(propagation.sizes("resnet8", carried=0.5))
    assert found == pytest.approx([0.5, 1.125, 1 + 1.125 / 8, 1 + (1 + 1.125 / 8) / 8])
    factors = propagation.by_size("resnet8", 2, carried=0.5)
    kept = np.array([1, 0.5, 0.5])
    assert factors == pytest.approx(kept / 4 + 2 / found[:-1])
    deep = np.square(propagation.sizes("resnet56", carried=0.5))
    assert deep[9] == pytest.approx(4 / 3, rel=1e-3)
    assert np.square(propagation.sizes("resnet8", first=7))[:2] == pytest.approx([7, 8])


def test_what_the_argument_does_not_cover_is_refused():
    with pytest.raises(ValueError, match=r'shortcut="A".*resnet20-C'):
        propagation.sizes(specs.resolve("resnet20", shortcut="C"))
    with pytest.raises(ValueError, match=r"residual net.*plain20"):
        propagation.by_size("plain20", 2)


def factor_with_branches(layers, seed=0):
    """Mean factor of a fully connected layer of three branches, two random and x itself, all
    normalised, and a ReLU behind their sum."""
    rng = np.random.default_rng(seed)
    x, tape = np.maximum(rng.normal(size=(BATCH, WIDTH)), 0), []
    for _ in range(layers):
        kernels = [rng.normal(0, math.sqrt(2 / WIDTH), (WIDTH, WIDTH)) for _ in range(2)]
        kernels.append(np.eye(WIDTH))
        branches = [(w, *normalised(x @ w)) for w in kernels]
        total = sum(z for _, z, _ in branches)
        tape.append((branches, total > 0))
        x = np.maximum(total, 0)
    d = rng.normal(size=x.shape)
    start = np.linalg.norm(d)
    for branches, on in reversed(tape):
        d = d * on
        d = sum(
            ((d - d.mean(axis=0) - z * (d * z).mean(axis=0)) / deviation) @ w.T
            for w, z, deviation in branches
        )
    return (np.linalg.norm(d) / start) ** (2 / layers), (x**2).mean()


def test_normalised_branches_take_none_of_the_growth_away():
    """As much a layer as without them; and x stays as large as it is.

    The argument's mean square is 3 / 2. That of x itself, normalised, is not symmetric, so the
    ReLU leaves a little more than half.
    """
    factor, square = factor_with_branches(12)
    assert factor == pytest.approx(propagation.RELU_AND_BATCH_NORM, rel=0.05)
    assert 1.5 < square < 1.9


def test_repvgg_by_its_branches():
    """Six blocks a stage, and in the first of the second and third x has another shape."""
    found = propagation.by_branches("repvgg20", 4)
    stage = [2 * 2 / 3, 2 * 3 / 2, *4 * [2]]
    np.testing.assert_allclose(found, [2 * 3, *5 * [2], *stage, *stage])
    squares = [0.5, *6 * [1.5], 1, *5 * [1.5], 1, *5 * [1.5]]
    np.testing.assert_allclose(propagation.sizes("repvgg20") ** 2, squares)
    with pytest.raises(ValueError, match=r"repvgg blocks.*plain20"):
        propagation.by_branches("plain20", 4)

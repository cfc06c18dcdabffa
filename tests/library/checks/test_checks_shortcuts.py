"""What a reader's checks of shortcuts let pass, and the mistakes that they find."""

from functools import partial

import keras
import pytest
from keras import layers, ops

from helpers import blocks, checks


def block(x, filters, stride, *, shortcut="B", mistake=None):
    """A residual block, with a place for every mistake."""
    start = x
    if mistake == "x overwritten":
        start = x = blocks.conv_bn_relu(x, filters, 3, stride, name="one")
        fx = blocks.conv_bn(x, filters, 3, name="two")
    else:
        fx = blocks.residual_function(x, filters, stride, name="f")
    if mistake == "no addition":
        return layers.ReLU()(fx)
    if mistake == "half":
        start = layers.Rescaling(0.5)(start)
    if mistake != "identity alone" and mistake != "x overwritten":
        start = blocks.shortcut(start, filters, stride, name="g", shortcut=shortcut)
    return layers.ReLU()(layers.Add()([fx, start]))


@pytest.mark.parametrize("option", ["A", "B", "C"])
def test_a_block_passes_with_its_own_option_alone(option, capsys):
    checks.basic_block(partial(block, shortcut=option), option)
    assert capsys.readouterr().out.startswith("Same weights, same outputs")
    for other in {"A", "B", "C"} - {option}:
        with pytest.raises(AssertionError, match="chapter 2"):
            checks.basic_block(partial(block, shortcut=option), other)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("A", r"cannot be built.*needs zeros or fewer pixels"),
        ("C", r"Missing: .*1x1 convolution.*chapter 2"),
    ],
)
def test_what_the_shortcut_lacks_is_said(option, said):
    with pytest.raises(AssertionError, match=said):
        checks.basic_block(partial(block, mistake="identity alone"), option)


def written_with_a_sum(x, filters, stride):
    maps = keras.Input(x.shape[1:])
    f = keras.Model(maps, blocks.residual_function(maps, filters, stride, name="f"))
    return ops.relu(x + f(x))


@pytest.mark.parametrize("right", [block, partial(block, shortcut="A"), written_with_a_sum])
def test_a_block_that_can_do_nothing_passes(right, capsys):
    checks.identity_at_zero_gamma(right)
    said = "With every gamma and beta zero, your block puts out its input.\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("no addition", "inference mode yours puts out zero.*chapter 2"),
        ("x overwritten", "puts out zero.*where that branches off"),
        ("half", "puts out something else"),
    ],
)
def test_a_block_that_cannot_do_nothing_is_found(mistake, said):
    with pytest.raises(AssertionError, match=said):
        checks.identity_at_zero_gamma(partial(block, mistake=mistake))


def test_a_projection_that_is_not_needed_is_found():
    with pytest.raises(AssertionError, match="puts out zero"):
        checks.identity_at_zero_gamma(partial(block, shortcut="C"))


def test_a_block_that_returns_nothing_is_found():
    with pytest.raises(AssertionError, match="should return the output of the block, not None"):
        checks.identity_at_zero_gamma(lambda x, filters, stride: None)


# --- written in other layers than ours ------------------------------------------------


class Raw(layers.Layer):
    """Two convolutions and their batch normalisations, all weights its own; the norms last."""

    def __init__(self, filters, stride, epsilon):
        super().__init__()
        self.filters, self.stride, self.epsilon = filters, stride, epsilon

    def build(self, shape):
        def vectors(initializer, trainable=True):
            return [
                self.add_weight((self.filters,), initializer, trainable=trainable) for _ in "ab"
            ]

        self.kernels = [self.add_weight((3, 3, c, self.filters)) for c in (shape[-1], self.filters)]
        self.variances, self.means = vectors("ones", False), vectors("zeros", False)
        self.betas, self.gammas = vectors("zeros"), vectors("ones")

    def call(self, x, training=False):
        for i, stride in enumerate((self.stride, 1)):
            x = ops.relu(x) if i else x
            x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
            x = ops.conv(x, self.kernels[i], stride, "valid")
            mean, variance = self.means[i], self.variances[i]
            if training:
                mean, variance = ops.moments(x, axes=(0, 1, 2))
                for old, new in ((self.means[i], mean), (self.variances[i], variance)):
                    old.assign(0.9 * old + 0.1 * new)
            x = self.gammas[i] * (x - mean) / ops.sqrt(variance + self.epsilon) + self.betas[i]
        return x


def by_hand(x, filters, stride, epsilon=1e-5, behind=0):
    """A residual block with weights of its own, and a Dense for its projection."""
    fx = Raw(filters, stride, epsilon)(x)
    if stride > 1 or x.shape[-1] != filters:
        start = behind if stride > 1 else 0
        x = layers.Dense(filters, use_bias=False)(x)[:, start::stride, start::stride]
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    return layers.ReLU()(layers.Add()([fx, x]))


def test_weights_of_a_layers_own_and_a_dense_as_projection_pass():
    checks.basic_block(by_hand)


@pytest.mark.parametrize("mistake", [{"epsilon": 1e-3}, {"behind": 1}])
def test_a_mistake_among_them_is_found(mistake):
    with pytest.raises(AssertionError, match="the outputs differ"):
        checks.basic_block(partial(by_hand, **mistake))


def test_what_is_no_batch_normalisation_is_named_by_its_shapes():
    class Odd(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight((3, 3, shape[-1], 6))
            self.more = [self.add_weight((6,)) for _ in range(3)]

        def call(self, x):
            return ops.conv(x, self.kernel, padding="same") + sum(self.more)

        def compute_output_shape(self, shape):
            return (*shape[:-1], 6)

    with pytest.raises(AssertionError, match=r"1 x layer with the weights \(\(3, 3, 6, 6\)"):
        checks.plain_block(lambda x, filters, stride: Odd()(x))

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

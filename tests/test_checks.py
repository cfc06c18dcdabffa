"""What a reader's check lets pass and what it finds."""

import keras
import pytest
from keras import layers

from helpers import blocks, checks, networks


def conv_bn_relu(x, filters, stride=1, *, pad="symmetric", bias=False, order="bn", **bn):
    if stride > 1 and pad == "symmetric":
        x = layers.ZeroPadding2D(1)(x)
    padding = "valid" if stride > 1 and pad == "symmetric" else "same"
    x = layers.Conv2D(filters, 3, strides=stride, padding=padding, use_bias=bias)(x)
    bn = layers.BatchNormalization(**{"momentum": 0.9, "epsilon": 1e-5, **bn})
    return layers.ReLU()(bn(x)) if order == "bn" else bn(layers.ReLU()(x))


def block(x, filters, stride, **faults):
    x = conv_bn_relu(x, filters, stride, **faults)
    return conv_bn_relu(x, filters, **faults)


def plain20(**faults):
    inputs = keras.Input((32, 32, 3))
    x = conv_bn_relu(inputs, 16, **faults)
    for filters, stride in (16, 1), (32, 2), (64, 2):
        for i in range(3):
            x = block(x, filters, stride if i == 0 else 1, **faults)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def test_a_network_written_anew_passes(capsys):
    keras.utils.set_random_seed(0)
    checks.network(plain20(), "plain20")
    said = capsys.readouterr().out
    assert "269,722 trainable parameters" in said
    assert "Same weights, same outputs" in said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"pad": "same"}, "inference mode.*padding"),
        ({"epsilon": 1e-3}, "inference mode.*epsilon 1e-5"),
        ({"momentum": 0.99}, "moving statistics.*momentum: 0.9"),
        ({"order": "relu first"}, "training mode.*order"),
        ({"bias": True}, r"269,722 trainable.*270,410.*\+688.*no bias"),
    ],
)
def test_a_fault_that_leaves_every_shape_is_found(fault, said):
    keras.utils.set_random_seed(0)
    with pytest.raises(AssertionError, match=said):
        checks.network(plain20(**fault), "plain20")


def test_a_plain_block_in_any_style_passes():
    class Block(keras.layers.Layer):
        """The same block as a subclass."""

        def __init__(self, filters, stride):
            super().__init__()
            self.pad = layers.ZeroPadding2D(1)
            self.a = layers.Conv2D(filters, 3, stride, use_bias=False)
            self.an = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
            self.b = layers.Conv2D(filters, 3, padding="same", use_bias=False)
            self.bn = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

        def call(self, x, training=None):
            x = keras.ops.relu(self.an(self.a(self.pad(x)), training=training))
            return keras.ops.relu(self.bn(self.b(x), training=training))

    checks.plain_block(block)
    checks.plain_block(lambda x, filters, stride: Block(filters, stride)(x))


def basic(x, filters, stride):
    return blocks.basic_block(x, filters, stride, name="b")


def half(x, filters, stride):
    return conv_bn_relu(x, filters, stride)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (basic, "adds nothing.*chapter 2"),
        (half, "Weight 5 of 10 differs"),
        (lambda x, f, s: block(x, f, 1), "stride 2.*stride belongs to one"),
        (lambda x, f, s: block(x, f, s, pad="same"), "padding"),
        (lambda x, f, s: block(x, f, s, epsilon=1e-3), "inference mode.*epsilon 1e-5"),
        (lambda x, f, s: block(x, f, s, momentum=0.99), "momentum: 0.9 here"),
        (lambda x, f, s: block(x, f, s, order="relu first"), "training mode"),
        (lambda x, f, s: conv_bn_relu(conv_bn_relu(x, f), f, s), "inference mode"),
    ],
)
def test_a_wrong_plain_block_is_found(wrong, said):
    keras.utils.set_random_seed(0)
    with pytest.raises(AssertionError, match=said):
        checks.plain_block(wrong)


def test_the_reference_is_left_as_it_was():
    reference = networks.build("plain20")
    before = reference.get_weights()
    checks.same_outputs(plain20(), reference)
    assert all((a == b).all() for a, b in zip(before, reference.get_weights(), strict=True))


def test_a_statement_is_printed_only_if_it_holds(capsys):
    checks.shows("two is more than one", 2 > 1)
    assert capsys.readouterr().out == "Shown: two is more than one.\n"
    with pytest.raises(AssertionError, match="does not show that one is more than two"):
        checks.shows("one is more than two", 1 > 2)
    with pytest.raises(TypeError, match=r"True or False.*0.3"):
        checks.shows("a number is no statement", 0.3)

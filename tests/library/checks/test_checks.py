"""What a reader's check of a network lets pass and what it finds. Blocks: test_checks_blocks.py."""

import dataclasses

import keras
import pytest
from keras import layers

from helpers import checks, networks, specs


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


def resnet(spec, *, shortcut_first=False, dropout=0.5):
    """A residual net or VGG by a reader: other names, another order of writing."""

    def conv_bn(x, filters, size, stride=1, relu=True):
        if size > 1:
            x = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(filters, size, stride, use_bias=not spec.batch_norm)(x)
        if spec.batch_norm:
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        return layers.Activation("relu")(x) if relu else x

    def main_path(x, filters, stride, kind):
        if kind == "basic":
            return conv_bn(conv_bn(x, filters, 3, stride), filters, 3, relu=False)
        x = conv_bn(conv_bn(x, filters, 1, stride), filters, 3)
        return conv_bn(x, 4 * filters, 1, relu=False)

    def shortcut(x, filters, stride):
        if stride > 1 or x.shape[-1] != filters:
            return conv_bn(x, filters, 1, stride, relu=False)
        return x

    x = inputs = keras.Input(spec.input_shape)
    if spec.stem:
        x = conv_bn(x, spec.stem.filters, 7, 2)
        x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage in spec.stages:
        for i in range(stage.repeats):
            stride = stage.stride if i == 0 else 1
            if stage.block == "convolution":
                x = conv_bn(x, stage.filters, 3)
                continue
            if shortcut_first:
                identity = shortcut(x, stage.channels, stride)
                x = identity + main_path(x, stage.filters, stride, stage.block)
            else:
                fx = main_path(x, stage.filters, stride, stage.block)
                x = layers.Add()([fx, shortcut(x, stage.channels, stride)])
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x) if stage.pooling else x
    x = layers.Flatten()(x) if spec.hidden else layers.GlobalAveragePooling2D()(x)
    for units in spec.hidden:
        x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(spec.num_classes, activation="softmax")(x))


def small(name):
    spec = specs.narrowed(specs.get(name), 4)
    spec = specs.resolve(spec, input_shape=(64, 64, 3), num_classes=5)
    return dataclasses.replace(spec, hidden=(12, 8) if spec.hidden else ())


@pytest.mark.parametrize("shortcut_first", [False, True])
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16"])
def test_the_order_of_writing_does_not_matter(name, shortcut_first, capsys):
    keras.utils.set_random_seed(0)
    spec = small(name)
    checks.network(resnet(spec, shortcut_first=shortcut_first), spec)
    assert "Same weights, same outputs" in capsys.readouterr().out


def test_the_stride_on_the_other_convolution_is_found():
    keras.utils.set_random_seed(0)
    spec = specs.resolve(small("resnet50"), bottleneck_stride="3x3")
    with pytest.raises(AssertionError, match=r"inference mode.*chapter 4"):
        checks.network(resnet(small("resnet50")), spec)


def test_another_number_of_parameters_is_found():
    spec = small("resnet18")
    with pytest.raises(AssertionError, match=r"trainable parameters; yours has .*that is \+"):
        checks.network(networks.build(spec, shortcut="C"), spec)


def test_layers_in_another_order_are_named():
    """The same layers, and too many to try every order."""
    inputs = keras.Input((8, 8, 4))
    wide = [layers.Conv2D(4, 3, padding="same", use_bias=False) for _ in range(5)]
    flat = layers.Conv2D(4, 1, use_bias=False)

    def chain(parts):
        x = inputs
        for part in parts:
            x = part(x)
        return keras.Model(inputs, x, name="chain")

    with pytest.raises(AssertionError, match=r"order.*Number 1 of 6.*expected 1x1.*came 3x3"):
        checks.same_outputs(chain([*wide, flat]), chain([flat, *wide]))


def test_another_size_of_image_is_named():
    model = networks.build("plain20", input_shape=(16, 16, 3))
    with pytest.raises(AssertionError, match=r"\(None, 32, 32, 3\); yours .*\(None, 16, 16, 3\)"):
        checks.network(model, "plain20")


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

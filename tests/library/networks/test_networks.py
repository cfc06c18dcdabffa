"""networks: strides, initialisers and names of built models. Outputs: test_networks_outputs.py."""

import dataclasses

import keras
import numpy as np
import pytest

from helpers import networks, specs

pytestmark = pytest.mark.quick

# --- where the strides are --------------------------------------------------------


def halving(model):
    """The layers that take every second position."""
    return {
        layer.name
        for layer in model.layers
        if max(np.ravel(getattr(layer, "strides", getattr(layer, "stride", 1)))) > 1
    }


@pytest.mark.parametrize(
    ("name", "option", "changes", "where"),
    [
        *(("resnet34", option, {}, "1_conv") for option in "ABC"),
        *(("resnet20", option, {}, "1_conv") for option in "AB"),
        ("plain18", None, {}, "1_conv"),
        ("resnet50", "B", {}, "1_conv"),
        ("resnet50", "A", {"bottleneck_stride": "3x3"}, "2_conv"),
    ],
)
def test_only_the_first_block_of_conv3_and_later_strides(name, option, changes, where):
    spec = specs.narrowed(specs.get(name), 2)
    model = networks.build(spec, shortcut=option, initializer="zeros", **changes)
    expected = set() if name == "resnet20" else {"conv1_conv", "pool1"}
    for i in "34" if name == "resnet20" else "345":
        expected.add(f"conv{i}_1_{where}")
        if option is not None:
            expected.add(f"conv{i}_1_{'zero_pad' if option == 'A' else 'proj_conv'}")
    assert halving(model) == expected


def test_vgg_halves_by_pooling_alone():
    spec = dataclasses.replace(specs.narrowed(specs.get("vgg16"), 2), hidden=(4,))
    model = networks.build(spec, input_shape=(32, 32, 3), initializer="zeros")
    assert halving(model) == {f"pool{i}" for i in range(1, 6)}
    assert model.get_layer("pool5").output.shape == (None, 1, 1, 16)
    rates = [x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)]
    assert rates == [0.5]


@pytest.mark.parametrize("name", ["plain20", "resnet20", "resnet34", "resnet50", "vgg19"])
def test_depth_counts_convolutions_of_the_main_path_and_the_classifier(name):
    spec = specs.narrowed(specs.get(name), 1)
    spec = dataclasses.replace(spec, hidden=(2, 2) if spec.hidden else ())
    weighted = [
        layer
        for layer in networks.build(spec, initializer="zeros").layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense) and "proj" not in layer.name
    ]
    assert len(weighted) == spec.depth


# --- what a layer is made with ----------------------------------------------------


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("name", "convolutions"), [("resnet20", 21), ("resnet50", 53)])
def test_no_bias_before_batch_norm_and_a_bias_without(name, convolutions, batch_norm):
    spec = specs.narrowed(specs.get(name), 2)
    spec = dataclasses.replace(spec, batch_norm=batch_norm, shortcut="B")
    model = networks.build(spec, initializer="zeros")
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(found) == convolutions
    assert {layer.use_bias for layer in found} == {not batch_norm}
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) == (convolutions if batch_norm else 0)
    assert {(x.momentum, x.epsilon) for x in norms} <= {(0.9, 1e-5)}


@pytest.mark.parametrize("name", ["resnet34", "resnet50"])
def test_kernels_start_he_normal(name):
    keras.utils.set_random_seed(0)
    model = networks.build(name)
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            continue
        kernel = layer.get_weights()[0]
        expected = np.sqrt(2 / np.prod(kernel.shape[:-1]))
        # Five standard errors of the mean and of the standard deviation.
        assert abs(kernel.mean()) < 5 * expected / np.sqrt(kernel.size), layer.name
        assert kernel.std() == pytest.approx(expected, rel=5 / np.sqrt(2 * kernel.size))
        # Truncated at two standard deviations of the uncut bell: bounded, unlike a plain one.
        assert abs(kernel).max() < 2 * expected / 0.87
    first, second = (model.get_layer(f"conv5_{i}_2_conv").get_weights()[0] for i in (2, 3))
    assert first.shape == second.shape
    assert not np.allclose(first, second)
    assert not model.get_layer("fc").get_weights()[1].any()


def test_another_initialiser_on_request():
    kernel = networks.build("plain20", initializer="glorot_uniform").get_layer("conv4_3_2_conv")
    values = kernel.get_weights()[0]
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    assert abs(values).max() <= limit
    assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)


# --- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("plain34", "conv3_1_", "1_pad 1_conv 1_bn 1_relu 2_conv 2_bn 2_relu"),
        ("resnet34", "conv2_1_", "1_conv 1_bn 1_relu 2_conv 2_bn add relu"),
        (
            "resnet34",
            "conv3_1_",
            "1_pad 1_conv 1_bn 1_relu 2_conv 2_bn proj_conv proj_bn add relu",
        ),
        ("resnet34-A", "conv3_1_", "1_pad 1_conv 1_bn 1_relu 2_conv 2_bn zero_pad add relu"),
        (
            "resnet50",  # same size and other channels: conv2_1 projects
            "conv2_1_",
            "1_conv 1_bn 1_relu 2_conv 2_bn 2_relu 3_conv 3_bn proj_conv proj_bn add relu",
        ),
        ("resnet50", "conv2_2_", "1_conv 1_bn 1_relu 2_conv 2_bn 2_relu 3_conv 3_bn add relu"),
        (
            "resnet50",
            "conv5_1_",
            "1_conv 1_bn 1_relu 2_conv 2_bn 2_relu 3_conv 3_bn proj_conv proj_bn add relu",
        ),
        (
            "resnet50-v1.5",
            "conv5_1_",
            "1_conv 1_bn 1_relu 2_pad 2_conv 2_bn 2_relu 3_conv 3_bn proj_conv proj_bn add relu",
        ),
        ("resnet50", "conv1_", "pad conv bn relu"),
        ("resnet50", "pool", "1_pad 1"),
        ("resnet50", "avg", "_pool"),
        ("vgg19", "conv1_", "1_conv 1_relu 2_conv 2_relu"),
        ("vgg19", "conv5_", "1_conv 1_relu 2_conv 2_relu 3_conv 3_relu 4_conv 4_relu"),
        ("vgg19", "pool", "1 2 3 4 5"),
        ("vgg19", "f", "latten c6 c6_dropout c7 c7_dropout c"),
    ],
)
def test_layers_are_named_after_table_1(name, prefix, expected, named):
    found = {layer for layer in named(name) if layer.startswith(prefix)}
    assert found == {prefix + end for end in expected.split()}
    assert not any("/" in layer for layer in named(name))


@pytest.fixture(scope="module")
def named():
    """The names of the layers of a net with narrow layers, which do not change the names."""
    found = {}

    def names(name):
        if name not in found:
            base, *tags = name.split("-")
            changes = {"bottleneck_stride": "3x3"} if "v1.5" in tags else {}
            changes |= {"shortcut": "A"} if "A" in tags else {}
            spec = specs.narrowed(specs.get(base), 1)
            model = networks.build(spec, initializer="zeros", num_classes=2, **changes)
            found[name] = [layer.name for layer in model.layers]
        return found[name]

    return names


def test_a_model_has_the_name_of_its_net():
    spec = specs.narrowed(specs.get("resnet50"), 1)
    model = networks.build(spec, shortcut="C", bottleneck_stride="3x3", initializer="zeros")
    assert model.name == "resnet50-1filters-C-v1.5"


# --- wrong arguments --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("resnet35", {}, "resnet34, .*name='resnet35'"),
        ("plain20", {"shortcut": "B"}, "plain20 is a plain net.*shortcut='B'"),
        ("plain34", {"shortcut": "C"}, "plain34 is a plain net.*shortcut='C'"),
        ("vgg16", {"shortcut": "B"}, "vgg16.*no shortcuts.*shortcut='B'"),
        ("resnet20", {"shortcut": "b"}, "A, B, C.*shortcut='b'"),
        ("resnet34", {"bottleneck_stride": "3x3"}, "resnet34.*bottleneck_stride='3x3'"),
        ("vgg19", {"bottleneck_stride": "3x3"}, "vgg19.*bottleneck_stride='3x3'"),
        ("resnet50", {"bottleneck_stride": 3}, "1x1, 3x3.*bottleneck_stride=3"),
        ("plain20", {"num_classes": -1}, "integer of at least 1.*num_classes=-1"),
        ("plain20", {"input_shape": (2, 32, 3)}, r"at least 4.*\(2, 32, 3\)"),
        ("resnet50", {"input_shape": (224, 31, 3)}, r"at least 32.*resnet50.*\(224, 31, 3\)"),
        ("vgg16", {"input_shape": (31, 31, 3)}, r"at least 32.*vgg16.*\(31, 31, 3\)"),
        ("vgg16", {"input_shape": (224, 224)}, r"three positive.*\(224, 224\)"),
    ],
)
def test_wrong_arguments_say_what_was_expected(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.build(name, **arguments)


@pytest.mark.parametrize("name", ["resnet50", "vgg16"])
def test_the_smallest_input_that_the_strides_allow(name):
    spec = dataclasses.replace(specs.narrowed(specs.get(name), 1), hidden=())
    model = networks.build(spec, input_shape=(32, 32, 3), initializer="zeros")
    assert model.get_layer("avg_pool").input.shape[1:3] == (1, 1)


def test_a_net_is_built_that_is_deeper_than_python_lets_keras_go():
    """Keras goes through a graph by recursion, and Python stops it after a thousand calls."""
    spec = specs.narrowed(specs.cifar(386, "basic"), 2)
    model = networks.build(spec, input_shape=(4, 4, 3), initializer="zeros")
    assert len(model.layers) > 1000

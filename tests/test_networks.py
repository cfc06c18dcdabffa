"""networks: shapes, strides, initialisers and names of built models, and a whole net in NumPy."""

import dataclasses

import keras
import numpy as np
import pytest

import reference
from helpers import networks, specs
from helpers.specs import Network, Stage, Stem


def last_of(model, stage):
    """The last ReLU of a stage."""
    return [layer for layer in model.layers if layer.name.startswith(stage)][-1]


@pytest.mark.parametrize("name", ["plain18", "resnet18", "plain34", "resnet34"])
def test_imagenet_stages_have_the_sizes_of_table_1(name, built):
    model = built(name)
    assert model.input_shape == (None, 224, 224, 3)
    assert model.get_layer("conv1_conv").output.shape[1:] == (112, 112, 64)
    sizes = {"conv2_": (56, 64), "conv3_": (28, 128), "conv4_": (14, 256), "conv5_": (7, 512)}
    for stage, (side, filters) in sizes.items():
        assert last_of(model, stage).output.shape[1:] == (side, side, filters)
    assert model.output_shape == (None, 1000)


@pytest.mark.parametrize("name", ["plain20", "resnet20", "resnet56"])
def test_cifar_stages_have_the_sizes_of_section_4_2(name, built):
    model = built(name)
    sizes = {"conv1_": (32, 16), "conv2_": (32, 16), "conv3_": (16, 32), "conv4_": (8, 64)}
    for stage, (side, filters) in sizes.items():
        assert last_of(model, stage).output.shape[1:] == (side, side, filters)
    assert model.output_shape == (None, 10)


@pytest.mark.parametrize("option", ["A", "B", "C"])
@pytest.mark.parametrize(("name", "stages"), [("resnet34", "345"), ("resnet20", "34")])
def test_only_the_first_block_of_conv3_and_later_strides(name, stages, option, built):
    model = built(name, option)
    halving = {
        layer.name
        for layer in model.layers
        if max(np.ravel(getattr(layer, "strides", getattr(layer, "stride", 1)))) > 1
    }
    expected = {"conv1_conv", "pool1"} if name == "resnet34" else set()
    shortcut = "zero_pad" if option == "A" else "proj_conv"
    for i in stages:
        expected |= {f"conv{i}_1_1_conv", f"conv{i}_1_{shortcut}"}
    assert halving == expected


@pytest.mark.parametrize("name", ["plain20", "resnet20", "resnet34"])
def test_depth_counts_convolutions_of_the_main_path_and_the_classifier(name, built):
    weighted = [
        layer
        for layer in built(name).layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense) and "proj" not in layer.name
    ]
    assert len(weighted) == specs.get(name).depth


@pytest.mark.parametrize("batch_norm", [True, False])
def test_no_bias_before_batch_norm_and_a_bias_without(batch_norm):
    spec = dataclasses.replace(specs.get("resnet20"), batch_norm=batch_norm, shortcut="B")
    model = networks.build(spec)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 21
    assert {layer.use_bias for layer in convolutions} == {not batch_norm}
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) == (21 if batch_norm else 0)
    assert {(x.momentum, x.epsilon) for x in norms} <= {(0.9, 1e-5)}


def test_kernels_start_he_normal():
    keras.utils.set_random_seed(0)
    model = networks.build("resnet34")
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
    first, second = (model.get_layer(f"conv5_3_{i}_conv").get_weights()[0] for i in (1, 2))
    assert not np.allclose(first, second)
    assert not model.get_layer("fc").get_weights()[1].any()


def test_another_initialiser_on_request():
    kernel = networks.build("plain20", initializer="glorot_uniform").get_layer("conv4_3_2_conv")
    values = kernel.get_weights()[0]
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    assert abs(values).max() <= limit
    assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("option", [None, "A", "B", "C"])
def test_a_whole_network_against_numpy(option):
    """Stem with pooling, a stage at full size, a stage that halves, pooling, classifier."""
    block = "plain" if option is None else "basic"
    stages = (Stage("conv2_x", block, 4, 2, 1), Stage("conv3_x", block, 6, 1, 2))
    spec = Network("small", (17, 20, 3), 5, Stem(7, 4, 2, True), stages, option)
    model = networks.build(spec)
    weights = reference.random_weights(model)
    x = np.random.default_rng(1).normal(size=(3, 17, 20, 3))
    y = reference.conv_bn(x, weights, "conv1", 2, training=False)
    y = reference.max_pool(reference.relu(y))
    for name, stride in (("conv2_1", 1), ("conv2_2", 1), ("conv3_1", 2)):
        y = reference.block(y, weights, name, stride, option, training=False)
    kernel, bias = weights["fc"]
    expected = reference.softmax(y.mean(axis=(1, 2)) @ kernel + bias)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-3, atol=1e-5)


def test_probabilities_or_logits():
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    keras.utils.set_random_seed(0)
    probabilities = networks.build("plain20")
    logits = networks.build("plain20", classifier_activation=None)
    logits.set_weights(probabilities.get_weights())
    expected = reference.softmax(np.array(logits(x), "float64"))
    np.testing.assert_allclose(np.array(probabilities(x)), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("option", ["A", "B", "C"])
def test_a_saved_model_comes_back_the_same(option, tmp_path, tiny_spec):
    model = networks.build(tiny_spec, shortcut=option, input_shape=(12, 12, 3))
    reference.random_weights(model)
    model.save(tmp_path / "net.keras")
    back = keras.models.load_model(tmp_path / "net.keras", safe_mode=True)
    x = np.random.default_rng(0).normal(size=(2, 12, 12, 3)).astype("float32")
    np.testing.assert_array_equal(back.predict(x, verbose=0), model.predict(x, verbose=0))
    assert [layer.name for layer in back.layers] == [layer.name for layer in model.layers]
    assert not any(isinstance(layer, keras.layers.Lambda) for layer in back.layers)


def test_bfloat16_computes_in_it_and_answers_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = networks.build("resnet20", shortcut="A", input_shape=(8, 8, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("conv2_1_1_conv").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.output.dtype == "float32"


def test_layers_are_named_after_table_1(built):
    names = [layer.name for layer in built("resnet34").layers]
    for name in ("conv1_conv", "pool1", "conv2_1_1_conv", "conv3_1_proj_bn", "conv5_3_relu", "fc"):
        assert name in names
    assert not any("/" in name for name in names)
    assert "conv2_1_proj_conv" not in names  # same size, same channels: an identity
    assert "conv3_2_proj_conv" not in names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shortcut": "B"}, "plain20 is a plain net.*shortcut='B'"),
        ({"num_classes": -1}, "positive integer.*num_classes=-1"),
        ({"input_shape": (2, 32, 3)}, r"at least 4.*\(2, 32, 3\)"),
    ],
)
def test_wrong_arguments_say_what_was_expected(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.build("plain20", **arguments)

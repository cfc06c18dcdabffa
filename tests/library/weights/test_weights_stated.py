"""weights: what a source states and no array shows, and numbers that no trained net holds."""

import json

import keras
import numpy as np
import pytest
from test_weights import refuses

from helpers import networks, weights
from helpers.weights import naming, stated
from torch_files import BASIC, SMALL, read, small, torch_arrays, write

pytestmark = [pytest.mark.backends, pytest.mark.quick]


@pytest.fixture
def file(tmp_path):
    """Writes the arrays of a small net, some of them changed, with these metadata."""

    def written(net=BASIC, metadata=None, change=lambda arrays: arrays):
        return write(tmp_path / "net.safetensors", change(torch_arrays(*net)), metadata)

    return written


# --- settings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metadata",
    [
        {"pooling": "avg", "activation": "relu", "epsilon": "1e-05"},
        {"global_pool": "average", "act_layer": "torch.nn.ReLU", "bn_eps": "0.00001"},
        {"pooling": "GlobalAveragePooling2D", "activation": "relu_", "eps": "1e-5"},
        {"norm_layer": "BatchNormAct2d", "trained_by": "somebody"},
    ],
)
def test_a_file_that_states_what_the_network_has_is_read(file, metadata):
    model = small(*BASIC)
    weights.load(model, file(metadata=metadata))
    kernel = model.get_layer("conv1_conv").get_weights()[0]
    expected = torch_arrays(*BASIC)["conv1.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(kernel, expected.astype("float32"))


@pytest.mark.parametrize(
    ("metadata", "match"),
    [
        ({"pooling": "max"}, r"says pooling='max', small has the pooling 'avg'.*outputs be wrong"),
        ({"global_pool": "catavgmax"}, "says global_pool='catavgmax'"),
        ({"activation": "silu"}, "says activation='silu', small has the activation 'relu'"),
        ({"act_layer": "leaky_relu"}, "says act_layer='leaky_relu'"),
        ({"epsilon": "1e-3"}, "says epsilon='1e-3', small has the epsilon '1e-05'"),
        ({"bn_eps": "1.001e-5"}, "says bn_eps='1.001e-5'"),
        ({"eps": "small"}, "says eps='small'"),
        ({"norm_layer": "groupnorm"}, "says norm_layer='groupnorm'"),
    ],
)
def test_a_file_that_states_another_function_is_refused(file, metadata, match):
    refuses(small(*BASIC), file(metadata=metadata), match)


def test_an_epsilon_that_the_network_has_not_is_refused(file):
    without = SMALL[5]
    refuses(small(*without), file(without, {"epsilon": "1e-5"}), "has the epsilon 'none'")


def test_what_is_saved_states_the_function(tmp_path):
    """A net with leaky ReLUs, as the causes have it, does not pass for one with ReLUs."""
    usual = small(*BASIC)

    def leaky(layer):
        if isinstance(layer, keras.layers.ReLU):
            return keras.layers.LeakyReLU(0.5, name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    other = keras.models.clone_model(usual, clone_function=leaky)
    path = weights.save(other, tmp_path / "leaky.safetensors")
    _, metadata = read(path)
    assert metadata["activation"] == "leaky_relu 0.5"
    refuses(usual, path, "says activation='leaky_relu 0.5', small has the activation 'relu'")
    weights.load(other, path)


def test_settings_are_read_from_the_layers():
    avg = {"pooling": "avg", "activation": "relu"}
    assert stated.of(small(*SMALL[5])) == avg
    assert stated.of(small(*BASIC)) == avg | {"normalization": "batchnorm", "epsilon": "1e-05"}
    x = keras.Input((8, 8, 3))
    y = keras.layers.BatchNormalization(epsilon=1e-3)(keras.layers.Conv2D(4, 3)(x))
    y = keras.layers.GlobalMaxPooling2D()(keras.layers.Activation("silu")(y))
    found = stated.of(keras.Model(x, y))
    assert found["pooling"] == "max" and found["activation"] == "silu"
    assert found["epsilon"] == "0.001"


# --- timm's config.json -------------------------------------------------------------------


@pytest.mark.parametrize(
    "configuration",
    [
        {"architecture": "resnet18", "global_pool": "avg", "pretrained_cfg": {}},
        {"model_args": {"drop_path_rate": 0.1, "zero_init_last": True, "num_classes": 37}},
        {"model_args": {"act_layer": "relu", "output_stride": 32, "in_chans": 3}},
        {"model_args": None, "pretrained_cfg": None},
    ],
)
def test_a_configuration_that_says_what_the_network_has_is_taken(configuration):
    stated.check_configuration(small(*BASIC), "someone/net", configuration)


@pytest.mark.parametrize(
    ("configuration", "match"),
    [
        ({"global_pool": "max"}, r"config\.json of someone/net says global_pool='max'"),
        ({"pretrained_cfg": {"global_pool": "max"}}, "says global_pool='max'"),
        ({"model_args": {"act_layer": "silu"}}, "says act_layer='silu'"),
        ({"model_args": {"output_stride": 8}}, "changes its architecture by output_stride=8"),
        ({"model_args": {"in_chans": 1}}, "changes its architecture by in_chans=1"),
        ({"model_args": {"block_args": {"attn_layer": "eca"}}}, "by block_args={'attn_layer'"),
        ({"model_args": {"aa_layer": "avg"}}, "by aa_layer='avg', which no network of the book"),
        ({"model_args": "resnet"}, "`model_args` must be a table. Received: 'resnet'"),
    ],
)
def test_a_configuration_that_says_another_function_is_refused(configuration, match):
    with pytest.raises(ValueError, match=match):
        stated.check_configuration(small(*BASIC), "someone/net", configuration)


# --- names that a wrapper has made longer --------------------------------------------------


@pytest.mark.parametrize(
    "before", ["module.", "_orig_mod.", "module._orig_mod.", "model.", "net.backbone."]
)
def test_what_stands_before_every_name_is_left_out(file, before):
    def wrapped(arrays):
        counted = {"n_averaged": np.array(3)} if before == "module." else {}
        return {f"{before}{name}": array for name, array in arrays.items()} | counted

    model = small(*BASIC)
    weights.load(model, file(change=wrapped))
    bias = model.get_layer("fc").get_weights()[1]
    np.testing.assert_array_equal(bias, torch_arrays(*BASIC)["fc.bias"].astype("float32"))


@pytest.mark.parametrize(
    "names",
    [["fc.weight", "fc.bias"], ["layer1.0.conv1.weight", "layer1.0.bn1.bias"], ["weight"], []],
)
def test_a_part_of_a_network_keeps_its_names(names):
    assert naming.in_torchvision(names) == ({name: name for name in names}, None)


def test_akamasters_names_are_known_behind_a_wrapper():
    names, owner = naming.in_torchvision(["module.conv1.weight", "module.linear.weight"])
    assert owner == "akamaster"
    assert names == {"conv1.weight": "module.conv1.weight", "fc.weight": "module.linear.weight"}


# --- numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number", "match"),
    [
        ("conv1.weight", np.nan, r"1 of the 108 numbers for kernel of conv1_conv are NaN or inf"),
        ("fc.bias", np.inf, r"1 of the 5 numbers for bias of fc are NaN or infinite"),
        ("bn1.running_mean", -np.inf, "for moving_mean of conv1_bn are NaN or infinite"),
        ("bn1.running_var", np.nan, "for moving_variance of conv1_bn are NaN or infinite"),
        ("bn1.running_var", -1e-3, r"moving_variance of conv1_bn are below zero, which no"),
        ("fc.weight", 1e300, "for kernel of fc are NaN or infinite"),  # float32 ends at 3.4e38
    ],
)
def test_numbers_that_no_trained_net_holds_are_refused(file, name, number, match):
    def change(arrays):
        array = arrays[name].astype("float64")
        array.flat[-1] = number
        return arrays | {name: array}

    refuses(small(*BASIC), file(change=change), match)


def test_a_variance_of_zero_is_one(file):
    """A channel that never varied."""
    model = small(*BASIC)
    weights.load(model, file(change=lambda a: a | {"bn1.running_var": 0 * a["bn1.running_var"]}))
    assert not model.get_layer("conv1_bn").get_weights()[3].any()


def test_numbers_of_a_model_of_keras_are_looked_at_as_well():
    model = networks.build("resnet50", num_classes=2, input_shape=(32, 32, 3))
    source = keras.applications.ResNet50(weights=None, classes=2, input_shape=(32, 32, 3))
    layer = source.get_layer("conv1_bn")
    gamma, beta, mean, variance = layer.get_weights()
    layer.set_weights([gamma, beta, mean, variance - 2])
    refuses(model, source, "moving_variance of conv1_bn are below zero")


def test_the_configuration_of_a_repository_is_read_before_its_weights(monkeypatch, tmp_path):
    """Nothing large is fetched for a net that computes something else."""
    from helpers.weights import hub, loading

    fetched = []

    def fetch(repository, name, sha256=None):
        fetched.append(name)
        path = tmp_path / name
        prepared = {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95}
        prepared |= {"mean": [0.5] * 3, "std": [0.2] * 3, "global_pool": "max"}
        path.write_text(json.dumps({"architecture": "resnet18", **prepared}))  # timm's older form
        return hub.File(path, "0" * 64, True)

    monkeypatch.setattr(loading.hub, "fetch", fetch)
    model = networks.build("resnet18", num_classes=5, input_shape=(32, 32, 3))
    refuses(model, "someone/pets", r"config\.json of someone/pets says global_pool='max'")
    assert fetched == ["config.json"]


@pytest.mark.parametrize(
    "stated", [{"survival": "often"}, {"survival": "1e999"}, {"pooled_shortcut": "yes"}]
)
def test_a_setting_that_is_no_setting_is_refused(stated, file):
    (key,) = stated
    refuses(
        small(*BASIC), file(metadata=stated), rf"net\.safetensors.*`{key}` in its metadata must"
    )

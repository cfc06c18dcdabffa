"""weights: the table of published sets, and how each wants its images."""

import dataclasses
import re

import keras
import numpy as np
import pytest

from helpers import specs, weights
from helpers.datasets import preprocessing
from helpers.weights import published

pytestmark = pytest.mark.backends

IN_FULL = (20, 32, 44, 56)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def images(dtype="uint8", shape=(2, 5, 4, 3)):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


# --- the table ----------------------------------------------------------------------------


def test_the_table_names_what_there_is():
    found = {
        (s.network, s.name.split("/")[0] if s.url else s.name.split(".")[-1])
        for s in map(weights.get, weights.names())
    }
    nets = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}
    deep = {"resnet50", "resnet101", "resnet152"}
    expected = {(net, tag) for net in nets for tag in ("tv_in1k", "a1_in1k")}
    expected |= {(net, "tv2_in1k") for net in deep}
    expected |= {(net, net.replace("resnet", "ResNet")) for net in deep}
    expected |= {("resnet50c", "gluon_in1k"), ("preresnet50", "a1h_in1k")}
    expected |= {("resnet50d", tag) for tag in ("gluon_in1k", "ra2_in1k", "a1_in1k")}
    expected |= {("seresnet50", tag) for tag in ("ra2_in1k", "a1_in1k")}
    expected |= {("resnext50_32x4d", tag) for tag in ("tv_in1k", "tv2_in1k", "a1_in1k")}
    expected |= {("resnet56", "cifar10")}
    expected |= {(f"plain{depth}", "a-martyn") for depth in IN_FULL}
    expected |= {(f"resnet{n}", owner) for n in IN_FULL for owner in ("a-martyn", "akamaster")}
    assert found == expected
    assert len(weights.names()) == 39


@pytest.mark.parametrize("name", weights.names())
def test_an_entry_says_which_network_it_fits(name):
    source = weights.get(name)
    assert source.name == name and source.origin
    in_keras = name.startswith("keras.applications.")
    assert source.in_keras == in_keras
    deep = "bottleneck" in specs.get(source.network).stages[0].block
    # torchvision and timm stride on the 3x3, Keras and the paper on the 1x1.
    assert source.bottleneck_stride == (("1x1" if in_keras else "3x3") if deep else None)
    built = specs.resolve(source.network, bottleneck_stride=source.bottleneck_stride)
    assert built.num_classes == (10 if source.file or source.url else 1000)
    assert f'"{source.network}"' in source.call
    assert not in_keras or hasattr(keras.applications, name.split(".")[-1])
    if source.url:
        assert source.network == name.split("/")[1].replace("plainnet", "plain")
        return
    folder = "book" if source.file else "timm"
    theirs = {"preresnet50": "resnetv2_50"}.get(source.network, source.network)
    assert in_keras or name.startswith(f"{folder}/{theirs}.")


def test_checksums_are_whole_and_each_of_one_file():
    known = [s.sha256 for s in map(weights.get, weights.names()) if s.sha256]
    assert len(set(known)) == len(known) == 19
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in known)
    assert published.with_checksum(known[0]).sha256 == known[0]
    assert published.with_checksum("0" * 64) is None


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"one of timm/resnet18\.tv_in1k, .*name='resnet50'"):
        weights.get("resnet50")


@pytest.mark.parametrize("name", [n for n in weights.names() if weights.get(n).url])
def test_a_net_trained_in_full_says_where_it_is_and_what_it_wants(name):
    source, owner = weights.get(name), name.split("/")[0]
    repository = {"a-martyn": "resnet", "akamaster": "pytorch_resnet_cifar10"}[owner]
    start = rf"https://raw\.githubusercontent\.com/{owner}/{repository}/[0-9a-f]{{7}}/\w+/"
    file = re.sub(start, "", source.url)
    assert "/" not in file and source.licence.startswith("BSD")
    if owner == "akamaster":  # PyTorch's hub puts the checksum's beginning into the name
        assert file == f"{source.network}-{source.sha256[:8]}.th"
    else:
        assert file == f"{name.split('/')[1]}.pt"
    x = np.full((1, 32, 32, 3), 128, "uint8")
    mean, std = {"akamaster": (MEAN, STD)}.get(owner, ((0.49187,) * 3, (0.24697,) * 3))
    expected = (128 / 255 - np.array(mean)) / std
    np.testing.assert_allclose(source.preprocessing(x)[0, 0, 0], expected, rtol=1e-5)
    assert (source.preprocessing.resize, source.preprocessing.crop) == (32, 32)


@pytest.mark.parametrize(
    ("name", "resize", "crop", "mean"),
    [  # as timm's `default_cfgs` say: floor(288 / 0.95), and 224 / 0.875
        ("resnet50d.ra2_in1k", 303, 288, MEAN),
        ("seresnet50.ra2_in1k", 303, 288, MEAN),
        ("resnet50c.gluon_in1k", 256, 224, MEAN),
        ("resnetv2_50.a1h_in1k", 288, 288, (0.5, 0.5, 0.5)),
    ],
)
def test_later_nets_want_their_images_as_timm_says(name, resize, crop, mean):
    found = weights.get(f"timm/{name}").preprocessing
    std = STD if mean == MEAN else mean
    how = {"resize": resize, "crop": crop, "interpolation": "bicubic"}
    assert found == weights.Preprocessing(mean, std, **how)


@pytest.mark.parametrize(
    ("tag", "resize", "crop", "interpolation"),
    [  # torchvision's ImageClassification(crop_size, resize_size); timm's floor(224 / crop_pct)
        ("tv_in1k", 256, 224, "bilinear"),
        ("tv2_in1k", 232, 224, "bilinear"),
        ("a1_in1k", 288, 288, "bicubic"),
    ],
)
def test_sets_of_one_recipe_want_the_same_images(tag, resize, crop, interpolation):
    sets = [s for s in map(weights.get, weights.names()) if s.name.endswith("." + tag)]
    assert len(sets) >= 3
    expected = weights.Preprocessing(
        MEAN, STD, 1 / 255, "RGB", resize=resize, crop=crop, interpolation=interpolation
    )
    assert {s.preprocessing for s in sets} == {expected}


# --- what timm's configurations say -------------------------------------------------------

CONFIGURATIONS = {  # `pretrained_cfg` of config.json, the parts that are about images
    "tv_in1k": {"input_size": [3, 224, 224], "interpolation": "bilinear", "crop_pct": 0.875},
    "tv2_in1k": {
        "input_size": [3, 176, 176],
        "test_input_size": [3, 224, 224],
        "interpolation": "bilinear",
        "crop_pct": 0.875,
        "test_crop_pct": 0.965,
    },
    "a1_in1k": {
        "input_size": [3, 224, 224],
        "test_input_size": [3, 288, 288],
        "interpolation": "bicubic",
        "crop_pct": 0.95,
        "test_crop_pct": 1.0,
    },
}


@pytest.mark.parametrize("tag", CONFIGURATIONS)
def test_the_table_agrees_with_timms_configuration(tag):
    whole = {**CONFIGURATIONS[tag], "mean": list(MEAN), "std": list(STD), "crop_mode": "center"}
    assert preprocessing.from_timm(whole) == weights.get(f"timm/resnet50.{tag}").preprocessing


@pytest.mark.parametrize(
    "change",
    [{"crop_mode": "border"}, {"input_size": [3, 224, 288]}, {"mean": None}, {"crop_pct": 0}],
)
def test_a_configuration_that_is_no_central_crop_is_refused(change):
    whole = {**CONFIGURATIONS["tv_in1k"], "mean": list(MEAN), "std": list(STD), **change}
    with pytest.raises(ValueError, match="as timm writes them"):
        preprocessing.from_timm(whole)


# --- images -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int32"])
def test_torchvisions_images(dtype):
    x = images(dtype)
    found = weights.get("timm/resnet50.tv_in1k").preprocessing(x)
    assert (found.dtype, type(found)) == ("float32", np.ndarray)
    expected = (x.astype("float64") / 255 - MEAN) / STD
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_keras_images_and_what_keras_makes_of_them():
    x = images()
    expected = keras.applications.resnet.preprocess_input(x.astype("float32").copy())
    np.testing.assert_array_equal(weights.KERAS(x), expected)
    np.testing.assert_array_equal(weights.KERAS(x[0]), expected[0])  # one image
    assert x.dtype == "uint8"  # as it was


@pytest.mark.parametrize("name", ["timm/resnet50.tv_in1k", "keras.applications.ResNet50"])
def test_tensors_and_arrays_alike(name):
    prepare, x = weights.get(name).preprocessing, images()
    found = prepare(keras.ops.convert_to_tensor(x))
    assert not isinstance(found, np.ndarray)
    found = keras.ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, prepare(x), rtol=1e-6, atol=1e-6)


@pytest.mark.one_backend
def test_in_a_pipeline_of_tensorflow():
    import tensorflow as tf

    prepare, x = weights.KERAS, images()
    (found,) = tf.data.Dataset.from_tensors(x).map(prepare)
    np.testing.assert_array_equal(found.numpy(), prepare(x))


@pytest.mark.parametrize("x", [images(shape=(2, 4, 4, 1)), images(shape=(3, 8, 8)), "x", [1, 2]])
def test_what_is_no_rgb_image_is_refused(x):
    with pytest.raises(ValueError, match=r"`images` must be RGB, .*Received: shape"):
        weights.KERAS(x)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"channels": "GRB"}, "`channels` must be one of RGB, BGR. Received: channels='GRB'"),
        ({"interpolation": "area"}, "`interpolation` must be one of bilinear, bicubic"),
        ({"crop": 300}, "`crop` must be at most `resize`. Received: crop=300, resize=256"),
    ],
)
def test_a_preprocessing_that_is_none_is_refused(change, match):
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(weights.KERAS, **change)

"""The page "Look inside": whole numbers for weights, and what its net computes."""

import base64
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import look_inside
import whole_number_nets
import whole_numbers
from helpers import networks, weights
from helpers.datasets import shapes
from nodes import said_by

ROOT = Path(__file__).parents[2]
SERVED = ROOT / "book" / "interactive" / "served"
FILE = ROOT / "results" / "weights" / f"{look_inside.RECORD}.safetensors"
HEAVIEST = 200_000  # bytes: scripts, style and data, less what other pages have as well
TOLERANCE = 1e-4  # of TensorFlow.js, beside the largest number of a map; float32 has seven digits
NEAR = 0.05  # of a probability, beside the trained net: what the page says


@pytest.fixture(scope="module")
def layers():
    return look_inside.net(ROOT / "results")


@pytest.fixture(scope="module")
def seen():
    """The ten images as the net sees them."""
    _, images, mean = look_inside.images()
    return (images - mean).astype("float32")


@pytest.fixture(scope="module")
def expected(layers, seen):
    """Keras' maps and logits, with the weights that the whole numbers stand for."""
    return [
        np.array(x) for x in whole_number_nets.watched(whole_number_nets.keras_net(layers))(seen)
    ]


# --- weights in whole numbers -------------------------------------------------------


def test_each_weight_is_off_by_half_a_scale_at_most(layers):
    model = networks.build(look_inside.spec(), input_shape=(32, 32, 3), num_classes=10)
    weights.load(model, FILE)
    assert [layer.name for layer in layers] == [
        x.name.removesuffix("_conv") for x in model.layers if re.fullmatch(r"fc|.*_conv", x.name)
    ]
    for layer in layers:
        if layer.name == "fc":
            kernel, bias = model.get_layer("fc").get_weights()
        else:
            [kernel] = model.get_layer(f"{layer.name}_conv").get_weights()
            norm = model.get_layer(f"{layer.name}_bn")
            gamma, beta, mean, variance = norm.get_weights()
            factor = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * factor, beta - mean * factor
        assert layer.whole.dtype == np.int8
        assert np.abs(layer.whole).max() == whole_numbers.LARGEST
        off = np.abs(layer.weights - kernel)
        assert (off <= 0.5001 * layer.scale).all()
        assert off.max() > 0.3 * layer.scale.min()  # they are rounded, and not kept
        np.testing.assert_allclose(layer.bias, bias, rtol=1e-4, atol=1e-5)


def test_the_net_in_numpy_has_the_maps_and_logits_of_keras(layers, seen, expected):
    for i, image in enumerate(seen):
        inside = whole_numbers.forward(layers, image)
        found = [inside.stem, *itertools.chain(*inside.blocks.values()), inside.logits]
        for own, theirs in zip(found, expected, strict=True):
            assert own == pytest.approx(theirs[i], abs=1e-5 * float(np.abs(theirs).max()))


def test_the_probabilities_are_near_those_of_the_trained_net(seen, expected):
    """On the ten images; the claim `look-bytes` compares them on all test images."""
    trained = networks.build(look_inside.spec(), input_shape=(32, 32, 3), num_classes=10)
    weights.load(trained, FILE)
    powers = np.exp(expected[-1] - expected[-1].max(axis=1, keepdims=True))
    whole = powers / powers.sum(axis=1, keepdims=True)
    kept = trained.predict(seen, verbose=0)
    assert 0 < np.abs(whole - kept).max() < NEAR
    assert (whole.argmax(axis=1) == kept.argmax(axis=1)).all()


def test_weights_that_are_missing_or_others_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"weights of resnet20-8filters.*none, which is no file"):
        whole_numbers.read(tmp_path / "none", look_inside.spec())
    save_file({"conv1.weight": np.zeros((8, 3, 3, 3), "float32")}, tmp_path / "half.safetensors")
    with pytest.raises(ValueError, match=r"an array bn1.weight. Received: conv1.weight$"):
        whole_numbers.read(tmp_path / "half.safetensors", look_inside.spec())


# --- what the page reads ------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return json.loads(json.dumps(look_inside.data(ROOT / "results")))


def array(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def test_the_page_gets_the_weights_the_mean_and_one_test_image_of_each_class(data, layers):
    from helpers import datasets

    images = datasets.load("shapes")
    assert tuple(data["classes"]) == shapes.CLASS_NAMES == look_inside.IMAGES
    assert (array(data["mean"], "<f4") == images.mean.ravel()).all()
    for label, packed in enumerate(data["images"]):
        of_class = images.test.images[images.test.labels == label]
        assert (array(packed, "u1") == of_class[0].ravel()).all()
    for sent, layer in zip(data["layers"], layers, strict=True):
        assert (sent["name"], sent["stride"]) == (layer.name, layer.stride)
        assert (array(sent["whole"], "i1").reshape(sent["shape"]) == layer.whole).all()
        assert (array(sent["scale"], "<f4") == layer.scale).all()
        assert (array(sent["bias"], "<f4") == layer.bias).all()


def test_what_the_page_brings_of_its_own_is_light(data):
    files = sum(path.stat().st_size for path in (SERVED / "inside").iterdir())
    assert len(json.dumps(data, separators=(",", ":"))) + files < HEAVIEST


def test_the_places_are_those_of_the_net(layers):
    names = [layer.name.removesuffix("_1") for layer in layers if layer.name.endswith("_1")]
    assert ("stem", *names, "classifier") == look_inside.PLACES


def test_the_page_s_net_has_keras_maps_logits_and_probabilities(data, expected, tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(data))
    _, images, _ = look_inside.images()
    (tmp_path / "pixels.bin").write_bytes(images.tobytes())
    said = said_by("look_inside_net.mjs", SERVED, tmp_path)
    assert (said["backend"], said["left"]) == ("wasm", 0)
    assert tuple(said["blocks"]) == look_inside.PLACES[1:-1]
    assert said["zeros"] == [8, 8, 8, 8, 16, 16, 16, 32, 32]
    *maps, logits = expected
    assert said["shapes"] == [list(x.shape[1:]) for x in maps]
    rows = np.fromfile(tmp_path / "maps.bin", "<f4").reshape(len(images), -1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    start = 0
    for theirs in (*maps, logits, probabilities):
        theirs = theirs.reshape(len(images), -1)
        own = rows[:, start : (start := start + theirs.shape[1])]
        assert np.abs(own - theirs).max() < TOLERANCE * np.abs(theirs).max()
    assert start == rows.shape[1]

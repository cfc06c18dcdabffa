"""networks: what whole nets compute, against NumPy, and what a file of theirs brings back."""

import keras
import numpy as np
import pytest

import reference
from backend import forward
from helpers import networks
from helpers.specs import Network, Stage, Stem

pytestmark = pytest.mark.backends

# One small net for each kind of block, option and stride: kind, option.
KINDS = [
    ("convolution", None),
    ("plain", None),
    *(("basic", option) for option in "ABC"),
    *(("1x1", option) for option in "ABC"),  # bottlenecks with the stride there
    *(("3x3", option) for option in "ABC"),
]


def small(kind, option, shape=(17, 20, 3)):
    """Stem with pooling, a stage at full size, one that halves; VGG's pools and hidden layers."""
    block = "bottleneck" if kind in ("1x1", "3x3") else kind
    more = {"bottleneck_stride": kind} if block == "bottleneck" else {}
    stages = (Stage("conv2_x", block, 4, 2, 1), Stage("conv3_x", block, 6, 1, 2))
    stem = Stem(7, 4, 2, True)
    if kind == "convolution":
        stem, more = None, {"hidden": (7, 5), "batch_norm": False}
        stages = (
            Stage("conv1_x", block, 4, 2, 1, pooling=True),
            Stage("conv2_x", block, 6, 1, 1, pooling=True),
        )
    return Network(f"small-{kind}", shape, 5, stem, stages, option, **more)


def by_numpy(x, weights, spec):
    """The logits that `small` gives."""
    if spec.stem is None:
        for stage in spec.stages:
            for i in range(1, stage.repeats + 1):
                name = f"{stage.name[:-1]}{i}"
                x = reference.relu(reference.conv_bn(x, weights, name, training=False))
            x = reference.max_pool(x, size=2, padding=0)
        x = x.reshape(len(x), -1)
    else:
        x = reference.relu(reference.conv_bn(x, weights, "conv1", 2, training=False))
        x = reference.max_pool(x)
        how = {"training": False, "bottleneck_stride": spec.bottleneck_stride}
        for name, stride in (("conv2_1", 1), ("conv2_2", 1), ("conv3_1", 2)):
            x = reference.block(x, weights, name, stride, spec.shortcut, **how)
        x = x.mean(axis=(1, 2))
    for name in [name for name in ("fc6", "fc7") if name in weights]:
        x = reference.relu(x @ weights[name][0] + weights[name][1])
    return x @ weights["fc"][0] + weights["fc"][1]


@pytest.mark.parametrize(("kind", "option"), KINDS)
def test_a_whole_network_against_numpy(kind, option):
    spec = small(kind, option)
    model = networks.build(spec, classifier_activation=None, initializer="zeros")
    weights = reference.random_weights(model)
    x = np.random.default_rng(1).normal(size=(3, 17, 20, 3))
    expected = by_numpy(x, weights, spec)
    assert expected.std(axis=0).min() > 0.01  # the image matters in every number
    np.testing.assert_allclose(
        forward(model, x), expected, rtol=1e-4, atol=1e-4 * abs(expected).max()
    )


@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
@pytest.mark.parametrize(("kind", "option"), KINDS)
def test_a_saved_model_comes_back_the_same(kind, option, suffix, tmp_path):
    spec = small(kind, option, (12, 12, 3))
    model = networks.build(spec, initializer="zeros")
    reference.random_weights(model)
    path = tmp_path / f"net{suffix}"
    if suffix == ".keras":
        model.save(path)
        back = keras.models.load_model(path, safe_mode=True)
        assert not any(isinstance(layer, keras.layers.Lambda) for layer in back.layers)
    else:
        model.save_weights(path)
        back = networks.build(spec, initializer="zeros")
        back.load_weights(path)
    assert (back.name, type(back)) == (model.name, type(model))
    assert [layer.name for layer in back.layers] == [layer.name for layer in model.layers]
    assert [weight.path for weight in back.weights] == [weight.path for weight in model.weights]
    x = np.random.default_rng(0).normal(size=(2, 12, 12, 3))
    for training in (False, True) if kind != "convolution" else (False,):  # dropout is random
        np.testing.assert_array_equal(forward(back, x, training), forward(model, x, training))
    for a, b in zip(back.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_probabilities_or_logits():
    spec = small("basic", "B")
    x = np.random.default_rng(0).normal(size=(2, 17, 20, 3))
    probabilities = networks.build(spec, initializer="zeros")
    kernel, bias = reference.random_weights(probabilities)["fc"]
    probabilities.get_layer("fc").set_weights([kernel / 200, bias])  # none is 0 or 1
    logits = networks.build(spec, classifier_activation=None, initializer="zeros")
    logits.set_weights(probabilities.get_weights())
    expected = reference.softmax(forward(logits, x).astype("float64"))
    assert 0.01 < expected.min() < expected.max() < 0.9
    np.testing.assert_allclose(forward(probabilities, x), expected, rtol=1e-4)


@pytest.mark.parametrize(("kind", "option"), [("basic", "A"), ("3x3", "B"), ("convolution", None)])
def test_bfloat16_computes_in_it_and_answers_in_float32(kind, option):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = networks.build(small(kind, option), initializer="zeros")
    finally:
        keras.config.set_dtype_policy("float32")
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.output.dtype == "float32"
    y = forward(model, np.ones((2, 17, 20, 3)))
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, 0.2)  # kernels of zeros: every class is as likely

"""weights: models of keras.applications into our networks. Files: test_weights_files.py."""

import dataclasses
import functools

import keras
import numpy as np
import pytest

from he2015 import TABLE_1
from helpers import networks, specs, weights

APPLICATIONS = keras.applications


def refuses(model, source, match, error=ValueError):
    """`load` raises, and every weight is the very one that was there."""
    before = model.get_weights()
    with pytest.raises(error, match=match):
        weights.load(model, source)
    for variable, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old, err_msg=variable.path)


def fill(model, seed=0):
    """Random weights that leave nothing at its neutral value and the outputs within bounds."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            value = random.standard_normal(variable.shape, "float32") / 2
            if variable.name == "kernel":
                value *= np.sqrt(8 / np.prod(variable.shape[:-1]))
            elif variable.name in ("gamma", "moving_variance"):
                value = random.uniform(0.5, 1.5, variable.shape)
                if variable.name == "gamma" and layer.name.endswith("3_bn"):
                    value *= 0.3  # or the sum over 50 blocks grows large
            values.append(value)
        layer.set_weights(values)
    return model


def images(side, n=2):
    return np.random.default_rng(1).normal(size=(n, side, side, 3)).astype("float32")


KINDS = {  # side of the images, number of classes
    "ResNet50": (224, 1000),
    **{f"ResNet{depth}": (64, 1000) for depth in (101, 152)},
    **{f"VGG{depth}": (64, 7) for depth in (16, 19)},
}


KEPT = ("50", "16")  # the depths in every run


@pytest.fixture(scope="module")
def pair():
    """A model of keras.applications with random weights and ours, loaded from it, both once."""

    @functools.cache
    def build(kind):
        side, classes = KINDS[kind]
        shape = {"input_shape": (side, side, 3), "classifier_activation": None}
        source = fill(getattr(APPLICATIONS, kind)(weights=None, classes=classes, **shape))
        model = networks.build(kind.lower(), num_classes=classes, initializer="zeros", **shape)
        weights.load(model, source)
        return source, model

    return build


def difference(source, model, x, training=False):
    """The largest difference of the logits, as a share of the largest logit."""
    expected, found = (keras.ops.convert_to_numpy(m(x, training=training)) for m in (source, model))
    assert np.isfinite(expected).all()
    assert expected.std(axis=0).max() > 1e-3 * abs(expected).max()
    return abs(found - expected).max() / abs(expected).max()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("ResNet50", marks=pytest.mark.backends),
        pytest.param("VGG16"),
        *(pytest.param(kind, marks=pytest.mark.large) for kind in KINDS if kind[-2:] not in KEPT),
    ],
)
def test_same_outputs_as_keras_applications(kind, pair):
    assert difference(*pair(kind), images(KINDS[kind][0])) < 1e-4


def test_same_outputs_in_training_where_the_bias_cancels(pair):
    source, model = pair("ResNet50")
    before = source.get_weights(), model.get_weights()
    assert difference(source, model, images(224), training=True) < 1e-3
    source.set_weights(before[0]), model.set_weights(before[1])


def test_biases_and_epsilon_are_folded_exactly(pair):
    source, model = pair("ResNet50")
    before = source.get_weights(), model.get_weights()
    norms = [x for x in source.layers if isinstance(x, keras.layers.BatchNormalization)]
    for layer in norms:  # so small that 1e-8 is not lost in rounding
        layer.moving_variance.assign(layer.moving_variance * 1e-6)
    weights.load(model, source)
    for layer in norms:
        ours = model.get_layer(layer.name.replace("_block", "_").replace("_0_", "_proj_"))
        _, bias = source.get_layer(layer.name.replace("_bn", "_conv")).get_weights()
        assert abs(bias).max() > 0.1
        *_, mean, variance = (w.astype("float64") for w in layer.get_weights())
        *_, our_mean, our_variance = ours.get_weights()
        np.testing.assert_allclose(our_mean, mean - bias, rtol=1e-6)
        np.testing.assert_allclose(our_variance, variance + 1e-8, rtol=1e-6)
    source.set_weights(before[0]), model.set_weights(before[1])


@pytest.mark.parametrize(
    "depth", [50, *(pytest.param(depth, marks=pytest.mark.large) for depth in (101, 152))]
)
def test_audit_every_parameter_that_differs_is_a_bias_or_a_moving_statistic(depth, pair):
    """Table 1: a block of f filters has convolutions of f, f and 4f, its stage a projection."""
    filters = (64, 128, 256, 512)
    channels = 64 + sum(
        n * 6 * f + 4 * f for n, f in zip(TABLE_1[depth], filters, strict=True)
    )  # one bias in theirs, two moving statistics in both, for every channel of a convolution
    source, model = pair(f"ResNet{depth}")
    assert channels == {50: 26_560, 101: 52_672, 152: 75_712}[depth]
    assert source.count_params() - model.count_params() == channels
    for net in (source, model):
        assert sum(np.prod(v.shape) for v in net.non_trainable_weights) == 2 * channels
    trainable = sum(np.prod(v.shape) for v in model.trainable_weights)
    assert trainable == {50: 25_557_032, 101: 44_549_160, 152: 60_192_808}[depth]
    # What theirs has in excess, by name: the bias of every convolution, and nothing else.
    kinds = [[v.path.split("/")[-1] for v in net.weights] for net in (source, model)]
    excess = {k: kinds[0].count(k) - kinds[1].count(k) for k in set(kinds[0])}
    convolutions = 1 + 3 * sum(TABLE_1[depth]) + 4
    assert {k: n for k, n in excess.items() if n} == {"bias": convolutions}


@pytest.mark.parametrize("kind", ["VGG16", pytest.param("VGG19", marks=pytest.mark.large)])
def test_audit_vgg_differs_in_nothing(kind, pair):
    source, model = pair(kind)
    assert source.count_params() == model.count_params()


def test_stride_on_the_3x3_is_refused(pair):
    source, _ = pair("ResNet50")
    model = networks.build("resnet50", bottleneck_stride="3x3", initializer="zeros")
    refuses(model, source, r'on the 1x1, resnet50-v1\.5 on the 3x3.*bottleneck_stride="1x1"')


def test_other_models_of_keras_applications_are_refused(pair):
    _, model = pair("ResNet50")
    v2 = APPLICATIONS.ResNet50V2(weights=None, input_shape=(32, 32, 3))
    accepted = "ResNet50, ResNet101, ResNet152, VGG16 or VGG19"
    refuses(model, v2, f"{accepted}.*'resnet50v2' with the layer 'conv2_block1_preact_bn'")
    refuses(model, model, f"{accepted}.*'resnet50' with the layer 'conv2_1_1_conv'.*set_weights")
    refuses(v2, model, "`model` must be a network made by networks.build", ValueError)


@pytest.mark.large
def test_another_depth_or_kind_is_refused(pair):
    (source50, _), (source101, model101) = pair("ResNet50"), pair("ResNet101")
    missing = r"'resnet50' .* fit resnet101: it has no conv4_block7_1_conv/kernel of shape "
    missing += r"\(1, 1, 1024, 256\) for conv4_7_1_conv, .* more\. Build"
    refuses(model101, source50, missing)
    _, model50 = pair("ResNet50")
    extra = "it has conv4_block7_1_conv/kernel, .* more, for which resnet50 has no place"
    refuses(model50, source101, extra)
    refuses(model50, pair("VGG16")[0], "has no conv1_conv/kernel.*and it has block1_conv1")


def test_a_classifier_that_does_not_fit_is_named(pair):
    source, model = pair("VGG16")
    headless = keras.Model(source.input, source.get_layer("fc2").output, name="vgg16")
    needed = r"no predictions/kernel of shape \(4096, 7\) for fc.*`fc` is needed.*include_top=True"
    refuses(model, headless, needed)
    three = keras.layers.Dense(3, name="predictions")(headless.output)
    shapes = r"predictions/kernel for fc .*\(4096, 7\).*Received: shape \(4096, 3\).*`num_classes`"
    refuses(model, keras.Model(source.input, three, name="vgg16"), shapes)
    assert weights.load(model, headless, head=False).preprocessing == weights.KERAS
    assert weights.load(model, source) == weights.Loaded("vgg16", weights.KERAS)
    narrow = dataclasses.replace(specs.get("vgg16"), hidden=(8, 8))
    larger = networks.build(narrow, num_classes=7, input_shape=(96, 64, 3))
    refuses(larger, source, r"fc1/kernel for fc6 .*\(3072, 8\).*\(2048, 4096\).*`input_shape`")


def test_without_the_head_of_keras_applications_the_classifier_stays(pair):
    source, _ = pair("ResNet50")
    model = networks.build("resnet50", num_classes=3, input_shape=(64, 64, 3))
    before = model.get_layer("fc").get_weights()
    refuses(model, source, r"predictions/kernel for fc .*\(2048, 3\).*head=False")
    weights.load(model, source, head=False)
    for old, new in zip(before, model.get_layer("fc").get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    kernels = [
        net.get_layer(name).get_weights()[0]
        for net, name in ((source, "conv5_block3_3_conv"), (model, "conv5_3_3_conv"))
    ]
    np.testing.assert_array_equal(*kernels)


def test_a_published_name_is_fetched_by_keras(pair, monkeypatch):
    """Keras downloads and compares checksums; what it is asked for decides what it fetches."""
    (source, _), asked = pair("ResNet50"), []

    def fetch(**options):
        asked.append(options)
        top = source.output if options["include_top"] else source.get_layer("avg_pool").output
        return keras.Model(source.input, top, name="resnet50")

    monkeypatch.setattr(APPLICATIONS, "ResNet50", fetch)
    model = networks.build("resnet50", classifier_activation=None, initializer="zeros")
    name = "keras.applications.ResNet50"
    expected = weights.Loaded(name, weights.KERAS, sha256=None, verified=True)
    assert weights.load(model, name) == expected == weights.load(model, name, head=False)
    assert difference(source, model, images(224)) < 1e-4
    published = {"weights": "imagenet", "input_shape": (224, 224, 3)}
    assert asked == [{**published, "include_top": top} for top in (True, False)]


def test_a_published_name_is_refused_before_keras_fetches_it(monkeypatch):
    def fetch(**_):
        raise Exception("URL fetch failure on https://storage.googleapis.com/x.h5: None")

    monkeypatch.setattr(APPLICATIONS, "ResNet50", fetch)
    name, small = (
        "keras.applications.ResNet50",
        {"input_shape": (32, 32, 3), "initializer": "zeros"},
    )
    v15 = networks.build("resnet50", bottleneck_stride="3x3", **small)
    refuses(v15, name, r'on the 1x1, resnet50-v1\.5 on the 3x3.*bottleneck_stride="1x1"')
    other = networks.build("resnet18", **small)
    fits = r'ResNet50 fits networks\.build\("resnet50", bottleneck_stride="1x1"\)\. .*: resnet18'
    refuses(other, name, fits)
    right = networks.build("resnet50", **small)
    unreachable = r"could not fetch it \(URL fetch failure .*x\.h5.*\.keras/models"
    refuses(right, name, unreachable, ConnectionError)

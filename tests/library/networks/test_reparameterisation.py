"""merge: the same function as before, in NumPy and in Keras, on every backend; what it refuses."""

import dataclasses

import keras
import numpy as np
import pytest

import reference
from backend import forward
from helpers import blocks, counting, networks, specs
from helpers.networks import reparameterisation
from helpers.studies import causes

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SMALL = specs.narrowed(specs.cifar(8, "repvgg"), 4)
HOW = {"input_shape": (8, 10, 3), "classifier_activation": None}


def as_if_trained(model, seed=0):
    """Random batch normalizations, statistics and all; kernels as they started."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape[0]
            gamma, variance = random.uniform(0.5, 1.5, (2, n)) * random.choice([-1, 1], (2, n))
            beta, mean = random.normal(0, 0.5, (2, n))
            layer.set_weights([gamma, beta, mean, abs(variance)])
    return model


def images(model, seed=1):
    return np.random.default_rng(seed).normal(size=(3, *model.input_shape[1:]))


def check(model, merged):
    before = model.get_weights()
    expected, found = (forward(net, images(model)) for net in (model, merged))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * abs(expected).max())
    assert abs(expected - forward(model, images(model), True)).max() > 0.1 * abs(expected).max()
    model.set_weights(before)
    assert not [x for x in merged.layers if isinstance(x, keras.layers.BatchNormalization)]


@pytest.mark.one_backend  # JAX would compile each layer by itself
def test_repvgg_is_a_chain_of_3x3_convolutions():
    model = as_if_trained(networks.build(SMALL, **HOW))
    before = [w.copy() for w in model.get_weights()]
    merged = reparameterisation.merge(model)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    check(model, merged)
    built = networks.build(reparameterisation.merged(SMALL), **HOW)
    assert [x.name for x in merged.layers] == [x.name for x in built.layers]
    assert merged.name == built.name == f"{SMALL.name}-merged"
    built.set_weights(merged.get_weights())
    np.testing.assert_array_equal(forward(built, images(model)), forward(merged, images(model)))


@pytest.mark.parametrize(
    ("filters", "stride", "batch_norm"), [(4, 1, True), (6, 2, True), (4, 1, False)]
)
def test_a_block_in_float64(filters, stride, batch_norm):
    x = keras.Input((6, 7, 4))
    y = blocks.repvgg_block(x, filters, stride, name="conv3_1", batch_norm=batch_norm)
    model = keras.Model(x, y)
    weights = reference.random_weights(model)
    x = images(model)
    how = {"stride": stride, "training": False}
    expected = reference.conv_bn(x, weights, "conv3_1", **how)
    expected = expected + reference.conv_bn(x, weights, "conv3_1_1x1", **how)
    if stride == 1:
        norm = weights.get("conv3_1_identity_bn")
        expected = expected + (reference.batch_norm(x, *norm, training=False) if norm else x)
    kernel, bias = reparameterisation.merge(model).get_layer("conv3_1_conv").get_weights()
    assert kernel.shape == (3, 3, 4, filters)
    found = reference.conv(x, kernel.astype("float64"), bias, stride=stride, padding=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


@pytest.mark.one_backend
@pytest.mark.parametrize("name", ["plain8", "plain18", "vgg16"])
def test_plain_nets_lose_their_batch_normalization(name):
    spec = dataclasses.replace(specs.narrowed(specs.get(name), 2), batch_norm=True)
    spec = dataclasses.replace(spec, hidden=(5,) if spec.hidden else (), input_shape=(32, 32, 3))
    model = as_if_trained(networks.build(spec, classifier_activation=None))
    merged = reparameterisation.merge(model)
    check(model, merged)
    record = reparameterisation.merged(spec)
    built = networks.build(record)
    assert [x.name for x in merged.layers] == [x.name for x in built.layers]
    assert merged.count_params() == counting.parameters(record)


@pytest.mark.one_backend
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_dirac_layer_is_a_convolution_with_its_whole_kernel(scaled, stride):
    x = y = keras.Input((6, 7, 4))
    for name, step in (("conv2_1_1", stride), ("conv2_1_2", 1)):
        how = {"name": name, "layer": causes.layers.DiracConv2D, "scaled": scaled}
        y = blocks.convolution(y, 6, 3, step, **how)
        y = keras.layers.BatchNormalization(name=f"{name}_bn")(y)
        y = keras.layers.ReLU(name=f"{name}_relu")(y)
    model = keras.Model(x, y)
    for layer in model.layers:
        if isinstance(layer, causes.layers.DiracConv2D) and scaled:
            layer.b.assign(np.linspace(-2, 2, 6))
    merged = reparameterisation.merge(as_if_trained(model))
    check(model, merged)
    kinds = {type(layer) for layer in merged.layers if layer.weights}
    assert kinds == {keras.layers.Conv2D}


@pytest.mark.one_backend
def test_merged_repvgg_20_costs_what_plain_20_costs():
    merged, plain = reparameterisation.merged("repvgg20"), specs.get("plain20")
    assert counting.multiply_adds(merged) == counting.multiply_adds(plain)
    assert counting.multiply_adds("repvgg20") > counting.multiply_adds(plain)
    biases = sum(f for f in (16, *6 * (16,), *6 * (32,), *6 * (64,)))
    assert counting.parameters(plain) - counting.parameters(merged) == biases  # a beta less each
    assert (merged.depth, merged.batch_norm) == (20, False)


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("resnet8", r"resnet8.*conv2_1_add adds up.*a ReLU inside of one branch"),
        ("resnet8-skipinit", r"image_scale, a Rescaling, is no part"),
        ("preresnet20", r"preresnet20.*conv2_1_add adds up"),
    ],
)
def test_what_is_no_chain_is_refused(name, why):
    spec = specs.narrowed(specs.get(name), 2)
    with pytest.raises(ValueError, match=f"Expected a net of convolutions.*Received: .*{why}"):
        reparameterisation.merge(networks.build(spec))


@pytest.mark.one_backend
def test_what_is_no_usual_convolution_is_refused():
    x = keras.Input((8, 8, 4))
    for convolution in (
        keras.layers.Conv2D(4, 3, strides=2, padding="same"),  # TensorFlow pads one side
        keras.layers.Conv2D(4, 3),
        keras.layers.Conv2D(4, 3, padding="same", groups=2),
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        type("Another", (keras.layers.Conv2D,), {})(4, 3, padding="same"),
    ):
        with pytest.raises(ValueError, match="is not the usual convolution"):
            reparameterisation.merge(keras.Model(x, convolution(x)))
    twice = blocks.convolution(blocks.convolution(x, 4, 3, name="a"), 4, 3, name="b")
    with pytest.raises(ValueError, match="b_conv follows on no ReLU"):
        reparameterisation.merge(keras.Model(x, twice))
    with pytest.raises(ValueError, match="batch normalization follows on no convolution"):
        reparameterisation.merge(keras.Model(x, keras.layers.BatchNormalization()(x)))
    with pytest.raises(TypeError, match=r"functional Keras model.*'repvgg20' of type str"):
        reparameterisation.merge("repvgg20")
    with pytest.raises(ValueError, match=r"without residual blocks.*'resnet20'"):
        reparameterisation.merged("resnet20")


def test_a_basic_block_is_no_convolution_and_repvggs_is_one():
    """In inference mode, before the last ReLU."""
    x = keras.Input((6, 7, 4))
    rep = as_if_trained(keras.Model(x, blocks.repvgg_block(x, 4, name="b")))
    basic = as_if_trained(keras.Model(x, blocks.basic_block(x, 4, name="b")))
    linear, sum_ = (
        keras.Model(x, model.get_layer(name).output)
        for model, name in ((rep, "b_sum"), (basic, "b_add"))
    )
    rounding = reparameterisation.departure(linear, (6, 7, 4))
    assert rounding < 1e-5
    assert reparameterisation.departure(sum_, (6, 7, 4)) > 1e4 * rounding
    # With its ReLU RepVGG's is none, either.
    assert reparameterisation.departure(rep, (6, 7, 4)) > 1e4 * rounding


# --- folding: the convolution before each batch normalization takes it in --------------


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
@pytest.mark.parametrize("name", ["plain8", "resnet8", "resnet8-se16", "bottleneck"])
def test_a_folded_net_is_the_same_function_without_batch_normalization(name, shortcut):
    narrow = specs.narrowed(specs.get("resnet50"), 4) if name == "bottleneck" else specs.get(name)
    if narrow.residual:
        narrow = dataclasses.replace(narrow, shortcut=shortcut)
    size = {"input_shape": (32, 32, 3), "num_classes": 5}
    model = as_if_trained(networks.build(narrow, **size))
    folded = reparameterisation.fold(model, narrow, **size)
    check(model, folded)
    assert not [v for v in folded.layers if isinstance(v, keras.layers.BatchNormalization)]
    assert folded.layers[-1].activation is keras.activations.softmax


@pytest.mark.parametrize("name", ["preresnet20", "repvgg20", "resnet20-fixup"])
def test_what_has_nothing_to_fold_is_refused(name):
    with pytest.raises(ValueError, match=f"follows on a convolution.*{name}"):
        reparameterisation.fold(networks.build(name), name)


@pytest.mark.parametrize("other", ["resnet14", "plain8"])
def test_a_model_of_another_net_is_refused(other):
    with pytest.raises(ValueError, match=r"a model of resnet14.*Received: (?:resnet14|plain8)"):
        model = networks.build(other, num_classes=7)
        reparameterisation.fold(model, "resnet14")

"""blocks: Figures 2, 3 and 5 against NumPy, forward and backward, on every backend."""

import keras
import numpy as np
import pytest

import reference
from backend import backward, forward
from helpers import blocks

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SIDES = (6, 7)  # even and odd, so that strides meet both
# Kind, channels of the input, filters, stride, shortcut's option. Of the bottlenecks, which
# put out four times their filters, the kind is the convolution that has the stride.
CASES = [
    ("plain", 4, 4, 1, None),
    ("plain", 4, 6, 2, None),
    *(("basic", 4, 4, 1, option) for option in "ABC"),
    *(("basic", 4, 6, 2, option) for option in "ABC"),
    *(("basic", 4, 6, 1, option) for option in "AB"),  # only the channels differ
    *(("basic", 4, 4, 2, option) for option in "AB"),  # only the size differs
    *(("1x1", 8, 2, 1, option) for option in "ABC"),
    *((kind, 4, 2, 2, option) for kind in ("1x1", "3x3") for option in "ABC"),
    *(("1x1", 2, 2, 1, option) for option in "AB"),  # as conv2_1 of ResNet-50
    *(("3x3", 8, 2, 2, option) for option in "AB"),
]


def images(n=3, shape=(*SIDES, 4), seed=1):
    return np.random.default_rng(seed).normal(size=(n, *shape))


def model_of(block, shape=(*SIDES, 4), **arguments):
    """A model that is one block; its kernels are zeros until a test has set them."""
    x = keras.Input(shape)
    return keras.Model(x, block(x, initializer="zeros", **arguments))


def block_model(kind, channels, filters, stride, option, **arguments):
    """A model that is one block, and how the reference is told its kind."""
    arguments |= {"shape": (*SIDES, channels), "filters": filters, "stride": stride}
    arguments |= {"name": "conv3_1"}
    if kind == "plain":
        return model_of(blocks.plain_block, **arguments), {}
    if kind == "basic":
        return model_of(blocks.basic_block, shortcut=option, **arguments), {}
    how = {"bottleneck_stride": kind}
    return model_of(blocks.bottleneck_block, shortcut=option, **how, **arguments), how


def compare(model, weights, x, training, expected, gradient):
    """Outputs and all gradients of a model against the reference's functions of the same."""
    factors = np.random.default_rng(5).normal(size=expected.shape)
    y, dx, found = backward(model, x.astype("float32"), factors, training)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    dx_expected, gradients = gradient(factors)
    np.testing.assert_allclose(dx, dx_expected, rtol=1e-3, atol=1e-4 * abs(dx_expected).max())
    by_weight = {id(w): g for w, g in zip(model.trainable_weights, found, strict=True)}
    assert set(gradients) == set(weights)
    for layer, arrays in gradients.items():
        mine = [by_weight.pop(id(w)) for w in model.get_layer(layer).trainable_weights]
        for a, b in zip(mine, arrays, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * abs(b).max(), err_msg=layer)
    assert not by_weight


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("kind", "channels", "filters", "stride", "option"), CASES)
def test_blocks_against_numpy(kind, channels, filters, stride, option, training):
    model, how = block_model(kind, channels, filters, stride, option)
    weights = reference.random_weights(model)
    x = images(shape=(*SIDES, channels))
    arguments = (x, weights, "conv3_1", stride, option)
    how |= {"training": training}
    expected = reference.block(*arguments, **how)
    out = filters * (4 if "x" in kind else 1)
    assert expected.shape == (3, -(-6 // stride), -(-7 // stride), out)
    compare(
        model,
        weights,
        x,
        training,
        expected,
        lambda dy: reference.block_gradient(dy, *arguments, **how),
    )


@pytest.mark.parametrize("case", [c for c in CASES if c[3] == 2 and c[1] == 4 != c[2]])
def test_blocks_without_batch_norm_against_numpy(case):
    *_, stride, option = case
    model, how = block_model(*case, batch_norm=False)
    weights, x = reference.random_weights(model), images()
    arguments = (x, weights, "conv3_1", stride, option)
    expected = reference.block(*arguments, training=True, **how)
    compare(
        model,
        weights,
        x,
        True,
        expected,
        lambda dy: reference.block_gradient(dy, *arguments, training=True, **how),
    )


@pytest.mark.one_backend
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("case", [c for c in CASES if c[3] == 2 and c[1] == 4 != c[2]])
def test_the_reference_s_gradients_against_differences(case, training):
    """The slope of a weighted sum of outputs, along a random change of input or weights."""
    *_, stride, option = case
    model, how = block_model(*case)
    weights, x = reference.random_weights(model), images()
    random = np.random.default_rng(6)
    how |= {"training": training}

    def y(x, weights):
        return reference.block(x, weights, "conv3_1", stride, option, **how)

    factors = random.normal(size=y(x, weights).shape)
    dx, gradients = reference.block_gradient(factors, x, weights, "conv3_1", stride, option, **how)

    def slope(change_of, step=1e-6):
        there, back = (y(*change_of(sign * step)) for sign in (1, -1))
        return ((there - back) * factors).sum() / (2 * step)

    direction = random.normal(size=x.shape)
    expected = slope(lambda step: (x + step * direction, weights))
    assert (dx * direction).sum() == pytest.approx(expected, rel=1e-5, abs=1e-5)
    for layer, arrays in gradients.items():
        for i, gradient in enumerate(arrays):
            direction = random.normal(size=gradient.shape)

            def changed(step, layer=layer, i=i, direction=direction):
                new = list(weights[layer])
                new[i] = new[i] + step * direction
                return x, weights | {layer: new}

            found = (gradient * direction).sum()
            assert found == pytest.approx(slope(changed), rel=1e-5, abs=1e-5), (layer, i)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 1), (7, 2), (1, 2)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_conv_bn_relu_against_numpy(batch_norm, kernel_size, stride, training):
    """The stem of a ResNet and, without batch normalization, a layer of VGG."""
    model = model_of(
        blocks.conv_bn_relu,
        filters=5,
        kernel_size=kernel_size,
        stride=stride,
        name="c",
        batch_norm=batch_norm,
    )
    weights, x = reference.random_weights(model), images()
    assert ("c_bn" in weights, model.get_layer("c_conv").use_bias) == (batch_norm, not batch_norm)
    expected = reference.relu(reference.conv_bn(x, weights, "c", stride, training=training))
    compare(
        model,
        weights,
        x,
        training,
        expected,
        lambda dy: reference.conv_bn_gradient(
            dy * (expected > 0), x, weights, "c", stride, training=training
        ),
    )


@pytest.mark.parametrize("kernel_size", [1, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolutions_pad_symmetrically(kernel_size, stride):
    shape = (8, 8, 3)
    model = model_of(
        blocks.conv_bn, shape, filters=5, kernel_size=kernel_size, stride=stride, name="c"
    )
    weights = reference.random_weights(model)
    x = images(2, shape)
    expected = reference.conv_bn(x, weights, "c", stride, training=False)
    y = forward(model, x)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    kernel = model.get_layer("c_conv").get_weights()
    same = keras.layers.Conv2D(5, kernel_size, strides=stride, padding="same", use_bias=False)
    same.build((None, *shape))
    same.set_weights(kernel)
    of_keras = forward(model.get_layer("c_bn"), forward_plain(same, x))
    assert of_keras.shape == y.shape
    differs = stride == 2 and kernel_size > 1
    assert np.allclose(of_keras, y, atol=1e-4) is not differs


def forward_plain(layer, x):
    """A layer whose call knows no `training`."""
    return keras.ops.convert_to_numpy(layer(x.astype("float32")))


@pytest.mark.parametrize(("kind", "channels", "filters"), [("basic", 4, 4), ("1x1", 8, 2)])
def test_a_block_whose_last_gamma_is_zero_is_its_shortcut(kind, channels, filters):
    model, _ = block_model(kind, channels, filters, 1, "B")
    reference.random_weights(model)
    norm = model.get_layer("conv3_1_2_bn" if kind == "basic" else "conv3_1_3_bn")
    norm.gamma.assign(np.zeros(channels))
    norm.beta.assign(np.zeros(channels))
    x = images(shape=(*SIDES, channels))
    for training in (True, False):
        np.testing.assert_allclose(forward(model, x, training), np.maximum(x, 0), atol=1e-6)


@pytest.mark.parametrize(
    ("option", "filters", "stride", "parameters"),
    [
        ("A", 4, 1, 0),
        ("A", 6, 2, 0),
        ("B", 4, 1, 0),
        ("B", 6, 2, 4 * 6 + 4 * 6),
        ("C", 4, 1, 4 * 4 + 4 * 4),
    ],
)
def test_shortcuts_have_the_parameters_of_their_option(option, filters, stride, parameters):
    model = model_of(blocks.shortcut, filters=filters, stride=stride, name="s", shortcut=option)
    assert model.count_params() == parameters  # kernel; gamma, beta and two statistics


@pytest.mark.parametrize("block", [blocks.basic_block, blocks.bottleneck_block])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shortcut": "D"}, "A, B, C.*shortcut='D'"),
        ({"filters": 0}, "conv2_1.*filters.*positive integer.*filters=0"),
        ({"filters": 4.0}, "filters.*positive integer.*filters=4.0"),
        ({"stride": -1}, "stride.*positive integer.*stride=-1"),
    ],
)
def test_wrong_arguments_say_what_was_expected(block, arguments, message):
    arguments = {"filters": 4, "name": "conv2_1", "shortcut": "B"} | arguments
    with pytest.raises(ValueError, match=message):
        block(keras.Input((*SIDES, 4)), **arguments)


def test_option_a_cannot_take_channels_away():
    with pytest.raises(ValueError, match=r"at least the 4 channels.*filters=2"):
        blocks.basic_block(keras.Input((*SIDES, 4)), 2, name="conv2_1", shortcut="A")
    with pytest.raises(ValueError, match=r"at least the 9 channels.*filters=8"):
        blocks.bottleneck_block(keras.Input((*SIDES, 9)), 2, name="conv2_1", shortcut="A")


@pytest.mark.parametrize("stride", ["1", 3, None])
def test_the_stride_of_a_bottleneck_is_one_of_two(stride):
    with pytest.raises(ValueError, match=f"1x1, 3x3.*bottleneck_stride={stride!r}"):
        blocks.bottleneck_block(
            keras.Input((*SIDES, 8)), 2, name="conv2_1", bottleneck_stride=stride
        )


def test_only_batches_of_feature_maps_are_taken():
    for block in (blocks.plain_block, blocks.bottleneck_block):
        with pytest.raises(ValueError, match=r"\(N, H, W, C\).*Received: \(None, 10\)"):
            block(keras.Input((10,)), 4, name="conv2_1")


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match=r"channels last.*channels_last"):
            blocks.plain_block(keras.Input((*SIDES, 4)), 4, name="conv2_1")
    finally:
        keras.config.set_image_data_format("channels_last")

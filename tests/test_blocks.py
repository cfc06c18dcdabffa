"""blocks: Figures 2 and 3 against NumPy, forward and backward."""

import keras
import numpy as np
import pytest

import reference
from helpers import blocks

INPUT = (6, 7, 4)  # even and odd, so that strides meet both


def model_of(block, shape=INPUT, **arguments):
    x = keras.Input(shape)
    return keras.Model(x, block(x, **arguments))


def images(n=3, shape=INPUT, seed=1):
    return np.random.default_rng(seed).normal(size=(n, *shape))


CASES = [  # filters, stride, option
    *((4, 1, option) for option in (None, "A", "B", "C")),
    *((6, 2, option) for option in (None, "A", "B", "C")),
    (6, 1, "A"),  # the channels differ and the size does not
    (6, 1, "B"),
    (4, 2, "A"),  # the size differs and the channels do not
    (4, 2, "B"),
]


def block_model(filters, stride, option, **arguments):
    arguments |= {"filters": filters, "stride": stride, "name": "conv3_1"}
    if option is None:
        return model_of(blocks.plain_block, **arguments)
    return model_of(blocks.basic_block, option=option, **arguments)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("filters", "stride", "option"), CASES)
def test_blocks_against_numpy(filters, stride, option, training):
    model = block_model(filters, stride, option)
    weights = reference.random_weights(model)
    x = images()
    expected = reference.block(x, weights, "conv3_1", stride, option, training=training)
    assert expected.shape == (3, -(-6 // stride), -(-7 // stride), filters)
    y = np.array(model(x.astype("float32"), training=training))
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("option", [None, "A", "B", "C"])
def test_blocks_without_batch_norm_against_numpy(option):
    model = block_model(6, 2, option, batch_norm=False)
    weights = reference.random_weights(model)
    x = images()
    expected = reference.block(x, weights, "conv3_1", 2, option, training=True)
    np.testing.assert_allclose(
        np.array(model(x.astype("float32"), training=True)), expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("option", [None, "A", "B"])
def test_gradients_against_differences_of_the_numpy_block(option, training):
    """The slope of a weighted sum of the outputs, along random changes of input and weights."""
    import tensorflow as tf

    model = block_model(6, 2, option)
    weights = reference.random_weights(model)
    x, random = images(), np.random.default_rng(5)
    factors = random.normal(size=(3, 3, 4, 6))
    with tf.GradientTape() as tape:
        inputs = tf.constant(x, "float32")
        tape.watch(inputs)
        out = tf.reduce_sum(model(inputs, training=training) * factors.astype("float32"))
    variables = [v.value for v in model.trainable_variables]
    gradients = tape.gradient(out, [inputs, *variables])

    def value(x, weights):
        y = reference.block(x, weights, "conv3_1", 2, option, training=training)
        return (y * factors).sum()

    def slope(direction, layer=None, index=None, step=1e-6):
        def at(sign):
            if layer is None:
                return value(x + sign * step * direction, weights)
            arrays = list(weights[layer])
            arrays[index] = arrays[index] + sign * step * direction
            return value(x, weights | {layer: arrays})

        return (at(1) - at(-1)) / (2 * step)

    direction = random.normal(size=x.shape)
    assert (gradients[0].numpy() * direction).sum() == pytest.approx(
        slope(direction), rel=1e-3, abs=1e-3
    )
    places = [
        (layer.name, i) for layer in model.layers for i in range(len(layer.trainable_weights))
    ]
    by_variable = {id(v): g for v, g in zip(model.trainable_variables, gradients[1:], strict=True)}
    for layer, index in places:
        variable = model.get_layer(layer).trainable_weights[index]
        direction = random.normal(size=variable.shape)
        found = (by_variable[id(variable)].numpy() * direction).sum()
        expected = slope(direction, layer, index)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-3), (layer, index)


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
    y = np.array(model(x.astype("float32")))
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    kernel = model.get_layer("c_conv").get_weights()
    same = keras.layers.Conv2D(5, kernel_size, strides=stride, padding="same", use_bias=False)
    same.build((None, *shape))
    same.set_weights(kernel)
    norm = model.get_layer("c_bn")
    of_tensorflow = np.array(norm(same(x.astype("float32"))))
    assert of_tensorflow.shape == y.shape
    differs = stride == 2 and kernel_size > 1
    assert np.allclose(of_tensorflow, y, atol=1e-4) is not differs


def test_a_block_whose_last_gamma_is_zero_is_its_shortcut():
    model = block_model(4, 1, "B")
    reference.random_weights(model)
    norm = model.get_layer("conv3_1_2_bn")
    norm.gamma.assign(np.zeros(4))
    norm.beta.assign(np.zeros(4))
    x = images().astype("float32")
    np.testing.assert_allclose(np.array(model(x)), np.maximum(x, 0), atol=1e-6)


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
    model = model_of(blocks.shortcut, filters=filters, stride=stride, name="s", option=option)
    assert model.count_params() == parameters  # kernel; gamma, beta and two statistics


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"option": "D"}, "A, B, C.*option='D'"),
        ({"filters": 0}, "conv2_1.*filters.*positive integer.*filters=0"),
        ({"filters": 4.0}, "filters.*positive integer.*filters=4.0"),
        ({"stride": -1}, "stride.*positive integer.*stride=-1"),
        ({"filters": 2, "option": "A"}, "at least the 4 channels.*filters=2"),
    ],
)
def test_wrong_arguments_say_what_was_expected(arguments, message):
    arguments = {"filters": 4, "name": "conv2_1", "option": "B"} | arguments
    with pytest.raises(ValueError, match=message):
        blocks.basic_block(keras.Input(INPUT), **arguments)


def test_only_batches_of_feature_maps_are_taken():
    with pytest.raises(ValueError, match=r"\(N, H, W, C\).*Received: \(None, 10\)"):
        blocks.plain_block(keras.Input((10,)), 4, name="conv2_1")


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match=r"channels last.*channels_last"):
            blocks.plain_block(keras.Input(INPUT), 4, name="conv2_1")
    finally:
        keras.config.set_image_data_format("channels_last")

"""layers: the fused batch normalization against Keras' own, option A against NumPy."""

import keras
import numpy as np
import pytest

import reference
from backend import BACKEND, backward
from helpers.layers import BatchNormalization, NormalizedConv2D, ZeroPadShortcut
from helpers.studies.causes.layers import DiracConv2D

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SHAPE = (4, 5, 6, 3)
TOLERANCE = {"float32": 1e-5, "mixed_bfloat16": 3e-2, "mixed_float16": 5e-3}


def pair(shape=SHAPE, **arguments):
    """Our layer and Keras' with the same arguments and the same random weights."""
    arguments = {"momentum": 0.9, "epsilon": 1e-5} | arguments
    ours, keras_own = BatchNormalization(**arguments), keras.layers.BatchNormalization(**arguments)
    random = np.random.default_rng(0)
    for layer in (ours, keras_own):
        layer.build(shape)
    values = [random.uniform(0.5, 1.5, w.shape) for w in keras_own.weights]
    for layer in (ours, keras_own):
        layer.set_weights(values)
    return ours, keras_own


def batch(shape=SHAPE, seed=1):
    return np.random.default_rng(seed).normal(2, 3, shape).astype("float32")


def call(layer, x, **arguments):
    return keras.ops.convert_to_numpy(layer(x, **arguments))


@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("arguments", [{}, {"momentum": 0.99, "epsilon": 1e-3}])
def test_batch_norm_computes_what_keras_does(arguments, training, trainable, policy):
    ours, keras_own = pair(dtype=policy, trainable=trainable, **arguments)
    x, factors = batch(), batch(seed=2)
    found, expected = (backward(layer, x, factors, training) for layer in (ours, keras_own))
    tolerance = TOLERANCE[policy]
    for a, b in zip([*found[:2], *found[2]], [*expected[:2], *expected[2]], strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * abs(b).max())
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=max(1e-5, tolerance / 10))
    assert ours.compute_dtype == keras_own.compute_dtype
    assert ours(x).dtype == keras_own(x).dtype


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_computes_the_equation(training):
    ours, _ = pair()
    weights = [w.astype("float64") for w in ours.get_weights()]
    x = batch()
    expected = reference.batch_norm(x.astype("float64"), *weights, training=training)
    np.testing.assert_allclose(call(ours, x, training=training), expected, atol=1e-5)
    if training:
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))  # divided by n
        for moved, old, new in zip(
            ours.get_weights()[2:], weights[2:], (mean, variance), strict=True
        ):
            np.testing.assert_allclose(moved, 0.9 * old + 0.1 * new, rtol=1e-5)


def test_a_frozen_layer_infers_and_does_not_move():
    ours, _ = pair()
    ours.trainable = False
    before, x = ours.get_weights(), batch()
    np.testing.assert_array_equal(call(ours, x, training=True), call(ours, x))
    for a, b in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((8, 3), {}),
        ((4, 5, 3), {}),
        ((2, 3, 4, 5, 3), {}),
        ((4, 3, 5, 6), {"axis": 1}),
        (SHAPE, {"scale": False}),
        (SHAPE, {"center": False}),
        (SHAPE, {"dtype": "float64"}),
        ((1, 1, 1, 3), {}),  # a single number per channel: the variance is zero
    ],
)
def test_other_inputs_are_computed_as_keras_does(shape, arguments):
    ours, keras_own = pair(shape, **arguments)
    x = batch(shape).astype(ours.compute_dtype)
    for training in (True, False):
        a, b = (call(layer, x, training=training) for layer in (ours, keras_own))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        assert a.dtype == b.dtype
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_mask_is_respected():
    ours, keras_own = pair((2, 4, 1, 3))
    x = batch((2, 4, 1, 3))
    mask = np.array([[[True]] * 2 + [[False]] * 2] * 2)
    a, b = (call(layer, x, training=True, mask=mask) for layer in (ours, keras_own))
    np.testing.assert_allclose(a, b, rtol=1e-5)
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.one_backend
def test_compiled_by_xla_it_computes_the_same():
    """Keras compiles with XLA by itself where there is an accelerator."""
    import tensorflow as tf

    ours, keras_own = pair()
    x = batch()
    compiled = tf.function(lambda x: ours(x, training=True), jit_compile=True)
    np.testing.assert_allclose(np.array(compiled(x)), call(keras_own, x, training=True), atol=1e-5)
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_sizes_may_be_unknown():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, BatchNormalization()(inputs))
    for n, side in ((2, 4), (5, 3)):
        x = batch((n, side, side, 3))
        np.testing.assert_allclose(call(model, x), x / np.sqrt(1 + 1e-5), rtol=1e-5)


def test_same_name_weights_and_configuration():
    ours, keras_own = pair(momentum=0.8, epsilon=1e-4, name="conv1_bn")
    paths = [[w.path for w in layer.weights] for layer in (ours, keras_own)]
    assert paths[0] == paths[1]
    assert ours.get_config() == keras_own.get_config()
    back = BatchNormalization.from_config(ours.get_config())
    assert back.get_config() == ours.get_config()
    assert keras.layers.BatchNormalization.from_config(ours.get_config()).momentum == 0.8
    assert BatchNormalization().name.startswith("batch_normalization")


def test_the_defaults_are_the_papers_family_s():
    layer = BatchNormalization()
    assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)


@pytest.mark.parametrize(("stride", "filters"), [(1, 3), (1, 5), (2, 3), (2, 8), (3, 4)])
@pytest.mark.parametrize("size", [(6, 6), (7, 5)])
def test_option_a_takes_every_pixel_and_appends_zeros(size, stride, filters):
    x = batch((2, *size, 3))
    layer = ZeroPadShortcut(filters, stride)
    y = call(layer, x)
    expected = np.zeros((2, -(-size[0] // stride), -(-size[1] // stride), filters), "float32")
    for i in range(expected.shape[1]):
        for j in range(expected.shape[2]):
            expected[:, i, j, :3] = x[:, i * stride, j * stride]
    np.testing.assert_array_equal(y, expected)
    assert layer.compute_output_shape(x.shape) == y.shape
    assert layer.compute_output_shape((None, None, None, 3)) == (None, None, None, filters)
    assert layer.count_params() == 0


def test_option_a_travels_by_its_configuration():
    layer = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(ZeroPadShortcut(8, 2, name="conv3_1_zero_pad"))
    )
    assert isinstance(layer, ZeroPadShortcut)
    assert (layer.filters, layer.stride, layer.name) == (8, 2, "conv3_1_zero_pad")


def test_option_a_cannot_remove_channels():
    with pytest.raises(ValueError, match=r"at least the 3 channels.*option B.*filters=2"):
        ZeroPadShortcut(2)(batch())


def test_the_fused_kernel_runs_on_tensorflow_and_is_not_asked_for_elsewhere(monkeypatch):
    layer = BatchNormalization(name="bn")
    x = batch()
    expected = call(layer, x, training=True)

    def not_here(*_, **__):
        raise AssertionError("the fused kernel was called")

    monkeypatch.setattr(BatchNormalization, "_fused", not_here)
    if BACKEND == "tensorflow":
        with pytest.raises(AssertionError, match="fused kernel"):
            layer(x, training=True)
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    np.testing.assert_allclose(call(layer, x, training=True), expected, atol=1e-5)


@pytest.mark.parametrize("made", [NormalizedConv2D, DiracConv2D])
def test_a_convolution_with_more_weights_is_saved_whole(made, tmp_path):
    x = keras.Input((4, 4, 3))
    more = {"scaled": True} if made is DiracConv2D else {}
    model = keras.Model(x, made(5, 3, padding="same", **more)(x))
    for weight in model.weights:
        weight.assign(keras.random.normal(weight.shape, seed=len(weight.shape)))
    model.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    assert len(model.weights) > 2
    for old, new in zip(model.weights, again.weights, strict=True):
        same = keras.ops.convert_to_numpy(old) == keras.ops.convert_to_numpy(new)
        assert same.all(), old.name


def test_with_tensorflow_a_model_that_is_told_again_that_it_learns_frees_no_layer():
    """Chapter 6 warns of it: on the other backends the same line sets the layers free."""
    parts = [keras.layers.Dense(2, name="first"), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((4,)), *parts])
    model.get_layer("first").trainable = False
    model.trainable = True
    freed = keras.backend.backend() != "tensorflow"
    assert model.get_layer("first").trainable == freed
    model.trainable = False
    model.trainable = True
    assert model.get_layer("first").trainable

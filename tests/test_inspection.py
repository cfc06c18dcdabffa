"""Gradient norms against finite differences, and what batch norm does to them."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs

SPEC = specs.narrowed(specs.resolve("plain20", input_shape=(8, 8, 3), num_classes=4), 4)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 8, 8, 3)).astype("float32"), rng.integers(0, 4, 16)


def loss(model, images, labels):
    """Mean cross-entropy in NumPy, batch norm on the batch's statistics."""
    state = model.get_weights()
    p = keras.ops.convert_to_numpy(model(images, training=True)).astype("float64")
    model.set_weights(state)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def test_a_norm_is_the_slope_along_the_gradient(batch):
    """No automatic differentiation here: the slope in every direction, by differences."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="only")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x))
    kernel = model.get_layer("only").get_weights()[0]
    slopes = []
    for i in range(3):
        step = np.zeros_like(kernel)
        step.flat[i] = 3e-3
        values = []
        for sign in (1, -1):
            model.get_layer("only").set_weights([kernel + sign * step])
            values.append(loss(model, *batch))
        slopes.append((values[0] - values[1]) / 6e-3)
    model.get_layer("only").set_weights([kernel])
    norms = inspection.gradient_norms(model, *batch)
    assert norms == {"only": pytest.approx(np.linalg.norm(slopes), rel=1e-2)}


def test_layers_come_in_order_and_the_model_is_left_as_it_was(batch):
    model = networks.build(SPEC)
    before = model.get_weights()
    norms = inspection.gradient_norms(model, *batch)
    assert next(iter(norms)) == "conv1_conv"
    assert list(norms)[-1] == "conv4_3_2_conv"
    assert len(norms) == 19
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_kernel_twice_as_large_has_half_the_gradient(batch):
    """Batch normalisation divides the size of a kernel out: equation 2 of chapter 1."""
    keras.utils.set_random_seed(1)
    model = networks.build(SPEC)
    layer = model.get_layer("conv2_1_1_conv")
    gradient = inspection.gradient_norms(model, *batch)[layer.name]
    norm = inspection.kernel_norms(model)[layer.name]
    assert norm == pytest.approx(np.sqrt((layer.get_weights()[0] ** 2).sum()), rel=1e-6)
    layer.set_weights([2 * layer.get_weights()[0]])
    assert inspection.gradient_norms(model, *batch)[layer.name] == pytest.approx(
        gradient / 2, rel=0.02
    )
    assert inspection.kernel_norms(model)[layer.name] == pytest.approx(2 * norm, rel=1e-6)


def test_logits_and_probabilities_have_the_same_gradients(batch):
    norms = []
    for activation in ("softmax", None):
        keras.utils.set_random_seed(2)
        model = networks.build(SPEC, classifier_activation=activation)
        norms.append(list(inspection.gradient_norms(model, *batch).values()))
    assert np.allclose(*norms, rtol=1e-2)


def test_what_does_not_fit_is_refused(batch):
    images, labels = batch
    model = networks.build(SPEC)
    with pytest.raises(ValueError, match=r"images \(N, 8, 8, 3\).*\(16, 4, 4, 3\)"):
        inspection.gradient_norms(model, images[:, ::2, ::2], labels)
    with pytest.raises(ValueError, match=r"one label each.*\(3,\)"):
        inspection.gradient_norms(model, images, labels[:3])
    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="with convolutions"):
        inspection.kernel_norms(dense)


def test_the_watch_notes_the_norm_before_and_after_each_step(batch):
    model = networks.build(SPEC)
    watch = inspection.KernelNorm("conv1_conv", steps=2)
    before = inspection.kernel_norms(model)["conv1_conv"]
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(*batch, batch_size=4, epochs=1, verbose=0, callbacks=[watch])
    assert len(watch.norms) == 3
    assert watch.norms[0] == before
    assert watch.norms[1] != watch.norms[0]

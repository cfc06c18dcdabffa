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


# --- feature maps, block by block ----------------------------------------------------------

BY_BLOCK = ["conv1"] + [f"conv{stage}_{block}" for stage in (2, 3, 4) for block in (1, 2, 3)]
LAST_RELU = {"plain20": "2_relu", "resnet20": "relu"}


def sigmoid_net(size=4):
    """Smooth, so that finite differences are exact to the second order; no batch norm."""
    x = inputs = keras.Input((size, size, 2))
    for name in ("conv1", "conv2_1", "conv2_2"):
        x = keras.layers.Conv2D(2, 3, padding="same", name=f"{name}_conv")(x)
        x = keras.layers.Activation("sigmoid", name=f"{name}_relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="fc")(x))


def test_the_gradient_in_x_is_the_slope_in_every_number_of_a_feature_map():
    """By differences: each number of a block's output is moved, the rest of the net runs on."""
    keras.utils.set_random_seed(0)
    model, rng = sigmoid_net(), np.random.default_rng(0)
    images, labels = rng.normal(size=(2, 4, 4, 2)).astype("float32"), np.array([0, 2])
    norms = inspection.activation_gradients(model, images, labels)
    assert list(norms) == ["conv1", "conv2_1", "conv2_2"]
    for name in norms:
        at = model.get_layer(f"{name}_relu").output
        before, after = keras.Model(model.input, at), keras.Model(at, model.output)
        x = keras.ops.convert_to_numpy(before(images))
        # Every moved copy in one batch: (moves, N, H, W, C), the loss of each by NumPy.
        moves = 1e-2 * np.eye(x.size, dtype="float32").reshape(x.size, *x.shape)
        losses = []
        for moved in (x + moves, x - moves):
            p = keras.ops.convert_to_numpy(after(moved.reshape(-1, *x.shape[1:])))
            p = p.reshape(x.size, 2, 3).astype("float64")
            losses.append(-np.log(p[:, np.arange(2), labels]).mean(axis=1))
        slopes = (losses[0] - losses[1]) / 2e-2
        assert norms[name] == pytest.approx(np.linalg.norm(slopes), rel=5e-3), name


@pytest.mark.parametrize("name", ["plain20", "resnet20"])
def test_each_block_is_seen_after_its_last_relu(name, batch):
    model = networks.build(
        specs.narrowed(specs.resolve(name, input_shape=(8, 8, 3), num_classes=4), 4)
    )
    before = model.get_weights()
    sizes = inspection.activation_sizes(model, batch[0])
    gradients = inspection.activation_gradients(model, *batch)
    assert list(sizes) == list(gradients) == BY_BLOCK
    for block in BY_BLOCK:
        layer = "conv1_relu" if block == "conv1" else f"{block}_{LAST_RELU[name]}"
        x = keras.Model(model.input, model.get_layer(layer).output)(batch[0], training=True)
        expected = np.sqrt((keras.ops.convert_to_numpy(x).astype("float64") ** 2).mean())
        model.set_weights(before)
        assert sizes[block] == pytest.approx(expected, rel=1e-4)
    inspection.activation_gradients(model, *batch)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_the_mode_of_batch_norm_makes_a_difference(batch):
    model = networks.build(SPEC)
    sizes = [inspection.activation_sizes(model, batch[0], training=t) for t in (True, False)]
    norms = [inspection.activation_gradients(model, *batch, training=t) for t in (True, False)]
    for training, inference in (sizes, norms):
        assert not np.allclose(list(training.values()), list(inference.values()), rtol=0.05)


def test_the_gradient_in_the_last_x_by_hand(batch):
    """Softmax, Dense and mean pooling differentiated on paper: (p - y) W^T / (N H W)."""
    model = networks.build(SPEC)
    images, labels = batch
    p = keras.ops.convert_to_numpy(model(images, training=False)).astype("float64")
    kernel = model.get_layer("fc").get_weights()[0]
    in_features = (p - np.eye(4)[labels]) @ kernel.T / len(images)  # (N, C), at the mean
    in_maps = np.linalg.norm(in_features) / np.sqrt(2 * 2)  # spread over 2x2 positions
    norms = inspection.activation_gradients(model, images, labels, training=False)
    assert norms["conv4_3"] == pytest.approx(in_maps, rel=1e-4)


def test_maps_of_nets_without_blocks_and_images_that_do_not_fit_are_refused(batch):
    images, labels = batch
    model = networks.build(SPEC)
    with pytest.raises(ValueError, match=r"images \(N, 8, 8, 3\)\..*\(16, 4, 4, 3\)"):
        inspection.activation_sizes(model, images[:, ::2, ::2])
    with pytest.raises(ValueError, match=r"one label each.*\(3,\)"):
        inspection.activation_gradients(model, images, labels[:3])
    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="named after their blocks"):
        inspection.activation_sizes(dense, np.zeros((2, 4)))

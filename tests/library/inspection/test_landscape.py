"""Slices, steps and curvatures against NumPy, which knows no automatic differentiation."""

import keras
import numpy as np
import pytest

from helpers import inspection, layers, networks, specs
from helpers.inspection import losses as losses_

SPEC = specs.narrowed(specs.resolve("resnet20", input_shape=(8, 8, 3), num_classes=4), 4)
EPSILON = 1e-3  # of batch normalization


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 8, 8, 3)).astype("float32"), rng.integers(0, 4, 16)


def cross_entropy(logits, labels):
    logits = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]).mean()


def weights_of(model):
    return [keras.ops.convert_to_numpy(v).astype("float64") for v in model.trainable_variables]


# --- softmax regression: a Hessian on paper ------------------------------------------------


@pytest.fixture
def regression():
    """(model, images, labels) with 4 numbers an image and 3 classes."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    rng = np.random.default_rng(1)
    return model, rng.normal(size=(7, 4)).astype("float32"), rng.integers(0, 3, 7)


def test_a_slice_is_the_loss_at_every_point(regression):
    """[i, j] is coordinates[i] along the first direction, coordinates[j] along the second."""
    model, images, labels = regression
    rng = np.random.default_rng(2)
    kernel, bias = weights_of(model)
    directions = [[rng.normal(size=(4, 3)), rng.normal(size=3)] for _ in range(2)]
    coordinates = [-1, 0, 0.5]
    expected = [
        [
            cross_entropy(
                images @ (kernel + a * d[0] + b * e[0]) + bias + a * d[1] + b * e[1], labels
            )
            for b in coordinates
        ]
        for d, e in [directions]
        for a in coordinates
    ]
    losses = inspection.loss_slice(model, images, labels, directions, coordinates, batch_size=3)
    assert losses == pytest.approx(np.array(expected), rel=1e-5)
    line = inspection.loss_slice(model, images, labels, directions[1:], coordinates)
    assert line == pytest.approx(losses[1], rel=1e-6)


def test_the_eigenvalue_is_that_of_the_hessian_on_paper(regression):
    """The mean of (diag(p) - p p^T) times x x^T, with a 1 in x for the bias."""
    model, images, labels = regression
    p = keras.ops.convert_to_numpy(model(images)).astype("float64")
    x = np.hstack([images, np.ones((7, 1))])
    hessian = np.mean(
        [np.kron(np.outer(a, a), np.diag(b) - np.outer(b, b)) for a, b in zip(x, p, strict=True)], 0
    )
    eigenvalues = np.linalg.eigvalsh(hessian)
    found = inspection.leading_eigenvalue(model, images, labels, iterations=100, batch_size=3)
    assert found.value == pytest.approx(eigenvalues[-1], rel=1e-5)
    assert found.residual < 1e-3 * found.value
    assert found.history.shape == (100,)
    assert found.history[-1] == found.value
    # no eigenvalue is below 0, so the quotients can but rise
    assert (np.diff(found.history) > -1e-6).all()
    early = inspection.leading_eigenvalue(model, images, labels, iterations=2, batch_size=3)
    assert early.history == pytest.approx(found.history[:2])
    assert early.residual > 1e-3
    assert np.abs(eigenvalues - early.value).min() <= early.residual


def test_a_probability_that_rounds_to_0_has_its_loss(regression):
    model, images, labels = regression
    kernel, bias = weights_of(model)
    directions = [[1e6 * kernel, 0 * bias]]
    (loss,) = inspection.loss_slice(model, images, labels, directions, [1])
    assert loss > 1e4
    assert loss == pytest.approx(
        cross_entropy((1e6 + 1) * images @ kernel + bias, labels), rel=1e-5
    )


# --- batch normalization: a Hessian by finite differences ----------------------------------


@pytest.fixture(params=[keras.layers.BatchNormalization, layers.BatchNormalization])
def small(request):
    """(model, images, labels): a 1x1 convolution, batch normalization, tanh; 21 weights."""
    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((2, 2, 3))
    x = keras.layers.Conv2D(2, 1, use_bias=True)(x)
    x = request.param(epsilon=EPSILON)(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Activation("tanh")(x))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    rng = np.random.default_rng(4)
    model.set_weights([w + rng.uniform(0.2, 1, w.shape) for w in model.get_weights()])
    return model, rng.normal(size=(6, 2, 2, 3)).astype("float32"), rng.integers(0, 3, 6)


def small_loss(model, images, labels, training, batch_size):
    """A function of the 21 weights in one vector, float64."""
    shapes = [w.shape for w in weights_of(model)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    mean, variance = (w.numpy().astype("float64") for w in model.non_trainable_variables)

    def loss(vector):
        parts = np.split(vector, ends)
        kernel, bias, gamma, beta, fc, fc_bias = (
            part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)
        )
        total = 0
        for start in range(0, len(images), batch_size):
            x, y = (each[start : start + batch_size] for each in (images, labels))
            x = x.astype("float64") @ kernel[0, 0] + bias
            m, v = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if training else (mean, variance)
            x = np.tanh(gamma * (x - m) / np.sqrt(v + EPSILON) + beta)
            total += len(y) * cross_entropy(x.mean((1, 2)) @ fc + fc_bias, y)
        return total / len(images)

    return loss


def differences(function, at, step=1e-3):
    """The derivatives of a function of a vector, by central differences."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + h) - function(at - h)) / (2 * step) for h in moves])


@pytest.mark.parametrize(("training", "batch_size"), [(False, 4), (True, 6), (True, 3)])
def test_curvature_and_steps_in_both_modes_of_batch_norm(small, training, batch_size):
    model, images, labels = small
    loss = small_loss(model, images, labels, training, batch_size)
    at = np.concatenate([w.ravel() for w in weights_of(model)])
    gradient = differences(loss, at)
    hessian = differences(lambda w: differences(loss, w), at)
    eigenvalues = np.linalg.eigvalsh(hessian)
    how = {"training": training, "batch_size": batch_size}
    before = model.get_weights()
    found = inspection.leading_eigenvalue(model, images, labels, iterations=60, **how)
    assert found.value == pytest.approx(eigenvalues[np.abs(eigenvalues).argmax()], rel=1e-4)
    steps = [0, *(2.0**-k for k in range(-2, 3))]
    losses = inspection.loss_along_gradient(model, images, labels, steps, **how)
    assert losses == pytest.approx([loss(at - step * gradient) for step in steps], rel=1e-4)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_of_largest_magnitude_may_be_negative():
    """The loss is log(1 + exp(-w^2)), a hill at w = 0: its curvature beside the top by hand."""
    inputs = keras.Input((1,))
    x = keras.layers.Dense(1, use_bias=False)(inputs)
    x = keras.layers.Activation(lambda x: -x * x)(x)
    head = keras.layers.Dense(2, use_bias=False, trainable=False, activation="softmax")
    model = keras.Model(inputs, head(x))
    model.set_weights([np.full((1, 1), 0.25), np.array([[0.0, 1.0]])])
    found = inspection.leading_eigenvalue(model, np.ones((2, 1)), np.zeros(2, int), iterations=1)
    # with s = 1 / (1 + exp(w^2)), the second derivative is -2 s + 4 w^2 s (1 - s)
    s = 1 / (1 + np.exp(0.25**2))
    assert found.value == pytest.approx(-2 * s + 4 * 0.25**2 * s * (1 - s), rel=1e-5)
    assert found.value < 0


# --- directions ----------------------------------------------------------------------------


def test_every_filter_of_a_direction_is_as_long_as_the_weights_it_moves():
    model = networks.build(SPEC)
    direction = inspection.filter_normalized_direction(model, 0)
    kernels = 0
    for d, w in zip(direction, weights_of(model), strict=True):
        assert d.shape == w.shape
        if w.ndim == 1:
            assert not d.any()
            continue
        kernels += 1
        norms = [np.linalg.norm(each.reshape(-1, w.shape[-1]), axis=0) for each in (d, w)]
        assert norms[0] == pytest.approx(norms[1], rel=1e-5)
        angles = (d * w).reshape(-1, w.shape[-1]).sum(0) / norms[0] / norms[1]
        assert np.abs(angles).mean() < 0.6  # random, not the weights again
    assert kernels == 20  # 19 convolutions and a dense layer
    again, other = (inspection.filter_normalized_direction(model, seed) for seed in (0, 1))
    assert all(map(np.array_equal, direction, again))
    assert not np.array_equal(direction[0], other[0])


def test_a_filter_of_zeros_is_not_moved():
    model = networks.build(SPEC)
    layer = model.get_layer("conv2_1_1_conv")
    kernel = layer.get_weights()[0]
    kernel[..., 1] = 0
    layer.set_weights([kernel])
    index = [v.path for v in model.trainable_variables].index(layer.kernel.path)
    moved = inspection.filter_normalized_direction(model, 0)[index]
    assert np.any(moved[..., 0])
    assert not np.any(moved[..., 1])


def test_the_size_of_a_filter_before_batch_norm_does_not_change_the_slice(batch):
    """Exactly so when the moving averages follow: 4 filters as large, 16 variances."""
    keras.utils.set_random_seed(5)
    model = networks.build(SPEC)
    losses = []
    for scale in (1, 4):
        conv, norm = model.get_layer("conv3_1_1_conv"), model.get_layer("conv3_1_1_bn")
        conv.set_weights([scale * conv.get_weights()[0]])
        gamma, beta, mean, variance = norm.get_weights()
        variance = scale**2 * (variance + norm.epsilon) - norm.epsilon
        norm.set_weights([gamma, beta, scale * mean, variance])
        d = inspection.filter_normalized_direction(model, 0)
        losses.append(inspection.loss_slice(model, *batch, [d], [-1, 0, 1]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert np.ptp(losses[0]) > 0.01


# --- the model, and what does not fit ------------------------------------------------------


def test_0_is_the_models_own_loss_and_the_model_is_left_as_it_was(batch, monkeypatch):
    def fails(*_):
        assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True)), (
            "the weights are elsewhere"
        )
        raise RuntimeError("amid the slice")

    images, labels = batch
    model = networks.build(SPEC)
    p = keras.ops.convert_to_numpy(model(images, training=False)).astype("float64")
    own = -np.log(p[np.arange(16), labels]).mean()
    before = model.get_weights()
    directions = [inspection.filter_normalized_direction(model, seed) for seed in (0, 1)]
    losses = inspection.loss_slice(model, images, labels, directions, [0, 1], batch_size=5)
    assert losses[0, 0] == pytest.approx(own, rel=1e-5)
    assert len(np.unique(losses.round(5))) == 4
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    with pytest.raises(ValueError, match=r"integers in 0\.\.3"):
        inspection.loss_slice(model, images, labels + 4, directions, [1])
    with pytest.raises(RuntimeError, match="amid the slice"), monkeypatch.context() as patch:
        patch.setattr(losses_.MeanLoss, "_mean", fails)
        inspection.loss_slice(model, images, labels, directions, [1])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_resnet_of_keras_has_a_slice():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    d = inspection.filter_normalized_direction(model, 0)
    losses = inspection.loss_slice(model, images, np.array([1, 2]), [d], [0, 0.1])
    own = model(images, training=False).numpy()[[0, 1], [1, 2]]
    assert losses[0] == pytest.approx(-np.log(own).mean(), rel=1e-4)
    assert np.isfinite(losses[1])


def test_what_does_not_fit_is_refused(batch):
    images, labels = batch
    model = networks.build(SPEC)
    d = inspection.filter_normalized_direction(model, 0)
    with pytest.raises(ValueError, match=r"images \(N, 8, 8, 3\).*\(16, 4, 4, 3\)"):
        inspection.loss_slice(model, images[:, ::2, ::2], labels, [d], [0])
    with pytest.raises(ValueError, match=r"one label each.*\(3,\)"):
        inspection.leading_eigenvalue(model, images, labels[:3])
    with pytest.raises(ValueError, match="at least one image"):
        inspection.leading_eigenvalue(model, images[:0], labels[:0])
    for directions in ([], [d, d, d], d, [d[1:]], [d, [x.T for x in d]]):
        with pytest.raises(ValueError, match=r"one or two directions, \[d\] or \[d1, d2\]"):
            inspection.loss_slice(model, images, labels, directions, [0])
    for coordinates in ([], 0.5, [0, np.nan], [[0, 1]]):
        with pytest.raises(ValueError, match="`coordinates` must be finite numbers"):
            inspection.loss_slice(model, images, labels, [d], coordinates)
    with pytest.raises(ValueError, match="`steps` must be finite numbers"):
        inspection.loss_along_gradient(model, images, labels, [np.inf])
    with pytest.raises(ValueError, match="`iterations` must be an integer"):
        inspection.leading_eigenvalue(model, images, labels, iterations=0)
    with pytest.raises(ValueError, match="`batch_size` must be an integer"):
        inspection.loss_slice(model, images, labels, [d], [0], batch_size=0)
    with pytest.raises(ValueError, match="`seed` must be an integer"):
        inspection.filter_normalized_direction(model, -1)
    maps = keras.Model(model.input, model.get_layer("avg_pool").output)
    with pytest.raises(ValueError, match=r"ends in a softmax.*GlobalAveragePooling2D"):
        inspection.loss_slice(maps, images, labels, [d[:-2]], [0])
    with pytest.raises(ValueError, match="weights to train"):
        inspection.filter_normalized_direction(keras.Sequential([keras.Input((4,))]), 0)

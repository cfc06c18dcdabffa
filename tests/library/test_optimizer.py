"""What a training makes small and by which steps: SGD against NumPy and a penalty in the loss."""

import keras
import numpy as np
import pytest

from helpers import networks, training
from helpers.recipes import Recipe
from helpers.training import SGD


def momentum_steps(weights, gradients, rates, l2, momentum=0.9):
    """v <- m v - rate (g + l2 w); w <- w + v."""
    velocity = np.zeros_like(weights)
    for gradient, rate in zip(gradients, rates, strict=True):
        velocity = momentum * velocity - rate * (gradient + l2 * weights)
        weights = weights + velocity
    return weights


def test_sgd_is_momentum_with_the_penalty_in_the_gradient():
    random = np.random.default_rng(0)
    start, gradients = random.normal(size=(4, 3)), random.normal(size=(3, 4, 3))
    recipe = Recipe("r", "", steps=3, boundaries=(1, 2), learning_rate=0.5)
    optimizer = SGD(recipe.keras_schedule(), momentum=0.9, l2=0.2)
    variable = keras.Variable(start, dtype="float32")
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    expected = momentum_steps(start, gradients, (0.5, 0.05, 0.005), 0.2)
    np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("given", [{"momentum": 0.9}, {"momentum": 0.0}, {"nesterov": True}])
def test_a_step_is_keras_own(dtype, given):
    """With the penalty added by hand Keras' SGD ends at the same, on TensorFlow to the last bit,
    though one operation does it there. On PyTorch Keras steps all variables at once, its own way.
    """
    random = np.random.default_rng(0)
    start, gradients = random.normal(size=(5, 7)), random.normal(size=(4, 5, 7))
    ours, theirs = keras.Variable(start, dtype=dtype), keras.Variable(start, dtype=dtype)
    of_ours, of_theirs = SGD(0.3, l2=0.2, **given), keras.optimizers.SGD(0.3, **given)
    of_theirs.momentum = of_ours.momentum
    for gradient in gradients:
        gradient = keras.ops.convert_to_tensor(gradient, dtype)
        penalty = keras.ops.multiply(keras.ops.cast(0.2, dtype), theirs)
        of_theirs.apply([keras.ops.add(gradient, penalty)], [theirs])
        of_ours.apply([gradient], [ours])
    found, expected = (
        keras.ops.convert_to_numpy(keras.ops.cast(v, "float64")) for v in (ours, theirs)
    )
    exact = keras.backend.backend() == "tensorflow"
    rounding = {"float64": 1e-13, "float32": 1e-5, "bfloat16": 0.05}[dtype]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0 if exact else rounding)
    assert abs(found - start).max() > 0.1


def test_every_trainable_variable_decays_as_with_a_penalty_in_the_loss(tiny_spec, tiny_data):
    """Keras' `L2(l)` adds l w^2, so the paper's lambda is twice that: lambda / 2 w^2."""
    recipe = Recipe("r", "tests", steps=9, boundaries=(8,), weight_decay=0.1)
    ours = training.compile_model(networks.build(tiny_spec), recipe)
    theirs = networks.build(tiny_spec)
    theirs.set_weights(ours.get_weights())
    theirs.compile(
        keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.SparseCategoricalCrossentropy()
    )
    for weight in theirs.trainable_weights:
        weight.regularizer = keras.regularizers.L2(0.05)
    x = tiny_data.train.images[:16].astype("float32") / 255
    y = tiny_data.train.labels[:16]
    for _ in range(3):
        ours.train_on_batch(x, y)
        theirs.train_on_batch(x, y)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5, err_msg=a.path)


def test_sgd_travels_by_its_configuration():
    recipe = Recipe("short", "tests", steps=15, boundaries=(8, 12), warmup_steps=2)
    config = keras.saving.serialize_keras_object(SGD(recipe.keras_schedule(), 0.8, 0.3))
    back = keras.saving.deserialize_keras_object(config)
    assert isinstance(back, SGD)
    assert (back.momentum, back.l2) == (0.8, 0.3)
    for step in range(recipe.steps):
        back.iterations.assign(step)
        assert float(back.learning_rate) == pytest.approx(recipe.learning_rate_at(step))

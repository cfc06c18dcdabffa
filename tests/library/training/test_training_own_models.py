"""training: models that readers write themselves, and how these end."""

import keras
import numpy as np
import pytest
from test_training import RECIPE, Watch

import reference
from helpers import training
from helpers.recipes import Recipe


def test_a_model_of_ones_own_goes_on_whatever_keras_named_it(tiny_data, tmp_path):
    recipe = Recipe("own", "tests", steps=12, batch_size=32, boundaries=(11,), learning_rate=0.01)
    arguments = {"seed": 0, "verbose": 0, "checkpoints": tmp_path, "name": "mine"}
    with pytest.raises(KeyboardInterrupt):
        stop = Watch(KeyboardInterrupt(), 7)
        training.train(ends("logits"), tiny_data, recipe, callbacks=(stop,), **arguments)
    run = training.train(ends("logits"), tiny_data, recipe, **arguments)
    assert run.interruptions == 1


def ends(kind):
    """A linear classifier that ends in one of the ways in which readers write it."""
    layers = keras.layers
    image = keras.Input((8, 8, 3))
    logits = layers.Dense(4)(layers.Flatten()(layers.Rescaling(0.01)(image)))
    if kind == "dense with softmax":
        inner = layers.Dense(4, activation="softmax")(logits)
        return keras.Model(image, inner)
    if kind == "nested model":
        return keras.Sequential([image, ends("dense with softmax")])
    end = {
        "logits": lambda x: x,
        "activation layer": layers.Activation("softmax"),
        "softmax layer": layers.Softmax(),
        "operation": keras.ops.softmax,
    }[kind]
    return keras.Model(image, end(logits))


KINDS = ("logits", "dense with softmax", "activation layer", "softmax layer", "operation")


@pytest.mark.parametrize("kind", [*KINDS, "nested model"])
def test_logits_and_probabilities_are_told_apart(kind, tiny_data):
    """By the loss itself: TensorFlow's graph would hide a softmax taken twice, JAX would not."""
    model = training.compile_model(ends(kind), RECIPE)
    part = tiny_data.test
    y = np.array(model((part.images - tiny_data.mean).astype("float32")), "float64")
    probabilities = reference.softmax(y) if kind == "logits" else y
    loss = -np.log(probabilities[np.arange(48), part.labels]).mean()
    assert float(model.loss(part.labels, y.astype("float32"))) == pytest.approx(loss, rel=1e-3)


def test_a_model_of_ones_own_is_trained(tiny_data):
    recipe = Recipe("own", "tests", steps=6, batch_size=32, boundaries=(5,), learning_rate=0.1)
    model = ends("logits")
    run = training.train(model, tiny_data, recipe, seed=0, verbose=0, name="mine")
    assert run.model is model
    assert run.spec is None
    assert run.parameters == 8 * 8 * 3 * 4 + 4
    assert run.final["test"]["error"] < 0.3


def test_a_precision_that_a_model_has_not_is_refused(tiny_data):
    """The model computes in float32 whatever the recipe asks: say so, or refuse."""
    recipe = Recipe("own", "", 2, 32, boundaries=(1,), precision="mixed_bfloat16")
    with pytest.raises(ValueError, match=r"mixed_bfloat16"):
        training.train(ends("logits"), tiny_data, recipe, seed=0, verbose=0)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64", "bfloat16"])
@pytest.mark.parametrize("nested", [False, True])
def test_any_other_precision_than_the_recipes_is_refused(policy, nested, tiny_data):
    """Its record would say float32."""
    recipe = Recipe("own", "", 2, 32, boundaries=(1,))
    with training.precision_scope(policy):
        model = ends("logits")
    if nested:
        x = keras.Input(model.input_shape[1:])
        model = keras.Model(x, model(x))
    with pytest.raises(ValueError, match=r"computes in .*the recipe says 'float32'"):
        training.train(model, tiny_data, recipe, seed=0, verbose=0)


def test_variables_in_half_precision_are_refused(tiny_data):
    """bfloat16 is no mixed_bfloat16: that keeps its variables in float32."""
    recipe = Recipe("own", "", 2, 32, boundaries=(1,), precision="mixed_bfloat16")
    with training.precision_scope("bfloat16"):
        model = ends("logits")
    with pytest.raises(ValueError, match="holds its variables in bfloat16"):
        training.train(model, tiny_data, recipe, seed=0, verbose=0)

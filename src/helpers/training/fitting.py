"""What a training is given: whether it fits together."""

from __future__ import annotations

import keras

from helpers.datasets import DataSet
from helpers.recipes import Recipe
from helpers.support import expect


def check(data: DataSet, recipe: Recipe, seed: int) -> None:
    """Raises TypeError or ValueError for what no training takes."""
    for value, kind, key in ((data, DataSet, "data"), (recipe, Recipe, "recipe")):
        if not isinstance(value, kind):
            name = f"{kind.__module__.split('.')[1]}.{kind.__name__}"
            raise TypeError(f"`{key}` must be a {name}. Received: {type(value).__name__}")
    expect.integer("seed", seed, least=0, most=2**32 - 1)


def seen(data: DataSet, recipe: Recipe) -> DataSet:
    """The data as the recipe wants it to be seen. Raises ValueError if it cannot be."""
    if recipe.view is None:
        return data
    try:
        return data.seen_as(recipe.view)
    except ValueError as error:
        raise ValueError(f"The recipe {recipe.name} does not fit the images: {error}") from error


def check_model(model: keras.Model, data: DataSet, recipe: Recipe) -> None:
    """Raises ValueError for a model that does not fit the images, or not the recipe."""
    expected = (None, *data.image_shape), (None, data.num_classes)
    came = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if came != expected:
        raise ValueError(
            f"{model.name} does not fit {data.description}: expected a model that is built, "
            f"from {expected[0]} to {expected[1]}. Received: from {came[0]} to {came[1]}. "
            "A Sequential model wants keras.Input as its first element."
        )
    _check_precision(model, recipe)


# What the layers of a network compute in under each policy, and hold their variables in. The
# last layer of a mixed one computes in full precision.
_COMPUTES_IN = {"float32": {"float32"}, "mixed_bfloat16": {"bfloat16", "float32"}}


def _check_precision(model, recipe):
    policies = [layer.dtype_policy for layer in _layers(model) if layer.weights]
    computed = {policy.compute_dtype for policy in policies}
    held = {policy.variable_dtype for policy in policies}
    expected = _COMPUTES_IN[recipe.precision]
    mixed = recipe.precision != "float32"
    if computed <= expected and held == {"float32"} and ("bfloat16" in computed) == mixed:
        return
    raise ValueError(
        f"{model.name} computes in {' and '.join(sorted(computed))} and holds its variables in "
        f"{' and '.join(sorted(held))}; the recipe says {recipe.precision!r}, and a record would "
        f"say so, too. Build the model under keras.config.set_dtype_policy({recipe.precision!r}), "
        "or take Recipe.in_precision."
    )


def _layers(model):
    """The layers of a model and of the models inside it."""
    for layer in model.layers:
        yield from _layers(layer) if isinstance(layer, keras.Model) else [layer]

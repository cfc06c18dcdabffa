"""What a recipe makes of a model: compiled, and its variables made before the first step.

Source: He et al. 2015, section 3.4. Book: chapters 5 and 7.
"""

from __future__ import annotations

import keras
import numpy as np

from helpers.optimizer import SGD, cross_entropy, error
from helpers.recipes import Recipe


def compile_model(model: keras.Model, recipe: Recipe) -> keras.Model:
    """Gives a model the recipe's optimizer, the cross-entropy, and `error`."""
    if recipe.optimizer == "adam":
        optimizer = keras.optimizers.Adam(recipe.keras_schedule(), beta_1=recipe.momentum)
    else:
        optimizer = SGD(recipe.keras_schedule(), recipe.momentum, recipe.weight_decay)
    model.compile(
        optimizer=optimizer,
        loss=cross_entropy(model, soft=recipe.soft_targets),
        metrics=[keras.metrics.MeanMetricWrapper(error, name="error")],
        jit_compile=recipe.jit_compile,
    )
    if keras.backend.backend() == "tensorflow":
        _build_metrics(model)
    return model


def build_optimizer(model: keras.Model) -> None:
    """Makes the optimizer's variables before the first step is traced.

    TensorFlow traces a function twice if the first time has made variables.
    """
    if keras.backend.backend() == "tensorflow":
        model.optimizer.build(model.trainable_variables)


def _build_metrics(model):
    """Makes the metrics' variables, for the same reason."""
    image, label, answer = (1, *model.input_shape[1:]), (1,), (1, *model.output_shape[1:])
    model.compute_metrics(np.zeros(image), np.zeros(label, "int32"), np.zeros(answer), None)
    model.reset_metrics()

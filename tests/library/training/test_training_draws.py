"""training: a net that draws, by stochastic depth, goes on where it was with its draws."""

import dataclasses

import keras
import numpy as np
import pytest

from helpers import training
from helpers.recipes import Recipe

RECIPE = Recipe("short", "tests", steps=12, batch_size=32, boundaries=(), padding=1)


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def states(model):
    drops = [layer for layer in model.layers if layer.name.endswith("_drop")]
    return [keras.ops.convert_to_numpy(drop.seeds.state.value).tolist() for drop in drops]


def test_an_interrupted_training_draws_on(tiny_spec, tiny_data, tmp_path):
    spec = dataclasses.replace(tiny_spec, survival=0.5)
    arguments = (spec, tiny_data, RECIPE)
    whole = training.train(*arguments, seed=1, verbose=0)
    first, second = states(whole.model)
    assert first[0] != second[0]  # a block's draws are its own
    options = {"seed": 1, "verbose": 0, "checkpoints": tmp_path, "name": "stopped"}
    with pytest.raises(KeyboardInterrupt):
        training.train(*arguments, callbacks=(Stop(),), **options)
    run = training.train(*arguments, **options)
    assert run.interruptions == 1
    assert states(run.model) == states(whole.model)
    for key in ("loss", "error", "validation_loss", "validation_error"):
        np.testing.assert_allclose(run.history[key], whole.history[key], rtol=1e-5)
    for found, expected in zip(run.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

"""training: PyTorch on an Apple GPU knows no float64, so nothing may hand it any.

No such GPU takes part. PyTorch refuses NumPy's float64 here as it does there (Keras' issue
23700: MPS, the name of that GPU in PyTorch, has none).
"""

import keras
import numpy as np
import pytest
import torch

from helpers import recipes, training, weights

pytestmark = pytest.mark.backends


@pytest.fixture
def no_float64(monkeypatch):
    """Whatever of NumPy's becomes a tensor of float64 is refused. Without PyTorch, nothing is."""
    as_tensor = torch.as_tensor

    def as_there(data, dtype=None, device=None):
        tensor = as_tensor(data, dtype=dtype, device=device)
        if isinstance(data, np.ndarray | np.generic) and tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor

    monkeypatch.setattr(torch, "as_tensor", as_there)


def test_float64_would_be_refused(no_float64):
    convert = [torch.as_tensor]
    if keras.backend.backend() == "torch":
        convert.append(keras.ops.convert_to_tensor)
    for one in convert:
        with pytest.raises(TypeError, match="float64"):
            one(np.ones(4))


@pytest.mark.parametrize("kind", ["the paper's", "soft targets"])
def test_a_training_and_its_weights_stay_in_float32(
    no_float64, tiny_spec, tiny_data, tmp_path, kind
):
    recipe = recipes.HE2015_CIFAR10.scaled(8)
    if kind != "the paper's":
        recipe = recipe.with_schedule("cosine").with_label_smoothing(0.1).with_mixup(0.4)
    run = training.train(tiny_spec, tiny_data, recipe, seed=0, verbose=0)
    assert run.history["step"][-1] == 8 and run.final["test"]["loss"] > 0
    path = weights.save(run.model, tmp_path / "net.safetensors")
    weights.load(run.model, path)

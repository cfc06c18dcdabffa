"""The head in float64, and batch normalization with all its second derivatives."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs
from helpers.inspection import losses as losses_room

SPEC = specs.narrowed(specs.resolve("resnet20", input_shape=(8, 8, 3), num_classes=4), 4)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 8, 8, 3)).astype("float32"), rng.integers(0, 4, 16)


def test_logits_and_probabilities_have_the_same_slice(batch):
    losses = []
    for activation in ("softmax", None):
        keras.utils.set_random_seed(6)
        model = networks.build(SPEC, classifier_activation=activation)
        d = inspection.filter_normalized_direction(model, 0)
        losses.append(inspection.loss_slice(model, *batch, [d], [0, 0.5]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    softmax = keras.Model(model.input, keras.layers.Softmax()(model.output))
    assert inspection.loss_slice(softmax, *batch, [d], [0, 0.5]) == pytest.approx(losses[0])


def test_what_float32_cannot_hold_is_infinite_and_not_nan(batch):
    model = networks.build(SPEC)
    d = inspection.filter_normalized_direction(model, 0)
    losses = inspection.loss_slice(model, *batch, [d], [0, 1e30])
    assert np.isfinite(losses[0])
    assert losses[1] == np.inf
    model.get_layer("conv1_conv").set_weights([np.full((3, 3, 3, 4), 1e38)])
    with pytest.raises(ValueError, match="finite second derivatives"):
        inspection.leading_eigenvalue(model, *batch, iterations=1)


def test_the_copy_with_plain_moments_is_the_same_net(batch):
    """Its derivatives are tested where the eigenvalue is, in training mode."""
    images, _ = batch
    keras.utils.set_random_seed(7)
    model = networks.build(SPEC)
    model.get_layer("conv2_1_1_bn").trainable = False  # so it keeps its moving averages
    model.set_weights([w + 0.1 for w in model.get_weights()])
    copy = losses_room.twice_differentiable(model)
    before = model.get_weights()
    for training in (True, False):
        said = [keras.ops.convert_to_numpy(m(images, training=training)) for m in (copy, model)]
        assert said[0] == pytest.approx(said[1], abs=1e-5)
        model.set_weights(before)
    assert all(np.array_equal(a, b) for a, b in zip(before, copy.get_weights(), strict=True))
    assert [v.shape for v in copy.trainable_variables] == [
        v.shape for v in model.trainable_variables
    ]
    copy.set_weights([0 * w for w in before])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))

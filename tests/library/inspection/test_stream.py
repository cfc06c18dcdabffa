"""stream: sizes against the model's own outputs, gradients against differences."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks
from helpers.blocks import transformers

pytestmark = pytest.mark.quick


def stack(norm, blocks=2):
    keras.utils.set_random_seed(0)
    model = transformers.build(blocks, norm=norm, width=8, heads=2, length=4, num_classes=3)
    rng = np.random.default_rng(0)
    return model, rng.normal(size=(6, 4, 8)).astype("float32"), rng.integers(0, 3, 6)


def loss(model, x, y):
    predicted = model(x).numpy()[np.arange(len(y)), y]
    return -np.log(predicted.astype("float64")).mean()


@pytest.mark.parametrize("norm", transformers.NORMS)
def test_the_last_kernels_gradient_is_that_of_differences(norm):
    model, x, y = stack(norm)
    found = inspection.stream(model, x, y)
    kernel = model.get_layer("block2_2_outer").kernel
    before, squares, step = kernel.numpy(), 0.0, 1e-2
    for i in range(before.shape[0]):
        for j in range(before.shape[1]):
            sides = []
            for sign in (1, -1):
                moved = before.copy()
                moved[i, j] += sign * step
                kernel.assign(moved)
                sides.append(loss(model, x, y))
            squares += ((sides[0] - sides[1]) / (2 * step)) ** 2
    kernel.assign(before)
    assert found.kernels[-1] == pytest.approx(np.sqrt(squares), rel=0.01)


def test_sizes_and_shapes():
    model, x, y = stack("post", blocks=3)
    found = inspection.stream(model, x, y)
    assert (len(found.sizes), len(found.gradients), len(found.kernels)) == (4, 4, 3)
    assert found.sizes[0] == pytest.approx(np.sqrt((x**2).mean()))
    np.testing.assert_allclose(found.sizes[1:], 1, rtol=1e-3)  # each is normalized


def test_the_stream_of_pre_norm_grows_as_the_root_of_its_additions():
    """Its mean square by as much at every block, within a quarter."""
    model, x, y = stack("pre", blocks=12)
    squares = inspection.stream(model, x, y).sizes ** 2
    steps = np.diff(squares)
    early, late = steps[:6].mean(), steps[6:].mean()
    assert late / early == pytest.approx(1, abs=0.5)
    assert squares[-1] > 3 * squares[0]


def test_another_model_is_refused():
    net = networks.build("resnet8", input_shape=(8, 8, 3))
    with pytest.raises(ValueError, match=r"transformers\.build.*resnet8"):
        inspection.stream(net, np.zeros((1, 8, 8, 3), "float32"), [0])
    model, x, y = stack("pre")
    with pytest.raises(ValueError, match=r"vectors \(N, 4, 8\) and one label each"):
        inspection.stream(model, x[:, :2], y)

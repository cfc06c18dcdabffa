"""What a layer's deviation is, and what F(x) is beside x: against NumPy."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs

SIDE = 8


def small(name, seed=0):
    keras.utils.set_random_seed(seed)
    spec = specs.resolve(name, input_shape=(SIDE, SIDE, 3), num_classes=4)
    model = networks.build(specs.narrowed(spec, 4))
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.uniform(0.5, 2, layer.gamma.shape))
            layer.beta.assign(rng.normal(size=layer.beta.shape))
    return model


def images(n=64):
    return np.random.default_rng(0).normal(size=(n, SIDE, SIDE, 3)).astype("float32")


def test_after_batch_normalization_the_deviation_is_gamma():
    for name in ("plain20", "resnet20"):
        model = small(name)
        found, gammas = inspection.layer_responses(model, images()), inspection.gammas(model)
        assert list(found) == list(gammas) and len(found) == 19
        for layer in found:
            np.testing.assert_allclose(found[layer], gammas[layer], rtol=2e-3)


def test_in_inference_mode_it_is_not():
    """The moving averages of an untrained net are 0 and 1, which no batch has."""
    model = small("plain20")
    found = inspection.layer_responses(model, images(), training=False)
    ratio = found["conv3_1_1_bn"] / inspection.gammas(model)["conv3_1_1_bn"]
    assert np.abs(ratio - 1).max() > 0.1


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layer", ["conv2_1_1_bn", "conv3_1_2_bn", "conv1_bn"])
def test_a_plain_net_is_the_same_function_with_another_response(layer, training):
    model, x = small("plain20"), images()
    model(x, training=True)  # moving averages other than 0 and 1
    other = inspection.rescaled(model, layer, 10.0)
    outputs = [keras.ops.convert_to_numpy(m(x, training=training)) for m in (model, other)]
    np.testing.assert_allclose(outputs[1], outputs[0], atol=2e-4)
    assert np.ptp(outputs[0]) > 0.01
    before, after = (inspection.layer_responses(m, x)[layer] for m in (model, other))
    np.testing.assert_allclose(after, 10 * before, rtol=1e-3)


def test_rescaling_leaves_the_model_and_refuses_what_it_must():
    model = small("plain20")
    before = model.get_weights()
    inspection.rescaled(model, "conv2_1_1_bn", 3.0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    with pytest.raises(ValueError, match="`factor` must be"):
        inspection.rescaled(model, "conv2_1_1_bn", 0.0)
    with pytest.raises(ValueError, match="`layer` must be"):
        inspection.rescaled(model, "conv4_3_2_bn", 2.0)
    with pytest.raises(ValueError, match="a plain net; conv2_1_add adds"):
        inspection.rescaled(small("resnet20"), "conv2_1_1_bn", 2.0)


def test_ratio_and_angle_against_numpy():
    """One block of which everything is known: F(x) = W x by a 1x1 convolution."""
    inputs = keras.Input((4, 4, 3))
    conv = keras.layers.Conv2D(3, 1, use_bias=False, name="f")
    model = keras.Model(inputs, keras.layers.Add(name="only_add")([conv(inputs), inputs]))
    kernel = np.random.default_rng(3).normal(size=(3, 3)).astype("float32")
    conv.set_weights([kernel[None, None]])
    x = np.random.default_rng(4).normal(size=(5, 4, 4, 3)).astype("float32")
    found = inspection.residual_ratios(model, x, batch_size=2)["only"]
    ratios, angles = [], []
    for image in x.astype("float64"):
        f = image @ kernel
        y = (image + f).ravel()
        ratios.append(np.linalg.norm(f) / np.linalg.norm(image))
        cosine = y @ image.ravel() / np.linalg.norm(y) / np.linalg.norm(image)
        angles.append(np.degrees(np.arccos(cosine)))
    assert found.ratio == pytest.approx(np.mean(ratios), rel=1e-5)
    assert found.angle == pytest.approx(np.mean(angles), rel=1e-4)


def test_a_block_that_adds_nothing_has_no_angle():
    model = small("resnet20")
    layer = model.get_layer("conv2_2_2_bn")
    layer.gamma.assign(np.zeros(4))
    layer.beta.assign(np.zeros(4))
    found = inspection.residual_ratios(model, images(8))
    assert found["conv2_2"].ratio == 0
    assert found["conv2_2"].angle == pytest.approx(0, abs=0.1)
    assert found["conv2_3"].ratio > 0
    assert len(found) == 9


def test_what_has_no_blocks_or_no_batch_normalization_is_refused():
    with pytest.raises(ValueError, match="Expected a model with residual blocks"):
        inspection.residual_ratios(small("plain20"), images(2))
    bare = networks.build(specs.resolve("vgg16", input_shape=(32, 32, 3)), initializer="zeros")
    with pytest.raises(ValueError, match="Expected a model with batch normalization"):
        inspection.gammas(bare)
    with pytest.raises(ValueError, match=r"Expected images \(N, 8, 8, 3\)"):
        inspection.layer_responses(small("plain20"), images()[:, :4])


def test_keras_applications():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=4)
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    assert len(inspection.residual_ratios(model, x)) == 16
    assert len(inspection.layer_responses(model, x)) == 53

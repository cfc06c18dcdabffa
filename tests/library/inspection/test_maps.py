"""Class activation maps and nearest neighbours, against NumPy."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = networks.build("resnet20", input_shape=(24, 16, 3), num_classes=3)
    fc = model.get_layer("fc")
    fc.set_weights([fc.get_weights()[0] / 20, np.array([0.5, -0.5, 1], "float32")])
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).normal(size=(5, 24, 16, 3)).astype("float32")


def test_the_mean_of_the_maps_is_the_score(model, images):
    maps, bias = inspection.activation_maps(model, images, batch_size=2)
    assert maps.shape == (5, 6, 4, 3)
    scores = maps.mean(axis=(1, 2)) + bias
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(p / p.sum(axis=1, keepdims=True), expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 0.05  # images that are told apart at all


def test_a_position_s_value_is_its_features_times_the_kernel(model, images):
    maps, _ = inspection.activation_maps(model, images)
    last = keras.Model(model.input, model.get_layer("avg_pool").input)
    x = last.predict(images, verbose=0)
    kernel = model.get_layer("fc").get_weights()[0]
    for where in np.ndindex(5, 6, 4):
        expected = [sum(x[where][c] * kernel[c, k] for c in range(64)) for k in range(3)]
        np.testing.assert_allclose(maps[where], expected, atol=1e-4)


def test_a_classifier_with_hidden_layers_has_no_maps(model, images):
    vgg = networks.build("vgg16", input_shape=(32, 32, 3), num_classes=3)
    with pytest.raises(ValueError, match="ends in `avg_pool` and `fc`"):
        inspection.activation_maps(vgg, np.zeros((1, 32, 32, 3), "float32"))
    with pytest.raises(ValueError, match="Expected images"):
        inspection.activation_maps(model, images[:, :20])


def by_hand(features, queries):
    """The order of all images by distance, one pair after the other."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    order = []
    for query in queries:
        far = [
            np.sqrt((((query - mean) / spread - (x - mean) / spread) ** 2).sum()) for x in features
        ]
        order.append(np.argsort(far))
    return np.array(order)


def test_neighbours_are_those_that_a_loop_finds():
    random = np.random.default_rng(1)
    scale = np.array([1, 100, 0.01, 5])  # no feature counts for more because of its unit
    features, queries = random.normal(3, scale, (30, 4)), random.normal(3, scale, (7, 4))
    expected = by_hand(features, queries)
    np.testing.assert_array_equal(inspection.nearest(features, queries, count=30), expected)
    np.testing.assert_array_equal(inspection.nearest(features, queries), expected[:, :1])
    unscaled = ((queries[:, None] - features) ** 2).sum(-1).argmin(1)
    assert (unscaled != expected[:, 0]).any()
    among = inspection.nearest(features, count=2)
    np.testing.assert_array_equal(among, by_hand(features, features)[:, 1:3])
    assert not (among == np.arange(30)[:, None]).any()


def test_a_feature_that_never_changes_is_left_out():
    features = np.array([[0.0, 7], [1, 7], [5, 7]])
    found = inspection.nearest(features, np.array([[4.9, 1e6]]), count=3)
    np.testing.assert_array_equal(found, [[2, 1, 0]])


@pytest.mark.parametrize("count", [0, 3])
def test_more_neighbours_than_there_are_images_are_refused(count):
    with pytest.raises(ValueError, match="from 1 to 2"):
        inspection.nearest(np.zeros((3, 2)), count=count)
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(1, 4\)"):
        inspection.nearest(np.zeros((3, 2)), np.zeros((1, 4)))

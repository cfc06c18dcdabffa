"""Blocks removed and reordered, against models built without them."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs

SIDE = 8


def small(name, seed=0, averages=True):
    """A narrow net with moving averages that fit it."""
    keras.utils.set_random_seed(seed)
    spec = specs.resolve(name, input_shape=(SIDE, SIDE, 3), num_classes=4)
    model = networks.build(specs.narrowed(spec, 4))
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
            layer.beta.assign(rng.normal(size=layer.beta.shape))
    if averages:
        for _ in range(20):
            model(images(), training=True)
    return model


def images(n=200, seed=0):
    return np.random.default_rng(seed).normal(size=(n, SIDE, SIDE, 3)).astype("float32")


def labels(model, n=200):
    """Half of them what the model says, so that an error is neither 0 nor that of chance."""
    said = keras.ops.convert_to_numpy(model(images(n), training=False)).argmax(-1)
    return np.where(np.arange(n) % 2, said, np.random.default_rng(5).integers(0, 4, n))


def silenced(model, names):
    """A copy in which F of these blocks adds nothing: its last gamma and beta are zero."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for name in names:
        layer = copy.get_layer(f"{name}_2_bn")
        layer.gamma.assign(np.zeros(layer.gamma.shape))
        layer.beta.assign(np.zeros(layer.beta.shape))
    return copy


def error(p, y):
    return 100 * (keras.ops.convert_to_numpy(p).argmax(-1) != y).mean()


def test_nothing_removed_is_the_net_and_a_removed_identity_changes_nothing():
    model = silenced(small("resnet20"), {"conv2_2", "conv4_3"})
    y = labels(model)
    sets = [set(), {"conv2_2"}, {"conv4_3", "conv2_2"}, {"conv3_1", "conv4_1", "conv4_2"}]
    found = inspection.errors_without(model, images(), y, sets)
    assert found[0] == pytest.approx(error(model(images(), training=False), y))
    assert found[1] == found[0] and found[2] == found[0]
    assert found[3] != found[0]


def test_a_removed_block_is_one_with_nothing_added():
    """The same by hand: gamma and beta of the last layer of F are zero."""
    model = small("resnet20")
    y, x = labels(model), images()
    removed = [{"conv2_3", "conv3_1"}, {"conv4_2"}]
    found = inspection.errors_without(model, x, y, removed)
    for names, measured in zip(removed, found, strict=True):
        copy = silenced(model, names)
        assert measured == pytest.approx(error(copy(x, training=False), y))


def test_averages_estimated_anew_are_those_of_the_net_that_is_left():
    model = small("resnet20")
    y, x, train = labels(model), images(), images(300, seed=9)
    sets = [{"conv2_3", "conv3_2"}, {"conv4_3"}, set()]
    found = inspection.errors_without(model, x, y, sets, renew_on=train)
    for names, measured in zip(sets, found, strict=True):
        copy = silenced(model, names)
        for layer in copy.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.0
        copy(train, training=True)
        assert measured == pytest.approx(error(copy(x, training=False), y), abs=0.51)
    old = inspection.errors_without(model, x, y, sets)
    assert not np.array_equal(old, found)


def test_every_subset_is_the_same_one_by_one():
    """What sets have in common is computed once; that must not show."""
    model = small("resnet20")
    y, names = labels(model), inspection.take_apart(model).names
    sets = [inspection.subset(names, i) for i in (0, 5, 511, 16, 3, 256, 5)]
    together = inspection.errors_without(model, images(), y, sets)
    alone = [inspection.errors_without(model, images(), y, [s])[0] for s in sets]
    assert together.tolist() == alone
    assert len(set(alone)) > 3


@pytest.mark.parametrize("name", ["resnet20", "plain20"])
def test_blocks_in_another_order_are_their_weights_exchanged(name):
    model = small(name)
    y, x = labels(model), images()
    names = list(inspection.take_apart(model).names)
    order = inspection.shuffled(model, 1, seed=3)
    a, b = [n for n, instead in zip(names, order, strict=True) if n != instead]
    found = inspection.errors_reordered(model, x, y, [names, order])
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in model.layers:
        for one, other in ((a, b), (b, a)):
            if layer.name.startswith(f"{one}_") and layer.weights:
                copy.get_layer(layer.name.replace(one, other)).set_weights(layer.get_weights())
    assert found[0] == pytest.approx(error(model(x, training=False), y))
    assert found[1] == pytest.approx(error(copy(x, training=False), y))


def test_the_net_of_keras_applications():
    """Its blocks have projections and other names; without F a block is its projection."""
    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=4)
    x = np.random.default_rng(0).normal(size=(20, 32, 32, 3)).astype("float32")
    y = keras.ops.convert_to_numpy(model(x, training=False)).argmax(-1)
    sets = [set(), {"conv2_block2"}, {"conv3_block1", "conv5_block3"}]
    found = inspection.errors_without(model, x, y, sets, renew_on=x)
    assert len(found) == 3 and np.isfinite(found).all()
    assert inspection.errors_without(model, x, y, [set()])[0] == 0
    order = inspection.shuffled(model, 6, seed=0)
    assert [name[:5] for name in order] == [f"conv{k}" for k in "2223333444444555"]
    assert order[0] == "conv2_block1" and order != sorted(order)
    assert np.isfinite(inspection.errors_reordered(model, x, y, [order])).all()


def test_the_model_is_left_as_it_was():
    model = small("resnet20", averages=False)
    before = model.get_weights()
    momenta = [x.momentum for x in model.layers if hasattr(x, "momentum")]
    inspection.errors_without(model, images(), labels(model), [{"conv3_1"}], renew_on=images(50))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert momenta == [x.momentum for x in model.layers if hasattr(x, "momentum")]


def test_orders_stay_within_a_stage_and_tau_says_how_far():
    model = small("resnet20", averages=False)
    names = list(inspection.take_apart(model).names)
    assert inspection.shuffled(model, 0, seed=0) == names
    for swaps in (1, 5, 40):
        order = inspection.shuffled(model, swaps, seed=1)
        assert order == inspection.shuffled(model, swaps, seed=1)
        assert [n[:5] for n in order] == [n[:5] for n in names]
        for fixed in ("conv3_1", "conv4_1"):
            assert order.index(fixed) == names.index(fixed)
    assert inspection.kendall_tau(names, names) == 1
    assert inspection.kendall_tau(names[::-1], names) == -1
    # one pair of three the wrong way round: (2 - 1) / 3
    assert inspection.kendall_tau(["b", "a", "c"], ["a", "b", "c"]) == pytest.approx(1 / 3)


def test_random_sets_and_subsets():
    names = [f"b{i}" for i in range(6)]
    sets = inspection.random_sets(names, 3, 50, seed=2)
    assert all(len(s) == 3 and s <= set(names) for s in sets) and len(set(sets)) > 10
    assert sets == inspection.random_sets(names, 3, 50, seed=2)
    assert inspection.subset(names, 0) == set()
    assert inspection.subset(names, 0b100101) == {"b0", "b2", "b5"}
    with pytest.raises(ValueError, match="`number` must be an integer from 0 to 6"):
        inspection.random_sets(names, 7, 1, seed=0)
    with pytest.raises(ValueError, match="`index` must be an integer from 0 to 63"):
        inspection.subset(names, 64)


def test_what_does_not_fit_is_refused():
    model = small("resnet20", averages=False)
    y = np.zeros(200, int)
    with pytest.raises(ValueError, match=r"`removed` must be sets of conv2_1.*conv9"):
        inspection.errors_without(model, images(), y, [{"conv9"}])
    with pytest.raises(ValueError, match="one label each"):
        inspection.errors_without(model, images(), y[:3], [set()])
    names = list(inspection.take_apart(model).names)
    with pytest.raises(ValueError, match="every block once"):
        inspection.errors_reordered(model, images(), y, [names[1:]])
    with pytest.raises(ValueError, match="a block of the shape of conv2_3 in its place"):
        order = [*names[:2], "conv3_1", "conv2_3", *names[4:]]
        inspection.errors_reordered(model, images(), y, [order])
    with pytest.raises(ValueError, match="the names a, b in some order"):
        inspection.kendall_tau(["a", "c"], ["a", "b"])

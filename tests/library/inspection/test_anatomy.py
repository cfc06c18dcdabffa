"""Networks taken apart: put together again they compute the same, ours or another's."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs
from helpers.inspection import anatomy


def small(name, **changes):
    spec = specs.resolve(name, input_shape=(32, 32, 3), num_classes=4, **changes)
    return networks.build(specs.narrowed(spec, 4))


def images(n=2, side=32):
    return np.random.default_rng(0).normal(size=(n, side, side, 3)).astype("float32")


def chained(parts, x, parts_of="whole"):
    x = parts.stem(x, training=False)
    for part in parts.blocks:
        x = getattr(part, parts_of)(x, training=False)
    return keras.ops.convert_to_numpy(parts.head(x, training=False))


@pytest.mark.parametrize(
    ("name", "changes", "blocks"),
    [
        ("plain20", {}, 9),
        ("resnet20", {}, 9),
        ("resnet20", {"shortcut": "B"}, 9),
        ("resnet18", {"shortcut": "C"}, 8),
        ("resnet50", {}, 16),
        ("vgg16", {}, 13),
        ("repvgg20", {}, 18),
        ("seresnet50", {}, 16),
        ("preresnet50", {}, 16),
    ],
)
def test_the_parts_in_a_row_are_the_network(name, changes, blocks):
    model, x = small(name, **changes), images()
    parts = inspection.take_apart(model)
    assert len(parts.blocks) == blocks
    whole = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(chained(parts, x), whole, atol=1e-6)


@pytest.mark.parametrize("name", ["ResNet50", "ResNet50V2"])
def test_the_networks_of_keras_applications(name):
    """The oracle is Keras' own model, whose names and order of branches are not ours."""
    model = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=4)
    parts, x = inspection.take_apart(model), images()
    assert parts.names[0].startswith("conv2_block1") and len(parts.blocks) == 16
    whole = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(chained(parts, x), whole, atol=1e-6)


def test_the_shortcut_is_the_branch_with_fewer_weighted_layers():
    for block in inspection.find_blocks(keras.applications.ResNet50(weights=None)):
        f, carried = (anatomy.between(block.entry, t) for t in (block.residual, block.carried))
        convolutions = [x for x in f.layers if isinstance(x, keras.layers.Conv2D)]
        assert len(convolutions) == 3
        projected = getattr(carried, "layers", [])
        assert sum(isinstance(x, keras.layers.Conv2D) for x in projected) == (
            block.name.endswith("block1")
        )


def test_a_block_without_its_layers_is_its_shortcut():
    model = small("resnet20")
    parts = inspection.take_apart(model)
    x = np.abs(np.random.default_rng(1).normal(size=(2, 32, 32, 4))).astype("float32")
    same = keras.ops.convert_to_numpy(parts.blocks[1].without(x, training=False))
    np.testing.assert_array_equal(same, x)
    down = keras.ops.convert_to_numpy(parts.blocks[3].without(x, training=False))
    np.testing.assert_array_equal(down[..., :4], x[:, ::2, ::2])
    assert not down[..., 4:].any()


@pytest.mark.parametrize(
    ("name", "identities"),
    [("preresnet20", 7), ("preresnet20-nf-B", 7), ("preresnet20-C", 0), ("wrn16_4", 3)],
)
def test_with_preactivation_x_goes_from_sum_to_sum(name, identities):
    """A projection reads what F's first ReLU puts out; normalization and ReLU are of its block."""
    model, x = small(name), images()
    blocks = inspection.find_blocks(model)
    sums = [model.get_layer(f"{block.name}_add").output for block in blocks]
    assert [id(block.exit) for block in blocks] == list(map(id, sums))
    starts = [model.get_layer("conv1_conv").output, *sums[:-1]]
    assert [id(block.entry) for block in blocks] == list(map(id, starts))
    assert sum(block.carried is block.entry for block in blocks) == identities
    parts = inspection.take_apart(model)
    taken = parts.stem(x, training=False)
    for part in parts.blocks:
        f, carried = part.residual(taken, training=False), part.carried(taken, training=False)
        np.testing.assert_allclose(part.joined(f, carried, training=False), f + carried)
        taken = f + carried
    whole = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(parts.head(taken, training=False), whole, atol=1e-6)


def test_a_plain_block_leaves_what_option_a_would_put_there():
    parts = inspection.take_apart(small("plain20"))
    x = np.random.default_rng(1).normal(size=(2, 32, 32, 4)).astype("float32")
    assert parts.blocks[0].without(x) is x
    assert parts.blocks[0].residual is None
    down = keras.ops.convert_to_numpy(parts.blocks[3].without(x))
    np.testing.assert_array_equal(down[..., :4], x[:, ::2, ::2])


def test_an_addition_that_weighs_its_branches():
    """Half of x on every shortcut, by a layer of its own; the order of its branches is kept."""
    from helpers.studies import causes

    model = causes.build("halved", seed=0)
    parts, x = inspection.take_apart(model), images(side=16)
    assert len(parts.blocks) == 27
    whole = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(chained(parts, x), whole, atol=1e-6)
    x = np.abs(np.random.default_rng(1).normal(size=(2, 16, 16, 8))).astype("float32")
    left = keras.ops.convert_to_numpy(parts.blocks[0].without(x, training=False))
    np.testing.assert_allclose(left, x / 2)
    f = np.ones_like(x)
    joined = keras.ops.convert_to_numpy(parts.blocks[0].joined(f, x, training=False))
    np.testing.assert_allclose(joined, 1 + x / 2)


def test_a_model_without_blocks_is_refused():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs), name="bare")
    with pytest.raises(ValueError, match=r"Expected a functional model.*Received: bare"):
        inspection.find_blocks(model)


def test_branches_of_one_weight_are_refused():
    inputs = keras.Input((8, 8, 3))
    a, b = (keras.layers.Conv2D(4, 3, name=n)(inputs) for n in "ab")
    model = keras.Model(inputs, keras.layers.Add(name="sum")([a, b]), name="twins")
    with pytest.raises(ValueError, match=r"branch of sum .* Received: twins, with 1 in both"):
        inspection.find_blocks(model)


def test_the_outputs_begin_with_the_stem():
    assert list(anatomy.block_outputs(small("resnet20")))[:2] == ["conv1", "conv2_1"]
    assert next(iter(anatomy.block_outputs(small("vgg16")))) == "conv1_1"
    deep = small("resnet50c")
    outputs = anatomy.block_outputs(deep)
    assert list(outputs)[:2] == ["conv1", "conv2_1"]
    assert outputs["conv1"] is deep.get_layer("conv1_3_relu").output
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.ReLU(name="first")(inputs)
    y = keras.layers.Conv2D(3, 3, padding="same", name="f")(x)
    model = keras.Model(inputs, keras.layers.Add(name="one_add")([x, y]))
    assert list(anatomy.block_outputs(model)) == ["stem", "one"]

"""counting: against the paper's numbers, and row by row against the built Keras model."""

import dataclasses
import itertools
import math

import keras
import pytest

import reference
from helpers import counting, networks, specs

SMALL = [f"{family}{depth}" for depth in (20, 32, 44, 56, 110) for family in ("plain", "resnet")]
VARIANTS = [
    ("plain20", None),
    *(("resnet20", option) for option in "ABC"),
    ("resnet32", "B"),
    ("plain34", None),
    *(("resnet34", option) for option in "ABC"),
    ("resnet18", "B"),
]


def trainable(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def work(model):
    """Multiply-adds from kernel and output shapes: each output number is a sum of products."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            products = math.prod(layer.kernel.shape[:-1])
            total += products * math.prod(layer.output.shape[1:])
    return total


@pytest.mark.parametrize(("name", "option"), reference.IMAGENET)
def test_imagenet_nets_have_the_papers_numbers(name, option, built):
    parameters, statistics, multiply_adds, printed = reference.IMAGENET[name, option]
    model = built(name, option)
    assert counting.parameters(name, shortcut=option) == trainable(model) == parameters
    counted = counting.multiply_adds(name, shortcut=option)
    assert counted == work(model)
    assert reference.agrees(counted, multiply_adds)
    assert counted == pytest.approx(printed, abs=0.07e9)
    if statistics is not None:
        assert counting.moving_statistics(name, shortcut=option) == statistics
        assert model.count_params() == parameters + statistics


@pytest.mark.parametrize("depth", reference.CIFAR10)
def test_cifar_nets_have_the_papers_numbers(depth):
    plain, option_b, multiply_adds = reference.CIFAR10[depth]
    names = [f"resnet{depth}"] + ([f"plain{depth}"] if depth != 1202 else [])
    for name in names:
        assert counting.parameters(name) == plain
        assert counting.multiply_adds(name) == reference.cifar_multiply_adds(depth)
        assert counting.moving_statistics(name) == reference.cifar_moving_statistics(depth)
    assert reference.agrees(counting.multiply_adds(names[0]), multiply_adds)
    assert counting.parameters(f"resnet{depth}", shortcut="B") == option_b
    # Two projections more, each with a mean and a variance per channel.
    statistics = reference.cifar_moving_statistics(depth) + 2 * (32 + 64)
    assert counting.moving_statistics(f"resnet{depth}", shortcut="B") == statistics


@pytest.mark.parametrize("name", SMALL)
def test_built_cifar_nets_have_the_papers_numbers(name, built):
    model, depth = built(name), specs.get(name).depth
    parameters = reference.CIFAR10[depth][0]
    assert trainable(model) == parameters
    assert model.count_params() == parameters + reference.cifar_moving_statistics(depth)
    assert work(model) == reference.cifar_multiply_adds(depth)


@pytest.mark.parametrize(("name", "filters"), [("resnet18", (64, 128, 256, 512))])
def test_options_differ_by_their_projections(name, filters, built):
    """A to B: three projections; B to C: one more for every identity shortcut."""
    projections = sum(i * o + 2 * o for i, o in itertools.pairwise(filters))
    # conv2_x has two identities in ResNet-18, every other stage one.
    identities = sum(n * (f * f + 2 * f) for f, n in zip(filters, (2, 1, 1, 1), strict=True))
    a, b, c = (counting.parameters(name, shortcut=option) for option in "ABC")
    assert (b - a, c - b) == (projections, identities)
    assert counting.parameters("plain18") == a == trainable(built("plain18"))
    assert trainable(built(name, "C")) == c


@pytest.mark.parametrize(("name", "option"), VARIANTS)
def test_every_row_is_a_layer_of_the_built_model(name, option, built):
    model = built(name, option)
    rows = {row.name: row for row in counting.layers(name, shortcut=option)}
    built_layers = {layer.name: layer for layer in model.layers[1:]}  # the first is the input
    assert set(rows) == set(built_layers)
    for key, layer in built_layers.items():
        row = rows[key]
        assert row.kind == type(layer).__name__
        assert row.output_shape == layer.output.shape[1:], key
        assert row.parameters == sum(math.prod(w.shape) for w in layer.trainable_weights), key
        kept = sum(math.prod(w.shape) for w in layer.non_trainable_weights)
        assert row.moving_statistics == kept, key


@pytest.mark.parametrize(("name", "option"), VARIANTS)
def test_rows_stand_in_an_order_in_which_the_model_can_be_run(name, option, built):
    """Every layer after those that it takes its input from."""
    place = {row.name: i for i, row in enumerate(counting.layers(name, shortcut=option))}
    for layer in built(name, option).layers[2:]:
        for source in layer._inbound_nodes[0].parent_nodes:
            came_from = source.operation.name
            assert came_from == "image" or place[came_from] < place[layer.name], layer.name


@pytest.mark.parametrize("option", ["A", "B", "C"])
def test_odd_sizes_without_batch_norm(option):
    spec = specs.resolve("resnet18", input_shape=(75, 50, 1), num_classes=3, shortcut=option)
    spec = dataclasses.replace(specs.narrowed(spec, 4), batch_norm=False)
    model = networks.build(spec)
    assert counting.parameters(spec) == trainable(model) == model.count_params()
    assert counting.moving_statistics(spec) == 0
    assert counting.multiply_adds(spec) == work(model)
    shapes = {row.name: row.output_shape for row in counting.layers(spec)}
    assert shapes == {layer.name: layer.output.shape[1:] for layer in model.layers[1:]}


def test_a_block_by_hand():
    """conv3_1 of ResNet-34: 3 x 3 x 64 x 128 weights on 28 x 28 positions, and so on."""
    rows = {row.name: row for row in counting.layers("resnet34")}
    first, projection = rows["conv3_1_1_conv"], rows["conv3_1_proj_conv"]
    assert first.output_shape == (28, 28, 128)
    assert first.parameters == 9 * 64 * 128
    assert first.multiply_adds == 9 * 64 * 128 * 28 * 28
    assert projection.parameters == 64 * 128
    assert projection.multiply_adds == 64 * 128 * 28 * 28
    assert (rows["conv3_1_1_bn"].parameters, rows["conv3_1_1_bn"].moving_statistics) == (256, 256)
    assert rows["fc"].parameters == 512 * 1000 + 1000
    assert rows["fc"].multiply_adds == 512 * 1000


def test_wrong_names_are_refused():
    with pytest.raises(ValueError, match=r"resnet34.*Received: name='resnet35'"):
        counting.layers("resnet35")
    with pytest.raises(ValueError, match=r"plain34 is a plain net.*shortcut='B'"):
        counting.parameters("plain34", shortcut="B")

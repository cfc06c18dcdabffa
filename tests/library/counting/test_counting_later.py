"""counting: nets that came after 2015, as built row by row, and against their papers' totals."""

import dataclasses

import keras
import pytest

from helpers import counting, networks, specs

pytestmark = pytest.mark.quick

TAGS = ("fixup", "skipinit", "zerogamma", "survive0.5", "se4", "pooled", "B-pooled", "C-fixup")
OF_PREACTIVATION = ("nf", "B-nf", "skipinit", "se4", "pooled", "B-pooled")
IMAGENET = (
    *(name for name in specs.names() if specs.get(name).num_classes == 1000),
    *("resnet50-v1.5-skipinit", "preresnet50-nf-pooled", "preresnet50-v1.5-se16"),
)
CIFAR = (
    *("preresnet20", "preresnet164", "wrn16_4"),
    *(f"resnet8-{tag}" for tag in TAGS),
    *(f"preresnet20-{tag}" for tag in OF_PREACTIVATION),
)
# Parameters of timm 1.0's and torchvision's models of these names (resnetv2_50 for preresnet50),
# and of WRN-28-10 and WRN-40-4 as their authors' code builds them.
TOTALS = {
    "resnet50c": 25_576_264,
    "resnet50d": 25_576_264,
    "resnext50_32x4d": 25_028_904,
    "seresnet50": 28_088_024,
    "preresnet50": 25_549_352,
    "wrn28_10": 36_479_194,
    "wrn40_4": 8_949_210,
}


def small(name):
    """The network at 64x64 pixels and narrow, where it is one for ImageNet."""
    spec = specs.get(name)
    if spec.num_classes == 1000 and spec.stem:
        spec = specs.narrowed(spec, 64 if "next" in name else 32)
        spec = dataclasses.replace(spec, input_shape=(64, 64, 3), num_classes=7)
    return specs.resolve(spec)  # puts the tags of its name in order


@pytest.mark.parametrize(
    "name", [n for n in (*IMAGENET, *CIFAR) if n not in specs.OF_2015], ids=str
)
def test_every_row_is_a_layer_of_the_built_model(name):
    spec = small(name)
    model = networks.build(spec)
    rows = {row.name: row for row in counting.layers(spec)}
    built = {x.name: x for x in model.layers if not isinstance(x, keras.layers.InputLayer)}
    assert set(rows) == set(built)
    for key, layer in built.items():
        row = rows[key]
        assert row.kind == type(layer).__name__
        assert row.output_shape == layer.output.shape[1:], key
        assert row.parameters + row.moving_statistics == layer.count_params(), key
        kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        assert row.kernel_size == (kernel[0] if kernel else None), key
    weights = counting.parameters(spec) + counting.moving_statistics(spec)
    assert model.count_params() == weights
    assert model.name == spec.name


@pytest.mark.parametrize("name", TOTALS)
def test_parameters_are_those_of_the_published_nets(name):
    assert counting.parameters(name) == TOTALS[name]


def test_grouped_convolutions_do_a_32nd_of_the_work():
    rows = {row.name: row for row in counting.layers("resnext50_32x4d")}
    assert rows["conv2_1_2_conv"].parameters == 3 * 3 * 128 * 128 // 32
    assert rows["conv2_1_2_conv"].multiply_adds == 3 * 3 * 128 * 128 // 32 * 56 * 56


def test_pooled_shortcuts_cost_no_weight_and_no_multiply_add():
    with_and_without = [counting.layers(name) for name in ("resnet50d", "resnet50c")]
    with_and_without = [
        [(row.name, row.parameters, row.multiply_adds) for row in rows if row.parameters]
        for rows in with_and_without
    ]
    assert with_and_without[0] == with_and_without[1]

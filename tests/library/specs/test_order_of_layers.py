"""A block's order of layers: as `specs` has it, as `blocks` builds it, as `counting` lists it."""

import dataclasses

import keras
import pytest

from helpers import blocks, counting, specs

pytestmark = pytest.mark.quick

BUILT = {
    "convolution": lambda x, *arguments, **how: blocks.conv_bn_relu(x, 4, 3, *arguments, **how),
    "plain": lambda x, *arguments, **how: blocks.plain_block(x, 4, *arguments, **how),
    "basic": lambda x, *arguments, **how: blocks.basic_block(x, 4, *arguments, **how),
    "bottleneck": lambda x, *arguments, **how: blocks.bottleneck_block(x, 4, *arguments, **how),
    "preactivation": lambda x, *arguments, **how: blocks.preactivation_block(
        x, 4, *arguments, **how
    ),
    "preactivation-bottleneck": lambda x, *arguments, **how: blocks.preactivation_bottleneck_block(
        x, 4, *arguments, **how
    ),
}
WORDS = {"BatchNormalization": "bn", "ReLU": "relu", "Add": "add"}
# RepVGG's has three branches that add up: test_blocks_repvgg.py has their order.
OF_ONE_PATH = [kind for kind in specs.BLOCKS if kind != "repvgg"]


def word(kind, kernel_size):
    """What `specs.LAYERS` calls a layer; None for padding."""
    if kind == "Conv2D":
        return f"{kernel_size}x{kernel_size}"
    return None if kind in ("ZeroPadding2D", "ZeroPadShortcut") else WORDS[kind]


def main_path(y):
    """The layers from a model's input to `y`; at an addition, along its first input, F(x)."""
    layer, _, _ = y._keras_history
    if isinstance(layer, keras.layers.InputLayer):
        return []
    inputs = layer.input if isinstance(layer.input, list) else [layer.input]
    return [*main_path(inputs[0]), layer]


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("channels", "stride"), [(4, 1), (3, 2), (16, 1)])
@pytest.mark.parametrize("kind", OF_ONE_PATH)
def test_blocks_are_built_in_the_order_of_the_specs(kind, channels, stride, batch_norm):
    y = BUILT[kind](keras.Input((8, 8, channels)), stride, name="b", batch_norm=batch_norm)
    kernels = [
        (type(layer).__name__, getattr(layer, "kernel_size", [0])[0]) for layer in main_path(y)
    ]
    built = [w for w in (word(*each) for each in kernels) if w]
    assert built == [w for w in specs.LAYERS[kind] if batch_norm or w != "bn"]


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(
    "name", ["vgg16", "plain18", "resnet18", "resnet50", "preresnet20", "preresnet50"]
)
def test_rows_are_counted_in_the_order_of_the_specs(name, batch_norm):
    spec = dataclasses.replace(specs.get(name), batch_norm=batch_norm)
    everything = counting.layers(spec)
    for stage in spec.stages:
        for i in range(1, stage.repeats + 1):
            block = f"{stage.name.removesuffix('x')}{i}_"
            rows = [row for row in everything if row.name.startswith(block)]
            rows = [row for row in rows if "_proj_" not in row.name]
            counted = [w for w in (word(row.kind, row.kernel_size) for row in rows) if w]
            assert counted == [w for w in specs.LAYERS[stage.block] if batch_norm or w != "bn"]


def test_what_follows_from_the_order():
    assert specs.CONVOLUTIONS == {
        **{"convolution": 1, "plain": 2, "basic": 2, "bottleneck": 3, "repvgg": 1},
        **{"preactivation": 2, "preactivation-bottleneck": 3},
    }
    later = ("preactivation", "preactivation-bottleneck")
    assert ("basic", "bottleneck", *later) == specs.RESIDUAL_BLOCKS
    assert later == specs.PREACTIVATION_BLOCKS
    assert specs.BOTTLENECK_BLOCKS == ("bottleneck", "preactivation-bottleneck")

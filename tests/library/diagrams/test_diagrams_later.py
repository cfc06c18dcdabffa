"""Drawn blocks and networks of after 2015, against the layers that they are made of."""

import matplotlib.pyplot as plt
import pytest
from keras import layers

from helpers import blocks, diagrams, specs
from pictures import all_words, around, arrows, assert_legible, basic, boxes, column, words

MAPS = (32, 32, 64)
BN_RELU = ["batch norm", "ReLU"]


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def preactivated(*arguments, block=blocks.preactivation_block, **options):
    return around(lambda x: block(x, *arguments, name="b", **options), MAPS)


def bottleneck(*arguments, **options):
    return preactivated(*arguments, block=blocks.bottleneck_block, **options)


def beside(ax):
    """The boxes on the shortcut, from top to bottom."""
    (middle,) = (t.get_position()[0] for t in ax.texts if t.get_text() == "x")
    right = (t for t in words(ax) if t.get_position()[0] > middle and t.get_ha() == "center")
    return [t.get_text() for t in right]


def test_nothing_follows_the_sum_of_a_preactivation_block():
    ax = diagrams.block(preactivated(64))
    conv = "3x3 conv, 64"
    assert column(ax) == ["x", *BN_RELU, conv, *BN_RELU, conv, "+"]
    assert {"x\nidentity", "F(x) + x"} < set(all_words(ax))
    assert_legible(ax)


def test_a_projection_behind_the_first_relu_begins_inside_of_f():
    ax = diagrams.block(preactivated(128, 2))
    assert column(ax) == ["x", *BN_RELU, "3x3 conv, 128, /2", *BN_RELU, "3x3 conv, 128", "+"]
    assert beside(ax) == ["1x1 conv, 128, /2"]
    assert "F(x) +\nshortcut(x)" in all_words(ax)
    relu, conv = (next(t for t in words(ax) if t.get_text() == w) for w in column(ax)[2:4])
    (middle,) = (t.get_position()[0] for t in ax.texts if t.get_text() == "x")
    points = [xy for line in ax.lines for xy in zip(*line.get_data(), strict=True)]
    fork = max(y for x, y in points if x > middle + 1)
    assert conv.get_position()[1] < fork < relu.get_position()[1]
    bracket = max(y for x, y in points if x < middle - 1)
    norm = next(t for t in words(ax) if t.get_text() == "batch norm")
    assert bracket > norm.get_position()[1]
    assert_legible(ax)
    folded = diagrams.block(preactivated(128, 2), folded=True)
    rest = "the rest of F(x)\n3x3 conv, 128, /2\n3x3 conv, 128"
    assert column(folded) == ["x", *BN_RELU, rest, "+"]


def test_option_a_with_preactivation_begins_at_x():
    ax = diagrams.block(preactivated(128, 2, shortcut="A"))
    assert beside(ax) == ["every 2nd pixel,\nzeros for\n64 channels"]
    assert_legible(ax)


def test_the_pooled_shortcut_of_resnet_d():
    ax = diagrams.block(bottleneck(32, 2, pooled_shortcut=True, bottleneck_stride="3x3"))
    assert beside(ax) == ["2x2 average pool, /2", "1x1 conv, 128", "batch norm"]
    assert "3x3 conv, 32, /2" in column(ax)
    assert_legible(ax)


def own_gate(x):
    """A reader's gate, of another form."""
    f = layers.Conv2D(64, 3, padding="same")(x)
    return x + f * layers.GlobalAveragePooling2D(keepdims=True)(f)


def test_a_gate_is_one_box_with_its_weights():
    ax = diagrams.block(bottleneck(16, squeeze=16), weights=True)
    gate = f"gate\nfc 4, fc 64\n{2 * 4 * 64} weights"
    assert column(ax)[-4:] == ["batch norm", gate, "+", "ReLU"]
    total = 2 * 16 * 64 + 9 * 16 * 16 + 2 * 4 * 64
    assert f"F(x)\n{total:,}\nweights" in all_words(ax)
    assert_legible(ax)
    own = diagrams.block(around(own_gate))
    assert column(own) == ["x", "3x3 conv, 64", "gate", "+"]
    alone = diagrams.block(around(lambda x: blocks.shortcuts.gate(x, 16, name="b")))
    inside = ["average pool", "fc 4", "ReLU", "fc 64", "sigmoid"]
    assert column(alone) == ["x", *inside, "\N{MULTIPLICATION SIGN}"]


STARTS = {
    "fixup": ["shift", "CONV", "shift", "ReLU", "shift", "CONV", "scale", "shift", "+", "ReLU"],
    "skipinit": ["CONV", "ReLU", "CONV", "scale", "+", "ReLU"],
}


@pytest.mark.parametrize("start", STARTS)
def test_starts_have_their_layers_of_one_number(start):
    ax = diagrams.block(basic(start=start))
    assert column(ax) == ["x", *(w.replace("CONV", "3x3 conv, 64") for w in STARTS[start])]
    assert_legible(ax)


def test_a_normaliser_free_block_and_stochastic_depth_say_their_numbers():
    ax = diagrams.block(preactivated(64, start="nf", size=1.25))
    conv = "3x3 conv, 64,\nkernel normalised"
    assert column(ax) == ["x", "times 0.8", "ReLU", conv, "ReLU", conv, "times 0.2", "+"]
    assert_legible(ax)
    ax = diagrams.block(basic(survival=0.75))
    assert column(ax)[-4:] == ["batch norm", "kept with p = 0.75", "+", "ReLU"]


def test_the_three_branches_of_repvgg_are_refused():
    with pytest.raises(ValueError, match="more than two ways"):
        diagrams.block(preactivated(64, block=blocks.repvgg_block))


NETS = {  # shortcuts that keep the shape, those that change it, gates
    "preresnet20": (7, 2, 0),
    "preresnet50": (12, 4, 0),
    "wrn16_4": (3, 3, 0),
    "repvgg20": (16, 2, 0),
    "resnet50d": (12, 4, 0),
    "resnext50_32x4d": (12, 4, 0),
    "seresnet50": (12, 4, 16),
    "preresnet20-nf-B": (7, 2, 0),
    "resnet20-fixup-se16": (7, 2, 9),
}


@pytest.mark.parametrize("name", NETS)
def test_columns_have_a_box_for_each_layer_and_gate_and_a_curve_for_each_block(name):
    solid, dashed, gates = NETS[name]
    spec = specs.get(name)
    ax = diagrams.architectures([spec])
    curves = [arrow.get_linestyle() for arrow in arrows(ax)]
    assert sorted(curves) == ["-"] * solid + ["--"] * dashed
    texts = all_words(ax)
    assert texts.count("gate") == gates
    assert len(boxes(ax)) == spec.depth + gates
    of_groups = sum(text.endswith(", 32 groups") for text in texts)
    assert of_groups == (16 if name.startswith("resnext") else 0)
    assert_legible(ax)


def test_layers_are_copied_between_nets_of_like_blocks():
    wide = diagrams.copied_layers(specs.cifar(11, "bottleneck"), specs.cifar(20, "bottleneck"))
    assert len(wide.patches) == 11 + 20
    with pytest.raises(ValueError, match="preresnet56 is not resnet20 with more blocks"):
        diagrams.copied_layers(specs.get("resnet20"), specs.get("preresnet56"))

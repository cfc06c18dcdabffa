"""naming: the table of names as it stands in the module, and what layers say of a network."""

import re

import keras
import pytest

from helpers import networks, specs
from helpers.specs import Network, Stage, Stem
from helpers.weights import naming, pytorch


def rows():
    """The table of the module's docstring, split where a cell names two layers."""
    lines = re.findall(r"^\| (\w+_\w+.*|fc .*) \|$", naming.__doc__, re.MULTILINE)
    cells = [[cell.split(", ") for cell in re.split(r" *\| ", line)] for line in lines]
    return [
        (ours, in_keras, None if "VGG" in in_pytorch[0] else in_pytorch[0])
        for names, in_kerases, in_pytorch in cells
        for ours, in_keras in zip(names, in_kerases, strict=True)
    ]


@pytest.mark.parametrize(("ours", "in_keras", "in_pytorch"), rows())
def test_the_table_says_what_the_functions_do(ours, in_keras, in_pytorch):
    assert naming.in_keras(ours) == in_keras.strip()
    assert pytorch.name_of(ours) == (in_pytorch and in_pytorch.strip())


def later_rows():
    """The table of `pytorch`, one row for a layer that has a cell of its own."""
    lines = re.findall(r"^\| (conv1_\S+, .*|conv3\w+ .*) \|$", pytorch.__doc__, re.MULTILINE)
    cells = [[cell.split(", ") for cell in re.split(r" *\| ", line)] for line in lines]
    for ours, usual, preactivated in cells:
        for layer, before, after in zip(ours, usual, preactivated, strict=True):
            if not before.endswith("."):
                yield layer, before.strip(), after.strip()


@pytest.mark.parametrize(("ours", "usual", "preactivated"), later_rows())
def test_the_table_of_later_nets_says_what_the_functions_do(ours, usual, preactivated):
    stem = 3 if re.match(r"conv1_\d", ours) else 1
    assert pytorch.name_of(ours, pytorch.Form(stem=stem)) == usual
    assert pytorch.name_of(ours, pytorch.Form(True, stem)) == preactivated


def test_projections_move_behind_a_pool():
    for pooled, places in ((False, "01"), (True, "12")):
        for kind, place in zip(("conv", "bn"), places, strict=True):
            found = pytorch.name_of(f"conv3_1_proj_{kind}", pytorch.Form(pooled=pooled))
            assert found == f"layer2.0.downsample.{place}"
    assert pytorch.name_of("conv3_1_proj_conv", pytorch.Form(True)) == (
        "stages.1.blocks.0.downsample.conv"
    )


def test_the_table_is_read_whole():
    assert len(list(later_rows())) == 11
    assert len(rows()) == 8


@pytest.mark.parametrize("name", ["resnet20", "resnet50", "resnet152", "vgg19"])
def test_no_two_layers_share_a_name(name):
    spec = specs.get(name)
    blocks = [(s.name[:-1], i) for s in spec.stages for i in range(1, s.repeats + 1)]
    if spec.stem is None:
        ours = [f"{stage}{i}_conv" for stage, i in blocks] + ["fc6", "fc7", "fc"]
    else:
        parts = [f"{p}_{kind}" for p in (1, 2, 3, "proj") for kind in ("conv", "bn")]
        ours = [f"{stage}{i}_{p}" for stage, i in blocks for p in parts]
        ours += ["conv1_conv", "conv1_bn", "fc"]
        assert len({pytorch.name_of(n) for n in ours}) == len(ours)
    assert len({naming.in_keras(n) for n in ours}) == len(ours)


def small(block, shortcut, **changes):
    stages = (Stage("conv2_x", block, 4, 1, 1), Stage("conv3_x", block, 4, 1, 2))
    stem = Stem(kernel_size=3, filters=4, stride=1, max_pooling=False)
    return networks.build(Network("small", (8, 8, 3), 3, stem, stages, shortcut, **changes))


@pytest.mark.parametrize(
    ("block", "shortcut", "stride"),
    [
        ("plain", None, None),
        *(("basic", option, None) for option in "ABC"),
        *(("bottleneck", option, stride) for option in "ABC" for stride in ("1x1", "3x3")),
        ("preactivation", "A", None),
        *(("preactivation-bottleneck", "B", stride) for stride in ("1x1", "3x3")),
    ],
)
def test_block_and_stride_are_read_from_the_layers(block, shortcut, stride):
    model = small(block, shortcut, **({"bottleneck_stride": stride} if stride else {}))
    assert naming.block(model) == block
    assert naming.bottleneck_stride(naming.weighted(model)) == stride


def test_a_net_that_never_strides_has_no_stride():
    stem = Stem(kernel_size=3, filters=4, stride=2, max_pooling=False)
    stages = (Stage("conv2_x", "bottleneck", 4, 2, 1),)
    model = networks.build(Network("one-stage", (8, 8, 3), 3, stem, stages, "B"))
    assert naming.bottleneck_stride(naming.weighted(model)) is None


def test_weighted_layers_of_ours_and_of_nobody_elses():
    model = small("basic", "A")
    assert list(naming.weighted(model))[:3] == ["conv1_conv", "conv1_bn", "conv2_1_1_conv"]
    assert {layer.name for layer in model.layers if layer.weights} == set(naming.weighted(model))
    x = keras.Input((4,))
    other = keras.Model(x, keras.layers.Dense(2, name="mine")(x), name="other")
    with pytest.raises(ValueError, match=r"made by networks\.build.*'other' with the layer 'mine'"):
        naming.weighted(other)
    with pytest.raises(ValueError, match="with no weights"):
        naming.weighted(keras.Model(x, keras.layers.ReLU()(x)))
    with pytest.raises(TypeError, match="Received: model='resnet50' of type str"):
        naming.weighted("resnet50")

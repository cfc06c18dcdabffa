"""specs: the architecture records against Table 1 and section 4.2, and what they refuse."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest

import he2015
from helpers import specs
from helpers.specs import Network, Stage, Stem

pytestmark = pytest.mark.quick

SECTION_4_2 = {8: 1, 14: 2, 20: 3, 32: 5, 44: 7, 56: 9, 110: 18, 1202: 200}
# The stem of ResNet-C and D has three convolutions and is counted as one; WRN counts three
# projections and not the classifier; in ResNeXt's name stand its groups and their width, too.
COUNTED_OTHERWISE = {"resnet50c": 52, "resnet50d": 52, "resnext50_32x4d": 50}
COUNTED_OTHERWISE |= {"wrn16_4": 14, "wrn28_10": 26, "wrn40_4": 38}
OF_TABLE_1 = ["plain18", "plain34", *(f"resnet{depth}" for depth in he2015.TABLE_1)]


@pytest.mark.parametrize("name", OF_TABLE_1)
def test_imagenet_nets_are_those_of_table_1(name):
    spec = specs.get(name)
    assert spec.input_shape == (224, 224, 3)
    assert spec.num_classes == 1000
    assert spec.stem == Stem(kernel_size=7, filters=64, stride=2, max_pooling=True)
    assert [s.name for s in spec.stages] == ["conv2_x", "conv3_x", "conv4_x", "conv5_x"]
    kind = "plain" if name.startswith("plain") else "bottleneck" if spec.depth >= 50 else "basic"
    assert {s.block for s in spec.stages} == {kind}
    assert [s.filters for s in spec.stages] == [64, 128, 256, 512]
    outputs = [256, 512, 1024, 2048] if kind == "bottleneck" else [64, 128, 256, 512]
    assert [s.channels for s in spec.stages] == outputs
    assert tuple(s.repeats for s in spec.stages) == he2015.TABLE_1[spec.depth]
    assert [s.stride for s in spec.stages] == [1, 2, 2, 2]
    assert spec.shortcut == (None if kind == "plain" else "B")
    assert (spec.batch_norm, spec.hidden, spec.bottleneck_stride) == (True, (), "1x1")


@pytest.mark.parametrize("depth", he2015.VGG)
def test_vgg_is_that_of_its_paper(depth):
    spec = specs.get(f"vgg{depth}")
    assert (spec.input_shape, spec.num_classes, spec.stem) == ((224, 224, 3), 1000, None)
    assert [s.name for s in spec.stages] == [f"conv{i}_x" for i in range(1, 6)]
    assert {(s.block, s.stride, s.pooling) for s in spec.stages} == {("convolution", 1, True)}
    assert [s.channels for s in spec.stages] == [64, 128, 256, 512, 512]
    assert tuple(s.repeats for s in spec.stages) == he2015.VGG[depth]
    assert (spec.hidden, spec.batch_norm, spec.shortcut) == ((4096, 4096), False, None)


@pytest.mark.parametrize("depth", SECTION_4_2)
@pytest.mark.parametrize("family", ["plain", "resnet"])
def test_cifar_nets_are_those_of_section_4_2(family, depth):
    if (family, depth) == ("plain", 1202):
        assert "plain1202" not in specs.names()  # the paper has none
        return
    spec = specs.get(f"{family}{depth}")
    assert (spec.input_shape, spec.num_classes) == ((32, 32, 3), 10)
    assert spec.stem == Stem(kernel_size=3, filters=16, stride=1, max_pooling=False)
    assert [s.filters for s in spec.stages] == [16, 32, 64]
    assert [s.repeats for s in spec.stages] == [SECTION_4_2[depth]] * 3
    assert [s.stride for s in spec.stages] == [1, 2, 2]
    assert spec.shortcut == (None if family == "plain" else "A")


@pytest.mark.parametrize("name", specs.names())
def test_depth_is_the_number_in_the_name(name):
    spec = specs.get(name)
    assert spec.name == name
    assert spec.depth == COUNTED_OTHERWISE.get(name, int(re.sub(r"\D", "", name)))
    # 224 -> 7 and 32 -> 8, as in the paper.
    assert spec.input_shape[0] // spec.total_stride == (7 if spec.num_classes == 1000 else 8)


def test_names_are_by_family_and_by_depth():
    plain = [f"plain{d}" for d in (8, 14, 18, 20, 32, 34, 44, 56, 110)]
    residual = [f"resnet{d}" for d in (8, 14, 18, 20, 32, 34, 44, 50, 56, 101, 110, 152, 1202)]
    later = [f"preresnet{d}" for d in (20, 50, 56, 110, 164, 1001)]
    later += ["repvgg20", "resnet50c", "resnet50d", "resnext50_32x4d", "seresnet50"]
    later += ["wrn16_4", "wrn40_4", "wrn28_10"]
    assert specs.names() == [*plain, *residual, "vgg16", "vgg19", *later]
    assert set(specs.OF_2015) == set(specs.names()) - set(later)


def test_a_record_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        specs.get("resnet20").num_classes = 100


def test_resolve_changes_what_is_given_and_keeps_the_rest():
    spec = specs.resolve("resnet34", input_shape=[64, 96, 1], num_classes=7, shortcut="C")
    assert (spec.input_shape, spec.num_classes, spec.shortcut) == ((64, 96, 1), 7, "C")
    assert spec.stages == specs.get("resnet34").stages
    assert specs.resolve(spec) == spec
    assert specs.get("resnet34").num_classes == 1000


def test_narrowed_doubles_its_filters_from_stage_to_stage():
    spec = specs.narrowed(specs.get("resnet56"), 4)
    assert spec.stem.filters == 4
    assert [s.filters for s in spec.stages] == [4, 8, 16]
    assert [s.repeats for s in spec.stages] == [9, 9, 9]
    assert spec.name == "resnet56-4filters"
    with pytest.raises(ValueError, match=r"filters.*integer of at least 1.*filters=0"):
        specs.narrowed(spec, 0)


def test_narrowed_vgg_has_no_stem_and_keeps_its_proportions():
    spec = specs.narrowed(specs.get("vgg19"), 2)
    assert (spec.name, spec.stem, spec.hidden) == ("vgg19-2filters", None, (4096, 4096))
    assert [s.channels for s in spec.stages] == [2, 4, 8, 16, 16]
    assert all(s.pooling for s in spec.stages)


def test_narrowed_bottlenecks_put_out_four_times_their_filters():
    spec = specs.narrowed(specs.get("resnet50"), 8)
    assert spec.stem.filters == 8
    assert [s.channels for s in spec.stages] == [32, 64, 128, 256]


# --- names ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "changes", "name"),
    [
        ("resnet20", {}, "resnet20"),
        ("resnet20", {"shortcut": "A"}, "resnet20"),
        ("resnet20", {"shortcut": "B"}, "resnet20-B"),
        ("resnet34", {"shortcut": "B"}, "resnet34"),
        ("resnet34", {"shortcut": "A"}, "resnet34-A"),
        ("resnet50", {"bottleneck_stride": "1x1"}, "resnet50"),
        ("resnet50", {"bottleneck_stride": "3x3"}, "resnet50-v1.5"),
        ("resnet50", {"bottleneck_stride": "3x3", "shortcut": "C"}, "resnet50-C-v1.5"),
        ("resnet50", {"num_classes": 37, "input_shape": (96, 96, 3)}, "resnet50"),
        ("vgg16", {"num_classes": 37}, "vgg16"),
    ],
)
def test_a_changed_option_stands_in_the_name(start, changes, name):
    changed = specs.resolve(start, **changes)
    assert changed.name == name
    assert specs.resolve(changed) == changed
    one_by_one = specs.get(start)
    for key, value in reversed(changes.items()):
        one_by_one = specs.resolve(one_by_one, **{key: value})
    assert one_by_one == changed
    usual = specs.get(start)
    back = {key: getattr(usual, key) for key in changes}
    assert specs.resolve(changed, **back) == usual


def test_two_nets_that_differ_in_their_layers_never_share_a_name():
    """Options, strides and widths, in every order in which they can be chosen."""
    named = {}
    for name in specs.names():
        usual = specs.get(name)
        residual = usual.shortcut is not None
        bottleneck = usual.stages[0].block == "bottleneck"
        choices = [
            [{"shortcut": option} for option in (specs.OPTIONS if residual else ())],
            [{"bottleneck_stride": at} for at in (specs.BOTTLENECK_STRIDES if bottleneck else ())],
            [{"filters": filters} for filters in (32, 64)],
        ]
        choices = [[{}, *c] for c in choices]
        for chosen in itertools.product(*choices):
            for order in itertools.permutations(chosen):
                spec = usual
                for change in order:
                    if "filters" in change:
                        spec = specs.narrowed(spec, change["filters"])
                    else:
                        spec = specs.resolve(spec, **change)
                layers = dataclasses.replace(spec, name="")
                assert named.setdefault(spec.name, layers) == layers, spec.name
    assert len(named) > 200


def test_two_nets_of_the_readers_own_never_share_a_name():
    own = dataclasses.replace(specs.get("resnet50"), name="own")
    names = {
        specs.resolve(own, shortcut=option, bottleneck_stride=stride).name
        for option in "ABC"
        for stride in ("1x1", "3x3")
    }
    assert len(names) == 6
    tagged = specs.resolve(own, shortcut="C")
    assert specs.resolve(tagged, bottleneck_stride="3x3").name == "own-C-v1.5"
    both_back = specs.resolve(tagged, bottleneck_stride="3x3")
    assert specs.resolve(both_back, bottleneck_stride="1x1").name == tagged.name


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name_or_spec": "resnet21"}, ValueError, "resnet20, .*Received: name='resnet21'"),
        ({"name_or_spec": 20}, TypeError, "name of a network.*Received: 20 of type int"),
        ({"name_or_spec": "plain20", "shortcut": "A"}, ValueError, "plain net.*shortcut='A'"),
        ({"name_or_spec": "resnet20", "shortcut": "D"}, ValueError, "A, B, C.*shortcut='D'"),
        ({"name_or_spec": "resnet20", "num_classes": 0}, ValueError, "at least 1.*num_classes=0"),
        ({"name_or_spec": "resnet20", "num_classes": 2.0}, ValueError, "integer.*num_classes=2.0"),
        ({"name_or_spec": "resnet20", "input_shape": (32, 32)}, ValueError, r"three.*\(32, 32\)"),
        ({"name_or_spec": "resnet20", "input_shape": (32, None, 3)}, ValueError, "three.*None"),
        ({"name_or_spec": "resnet20", "input_shape": (3, 32, 32)}, ValueError, "at least 4.*3, 32"),
        ({"name_or_spec": "resnet34", "input_shape": (31, 64, 3)}, ValueError, "at least 32.*31"),
        ({"name_or_spec": "resnet20", "input_shape": 32}, ValueError, "input_shape=32"),
        ({"name_or_spec": "plain34", "shortcut": "C"}, ValueError, "plain34 is a plain.*'C'"),
        ({"name_or_spec": "vgg16", "shortcut": "B"}, ValueError, "vgg16.*no shortcuts.*'B'"),
        ({"name_or_spec": "vgg19", "input_shape": (31, 32, 3)}, ValueError, "at least 32.*31"),
        (
            {"name_or_spec": "resnet34", "bottleneck_stride": "3x3"},
            ValueError,
            "resnet34 has no bottleneck blocks.*bottleneck_stride='3x3'",
        ),
        (
            {"name_or_spec": "resnet50", "bottleneck_stride": "2x2"},
            ValueError,
            "1x1, 3x3.*bottleneck_stride='2x2'",
        ),
    ],
)
def test_what_is_no_network_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        specs.resolve(**arguments)


def test_a_residual_record_without_an_option_is_refused():
    with pytest.raises(ValueError, match=r"shortcut.*A, B, C.*shortcut=None"):
        dataclasses.replace(specs.get("resnet20"), shortcut=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": (4096, 0)}, r"`hidden`.*positive.*vgg16.*hidden=\(4096, 0\)"),
        ({"hidden": (40.5,)}, r"`hidden`.*vgg16.*hidden=\(40.5,\)"),
        ({"stages": ()}, r"at least one stage of vgg16.*stages=\(\)"),
    ],
)
def test_a_record_that_is_no_network_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(specs.get("vgg16"), **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"block": "bottlenek"}, "block.*bottlenek"),
        ({"repeats": 0}, "repeats.*0"),
        ({"filters": 0}, "filters.*0"),
        ({"stride": 0}, "stride.*0"),
    ],
)
def test_a_stage_that_is_none_is_refused(change, message):
    fields = {"name": "conv2_x", "block": "plain", "filters": 4, "repeats": 1, "stride": 1}
    with pytest.raises(ValueError, match=message):
        Network("odd", (8, 8, 3), 10, Stem(3, 4, 1, False), (Stage(**fields | change),))


def test_an_integer_of_numpy_becomes_one_of_python():
    """A record is written to JSON, which does not know NumPy's."""
    spec = specs.resolve(specs.narrowed(specs.get("resnet20"), np.int64(8)), num_classes=np.int8(7))
    assert json.loads(json.dumps(dataclasses.asdict(spec)))["num_classes"] == 7

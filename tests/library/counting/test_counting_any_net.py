"""counting and specs: any valid network counts as it is built, any other is refused."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings

from helpers import counting, networks, specs
from helpers.specs import Network, Stage, Stem
from torture import any_spec
from torture.counted import counted_as_built
from torture.fault import Lost
from torture.of_specs import refused_or_counted

pytestmark = [pytest.mark.quick, pytest.mark.backends]

ALWAYS_THE_SAME = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
STEM = Stem(kernel_size=3, filters=4, stride=1, max_pooling=False)


@settings(ALWAYS_THE_SAME, max_examples=15)
@given(any_spec.fields())
def test_a_valid_network_counts_as_it_is_built(fields):
    counted_as_built(Network(**fields))


@settings(ALWAYS_THE_SAME, max_examples=60)
@given(any_spec.odd_fields())
def test_what_is_no_network_is_refused_with_the_reason(fields):
    refused_or_counted(fields)


def net(*stages, **changes):
    fields = {"name": "odd", "input_shape": (8, 8, 3), "num_classes": 2, "stem": STEM}
    return Network(**{**fields, "stages": stages, **changes})


BASIC = Stage("conv2_x", "basic", 4, 1, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: net(BASIC, BASIC, shortcut="B"), r"names of their own.*conv2_x"),
        (lambda: Stage("second", "basic", 4, 1, 1), r"name.*conv2_x, conv3_x.*second"),
        (
            lambda: net(Stage("conv1_x", "basic", 4, 1, 1), shortcut="B"),
            "conv1_x where there is no stem",
        ),
        (
            lambda: net(BASIC, Stage("conv3_x", "preactivation", 4, 1, 1), shortcut="B"),
            "pre-activation blocks alone",
        ),
        (
            lambda: net(Stage("conv2_x", "basic", 3, 1, 1), shortcut="A"),
            r"shortcut.*B or C: conv2_x has 3 channels, 4 come in",
        ),
        (lambda: net(BASIC, shortcut="B", stem=(3, 4)), r"stem.*specs.Stem.*\(3, 4\)"),
        (lambda: net(BASIC, shortcut="B", survival="1"), r"survival.*probability.*'1'"),
        (lambda: net(BASIC, shortcut="B", batch_norm=1), r"batch_norm.*True or False.*1"),
        (lambda: net(BASIC, shortcut="B", name="a/b"), r"name.*without a slash"),
        (lambda: net(BASIC, shortcut="B", hidden=[4]), r"hidden.*\[4\]"),
        (lambda: net(BASIC, shortcut="B", input_shape=(True, 8, 3)), r"input_shape.*True"),
        (lambda: net([BASIC], shortcut="B"), r"stages.*tuple of specs.Stage"),
        (
            lambda: net(
                Stage("conv2_x", "preactivation", 4, 1, 1),
                shortcut="B",
                stem=None,
                start="nf",
                batch_norm=False,
            ),
            r"stem.*nf needs",
        ),
        (lambda: Stem(2, 4, 1, False), r"kernel_size.*odd.*2"),
        (lambda: Stem(3, 1, 1, False, convolutions=3), r"filters.*at least 2.*1"),
        (lambda: Stem(3, 4, 0, False), r"stride.*0"),
        (lambda: Stage("conv2_x", "plain", 4, 10**18, 1), r"repeats.*1 to 10000"),
    ],
)
def test_each_reason(make, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: None, "record.*Network.*None"),
        (lambda record: {**record, "stem": 3}, "record.*Stem.*3"),
        (lambda record: {**record, "stages": 3}, "stages.*3"),
        (lambda record: {**record, "stages": [[]]}, "record.*Stage"),
        (lambda record: {k: v for k, v in record.items() if k != "stages"}, "with name.*stages"),
        (lambda record: {**record, "depth": 3}, "record.*depth"),
    ],
)
def test_a_record_that_is_none_is_refused(change, message):
    record = dataclasses.asdict(specs.get("resnet20"))
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Network.from_record(change(record))


def test_a_pool_behind_a_stem_with_a_pool_has_a_name_of_its_own():
    spec = net(
        Stage("conv2_x", "basic", 4, 1, 1, pooling=True),
        shortcut="B",
        stem=Stem(3, 4, 1, max_pooling=True),
    )
    assert {"pool1", "pool2"} <= {layer.name for layer in networks.build(spec).layers}
    counted_as_built(spec)


@pytest.mark.parametrize("key", ["parameters", "output_shape", "multiply_adds", "name"])
def test_a_count_that_is_wrong_would_be_noticed(key, monkeypatch):
    spec = net(BASIC, shortcut="B")
    rows = counting.layers(spec)
    wrong = {"name": "other", "output_shape": (1, 1, 1)}.get(key, 1)
    rows[3] = dataclasses.replace(rows[3], **{key: wrong})
    monkeypatch.setattr(counting, "layers", lambda _: rows)
    with pytest.raises(Lost):
        counted_as_built(spec)


def test_an_error_from_inside_would_be_noticed(monkeypatch):
    def from_inside(_):
        raise KeyError("stages")

    monkeypatch.setattr(any_spec, "network", from_inside)
    with pytest.raises(Lost, match="KeyError from inside"):
        refused_or_counted({})

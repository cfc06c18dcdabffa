"""The explorer's JavaScript against `counting`: every network, option and stride, layer by layer.

The very module that the page loads runs under Node. Where there is no Node the test is skipped:
the book is built without it.
"""

import dataclasses
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import explorer_data
from helpers import counting, specs

HERE = Path(__file__).parent
# At the least size of most, below it, odd, not square, usual, large.
SIZES = ([32, 32], [224, 224], [224, 160], [97, 65], [31, 32], [4, 4], [3, 500])
CLASSES = (10, 1000, 1, 37)
MISTAKES = {
    "classes": [{"classes": 0}, {"classes": 2.5}],
    "size": [{"size": [0, 224]}, {"size": [224.5, 224]}, {"size": [224]}],
    "layers": [{"network": "plain20", "option": "A"}, {"network": "resnet20", "option": None}],
    "network": [{"network": "resnet35"}],
}


def variants(name):
    """Every option and stride that a network can have."""
    spec = specs.get(name)
    bottleneck = not spec.kinds.isdisjoint(specs.BOTTLENECK_BLOCKS)
    return itertools.product(
        specs.OPTIONS if spec.shortcut else (None,),
        specs.BOTTLENECK_STRIDES if bottleneck else (None,),
    )


def choices():
    """Every network, option and stride with every size; the classes take turns."""
    turns = itertools.cycle(CLASSES)
    for name in specs.names():
        sizes = ([33, 47], [3, 500]) if specs.get(name).depth > 1000 else SIZES
        for (option, stride), size in itertools.product(variants(name), sizes):
            same = {"network": name, "size": size, "classes": next(turns)}
            yield same | {"option": option, "stride": stride}


def in_python(choice):
    """What `counting` says of a choice, in the module's form; None where it raises."""
    changes = {"shortcut": choice["option"], "bottleneck_stride": choice["stride"]}
    changes |= {"input_shape": (*choice["size"], 3), "num_classes": choice["classes"]}
    try:
        spec = specs.resolve(choice["network"], **changes)
    except ValueError:
        return None
    rows = counting.layers(spec)
    of_stage = [
        [
            *(stage.name, sum(row.stage == stage.name for row in rows)),
            *(stage.parameters, stage.multiply_adds, stage.activations),
            list(stage.output_shape),
        ]
        for stage in counting.by_stage(spec)
    ]
    sums = {
        "depth": spec.depth,
        "parameters": counting.parameters(spec),
        "movingStatistics": counting.moving_statistics(spec),
        "multiplyAdds": counting.multiply_adds(spec),
        "activations": counting.activations(spec),
    }
    plain = [list(dataclasses.asdict(row).values()) for row in rows]
    plain = json.loads(json.dumps(plain))  # tuples as lists
    return {"name": spec.name, "rows": plain, "sums": sums, "stages": of_stage}


@pytest.fixture(scope="module")
def in_javascript(tmp_path_factory):
    """Calls the page's module: a list of choices in, a list of results out."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("The explorer's module runs in a browser or in Node; here is no `node`.")
    folder = tmp_path_factory.mktemp("explorer")
    networks = folder / "networks.json"
    networks.write_text(json.dumps(explorer_data.data()))

    def run(cases):
        (folder / "cases.json").write_text(json.dumps(cases))
        command = [node, HERE / "explorer_rows.mjs", networks, folder / "cases.json"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize("name", specs.names())
def test_every_layer_has_the_numbers_of_counting(name, in_javascript):
    cases = [choice for choice in choices() if choice["network"] == name]
    refused = 0
    for choice, came in zip(cases, in_javascript(cases), strict=True):
        expected = in_python(choice)
        if expected is None:
            least = specs.get(name).total_stride
            assert f"must be at least {least}." in came["error"], choice
            refused += 1
        else:
            assert came == expected, choice
    assert 0 < refused < len(cases)


def test_what_is_no_network_is_refused_with_its_reason(in_javascript):
    usual = {"network": "resnet50", "size": [224, 224], "classes": 1000}
    usual |= {"option": "B", "stride": "1x1"}
    for word, mistakes in MISTAKES.items():
        cases = [usual | mistake for mistake in mistakes]
        for case, came in zip(cases, in_javascript(cases), strict=True):
            assert word in came["error"] and "Received: " in came["error"], case


def test_the_usual_choice_is_the_record(in_javascript):
    cases = [{"network": name, "usual": True} for name in specs.names()]
    for came in in_javascript(cases):
        spec = specs.get(came["network"])
        bottleneck = not spec.kinds.isdisjoint(specs.BOTTLENECK_BLOCKS)
        assert (*came["size"], 3) == spec.input_shape
        assert (came["classes"], came["option"]) == (spec.num_classes, spec.shortcut)
        assert came["stride"] == (spec.bottleneck_stride if bottleneck else None)


def test_the_names_stand_in_two_groups():
    """As the page's chooser has them: those until 2015 first, none of them among the later."""
    networks = explorer_data.data()["networks"]
    assert list(networks) == specs.names()
    later = [name for name in networks if networks[name]["after2015"]]
    assert list(networks) == [name for name in networks if name not in later] + later
    assert {"preresnet20", "wrn28_10", "seresnet50"} < set(later)
    assert not {"resnet50", "plain20", "vgg16"} & set(later)


def test_the_data_are_small_and_blocks_stand_once():
    data = explorer_data.data()
    of_1001 = data["networks"]["preresnet1001"]["variants"]["B 1x1"]["runs"]
    assert len(of_1001) < 20 and sum(run[3] for run in of_1001) > 333
    assert len(json.dumps(data)) < 150_000
    blocks = [json.dumps(block) for block in data["blocks"]]
    assert len(set(blocks)) == len(blocks)

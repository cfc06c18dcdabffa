"""The explorer's JavaScript against `counting`: every network, option and stride, layer by layer.

The very module that the page loads runs under Node. Where there is no Node the test is skipped:
the book is built without it.
"""

import csv
import dataclasses
import itertools
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import explorer_data
from helpers import counting, networks, specs

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# At the least size of most, below it, odd, not square, usual, large.
SIZES = ([32, 32], [224, 224], [224, 160], [97, 65], [31, 32], [4, 4], [3, 500])
CLASSES = (10, 1000, 1, 37)
MISTAKES = {
    "classes": [{"classes": 0}, {"classes": 2.5}],
    "size": [{"size": [0, 224]}, {"size": [224.5, 224]}, {"size": [224]}],
    "layers": [{"network": "plain20", "option": "A"}, {"network": "resnet20", "option": None}],
    "network": [{"network": name} for name in ("resnet35", "__proto__", "constructor", "toString")],
    "at most": [{"size": [8193, 224]}, {"size": [1e9, 1e9]}, {"classes": 1_000_001}],
    "Received: 224by224": [{"size": [None, None], "typed": {"size": "224by224"}}],
    "Received: many": [{"classes": None, "typed": {"classes": "many"}}],
    "Received: 7x7": [{"stride": "7x7"}],
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


@pytest.mark.parametrize("name", specs.names())
def test_the_largest_that_may_be_asked_has_no_more_digits_than_a_browser_keeps(name):
    text = (ROOT / "book/interactive/served/explorer/counting.js").read_text("utf-8")
    numbers = re.search(r"MOST = \{side: (\w+), classes: (\w+), batch: (\w+)\}", text).groups()
    side, classes, batch = map(int, numbers)
    largest = specs.resolve(name, input_shape=(side, side, 3), num_classes=classes)
    sums = [counting.parameters(largest), counting.multiply_adds(largest)]
    assert max(*sums, batch * counting.activations(largest)) < 2**53


CODE = """
import {readFileSync} from 'node:fs';
import {detailed, usual} from './counting.js';
import {explained} from './explained.js';
import {code, csv} from './take.js';
const [data, choices] = process.argv.slice(1).map((file) => JSON.parse(readFileSync(file, 'utf8')));
console.log(JSON.stringify(choices.map((choice) => {
  const details = detailed(data, choice);
  return {code: code(choice, usual(data, choice.network)), csv: csv(details.map(({row}) => row)),
    explained: details.map(explained)};
})));
"""


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Some choices, and of each the code, the table and the explanations that the page gives."""
    if shutil.which("node") is None:
        pytest.skip("The explorer's modules run in a browser or in Node; here is no `node`.")
    folder = tmp_path_factory.mktemp("taken")
    usual = {"network": "resnet50", "size": [224, 224], "classes": 1000}
    usual |= {"option": "B", "stride": "1x1"}
    some = [
        *(usual, usual | {"size": [97, 65], "classes": 37, "option": "A", "stride": "3x3"}),
        *(usual | {"network": "vgg16", "option": None, "stride": None},),
        *(usual | {"network": name} for name in ("resnext50_32x4d", "seresnet50")),
    ]
    (folder / "networks.json").write_text(json.dumps(explorer_data.data()))
    (folder / "choices.json").write_text(json.dumps(some))
    node = ["node", "--input-type=module", "--eval", CODE]
    files = [folder / "networks.json", folder / "choices.json"]
    where = ROOT / "book/interactive/served/explorer"
    done = subprocess.run([*node, *files], cwd=where, capture_output=True, text=True, check=True)
    return list(zip(some, json.loads(done.stdout), strict=True))


def test_the_code_of_a_choice_builds_that_choice(taken, monkeypatch):
    asked = []
    monkeypatch.setattr(networks, "build", lambda name, **more: asked.append((name, more)))
    for choice, found in taken:
        exec(found["code"], {})
        name, more = asked.pop()
        spec = specs.resolve(name, **more)
        assert (choice["network"], *choice["size"]) == (name, *spec.input_shape[:2])
        assert (spec.num_classes, spec.shortcut) == (choice["classes"], choice["option"])
        assert choice["stride"] in (None, spec.bottleneck_stride)
    assert taken[0][1]["code"].endswith('networks.build("resnet50")')


def test_the_table_to_take_away_has_a_line_for_each_layer(taken):
    for choice, found in taken:
        lines = list(csv.DictReader(found["csv"].splitlines()))
        changes = {"shortcut": choice["option"], "bottleneck_stride": choice["stride"]}
        changes |= {"input_shape": (*choice["size"], 3), "num_classes": choice["classes"]}
        rows = counting.layers(specs.resolve(choice["network"], **changes))
        assert [line["layer"] for line in lines] == [row.name for row in rows]
        assert [int(line["multiply-adds"]) for line in lines] == [row.multiply_adds for row in rows]
        assert [line["output"] for line in lines] == [
            "x".join(map(str, r.output_shape)) for r in rows
        ]


def test_an_explanation_multiplies_to_the_number_that_it_names(taken):
    products = 0
    for _, found in taken:
        for text in found["explained"]:
            plain = text.replace("\N{MULTIPLICATION SIGN}", "x")
            for left, bias, right in re.findall(r": ([\d x]+)(\+ \d+ )?= ([\d,]+)", plain):
                factors = [int(one) for one in left.split(" x ")]
                more = int((bias or "+ 0").strip("+ "))
                assert math.prod(factors) + more == int(right.replace(",", "")), text
                products += 1
    assert products > 200


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

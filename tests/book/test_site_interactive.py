"""Around the pages that compute in the browser: links to them, and what npm brings."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from docutils import nodes

import interactive

ROOT = Path(__file__).parents[2]
PACKAGES = {
    name: json.loads((ROOT / name / "package.json").read_text("utf-8"))
    for name in ("book/interactive", "tests/site")
}
KINDS = ("dependencies", "devDependencies")


@pytest.mark.parametrize(
    "state",
    [
        "net=vgg19&net2=resnet34",
        "net=resnet50&net2=resnet50&stride2=3x3",
        "net2=none&size=32x48&classes=10&option=A&batch=32",
    ],
)
def test_a_state_of_the_explorer_stands_in_a_link(state):
    assert interactive.checked(state) == state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("net=resnet35", "net of the explorer is one of .*'resnet34'.* Received: 'resnet35'"),
        ("net=none", "Received: 'none'"),
        (
            "network=resnet34",
            "knows net, size, classes, option, stride, batch. Received: 'network'",
        ),
        ("batch2=32", "Received: 'batch2'"),
        ("stride2=2x2", "stride2 of the explorer is one of"),
        ("resnet34", "bad query field"),
    ],
)
def test_what_the_explorer_would_ignore_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        interactive.checked(state)


@pytest.mark.parametrize(
    "state",
    ["problem=long-spirals&depth=24&rate=0.02&nets=plain", "norm=off&seed=7&gradients=first"],
)
def test_a_state_of_the_playground_stands_in_a_link(state):
    assert interactive.checked(state, interactive.PLAYGROUND) == state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("problem=moons", "problem of the playground is one of .*'spirals'.* Received: 'moons'"),
        ("depth=25", "depth of the playground is one of .*'24', '26'.* Received: '25'"),
        ("net=resnet34", "the playground knows problem, depth, .* Received: 'net'"),
        ("depth2=24", "Received: 'depth2'"),
    ],
)
def test_what_the_playground_would_ignore_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        interactive.checked(state, interactive.PLAYGROUND)


def test_the_explorers_page_reads_the_same_keys():
    page = (ROOT / "book" / "interactive" / "served" / "explorer" / "page.js").read_text("utf-8")
    keys = re.search(r"const KEYS = \[(.*)\];", page)[1]
    of_each = [key for key in interactive.KNOWN["book/explorer"] if key not in interactive.OF_BOTH]
    assert re.findall(r"'(\w+)'", keys) == of_each
    usual = re.search(r"const DEFAULTS = \{.*?\n\};", page, re.DOTALL)[0]
    assert re.findall(r"^  (\w+): '", usual, re.MULTILINE) == ["net", "net2", *interactive.OF_BOTH]


PLAYGROUND = ROOT / "book" / "interactive" / "served" / "playground"
SETTINGS = """
import {fit, USUAL, VALUES} from './settings.js';
const asked = JSON.parse(process.argv[1]);
const found = asked.map((one) => fit({...USUAL, ...one}, USUAL));
console.log(JSON.stringify({VALUES, USUAL, found}));
"""
needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="there is no node to run the page's modules"
)


def settings(*asked):
    """The playground's values, its usual ones, and what it makes of settings that are asked."""
    node = ["node", "--input-type=module", "--eval", SETTINGS, json.dumps(asked)]
    return json.loads(subprocess.run(node, cwd=PLAYGROUND, capture_output=True, check=True).stdout)


@needs_node
def test_the_playgrounds_page_reads_the_same_keys_and_values():
    page, known = settings(), interactive.KNOWN[interactive.PLAYGROUND]
    assert {key: tuple(values or ()) for key, values in page["VALUES"].items()} == known
    assert page["USUAL"].keys() == known.keys()
    interactive.checked(urlencode(page["USUAL"]), interactive.PLAYGROUND)


@needs_node
@pytest.mark.parametrize(
    ("key", "asked", "fitted"),
    [
        ("width", "2", "4"),
        ("width", "40", "32"),
        ("depth", "61", "60"),
        ("depth", "deep", "40"),
        ("depth", "", "40"),
        ("rate", "0.3", "0.2"),
        ("seed", "1e9", "999"),
        ("problem", "moons", "spirals"),
    ],
)
def test_a_value_that_the_playground_has_not_is_put_right_and_that_is_said(key, asked, fitted):
    (found,) = settings({key: asked})["found"]
    assert found["fitted"][key] == fitted
    (said,) = found["said"]
    assert f"{fitted} in place of “{asked}”" in said


@needs_node
def test_a_setting_that_can_be_is_left_as_it_is():
    asked = {"depth": "2", "shallow": "60", "width": "32", "noise": "0.2", "seed": "7"}
    (found,) = settings(asked)["found"]
    assert found["said"] == [] and found["fitted"].items() >= asked.items()


WINDINGS = """
import {PROBLEMS, makePoints} from './points.js';
console.log(JSON.stringify(Object.fromEntries(PROBLEMS.map((name) => {
  const {points, labels} = makePoints(name, 400, 3);
  return [name, [[...points], [...labels]]];
}))));
"""


@needs_node
def test_the_spirals_wind_as_often_as_their_names_say():
    node = ["node", "--input-type=module", "--eval", WINDINGS]
    folder = ROOT / "book" / "interactive" / "served" / "playground"
    made = json.loads(subprocess.run(node, cwd=folder, capture_output=True, check=True).stdout)
    turns = {}
    for name, (points, labels) in made.items():
        assert sum(labels) == len(labels) / 2
        arm = np.array(points).reshape(-1, 2)[np.array(labels) == 0]
        assert np.abs(arm).max() < 1.1  # the square that the page shows
        angles = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0])[len(arm) // 20 :])  # noise rules within
        left_out = np.sqrt((len(arm) // 20) / len(arm))
        turns[name] = (angles[-1] - angles[0]) / (2 * np.pi) / (1 - left_out)
    assert turns["spirals"] == pytest.approx(1.75, abs=0.1)
    assert turns["long-spirals"] == pytest.approx(4, abs=0.1)


class Builder:
    def __init__(self, name):
        self.name = name


class Translator:
    def __init__(self, builder):
        self.builder, self.body = Builder(builder), []


def shown(builder, look):
    """What the directive writes for a builder, without its content."""
    translator = Translator(builder)
    node = interactive.Live(setting="depth=24&nets=plain", look=look)
    try:
        interactive.visit(translator, node)
    except nodes.SkipNode:
        return "".join(translator.body)
    interactive.depart(translator, node)
    return "".join(translator.body)


def test_the_playground_stands_on_the_website_alone_and_paper_says_where_it_is():
    site = shown("html", "small")
    assert 'data-setting="depth=24&amp;nets=plain"' in site and 'data-look="small"' in site
    assert interactive.NEEDS in site
    for builder in ("singlehtml", "epub"):
        assert shown(builder, "small") == ""
        assert shown(builder, "whole") == f"<p>{interactive.ELSEWHERE}</p>\n"


def test_a_package_is_asked_for_once_and_exactly():
    asked = [
        (package, version)
        for content in PACKAGES.values()
        for kind in KINDS
        for package, version in content.get(kind, {}).items()
    ]
    names = [package for package, _ in asked]
    assert len(names) == len(set(names))
    for package, version in asked:
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{package}: {version}"


@pytest.mark.parametrize("name", PACKAGES)
def test_the_lock_belongs_to_its_package_and_names_no_host(name):
    text = (ROOT / name / "package-lock.json").read_text("utf-8")
    root = json.loads(text)["packages"][""]
    for kind in KINDS:
        assert root.get(kind, {}) == PACKAGES[name].get(kind, {}), f"run npm install in {name}"
    assert '"resolved"' not in text


def test_what_is_served_has_the_versions_that_are_asked_for():
    served = ROOT / "book" / "interactive" / "served" / "vendor"
    readme = (served / "README.txt").read_text("utf-8")
    asked = PACKAGES["book/interactive"]["dependencies"]
    tensorflow = {asked["@tensorflow/tfjs-core"], asked["@tensorflow/tfjs-backend-wasm"]}
    assert len(tensorflow) == 1
    for name, file, version in (
        ("TensorFlow.js", "tensorflow.js", tensorflow.pop()),
        ("lit-html", "lit-html.js", asked["lit-html"]),
    ):
        assert f"{name} {version}" in readme
        assert f'"{version}"' in (served / file).read_text("utf-8"), f"{file} is not {version}"

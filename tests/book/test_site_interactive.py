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
    for name in ("site", "tests/site")
}
KINDS = ("dependencies", "devDependencies")


@pytest.mark.parametrize(
    "state",
    [
        "net=vgg19&net2=resnet34",
        "net=resnet50&net2=resnet50&stride2=3x3",
        "net2=none&size=32x48&classes=10&option=A",
    ],
)
def test_a_state_of_the_explorer_stands_in_a_link(state):
    assert interactive.checked(state) == state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("net=resnet35", "net of the explorer is one of .*'resnet34'.* Received: 'resnet35'"),
        ("net=none", "Received: 'none'"),
        ("network=resnet34", "knows net, size, classes, option, stride. Received: 'network'"),
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
    page = (ROOT / "site" / "served" / "explorer" / "page.js").read_text("utf-8")
    keys = re.search(r"const KEYS = \[(.*)\];", page)[1]
    assert re.findall(r"'(\w+)'", keys) == list(interactive.KNOWN[interactive.EXPLORER])


def test_the_playgrounds_page_reads_the_same_keys_and_values():
    served = ROOT / "site" / "served" / "playground"
    page = (served / "page.js").read_text("utf-8")
    known = interactive.KNOWN[interactive.PLAYGROUND]
    block = re.search(r"const DEFAULTS = \{(.*?)\.\.\.", page, re.DOTALL)[1]
    defaults = dict(re.findall(r"(\w+): '([^']*)'", block))
    assert defaults.keys() == known.keys()
    interactive.checked(urlencode(defaults), interactive.PLAYGROUND)
    rates = re.search(r"const RATES = \[(.*)\];", page)[1]
    assert tuple(rates.split(", ")) == known["rate"]
    for key in ("depth", "width"):
        low, high, step = map(
            int, re.search(rf"clamp\('{key}', (\d+), (\d+), (\d+)\)", page).groups()
        )
        assert known[key] == tuple(str(n) for n in range(low, high + 1, step))
    for key, name in (("nets", "CHOICES"), ("gradients", "TIMES")):
        entries = re.search(rf"const {name} = \{{(.*)\}};", page)[1]
        assert tuple(re.findall(r"(\w+): '", entries)) == known[key]
    shapes = re.search(
        r"const SHAPES = \{\n(.*?)\n\};", (served / "points.js").read_text("utf-8"), re.DOTALL
    )
    assert tuple(re.findall(r"^  '?([\w-]+)'?: ", shapes[1], re.MULTILINE)) == known["problem"]


WINDINGS = """
import {PROBLEMS, makePoints} from './points.js';
console.log(JSON.stringify(Object.fromEntries(PROBLEMS.map((name) => {
  const {points, labels} = makePoints(name, 400, 3);
  return [name, [[...points], [...labels]]];
}))));
"""


@pytest.mark.skipif(
    shutil.which("node") is None, reason="there is no node to run the page's points"
)
def test_the_spirals_wind_as_often_as_their_names_say():
    node = ["node", "--input-type=module", "--eval", WINDINGS]
    folder = ROOT / "site" / "served" / "playground"
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
    served = ROOT / "site" / "served" / "vendor"
    readme = (served / "README.txt").read_text("utf-8")
    asked = PACKAGES["site"]["dependencies"]
    tensorflow = {asked["@tensorflow/tfjs-core"], asked["@tensorflow/tfjs-backend-wasm"]}
    assert len(tensorflow) == 1
    for name, file, version in (
        ("TensorFlow.js", "tensorflow.js", tensorflow.pop()),
        ("lit-html", "lit-html.js", asked["lit-html"]),
    ):
        assert f"{name} {version}" in readme
        assert f'"{version}"' in (served / file).read_text("utf-8"), f"{file} is not {version}"

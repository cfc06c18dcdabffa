"""The figure of the sweep by depth whose runs a reader can choose: its data."""

import json
from pathlib import Path

import numpy as np
import pytest

import inside_records
import twins_data
from helpers import runs, studies

ROOT = Path(__file__).parents[2]


def test_the_sweep_has_its_runs_shallow_nets_first(tmp_path):
    inside_records.write_sweep(tmp_path)
    found = twins_data.data("recorded-runs", tmp_path)
    assert [net["title"] for net in found["nets"]] == ["plain-8", "ResNet-8"]
    assert [[run["seed"] for run in net["runs"]] for net in found["nets"]] == [[0], [0, 1]]
    assert found["nets"][0]["runs"][0]["validation"] == [55.4, 30.0]


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": {"name": "late-drops-padding2-mixup0.2"}},
        {"recipe": {"name": "late-drops-rate0.033-padding2"}},
        {"spec": {"input_shape": [32, 32, 3]}},
    ],
)
def test_what_another_study_trained_is_not_in_it(other, tmp_path):
    inside_records.write_sweep(tmp_path)
    before = twins_data.data("recorded-runs", tmp_path)
    record = inside_records.run_of_the_sweep("resnet8", 2) | other
    (tmp_path / "other.json").write_text(json.dumps(record))
    assert twins_data.data("recorded-runs", tmp_path) == before


def test_the_sweep_is_that_of_the_study(book_records):
    plans = studies.load("depth").plans
    swept = [p for p in plans if getattr(p, "size", None) == 16 and p.learning_rate is None]
    found = twins_data.data("recorded-runs", ROOT / "results")["nets"]
    came = {(net["name"], run["seed"]) for net in found for run in net["runs"]}
    assert came == {(plan.network, plan.seed) for plan in swept}
    for net in found:
        for run in net["runs"]:
            plan = next(p for p in swept if (p.network, p.seed) == (net["name"], run["seed"]))
            history = runs.load(plan.record()).history
            assert run["training"] == pytest.approx(100 * np.array(history["error"]), abs=0.051)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"data": {"description": "other images"}}, "the same images.*noise.*other images"),
        ({"history": {"error": [0.1], "validation_error": [0.1]}}, r"one length.*epochs .1, 2."),
        ({"history": {"error": [10.0], "validation_error": [0.1]}}, "expected a share"),
        ({"seed": None}, "expected a seed"),
    ],
)
def test_runs_that_do_not_belong_together_are_refused(more, message, tmp_path):
    for seed, change in ((0, {}), (1, more)):
        record = inside_records.run_of_the_sweep("plain8", seed) | change
        (tmp_path / f"{seed}.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match=message):
        twins_data.data("recorded-runs", tmp_path)
    with pytest.raises(ValueError, match=r"0 nets.*python -m helpers study depth"):
        twins_data.data("recorded-runs", tmp_path / "nowhere")

"""Every fault, a few times; and the campaign's last result, which the appendix shows."""

import pytest

from torture import campaign
from torture.fault import Fault, Lost, tried

FAULTS = campaign.faults()


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost(name, tmp_path):
    one = FAULTS[name]
    assert tried(one, one.few, tmp_path, seed=0).total() >= one.few


def test_the_last_campaign_tried_every_fault_and_lost_nothing():
    last = campaign.last()
    assert set(last) == set(FAULTS), "make torture, or python -m torture.campaign NAME"
    for name, result in last.items():
        assert result["lost"] is None, name
        assert set(result["outcomes"]) <= set(FAULTS[name].outcomes), name
        assert sum(result["outcomes"].values()) >= FAULTS[name].many, name
        told = {key: result.get(key) for key in ("group", "does", "holds")}
        assert told == campaign.words(FAULTS[name]), f"{name}: python -m torture.campaign --words"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda trial: None, "0 outcomes of 2"),
        (lambda trial: [trial.came("odd") for _ in range(2)], "odd"),
    ],
)
def test_a_fault_that_says_nothing_or_something_else_is_lost(run, message, tmp_path):
    one = Fault("x", "g", "does", "holds", ("went on",), 2, 2, run)
    with pytest.raises(Lost, match=message):
        tried(one, 2, tmp_path, seed=0)

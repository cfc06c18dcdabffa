"""Which assignments have their submissions graded today."""

import pytest

import proof

NAMES = ["01-degradation", "02-identity-shortcuts", "03-resnet34", "04-bottleneck", "repair"]


@pytest.fixture(autouse=True)
def the_day(monkeypatch):
    monkeypatch.setenv("PACKING", "2026-01-02")
    monkeypatch.delenv("ASSIGNMENTS", raising=False)


def of_the_day(monkeypatch, *differ):
    """The choice where these paths differ from when all were graded, and no others."""
    monkeypatch.setattr(proof, "_differ", lambda since, *about: bool(set(about) & set(differ)))
    return proof.of_the_day(NAMES)


def test_some_are_drawn_and_the_same_on_the_same_day(monkeypatch):
    assert len(of_the_day(monkeypatch)) == proof.A_DAY
    assert of_the_day(monkeypatch) == of_the_day(monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_what_changed_joins_those_that_are_drawn(monkeypatch, name):
    found = of_the_day(monkeypatch, f"assignments/source/{name}")
    assert found == of_the_day(monkeypatch) | {name}


@pytest.mark.parametrize("path", proof.OF_ALL)
def test_what_grades_them_reaches_all(monkeypatch, path):
    assert (proof.ROOT / path).exists()
    assert of_the_day(monkeypatch, path) == set(NAMES)


def test_all_are_graded_where_somebody_says_so_or_no_commit_is_known(monkeypatch):
    monkeypatch.setattr(proof.tomllib, "loads", lambda _: {"assignments": {"commit": ""}})
    assert proof.of_the_day(NAMES) == set(NAMES)
    monkeypatch.setenv("ASSIGNMENTS", "all")
    assert of_the_day(monkeypatch) == set(NAMES)

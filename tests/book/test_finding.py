"""The search's words: what stands for what, and how a page's words are counted."""

from pathlib import Path

import pytest

import finding

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ("Skip connections", ["shortcut"]),
        ("a residual connection", ["shortcut"]),
        ("licensed", ["licence"]),
        ("warmup", ["warm"]),
        ("the warm-up", ["the", "warm"]),
        ("Batch Normalization", ["batch", "normalisation"]),
        ("ResNet-50's parameters", ["resnet50", "parameter"]),
        ("resnet50", ["resnet50"]),
        ("stride 3x3", ["stride", "3x3"]),
        ("option B", ["option"]),
    ],
)
def test_words_are_counted_as_they_are_typed(typed, counted):
    assert finding.tokens(typed) == counted


def test_a_page_has_its_words_and_those_that_are_rare_are_left_out():
    found = finding.words({"b": "shortcut " * 5 + "rare", "a": "skip connections " * 3})
    assert found["pages"] == ["a", "b"]
    assert found["counts"] == {"shortcut": {0: 3, 1: 5}}


def test_leads_lead_to_pages_and_are_words_as_they_are_counted():
    for typed, page in finding.LEADS.items():
        assert (ROOT / f"{page}.md").is_file()
        assert " ".join(finding.tokens(typed)) == typed

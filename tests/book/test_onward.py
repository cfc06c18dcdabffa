"""Letters of figures outside the chapters, the line at a chapter's end, folds of the claims."""

import types

import pytest
from docutils import nodes

import claims_table
import numbering
import onward

TITLES = {
    "index": "The book",
    **{"book/01-a": "One", "notebooks/01-a": "One, run"},
    **{"book/02-b": "Two & more", "book/between": "Between", "notebooks/02-b": "Two, run"},
    "book/repair": "Repair",
}


def test_figures_outside_the_chapters_have_their_pages_letter():
    numbers = {
        "book/01-a": {"figure": {"fig-x": (1, 1)}},
        "book/repair": {"figure": {"fig-b": (3,), "fig-a": (2,)}, "table": {"tab-a": (9,)}},
        "notebooks/repair": {"figure": {"fig-c": (4,)}, "exercise": {"ex-a": (7,)}},
        "book/shapes": {"figure": {"fig-s": (5,)}},
    }
    changed = numbering.lettered(numbers, list(numbers))
    assert changed == ["book/repair", "notebooks/repair", "book/shapes"]
    assert numbers == {
        "book/01-a": {"figure": {"fig-x": (1, 1)}},
        "book/repair": {
            "figure": {"fig-b": ("R", 2), "fig-a": ("R", 1)},
            "table": {"tab-a": ("R", 1)},
        },
        "notebooks/repair": {"figure": {"fig-c": ("R", 3)}, "exercise": {"ex-a": (7,)}},
        "book/shapes": {"figure": {"fig-s": ("A", 1)}},
    }
    assert numbering.lettered(numbers, list(numbers)) == changed  # and again gives the same
    assert numbers["notebooks/repair"]["figure"] == {"fig-c": ("R", 3)}


def test_a_build_that_goes_on_writes_only_pages_whose_letters_changed():
    """Sphinx must find the numbers that it gave, not the letters: it writes what differs."""
    env = types.SimpleNamespace(toc_fignumbers={}, collect_relations=lambda: {"book/shapes": 0})
    app, counted = None, {"book/shapes": {"figure": {"fig-s": (5,)}}}
    for number, (figures, changed) in enumerate(
        [({"fig-s": (5,)}, True), ({"fig-s": (5,)}, False), ({"fig-s": (5,), "b": (6,)}, True)]
    ):
        assert numbering._as_counted(app, env) == []
        before = env.toc_fignumbers
        assert before == (counted if number else {})
        counted = {"book/shapes": {"figure": dict(figures)}}
        env.toc_fignumbers = {"book/shapes": {"figure": dict(figures)}}  # as Sphinx does
        assert numbering._renumber(app, env) == (["book/shapes"] if changed else [])
        assert env.toc_fignumbers["book/shapes"]["figure"]["fig-s"] == ("A", 1)


def test_a_chapter_leads_to_its_notebook_and_to_the_next_chapter():
    end = onward.line("book/01-a", TITLES, "../")
    assert 'Run it: <a href="../notebooks/01-a.html">One, run</a>' in end
    assert 'Next chapter: <a href="../book/02-b.html">Two &amp; more</a>' in end


def test_a_notebook_leads_back_and_on():
    end = onward.line("notebooks/01-a", TITLES, "../")
    assert 'The chapter: <a href="../book/01-a.html">One</a>' in end
    assert 'Next chapter: <a href="../book/02-b.html">' in end


def test_the_last_chapter_has_no_next_and_other_pages_have_no_line():
    assert "Next" not in onward.line("book/02-b", TITLES, "../")
    for page in ("index", "book/repair", "book/between"):
        assert onward.line(page, TITLES, "") == ""


@pytest.mark.parametrize("builder", ["html", "singlehtml", "epub"])
def test_claims_are_folded_on_the_website_alone(builder):
    named = types.SimpleNamespace(name=builder)
    translator = types.SimpleNamespace(builder=named, body=[])
    fold = claims_table.Fold(count=1, title="One")
    claims_table.visit_fold(translator, fold)
    claims_table.depart_fold(translator, fold)
    with pytest.raises(nodes.SkipNode):
        claims_table.visit_filter(translator, claims_table.Filter())
    out = "".join(translator.body)
    assert ("<details" in out, "1 claim<" in out, "claims-filter" in out) == (
        builder == "html",
    ) * 3

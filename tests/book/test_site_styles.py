"""The style sheet of the pages, without what no page can use."""

from pathlib import Path

import pydata_sphinx_theme
import pytest
import tinycss2
from bs4 import BeautifulSoup
from soupsieve import SelectorSyntaxError

import styles

WORDS = styles.Words.of(
    ['<p class="note seen" id="top">'],
    ['add("tip-" + side, tag + "-open", `row-${i - 1}-cell`, a-b)'],
)


def left(sheet):
    return styles.pruned(sheet, WORDS)


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (".note{color:red}", ".note{color:red}"),
        (".other{color:red}", ""),
        (".note .other{color:red}", ""),
        (".note.other, .seen > p{color:red}", ".seen > p{color:red}"),
        ("#top{color:red}#bottom{color:red}", "#top{color:red}"),
        ("p, a:hover, [data-other]{color:red}", "p,a:hover,[data-other]{color:red}"),
    ],
)
def test_a_rule_stays_where_an_element_of_the_pages_can_match_it(sheet, expected):
    assert left(sheet) == expected


@pytest.mark.parametrize("name", ["tip-left", "menu-open", "row-2", "last-cell"])
def test_a_class_that_a_script_puts_together_stays(name):
    assert left(f".{name}{{top:0}}") == f".{name}{{top:0}}"


@pytest.mark.parametrize("name", ["tips-left", "menu-opened", "open", "a-c"])
def test_and_no_other(name):
    assert left(f".{name}{{top:0}}") == ""


def test_a_name_that_is_no_word_keeps_its_rule():
    assert "top" in left(r".w-1\/2{top:0}")


def test_no_rule_of_the_theme_goes_that_an_element_of_the_page_matches():
    """soupsieve, which chooses elements by its own reading of CSS, agrees."""
    sheet = next(Path(pydata_sphinx_theme.__file__).parent.rglob("pydata-sphinx-theme.css"))
    page = '<main id="main-content"><p class="lead">a<b class="badge btn-sm"></b></p>'
    page += '<table class="table"><tr><td><a class="btn" href="#">a</a></td></tr></table></main>'
    soup = BeautifulSoup(f'<html data-theme="dark"><body>{page}</body></html>', "html.parser")
    parsed = tinycss2.parse_stylesheet(sheet.read_text("utf-8"), True, True)
    rules = [rule for rule in parsed if rule.type == "qualified-rule"]
    gone = matched = 0
    for rule in rules:
        kept = styles.pruned(rule.serialize(), styles.Words.of([str(soup)], []))
        try:
            found = soup.select(tinycss2.serialize(rule.prelude))
        except (SelectorSyntaxError, NotImplementedError):
            continue  # what it does not know: parts of an element, as ::before
        matched += bool(found)
        gone += not kept
        assert kept or not found, rule.serialize()
    assert matched > 20 and gone > 1000


def test_what_is_excluded_need_not_be_there():
    assert left("p:not(.other){top:0}p:is(.other,b){top:0}").count("top") == 2


def test_rules_within_conditions_are_looked_at_and_empty_conditions_go():
    sheet = "@media print{.note{top:0}.other{top:0}}@media screen{.other{top:0}}"
    assert left(sheet) == "@media print{.note{top:0}}"


def test_faces_movements_and_variables_stay():
    sheet = "@font-face{font-family:a}\n@keyframes turn{from{top:0}}\n:root{--other:#fff}"
    assert left(sheet) == sheet


def test_a_licence_stays_and_another_comment_goes():
    assert left("/*! MIT */ /* here */ p{top:0 /* so */}").startswith("/*! MIT */\np{top:0")


def test_what_is_no_style_sheet_is_said():
    with pytest.raises(ValueError, match=r"expected a style sheet\. Received, in line 2"):
        left("p{top:0}\n}")

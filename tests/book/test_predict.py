"""The directive `{predict}`: a question with choices, a number or neither, and its answer."""

import io
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import predict
import prose

ROOT = Path(__file__).parents[2]
CHOOSE = """:::{predict} Which *part* of $F$?
:name: predict-part
:right: 2
:claim: a

- a **quarter**,
  or so
- half
---
```{figure} a.png
:name: fig-a

What came out.
```

Half, by {numref}`fig-a`.
:::
"""
NUMBER = """:::{predict} How many?
:name: predict-many
:right: 16
:unit: %
:within: 2

Sixteen.
:::
"""
OPEN = ":::{predict} Why?\n:name: predict-why\n\nBecause.\n:::\n"


def build(folder, builder, *questions):
    """What Sphinx makes of a page with these questions, and what it says."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "index.md").write_text("# A book\n\n```{toctree}\npage\nall\n```\n")
    (source / "page.md").write_text("\n".join(["# A page\n", *questions]))
    (source / "all.md").write_text("# All\n\n```{predictions}\n```\n")
    (source / "a.png").write_bytes((ROOT / "book" / "_static" / "logo.png").read_bytes())
    settings = {
        **{"extensions": ["myst_parser", "predict"], "numfig": True, "language": "en"},
        **{"myst_enable_extensions": ["colon_fence", "dollarmath"], "version": "1"},
        "html_static_path": [str(ROOT / "book" / "interactive" / "served")],
    }
    out, warnings = folder / builder, io.StringIO()
    with docutils_namespace():
        Sphinx(
            source,
            None,
            out,
            folder / f"trees-{builder}",
            builder,
            settings,
            status=None,
            warning=warnings,
        ).build()
    return out, warnings.getvalue()


def test_the_website_asks_before_it_answers(tmp_path):
    out, warnings = build(tmp_path, "html", CHOOSE, NUMBER, OPEN)
    assert "predict" not in warnings
    page, index, every = ((out / f"{n}.html").read_text("utf-8") for n in ("page", "index", "all"))
    assert '<div class="predict" id="predict-part" data-kind="choose" data-right="2">' in page
    assert page.count('<input type="radio" name="predict-part"') == 2
    assert "<span>a <strong>quarter</strong>,\nor so</span>" in page
    assert "<legend><strong>Predict.</strong> Which <em>part</em> of" in page
    assert 'data-kind="number" data-right="16" data-unit="%" data-within="2"' in page
    assert 'data-kind="open">' in page
    order = ["predict-part", "<legend>", 'value="2"', "</form>", 'class="answer"', "fig-a"]
    assert sorted(order, key=page.index) == order
    assert "Half, by <a" in page and "Fig. 1" in page
    for name in ("predict/predict.css", "predict/page.js"):
        assert name in page and name in every and name not in index
    part = 'Which <em>part</em> of <span class="math notranslate nohighlight">\\(F\\)</span>?'
    for name, question in (("part", part), ("many", "How many?"), ("why", "Why?")):
        assert f'href="page.html#predict-{name}">{question}</a>' in every


@pytest.mark.parametrize("builder", ["singlehtml", "epub"])
def test_on_paper_there_is_the_question_then_the_answer(builder, tmp_path):
    out, _ = build(tmp_path, builder, CHOOSE, NUMBER, OPEN)
    page = (out / ("index.html" if builder == "singlehtml" else "page.xhtml")).read_text("utf-8")
    for gone in ("<form", "<input", "<button", "predict.css", "page.js"):
        assert gone not in page
    order = [
        "Which <em>part",
        "<li>a <strong>",
        "<li>half</li>",
        "</ol>",
        "What came out",
        "Sixteen",
    ]
    assert sorted(order, key=page.index) == order


REFUSED = {
    "no name": (
        CHOOSE.replace(":name: predict-part\n", ""),
        "expected `:name: predict-some-words`",
    ),
    "another name": (CHOOSE.replace("predict-part", "part"), "Received: 'part'"),
    "a name twice": (CHOOSE + "\n" + OPEN.replace("why", "part"), "'predict-part' again"),
    "a glued question": (CHOOSE.replace("$F$", "{glue:text}`a`"), "which no glued value reaches"),
    "a question with a reference": (
        CHOOSE.replace("$F$", "{numref}`fig-a`"),
        "words and formulas alone. Received: fig-a",
    ),
    "one choice": (CHOOSE.replace("- half\n", ""), "2 to 5 choices. Received: 1"),
    "none is right": (
        CHOOSE.replace("right: 2", "right: 3"),
        "one of the 2 choices. Received: '3'",
    ),
    "no right one": (CHOOSE.replace(":right: 2\n", ""), "one of the 2 choices. Received: None"),
    "choices with a unit": (CHOOSE.replace(":claim: a", ":unit: %"), "belong to a number"),
    "no answer": (CHOOSE[: CHOOSE.index("```{fig")] + ":::\n", "expected an answer"),
    "no list": (CHOOSE.replace("- a **q", "a **q").replace("- half", "half"), "a list of choices"),
    "a number without its value": (NUMBER.replace(":right: 16\n", ""), "a number needs `:right:`"),
    "no number": (NUMBER.replace("16", "many"), "right is a number. Received: 'many'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_is_refused(case, tmp_path):
    question, complaint = REFUSED[case]
    _, warnings = build(tmp_path, "html", question)
    assert f"predict: {'a page has each name once' if 'twice' in case else ''}" in warnings
    assert complaint in warnings and "page.md:" in warnings


def test_choices_and_answer_are_read_as_prose():
    (one,) = prose.asked(f"Before 7.\n\n{CHOOSE}\nAfter.")
    assert one.options == {"name": "predict-part", "right": "2", "claim": "a"}
    assert [list(lines) for lines in one.choices] == [[7, 8], [9]] and one.wrong == {7, 8}
    assert one.answer.startswith("```{figure}") and one.answer.endswith("{numref}`fig-a`.")
    assert prose.asked(NUMBER)[0].choices == () and "Sixteen." in prose.asked(NUMBER)[0].answer


def test_a_kind_is_what_was_written():
    assert predict.kind(3, "3", None, None) == "choose"
    assert predict.kind(0, "0.5", "%", "0.1") == "number"
    assert predict.kind(0, None, None, None) == "open"


ANSWER = re.compile(
    r"^:::\{predict\}.*?^:name: (\S+).*?^---$(.*?)^:::$\n+(.*?)(?=\n\n)", re.DOTALL | re.MULTILINE
)
GLUED = re.compile(r"\{glue:text\}`[^`]+`")


def test_what_an_answer_says_is_not_said_again_right_below_it():
    """A reader who has just opened the answer would read its numbers twice."""
    found, again = 0, []
    for page in sorted((ROOT / "book").glob("*.md")):
        for name, answer, below in ANSWER.findall(page.read_text("utf-8")):
            found += 1
            said = re.sub(r"```.*?```", "", answer, flags=re.DOTALL)  # its tables and figures
            twice = set(GLUED.findall(said)) & set(GLUED.findall(below))
            again += [f"{page.name}, {name}: {number}" for number in sorted(twice)]
    assert found > 20 and again == []

"""Formulas become MathML that browsers set."""

import pytest
from docutils import nodes

formulas = pytest.importorskip("formulas", reason="latex2mathml is not installed: make setup")


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        ("x", ["<mi>x</mi>"]),
        (r"\mathrm{relu}(x)", ["<mtext>relu</mtext>"]),
        ("269{,}722", ["<mn>269,722</mn>"]),
        (r"\ln 1000", ["<mi>ln</mi><mspace", "</mspace><mn>1000</mn>"]),
        (r"a < b", ["<mo>&lt;</mo>"]),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["<mtable", "text-align: right"]),
        (r"\begin{cases} a & x > 0 \\ b & x < 0 \end{cases}", ["<mtable", "text-align: left"]),
        (r"\lVert w \rVert", ['<mo stretchy="false">‖</mo>']),
        (r"\left( \frac{a}{b} \right)", ['<mo stretchy="true"', ">(</mo>"]),
    ],
)
def test_a_formula_is_written(tex, parts):
    out = formulas.mathml(tex)
    assert out.startswith('<math display="inline">')
    for part in parts:
        assert part in out


def test_limits_stand_below_in_a_line_of_its_own_and_beside_in_text():
    tex = r"\inf_{f \in F} L(f)"
    assert "<munder>" in formulas.mathml(tex, display=True)
    assert "<msub>" in formulas.mathml(tex)


@pytest.mark.parametrize("tex", [r"\nosuchcommand{x}", r"a & b", r"x_{"])
def test_what_cannot_be_written_is_an_error(tex):
    with pytest.raises(ValueError, match="cannot be written as MathML"):
        formulas.mathml(tex)


def test_the_font_gets_the_letters_that_browsers_show():
    found = formulas.characters("<p>z</p>" + formulas.mathml(r"h + \beta") + formulas.mathml("F"))
    assert {"\N{PLANCK CONSTANT}", chr(0x1D439), chr(0x1D6FD), "+"} <= found
    assert "z" not in found
    assert formulas.RADICAL in formulas.characters(formulas.mathml(r"\sqrt{2}"))


def test_a_comma_stays_with_its_formula():
    paragraph = nodes.paragraph("", "", nodes.math("", "x"), nodes.Text(", and"))
    document = nodes.document("", "")
    document += paragraph
    formulas._keep_together(None, document, "")
    assert paragraph[0]["behind"] == "," and paragraph[1] == " and"

"""Planted numbers: what the scanner of prose finds, and what it leaves alone."""

import json

import pytest

import prose


def found(text):
    return [number.text for number in prose.find(text)]


FOUND = {
    "prose": ("It needs 4711 steps.", ["4711"]),
    "thousands, decimals": ("21,797,672 weights, 3.66 G, 2e-5.", ["21,797,672", "3.66", "2e-5"]),
    "per cent": ("By 6 %, and less than 1 % of it.", ["6", "1"]),
    "half a point as digits": ("It gains 0.5 points, at 1.05 times.", ["0.5", "1.05"]),
    "emphasis": ("It has **64** filters and *32* maps.", ["64", "32"]),
    "heading": ("# After 450 steps", ["450"]),
    "list": ("- takes 450 steps\n- takes 12", ["450", "12"]),
    "table": ("| net | error |\n|---|---|\n| plain | 63.9 |", ["63.9"]),
    "list-table": (
        "```{list-table} After 12 epochs\n:name: tab-3\n\n* - a\n  - 8.75\n```",
        ["12", "8.75"],
    ),
    "admonition": ("```{admonition} At 77 degrees\n:class: note\n\nIt has 99.\n```", ["77", "99"]),
    "caption": ("```{figure} ../images/01-x7.svg\n:name: fig-7\n\nThe 55 layers.\n```", ["55"]),
    "alternative text": ("```{figure} a.svg\n:alt: It ends at 899.\n:width: 100%\n```", ["899"]),
    "solution": ("```{solution} ex-7\n:class: dropdown\n\nIt is 2752.\n```", ["2752"]),
    "exercise title": ("```{exercise} Half of the 80\n:label: ex-9\n\nWhy?\n```", ["Half", "80"]),
    "image": ("![It ends at 899.](images/01-x.png)", ["899"]),
    "result of a formula": (r"so $9 \cdot 64 \cdot 64 = 36{,}864$ weights", ["36{,}864"]),
    "result displayed": ("$$\n\\ln 1000 = 6.9\n$$", ["6.9"]),
    "a number in dollars": ("It has $36$ layers.", ["36"]),
    "value of a symbol": (r"at $e = 4.5$", ["4.5"]),
    "a word of size": ("three times as many, twice, half of it", ["three", "twice", "half"]),
    "a part": ("a quarter, two thirds, one hundred-millionth", None),
    "a large word": ("a hundred times, ten thousand, sixteen units", None),
    "a measured word": ("three seeds, eight images, two rules", ["three", "eight"]),
    "no year": ("It has 2048 channels and 1990 weights.", ["2048", "1990"]),
    "not only names": (
        "ResNet-34 has 34 layers, plain-34 and 16 additions; of vgg19, 20 for conv1 and 39.",
        ["34", "16", "20", "39"],
    ),
    "behind a place": ("In chapter 1, 36 layers; in section 4.1 and 99 times", ["36", "99"]),
    "right choice of a prediction": (
        ":::{predict} Of 80?\n:name: predict-a\n:right: 2\n:claim: a\n\n- 66\n  or 67\n- 77\n- 88\n"
        "---\nIt is 78.\n\n```{figure} a.svg\n:width: 9%\n\nThe 79.\n```\n:::",
        ["80", "77", "78", "79"],
    ),
    "row with a name": ("* - 50\n  - 3.8", ["3.8"]),
}


@pytest.mark.parametrize("case", FOUND)
def test_a_planted_number_is_found(case):
    text, numbers = FOUND[case]
    if numbers is None:  # every phrase between commas
        numbers = [part.split(" times")[0].split(" units")[0] for part in text.split(", ")]
    assert found(text) == numbers
    assert found(f"Before.\n\n{text}\n\nAfter.") == numbers


IGNORED = {
    "inline code": "`checks.network(model, 34)` and ``a `7` b``",
    "code block": "```python\nx = 4711\n```",
    "code block with tildes in an exercise": "```{exercise} A\n\n~~~python\nx = 7\n~~~\n```",
    "options": "```{figure} images/7-9.svg\n:name: fig-7\n:width: 100%\n```",
    "glued value": "{glue:text}`../notebooks/03-resnet34.ipynb::unit:.1f` million",
    "roles": "{numref}`fig-34`, {cite:t}`he2015deep`, {eq}`eq-50-fold`, {ref}`ex-34-count`",
    "names": "ResNet-34, plain-20, CIFAR-10, conv3_x, VGG-19, top-1, float32, v1.5, conv4_1",
    "list of names": "ResNet-32, 44, 56 and 110 overlap, ResNet-18 and 34.",
    "shapes": "1x1, 3x3, 32x32 and 56x56x64; 256-64-64-256; stride 2; kernel 3",
    "option": "option A, options B and C",
    "places": "section 4.1, Table 3, Tables 1 and 6, Figure 7, footnote 4, Theorem 8, "
    "chapters 1 to 4",
    "equation": "```{math}\n:label: eq\na = 7 b\n```",
    "years": "in 2015, after 2015 and © 2026",
    "days": "Since 2026-11-27 it is right",
    "versions": "Python 3.11 to 3.13, TensorFlow 2.20 and later, Keras 3, NumPy 2.0 to 2.4",
    "row of versions": "| Keras | 3.13 to 3.15 | 3.15.1 |",
    "wide nets": "what WRN-28-10 reaches",
    "products": "Classroom 50 has taken its place",
    "addresses": "[a text](book/04-bottleneck.md) and <https://example.org/7>",
    "numbering": "## 2. A heading\n\n1. First\n2. Second\n\n(3) A ReLU",
    "row number": "| 4 | The bottleneck |",
    "powers of ten": "some powers of ten",
    "definition": "The kernel is 1 in the centre and 0 elsewhere.",
    "formula": r"$6n + 2$, $9\,C^2$, $2^{-27}$, $9 \cdot 64 \cdot 64$, $\gamma = 0$, $x_{56}$",
    "displayed formula": "$$\n4f \\cdot f + 9f \\cdot f = 17 f^2.\n$$ (eq-50-block)",
    "words without a measure": "two rules, three stages, the third stage, one seed, the first",
    "front of a directive": "````{grid} 1 1 2 2\n:gutter: 3\n\nText\n````",
}


@pytest.mark.parametrize("case", IGNORED)
def test_what_is_no_quantity_is_left_alone(case):
    assert found(IGNORED[case]) == []


def test_every_exclusion_is_needed():
    """Each of them hides something of the cases above: none is there for nothing."""
    texts = [*IGNORED.values(), *(text for text, _ in FOUND.values())]
    for name, pattern in prose.EXCLUSIONS.items():
        assert any(prose.re.search(pattern, text, prose.re.MULTILINE) for text in texts), name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("36{,}864", 36_864),
        ("1.001e-5", 1.001e-5),
        ("+0.4", 0.4),
        ("-1,000.6", -1000.6),
        ("1/16", 0.0625),
        ("twice", 2),
        ("Half", 0.5),
        ("two thirds", 2 / 3),
        ("three quarters", 0.75),
        ("one hundred-millionth", 1e-8),
        ("a hundred", 100),
        ("ten thousand", 10_000),
        ("seventeen", 17),
        ("ninety", 90),
    ],
)
def test_words_have_their_value(text, value):
    assert prose.amount(text) == pytest.approx(value)


def test_a_word_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="Expected digits or a number word"):
        prose.amount("many")


def test_a_place_and_a_sentence_are_told():
    text = "A heading\n\nFirst sentence. It has 36 layers. Another."
    (number,) = prose.find(text)
    assert (number.line, number.sentence) == (2, "It has 36 layers.")


def test_a_notebook_is_read_without_its_code(tmp_path):
    figure = {"figure": {"caption": "After 12 steps."}, "image": {"alt": "It ends at 899."}}
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "\n", "It takes 450 steps."], "metadata": {}},
        {"cell_type": "code", "source": ["x = 7"], "metadata": {}},
        {"cell_type": "code", "source": ["y = 8"], "metadata": {"mystnb": figure}},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    page = prose.read(tmp_path / "a.ipynb", tmp_path)
    where = [(number.text, page.places[number.line]) for number in page.numbers()]
    assert where == [("450", "cell 0, line 3"), ("12", "cell 2, line 1"), ("899", "cell 2, line 3")]


def test_sums_are_calculated():
    ((_, sides),) = prose.equations(r"$2 \cdot (3 + 4) = 15$ but $e = 4.5$ and $9 C^2 = 8$")
    assert [value for _, value in sides] == [14, 15]

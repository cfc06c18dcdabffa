"""What a student wrote, on a page: it can be read, and nothing in it acts."""

import json
import re
from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from edits import marked
from grading import markup
from grading.feedback import InertOutputs, without_hidden
from grading.files import BrokenError
from grading.markup import as_html, highlight_code, inert
from grading.submissions import parse

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HARMLESS = {"p", "a", "b", "strong", "em", "h1", "ul", "ol", "li", "table", "thead", "tbody"}
HARMLESS |= {"tr", "th", "td", "blockquote", "br", "sub", "img", "pre", "code"}
HARMLESS |= {"div", "details"}
HARMLESS |= {"math", "mrow", "mi", "mn", "mo", "mfrac", "msup", "msqrt", "mtext"}


class Acting(HTMLParser):
    """Whatever of a page is not known to do nothing."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in HARMLESS:
            self.found.append(tag)
        for name, value in attributes:
            if name == "href" and re.match("(https?|mailto):", value):
                continue
            if name == "src" and re.match("data:image/(png|jpeg|gif|webp);base64,", value):
                continue
            if name not in ("alt", "rel", "display", "stretchy"):
                self.found.append((tag, name, value))

    def handle_comment(self, data):
        self.found.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "before\n\n<script src=//e.example/x.js></script>\n\nafter",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=x&gt;'>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action=/formgrader/api/x><input name=a><button>Full credit</button></form>",
        "<base href=//e.example/><a href=x>y</a>",
        "<meta http-equiv=refresh content='0;url=//e.example'>",
        "<style>.score {display: none}</style>",
        "<div style='position:fixed;inset:0' class=full-credit id=why>x</div>",
        "<details ontoggle=alert(1) open>x</details>",
        "<b onclick=alert(1)>x</b>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](java&#x0A;script:alert(1))",
        "[x](vbscript:x)",
        "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
        "[x][r]\n\n[r]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "[x](/formgrader/?path=/tmp)",
        "![x](https://e.example/who-looks.png)",
        "![x](//e.example/who-looks.png)",
        "<img src='https://e.example/who-looks.png'>",
        r"$\href{javascript:alert(1)}{x} \text{<script>alert(1)</script>}$",
        '```mermaid\ngraph TD; A-->B; click A href "javascript:alert(1)"\n```',
        "`<b>` <script>alert(1)</script> `<i>`",
        "<!-- <script>alert(1)</script> --> <![CDATA[<script>x</script>]]> <?php x ?>",
        "x" * 20_000 + "<script>alert(1)</script>",
        "\x1b]0;title\x07 \u202e<script>",
    ],
)
def test_nothing_acts(text):
    source, pictures, _ = inert(text)
    for shown in (as_html(source, pictures), as_html(text)):
        assert Acting(shown).found == [], shown
        assert "e.example" not in re.sub("<a [^>]*>|[^<>]*(?=<|$)", "", shown)
    assert source.replace("\n", "").isprintable()
    if len(source) < markup.LONGEST_TEXT:
        assert inert(source, pictures) == (source, pictures, "")  # and it stays so


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**Deep** nets *degrade*.", "<strong>Deep</strong> nets <em>degrade</em>"),
        ("a < b and b > c & d", "a &lt; b and b &gt; c &amp; d"),
        ("| a | b |\n|:-|-:|\n| 1 | 2 |", "<td>1</td>"),
        ("> so\n\n- one\n- [ ] two", "<blockquote>"),
        ("H<sub>2</sub>O<br>", "H<sub>2</sub>O<br>"),
        ("`x<y>` and\n```python\nif x<y: <script>\n```", "if x&lt;y: &lt;script&gt;"),
        ("see <https://arxiv.org/abs/1512.03385>", 'href="https://arxiv.org/abs/1512.03385"'),
        (r"$\frac{a}{b}$", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        ("$a<b$", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\begin{equation}x^2\end{equation}", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (r"$\nosuch{$ and text", "and text"),
    ],
)
def test_what_is_harmless_stays_as_it_was_typed(text, shown):
    assert inert(text) == (text, {}, "")
    assert shown in re.sub(' style="text-align:[a-z]*"', "", as_html(text))


def test_what_acts_can_still_be_read_and_is_said():
    source, _, amiss = inert("**So** <script>x</script> and [a](javascript:b), `<i>`, $a<b$.")
    shown = as_html(source)
    assert "<strong>So</strong>" in shown and "&lt;script&gt;x" in shown and "<math" in shown
    assert "<code>&lt;i&gt;</code>" in shown and "act" in amiss
    source, _, amiss = inert("[a](java&#115;cript:b) ``` **c**")
    assert "[a](java&amp;#115;cript:b) ``` **c**" in as_html(source) and "typed" in amiss


def test_pictures_stay_and_what_only_says_so_goes():
    source, pictures, amiss = inert(f"![a](data:image/png;base64,{PNG}) and ![b](attachment:no)")
    assert len(source) < 100 and not amiss  # as Colab writes them out: no reason to call it long
    assert f'src="data:image/png;base64,{PNG}"' in as_html(source, pictures)
    assert "no picture no" in as_html(source, pictures)
    cell = {"cell_type": "markdown", "metadata": {}, "source": "![x](attachment:a.png)"}
    kinds = {"image/png": PNG, "image/svg+xml": "<svg onload=alert(1)>", "text/html": "<script>"}
    cell["attachments"] = {"a.png": kinds, "b": {"image/png": '"><script>'}}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    (read,) = parse(json.dumps(notebook).encode()).cells
    assert read.attachments == {"a.png": {"image/png": PNG}}


@pytest.mark.parametrize("piece", [r"\begin{a}", "\\\\[", "\\\\(", "<!--", "- a\n", "*a "])
def test_a_text_that_would_take_long_is_not_set(piece, monkeypatch):
    monkeypatch.setattr(markup, "_rendered", None)  # the call would end the test
    text = piece * (360_000 // len(piece))
    source, _, amiss = inert(text)
    assert "too long" in amiss and text in source
    assert as_html(source).count(piece[-1]) >= 300_000 // len(piece)


def test_few_of_what_takes_long_are_set():
    text = r"\begin{align}x &= 1\end{align} " * 20
    assert inert(text) == (text, {}, "") and as_html(text).count("<math") == 20


def test_code_shows_what_a_screen_would_obey():
    shown = highlight_code("x = 1  # \u202e\x1b[2J <script>")
    assert r"\u202e\x1b[2J" in shown and "<script>" not in shown
    assert "&lt;script&gt;" in highlight_code("# <script>\n" * 30_000)


def test_outputs_are_text_and_pictures():
    data = {"text/html": "<script>", "image/svg+xml": "<svg>", "application/javascript": "x"}
    outputs = [
        new_output("display_data", {**data, "text/plain": "<b>", "image/png": PNG}),
        new_output("display_data", {"image/png": '"><script>alert(1)</script>'}),
        new_output("execute_result", data, execution_count=1, metadata={"image/png": {"width": 9}}),
        new_output("stream", text="<b>"),
    ]
    notebook = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
    InertOutputs().preprocess(notebook, {})
    first, second, third, stream = notebook.cells[0].outputs
    assert first.data == {"text/plain": "<b>", "image/png": PNG}
    assert second.data == {"text/plain": "(not shown: image/png)"}
    assert set(third.data) == {"text/plain"} and third.metadata == {} and stream.text == "<b>"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a\n# ### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc", "a\n# (hidden tests)\nc"),
        ("a\n### END HIDDEN TESTS\nb", "a\nb"),
        ("a\n### BEGIN HIDDEN TESTS\nb", "a\nb"),
        (
            "a\n### BEGIN HIDDEN TESTS\nb\n### BEGIN HIDDEN TESTS\nc\n### END HIDDEN TESTS\nd",
            "a\nb\n# (hidden tests)\nd",
        ),
        (
            "### BEGIN HIDDEN TESTS\na\n### END HIDDEN TESTS\nb\n"
            "### BEGIN HIDDEN TESTS\nc\n### END HIDDEN TESTS",
            "# (hidden tests)\nb\n# (hidden tests)",
        ),
        ("a\nb", "a\nb"),
    ],
)
def test_only_what_stands_between_two_marks_is_hidden(source, shown):
    assert without_hidden(source) == shown


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_other_encodings_are_named_with_what_to_do(encoding):
    cell = marked("# Überraschung", "a")
    cell.pop("id")
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    text = json.dumps(notebook, ensure_ascii=False)
    with pytest.raises(BrokenError, match="save it as UTF-8"):
        parse(text.encode(encoding))
    assert len(parse(text.encode("utf-8-sig")).cells) == 1

"""The directive `{predict}`: a question, and an answer that opens when the reader has chosen.

`{predictions}` lists all of them on one page, and what the reader said.

:::{predict} How many weights does the projection add to a bottleneck?
:name: predict-projection
:right: 2
:claim: projection-in-a-bottleneck

- a third
- it about doubles them
- four times as many
---
It doubles them: ...
:::

With `:unit: %` and `:within: 3` and no list the reader types a number, `:right:` is the answer and
what is not farther off counts as right. With neither list nor `:right:` the reader only says: I
have an answer. `:claim:` names the claim, or the glued value "notebook::key", that stands in the
answer; the tests hold it against the record. The script is `book/interactive/served/predict/`: a
choice is kept on the reader's machine. On paper, in the EPUB and without a script there is the
question, then the choices, then the answer.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

FOLDER = "predict"  # of script and style, below _static
NAME = re.compile(r"predict-[a-z0-9]+(-[a-z0-9]+)*")
END = "---"  # of the choices
IN_A_LIST = (nodes.Text, nodes.emphasis, nodes.strong, nodes.literal, nodes.math)


class Prediction(nodes.container):
    """The whole: a question, perhaps `Choices`, and an `Answer`."""


class Question(nodes.paragraph):
    """What is asked."""


class Choices(nodes.container):
    """Two to five `Choice`s, in the order in which they were written."""


class Choice(nodes.container):
    """One of them; `value` is its number, from 1."""


class Answer(nodes.container):
    """What opens."""


def kind(choices: int, right: str | None, unit: str | None, within: str | None) -> str:
    """Which form it is: "choose", "number" or "open". Raises ValueError for a mixture."""
    if choices:
        if not 2 <= choices <= 5:
            raise ValueError(f"expected 2 to 5 choices. Received: {choices}")
        if unit or within:
            raise ValueError("unit and within belong to a number, not to a list of choices")
        if right not in map(str, range(1, choices + 1)):
            raise ValueError(f"right is one of the {choices} choices. Received: {right!r}")
        return "choose"
    if right is None:
        if unit or within:
            raise ValueError("a number needs `:right:`")
        return "open"
    for name, text in (("right", right), ("within", within or "0")):
        try:
            float(text)
        except ValueError:
            raise ValueError(f"{name} is a number. Received: {text!r}") from None
    return "number"


class Predict(SphinxDirective):
    """Checks what was written when the page is read, so that an error names page and line."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = dict.fromkeys(
        ("name", "right", "unit", "within", "claim"), directives.unchanged_required
    )

    def run(self) -> list[nodes.Node]:
        """A `Prediction`. An error for a name that is taken, or an answer that is not there."""
        self.assert_has_content()
        lines = list(self.content)
        try:
            node, cut = self._checked(lines)
        except ValueError as error:
            raise self.error(f"predict: {error}") from error
        question = Question("", "", nodes.strong("", "Predict."), nodes.Text(" "))
        inline, messages = self.state.inline_text(self.arguments[0], self.lineno)
        question += inline
        node += question
        try:
            self.env.metadata[self.env.docname]["predictions"][node["ids"][0]] = _alone(inline)
        except ValueError as error:
            raise self.error(f"predict: {error}") from error
        if node["kind"] == "choose":
            node += self._choices(cut)
        answer = Answer()
        self.state.nested_parse(self.content[cut:], self.content_offset + cut, answer)
        node += answer
        return [node, *messages]

    def _checked(self, lines):
        name = self.options.get("name", "")
        if not NAME.fullmatch(name):
            raise ValueError(f"expected `:name: predict-some-words`. Received: {name!r}")
        if "{glue" in self.arguments[0]:
            raise ValueError("a question stands in the list of all, which no glued value reaches")
        listed = END in lines
        cut = lines.index(END) + 1 if listed else 0
        choices = sum(line.startswith("- ") for line in lines[:cut])
        if listed and not choices:
            raise ValueError(f"expected a list of choices above {END!r}")
        if not any(line.strip() for line in lines[cut:]):
            raise ValueError("expected an answer below the choices")
        options = {key: self.options.get(key) for key in ("right", "unit", "within")}
        found = kind(choices, **options)
        taken = self.env.metadata[self.env.docname].setdefault("predictions", {})
        if name in taken:
            raise ValueError(f"a page has each name once. Received: {name!r} again")
        taken[name] = []
        return Prediction(ids=[name], kind=found, **options), cut

    def _choices(self, cut):
        box = nodes.container()
        self.state.nested_parse(self.content[: cut - 1], self.content_offset, box)
        choices = Choices()
        for value, item in enumerate(box.findall(nodes.list_item), 1):
            children = [part for child in item.children for part in child.children]
            choices += Choice("", *children, value=value)
        return choices


def _alone(inline):
    """A question's words and formulas, to stand in the list of all: no reference leads there."""
    for part in inline:
        if not isinstance(part, IN_A_LIST):
            raise ValueError(f"a question has words and formulas alone. Received: {part.astext()}")
    return [part.deepcopy() for part in inline]


def _live(translator):
    return translator.builder.name == "html"


def _box(node):
    data = "".join(
        f' data-{key}="{html.escape(node[key])}"'
        for key in ("kind", "right", "unit", "within")
        if node.get(key)
    )
    return f'<div class="predict" id="{node["ids"][0]}"{data}>\n'


def visit_prediction(translator, node) -> None:
    """On the website a form stands around question and choices."""
    translator.body.append(_box(node))


def depart_prediction(translator, node) -> None:
    translator.body.append("</div>\n")


def visit_question(translator, node) -> None:
    """The legend of the choices, where there are some to click."""
    live = _live(translator)
    translator.body.append("<form><fieldset><legend>" if live else '<p class="question">')


def depart_question(translator, node) -> None:
    """A number has its field at once; the buttons come where the form ends."""
    if not _live(translator):
        translator.body.append("</p>\n")
        return
    translator.body.append("</legend>\n")
    whole = node.parent
    if whole["kind"] == "number":
        unit = html.escape(whole["unit"] or "")
        translator.body.append(
            '<label class="number">Your number: <input type="number" step="any" required> '
            f"{unit}</label>\n"
        )
    if whole["kind"] != "choose":
        translator.body.append(_END_OF_FORM)


_END_OF_FORM = (
    '</fieldset><p class="commit"><button type="submit">This is my answer</button> '
    '<button type="button" class="skip">Show it without one</button></p></form>\n'
    '<div class="said"><p role="status"></p>'
    '<button type="button" class="back">Take it back</button></div>\n'
)


def visit_choices(translator, node) -> None:
    if not _live(translator):
        translator.body.append("<ol>\n")


def depart_choices(translator, node) -> None:
    translator.body.append(_END_OF_FORM if _live(translator) else "</ol>\n")


def visit_choice(translator, node) -> None:
    if not _live(translator):
        translator.body.append("<li>")
        return
    name = node.parent.parent["ids"][0]
    translator.body.append(
        f'<label class="choice"><input type="radio" name="{name}" value="{node["value"]}" required>'
        "<span>"
    )


def depart_choice(translator, node) -> None:
    translator.body.append("</span></label>\n" if _live(translator) else "</li>\n")


def visit_answer(translator, node) -> None:
    translator.body.append('<div class="answer">\n')


def depart_answer(translator, node) -> None:
    translator.body.append("</div>\n")


class Listed(nodes.General, nodes.Element):
    """Where all predictions of the book are listed once every page is read."""


class Predictions(SphinxDirective):
    """The directive `{predictions}`: each question as a link, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        """The place."""
        self.env.metadata[self.env.docname].setdefault("predictions", {})
        return [Listed()]


def _list(app, doctree, docname) -> None:
    for place in list(doctree.findall(Listed)):
        place["pages"] = [
            (app.env.titles[page].astext(), app.builder.get_relative_uri(docname, page), found)
            for page in app.env.collect_relations()
            if (found := app.env.metadata[page].get("predictions"))
        ]


def visit_listed(translator, node) -> None:
    """A list for each page. The script says beside each question what the reader said."""
    said = '<p role="status"></p>\n' if _live(translator) else ""
    translator.body.append(f'<div class="predictions">\n{said}')
    for title, address, questions in node["pages"]:
        translator.body.append(f'<p class="rubric">{html.escape(title)}</p>\n<ul>\n')
        for name, question in questions.items():
            link = f'<a class="reference internal" href="{address}#{name}">'
            state = ' <span class="state"></span>' if _live(translator) else ""
            translator.body.append(f'<li data-prediction="{name}">{link}')
            for part in question:
                part.walkabout(translator)
            translator.body.append(f"</a>{state}</li>\n")
        translator.body.append("</ul>\n")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _load(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "html" and "predictions" in app.env.metadata[pagename]:
        app.add_css_file(f"{FOLDER}/predict.css")
        app.add_js_file(f"{FOLDER}/page.js", type="module")


def setup(app) -> dict[str, object]:
    """Sphinx calls this."""
    app.add_directive("predict", Predict)
    app.add_directive("predictions", Predictions)
    app.add_node(Listed, html=(visit_listed, None))
    app.add_node(Prediction, html=(visit_prediction, depart_prediction))
    app.add_node(Question, html=(visit_question, depart_question))
    app.add_node(Choices, html=(visit_choices, depart_choices))
    app.add_node(Choice, html=(visit_choice, depart_choice))
    app.add_node(Answer, html=(visit_answer, depart_answer))
    app.connect("doctree-resolved", _list)
    app.connect("html-page-context", _load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

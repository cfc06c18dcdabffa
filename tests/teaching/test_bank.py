"""The bank of questions: each answer follows from the book, each wrong choice is wrong."""

import ast
import re
import string
from collections import Counter

import pytest

import bank
import claim_sources
import claims
import prose

PAGES = [f"book/{page}.md" for page in ("causes", "reading-errors", "repair")]
PAGES += [
    f"book/0{i}-{name}.md"
    for i, name in enumerate(
        (
            "degradation",
            "identity-shortcuts",
            "resnet34",
            "bottleneck",
            "cifar10",
            "transfer",
            "imagenet",
            "looking-inside",
            "after-2015",
        ),
        start=1,
    )
]
EASY = re.compile(r"\b(?:all|none|both|any) of (?:the above|these answers)\b", re.IGNORECASE)


def texts(entry):
    """The texts of a question as they are written."""
    yield from (entry[key] for key in ("text", "right", "why") if key in entry)
    for wrong in entry["wrong"]:
        yield from (wrong[key] for key in ("choice", "betrays") if key in wrong)


def typed(text):
    """The numbers of a text that no expression computes, as `prose` finds them on a page."""
    bare = "".join(
        before + ("" if e is None else "\ue000")
        for before, e, _, _ in string.Formatter().parse(text)
    )
    return [number.text for number in prose.find(bare)]


def computed(entry):
    """Whether an expression stands in the right choice."""
    parts = string.Formatter().parse(entry.get("right", ""))
    return any(expression is not None for _, expression, _, _ in parts)


def test_there_are_enough_for_every_chapter(questions):
    counts = Counter(question.page for question in questions)
    assert len(questions) >= 100
    assert set(counts) == set(PAGES)
    assert min(counts.values()) >= 10, counts


def test_every_answer_is_tied_to_something_that_is_computed(questions):
    loose = [
        q.id for q in questions if not (q.numeric or q.claim or q.holds or computed(q.written))
    ]
    assert loose == []


def test_what_the_answers_rest_on_holds(questions, book_records):
    failed = [q.id for q in questions if q.holds and not bank.evaluate(q.holds)]
    assert failed == []


def test_what_the_records_refute_is_refuted(questions, book_records):
    true = [
        (q.id, w.text) for q in questions for w in q.wrong if w.holds and bank.evaluate(w.holds)
    ]
    assert true == []
    assert sum(bool(w.holds) for q in questions for w in q.wrong) > 50


def test_the_claims_that_answers_are_tied_to_are_recomputed(questions, book_records):
    """`test_claims.py` recomputes every claim; a numeric answer is compared with its own here."""
    known = {claim.id: claim for claim in claims.load()}
    for question in (q for q in questions if q.claim):
        claim = known[question.claim]
        assert claim.expression or claim.kind == "paper", f"{question.id}: nothing recomputes it"
        if question.numeric:
            assert claims.disagreements(claim, claim_sources.recompute(claim)) == [], question.id
            printed = [prose.amount(text) for text in claim.printed()]
            near = [n for n in printed if abs(n - question.value) <= question.margin]
            assert near, f"{question.id}: {question.value} is none of {printed}"


def test_a_number_is_computed_and_not_typed(questions):
    for question in questions:
        entry = question.written
        said = {*entry.get("given", []), *entry.get("numbers", {})}
        found = {number for text in texts(entry) for number in typed(text)}
        assert found <= said, (
            f"{question.id}: {sorted(found - said)} is typed. Compute it, between braces; or say "
            "in `numbers` what yields it, or in `given` that the question supposes it."
        )
        assert said <= found, f"{question.id}: {sorted(said - found)} is not there"


def test_a_number_in_words_is_what_its_expression_yields(questions, book_records):
    for question in questions:
        for words, expression in question.written.get("numbers", {}).items():
            came = bank.evaluate(expression)
            assert came == pytest.approx(prose.amount(words), rel=1e-6), (question.id, words)


def test_no_answer_is_a_constant(questions):
    for question in (q for q in questions if q.numeric):
        body = ast.parse(question.written["answer"], mode="eval").body
        assert not isinstance(body, ast.Constant), question.id


def test_choices_differ_as_they_are_shown(questions):
    for question in questions:
        shown = [re.sub(r"\W+", " ", text).lower() for text, _, _ in question.choices()]
        assert len(set(shown)) == len(shown), question.id
        betrayed = [wrong.betrays for wrong in question.wrong]
        assert len(set(betrayed)) == len(betrayed), question.id


def test_wrong_numbers_lie_outside_the_tolerance(questions, book_records):
    for question in (q for q in questions if q.numeric):
        exact = bank.evaluate(question.written["answer"])
        assert abs(exact - question.value) <= max(question.margin, 1e-9), question.id
        assert question.margin <= 0.15 * abs(question.value), question.id
        for wrong in question.wrong:
            apart = abs(wrong.value - question.value)
            assert apart > 2 * question.margin, f"{question.id}: {wrong.text} could be right"


def test_feedback_is_a_sentence_and_says_where_to_read(questions):
    for question in questions:
        for text in (question.why, *(wrong.betrays for wrong in question.wrong)):
            assert re.fullmatch(r"[^a-z\s].*[.?!]", text, re.DOTALL), (question.id, text)
        assert all(" in “" in wrong.read for wrong in question.wrong)


def test_nothing_gives_the_answer_away(questions):
    choices = [q for q in questions if not q.numeric]
    longest = [q for q in choices if len(q.right) > max(len(w.text) for w in q.wrong)]
    shortest = [q for q in choices if len(q.right) < min(len(w.text) for w in q.wrong)]
    assert len(longest) < 0.4 * len(choices)
    assert len(shortest) < 0.4 * len(choices)
    assert not [q.id for q in questions for text, _, _ in q.choices() if EASY.search(text)]


def test_the_right_choice_stands_in_every_place_about_as_often(questions):
    choices = [q for q in questions if not q.numeric]
    for size in {len(q.choices()) for q in choices}:
        of_size = [q for q in choices if len(q.choices()) == size]
        if len(of_size) < 20:
            continue
        places = Counter(
            next(i for i, choice in enumerate(q.choices()) if choice[2]) for q in of_size
        )
        expected = len(of_size) / size
        assert all(0.6 * expected < places[i] < 1.5 * expected for i in range(size)), places


def test_loading_again_gives_the_same(questions, book_records):
    again = {q.id: q for q in bank.load()}
    assert all(again[q.id].choices() == q.choices() for q in questions)


QUESTION = """title = "T"
page = "book/causes.md"
[[question]]
id = "x"
text = "How many?"
{answer}
why = "So."
read = "{read}"
[[question.wrong]]
{wrong} = "{first}"
betrays = "No."
[[question.wrong]]
{wrong} = "{second}"
betrays = "Nor this."
"""
CHOICE = {"answer": 'right = "Three."', "wrong": "choice", "first": "Two.", "second": "Four."}
NUMBER = {
    "answer": 'answer = "1 + 2"\ntolerance = 0',
    "wrong": "value",
    "first": "2",
    "second": "4",
}


def written(folder, **parts):
    (folder / "x.toml").write_text(QUESTION.format(**{"read": "The verdict", **parts}))
    return folder


@pytest.mark.parametrize("parts", [CHOICE, NUMBER])
def test_a_question_is_read(tmp_path, parts):
    (question,) = bank.load(written(tmp_path, **parts))
    assert question.numeric == (parts is NUMBER)
    assert question.wrong[0].feedback == "No. Read: “The verdict” in “T”."
    assert [right for _, _, right in question.choices()].count(True) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"read": "The weather"}, "`read` must be a heading"),
        ({"answer": 'right = "{nowhere}"'}, "No value for 'nowhere'"),
        ({"answer": 'right = "Three."\ncolour = 1'}, "unknown ['colour']"),
        ({"answer": 'answer = "3"'}, "missing ['tolerance']"),
        ({"wrong": "value"}, "a wrong choice has `choice`"),
    ],
)
def test_a_malformed_question_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        bank.load(written(tmp_path, **{**CHOICE, **change}))


def test_too_few_wrong_choices_are_refused(tmp_path):
    text = written(tmp_path, **CHOICE) / "x.toml"
    text.write_text(text.read_text().rpartition("[[question.wrong]]")[0])
    with pytest.raises(ValueError, match="expected 2 to 4 wrong choices"):
        bank.load(tmp_path)


def test_a_minus_is_a_minus_and_a_percentage_a_part():
    assert bank.fill("{1 - 3} and {2 / 3:.2f}") == "\N{MINUS SIGN}2 and 0.67"
    assert bank._margin("5 %", -40) == 2

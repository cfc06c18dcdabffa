"""Answers that call the book's own function of the same task are recognised."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

import edits
import proof
from edits import marked
from grading.borrowed import borrowed
from grading.course import names

GIVEN = "import helpers\nfrom helpers import blocks, plots, training"


def found(answer, *own):
    """What is found in an answer whose solution uses `training.train`."""
    frame = [marked(GIVEN, "imports", locked=True)]
    task = marked("def block(x):\n    return training.train(x)", "block", solution=True)
    source = new_notebook(cells=[*frame, task])
    cells = [*frame, *map(new_code_cell, own), marked(answer, "block", solution=True)]
    return borrowed(new_notebook(cells=cells), source).get("block", [])


@pytest.mark.parametrize(
    ("answer", "own"),
    [
        ("def block(x): return blocks.residual_block(x)", ()),
        ("block = blocks.residual_block", ()),
        ("from helpers.blocks import residual_block as block", ("block(1)",)),
        ("def block(x):\n    import helpers.blocks as b\n    return b.residual_block(x)", ()),
        ("def block(x):\n    from helpers.blocks import residual_block as r\n    return r(x)", ()),
        ("def block(x): return helpers.blocks.residual_block(x)", ()),
        ("def block(x): return mine(x)", ("mine = blocks.residual_block",)),
        ("def block(x): return mine(x)", ("a = blocks.residual_block", "def mine(x): return a(x)")),
        ("import importlib\nblock = importlib.import_module('helpers.blocks').residual_block", ()),
        ("block = __import__('helpers').blocks.residual_block", ()),
        ("def block(x): return getattr(blocks, 'residual_' + 'block')(x)", ()),
    ],
)
def test_the_books_own_answer_is_recognised(answer, own):
    assert found(answer, *own), answer


@pytest.mark.parametrize(
    "answer",
    [
        "def block(x): return training.train(x)",  # as the solution does
        "def block(x): return keras.layers.ReLU()(x)",
        "def block(x):\n    plots.curves([x])\n    return x",
        "def block(blocks): return [blocks.append(1), blocks.real]",
        "def block(x): return 'helpersome'",
        "def block(x: return",
    ],
)
def test_what_is_no_answer_of_the_books_is_not(answer):
    assert found(answer) == []


@pytest.mark.parametrize(
    ("cell", "function"),
    [
        ("paths", "lengths"),
        ("paths", "gradient_by_length"),
        ("lesion", "errors_without"),
        ("lesion", "shuffled"),
        ("response", "layer_responses"),
        ("refine", "residual_ratios"),
        ("cka", "linear_cka"),
        ("direction", "filter_normalized_direction"),
        ("slice", "loss_slice"),
    ],
)
def test_the_books_own_look_inside_is_recognised(cell, function):
    source, solution = edits.complete("08-looking-inside"), edits.solution("08-looking-inside")
    answer = f"from helpers import inspection\n\n\ndef answer(x): return inspection.{function}(x)"
    answered = edits.edited(solution, edits.written(cell, answer))
    assert borrowed(answered, source) == {cell: [f"helpers.inspection.{function}"]}


@pytest.mark.parametrize(
    ("cell", "function"),
    [
        ("preact", "blocks.preactivation_block"),
        ("start", "blocks.basic_block"),
        ("drop", "layers.StochasticDepth"),
        ("merge", "reparameterisation.merge"),
        ("groups", "counting.by_stage"),
    ],
)
def test_the_books_own_later_parts_are_recognised(cell, function):
    source, solution = edits.complete("09-after-2015"), edits.solution("09-after-2015")
    module, name = function.split(".")
    answer = f"from helpers import {module} as book\n\n\ndef answer(x): return book.{name}(x)"
    answered = edits.edited(solution, edits.written(cell, answer))
    assert borrowed(answered, source) == {cell: [f"helpers.{function}"]}


@pytest.mark.parametrize(
    "answer",
    [
        "def survivals(blocks, last): return [SPEC.survival_of(i + 1) for i in range(blocks)]",
        "survivals = specs.get('resnet110-survive0.5').survival_of",
    ],
)
def test_what_the_books_records_can_be_asked_is_recognised(answer):
    source, solution = edits.complete("09-after-2015"), edits.solution("09-after-2015")
    answered = edits.edited(solution, edits.written("survivals", answer))
    expected = ["helpers.specs.Network.survival_of"]
    assert borrowed(answered, source) == {"survivals": expected}


@pytest.mark.parametrize("name", names())
def test_no_right_submission_is_taken_for_one(name):
    source, solution = edits.complete(name), edits.solution(name)
    for style, change in proof.submissions(name).RIGHT.items():
        assert borrowed(edits.edited(solution, *change), source) == {}, style

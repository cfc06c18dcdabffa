"""The notebooks as they are stored, and what nbval compares of them."""

import ast
import configparser
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


# --- what may differ in a notebook's text ---------------------------------------


def sanitised(text):
    """The text as nbval compares it."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "tests/project/nbval_sanitize.cfg")
    for section in settings.sections():
        text = re.sub(settings[section]["regex"], settings[section]["replace"], text)
    return text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("trained in 41.7 s", "trained in 9 s"),
        ("took 1,204 ms", "took 88 ms"),
        ("after 2 minutes", "after 1 minute"),
        ("1,876 images/s", "3,757.5 images/s"),
    ],
)
def test_durations_may_differ(one, other):
    assert sanitised(one).replace("minutes", "minute") == sanitised(other)


@pytest.mark.parametrize(
    "claim",
    [
        "plain-56's training error 0.48 is above plain-20's 0.31",
        "41.2 % against 9.5 %",
        "853,018 parameters, 125.5 M multiply-adds",
        "56 layers, 10 epochs, 350 steps, 128 images, 7 seeds",
        "layer conv3_1 has 2s and 3min in its name",
    ],
)
def test_claims_may_not_differ(claim):
    assert sanitised(claim) == claim


# --- notebooks ------------------------------------------------------------------

MYST = re.compile(r"```\{|:::|\{[a-z:]+\}`|^\([\w-]+\)=$|\{\{", re.MULTILINE)
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/<,+=~)-])/(?:[\w.-]+/)+[\w.-]+|[A-Z]:\\\\?\w")
ADDRESS_IN_MEMORY = re.compile(r"\b0x[0-9a-f]{8,}")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_outputs(cell):
    """What a cell printed or displayed, as text; pictures apart."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield "\n".join(output.traceback)
        for kind, value in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield str(value)


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_a_notebook_was_run_from_top_to_bottom_without_error(notebook):
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not [output for output in cell.outputs if output.output_type == "error"]
        assert "stderr" not in [output.get("name") for output in cell.outputs]


def test_a_notebook_is_small(path):
    assert path.stat().st_size < 500_000


def lines_of_code(source):
    """How many lines say something to Python: blank ones and comments do not."""
    lines = (line.strip() for line in source.split("\n"))
    return sum(bool(line) and not line.startswith("#") for line in lines)


def most_lines(cell):
    """How long a cell may be: one screen, or as much as a reader copies as a whole."""
    return 30 if "copyable" in cell.metadata.get("tags", ()) else 15


def test_no_cell_is_too_long_to_be_read_at_once(notebook):
    """The first cell apart, which is the same everywhere."""
    long = {
        cell.id: lines
        for cell in code_cells(notebook)[1:]
        if (lines := lines_of_code(cell.source)) > most_lines(cell)
    }
    assert not long, f"Split these where one thought ends, or say it more simply: {long}"


def test_blank_lines_and_comments_are_not_counted():
    assert lines_of_code("# a comment\nx = 1  # counted\n\n    # another\ny = 2\n") == 2


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
RUN_AGAIN = (ast.For, ast.While, *COMPREHENSIONS, ast.FunctionDef, ast.Lambda)


def calls_of_glue(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) == "glue"]


def badly_glued(source):
    """Whether a cell hands over its numbers otherwise than in one call, `glue(name=value)`."""
    if "glue(" not in source:  # what is no Python, too, such as %load_ext
        return False
    tree = ast.parse(source)
    calls = calls_of_glue(tree)
    again = [part for part in ast.walk(tree) if isinstance(part, RUN_AGAIN) and calls_of_glue(part)]
    return len(calls) > 1 or bool(again) or any(call.args for call in calls)


def test_a_cell_glues_once_what_it_has(notebook):
    """A loop gathers a dictionary: `numbers |= ...`, and then `glue(**numbers)`."""
    badly = [cell.source for cell in code_cells(notebook) if badly_glued(cell.source)]
    assert not badly, badly


GLUED_WELL = ["x = 1", "glue(a=1, b=2)", "for n in x:\n    y |= {n: 1}\nglue(**y, c=3)"]
GLUED_BADLY = {
    "twice": "glue(a=1)\nglue(b=2)",
    "by position": 'glue("a", 1)',
    "in a loop": "for n in x:\n    glue(**{n: 1})",
    "in a while": "while x:\n    glue(a=x.pop())",
    "in a list": "[glue(**{n: 1}) for n in x]",
    "in a function": "def hand(n):\n    glue(**{n: 1})\n\n\nhand('a')\nhand('b')",
}


@pytest.mark.parametrize("source", GLUED_WELL)
def test_a_cell_that_glues_once_is_let_pass(source):
    assert not badly_glued(source)


@pytest.mark.parametrize("source", GLUED_BADLY.values(), ids=GLUED_BADLY)
def test_a_cell_that_glues_otherwise_would_be_noticed(source):
    assert badly_glued(source)


def test_a_notebook_is_plain_markdown(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not MYST.search(cell.source), cell.source


def test_outputs_say_nothing_of_the_machine(notebook):
    for cell in code_cells(notebook):
        for text in text_outputs(cell):
            assert not ABSOLUTE_PATH.search(text), ABSOLUTE_PATH.search(text)[0]
            assert not ADDRESS_IN_MEMORY.search(text), ADDRESS_IN_MEMORY.search(text)[0]


def test_a_notebook_keeps_no_timestamps_and_names_the_usual_kernel(notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert not [cell for cell in notebook.cells if "execution" in cell.metadata]


def test_every_picture_has_an_alternative_text(notebook):
    """Without it the page's alternative text is the picture's path."""
    for cell in code_cells(notebook):
        kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
        if any(kind.startswith("image/") for kind in kinds):
            alternative = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alternative) > 20, f"cell {cell.execution_count}: {alternative!r}"


def test_photographs_of_others_are_not_stored():
    """Chapter 6 shows them to whoever runs it; `make notebooks` says RESNET_BOOK_PHOTOGRAPHS."""
    stored = nbformat.read(ROOT / "notebooks" / "06-transfer.ipynb", as_version=4)
    texts = [text for cell in code_cells(stored) for text in text_outputs(cell)]
    assert sum("Photographs: left out" in text for text in texts) == 1


@pytest.mark.parametrize("text", ["in /home/me/book/x.py", "'/tmp/a/b'", "at C:\\Users", "/a/b.c"])
def test_a_path_would_be_noticed(text):
    assert ABSOLUTE_PATH.search(text)


@pytest.mark.parametrize(
    "text", ["412 images/s", "<td>1/2</td>", "http://a.org/b/c", "../a/b", "a/b/c"]
)
def test_not_everything_is_a_path(text):
    assert not ABSOLUTE_PATH.search(text)


@pytest.mark.parametrize(
    "text", ["```{note}", "see {ref}`a`", ":::{tip}", "(target)=", "{cite:t}`a`"]
)
def test_myst_would_be_noticed(text):
    assert MYST.search(text)

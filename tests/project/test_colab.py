"""The test that does as Colab does, tested: what it prepares, and that it notices a failure."""

import json
import re
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).parents[1] / "colab"))

import prepare
import run
import suites


def cell(source, name, solution):
    marks = {"nbgrader": {"solution": solution, "grade_id": name}}
    return new_code_cell(source, metadata=marks)


def test_solutions_are_put_in_their_places():
    teachers = [cell("x = 1", "answer", True), cell("assert x\nhidden", "test", False)]
    students = [
        cell("raise NotImplementedError()", "answer", True),
        cell("assert x", "test", False),
    ]
    texts = (nbformat.writes(new_notebook(cells=cells)) for cells in (students, teachers))
    sources = [c["source"] for c in json.loads(prepare.solved(*texts))["cells"]]
    assert ["".join(source) for source in sources] == ["x = 1", "assert x"]


def test_a_place_that_is_missing_is_an_error():
    teachers = nbformat.writes(new_notebook(cells=[cell("x = 1", "answer", True)]))
    with pytest.raises(RuntimeError, match="answer"):
        prepare.solved(nbformat.writes(new_notebook()), teachers)


@pytest.fixture
def attempt(tmp_path, monkeypatch):
    """Runs a notebook of one cell with this Python's kernel."""
    monkeypatch.setenv("JUPYTER_PATH", "")
    run.kernel(sys.executable, tmp_path / "kernels-of-a-reader")

    def attempt(source):
        path = tmp_path / "a-notebook.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
        return run.run(path, tmp_path, limit=60)[2]

    return attempt


def test_a_failing_cell_is_noticed(attempt):
    assert "ZeroDivisionError" in attempt("1 / 0")


def test_a_library_that_was_there_already_is_noticed(attempt):
    assert "installed there already" in attempt("x = 1")


def test_what_a_reader_has_set(attempt, monkeypatch):
    """Nothing of the book, a home of one's own, and a folder with the notebook alone."""
    monkeypatch.setenv("RESNET_BOOK_DATA", "cifar10")
    source = "import os, pathlib\nassert os.listdir() == ['a-notebook.ipynb'], os.listdir()\n"
    source += "assert not [name for name in os.environ if name.startswith('RESNET')]\n"
    source += "place = pathlib.Path.home() / '.cache/resnet-book/v1/src/helpers'\n"
    source += "place.mkdir(parents=True); (place / '__init__.py').touch()"
    assert attempt(source) == ""


def test_installing_something_is_noticed(tmp_path):
    before = run.packages(sys.executable)
    assert "numpy " in before and before == run.packages(sys.executable)


def test_every_notebook_and_every_assignment_runs(tmp_path, monkeypatch):
    """What is in the folders, and nothing else, is prepared: none is named by hand."""
    ours = {path.name for path in prepare.ROOT.glob("notebooks/*.ipynb")}
    sources = list(prepare.ROOT.glob("assignments/source/*/*.ipynb"))
    monkeypatch.setattr(prepare, "archive", lambda name: students_zip(tmp_path, name))
    ours |= {f"assignment-{path.name}" for path in sources}
    assert set(prepare.prepare(tmp_path / "out")) == ours


def students_zip(folder, name):
    """Stands for the zip of `make assignments`: the students' version has the sources' cells."""
    path = folder / f"{name}.zip"
    source = prepare.ROOT / "assignments" / "source" / name / f"{name}.ipynb"
    with zipfile.ZipFile(path, "w") as inside:
        inside.write(source, f"{name}/{name}.ipynb")
    return path


def test_what_is_chosen_to_run_is_there():
    """A name that begins like no notebook would run nothing, and nobody would notice."""
    chosen = suites.WITH_OLDEST.split()
    script = (prepare.ROOT / ".ci" / "run").read_text("utf-8")
    chosen += re.search(r'WITH_COLAB="(.+)"', script)[1].split()
    names = [path.name for path in prepare.ROOT.glob("notebooks/*.ipynb")]
    names += [f"assignment-{path.name}" for path in prepare.ROOT.glob("assignments/source/*")]
    assert [begin for begin in chosen if not any(n.startswith(begin) for n in names)] == []


def test_what_fetches_weights_runs_with_the_oldest_and_with_colab_s_hub():
    """Every file that asks the hub on this machine, but a study, which trains for a minute."""
    asking = {
        path.relative_to(prepare.ROOT).as_posix()
        for path in prepare.ROOT.glob("tests/library/weights/test_*.py")
        if re.search(r"^import hub_server$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(asking) == 2 and set(suites.WITH_HUB) == asking


def test_photographs_come_from_where_they_are_or_the_notebook_is_left_out(tmp_path, monkeypatch):
    path = tmp_path / "06-a-notebook.ipynb"
    source = 'pets = datasets.load("oxford_iiit_pet")'
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
    assert run.downloads(path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert not run.downloaded()
    (tmp_path / "oxford_iiit_pet").mkdir()
    assert run.downloaded()
    assert "TFDS_DATA_DIR" not in run.environment(tmp_path, tmp_path)
    found = run.environment(tmp_path, tmp_path, photographs=True)["TFDS_DATA_DIR"]
    assert found == str(tmp_path)


def test_only_chapter_6_downloads():
    notebooks = Path(__file__).parents[2] / "notebooks"
    found = [path.stem for path in sorted(notebooks.glob("*.ipynb")) if run.downloads(path)]
    assert found == ["06-transfer"]

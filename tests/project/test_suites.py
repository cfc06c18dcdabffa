"""The commands behind `make test` and its like: what each would run, and where."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import suites
from needed import NEEDED

LIBRARY = {path.name: path for path in (suites.ROOT / "tests/library").rglob("test_*.py")}
CHOICES = ("TESTS", "OUTPUTS", "ONLY", "WITH_COLAB", "WITH_OLDEST", "NEWEST")


@pytest.fixture
def ran(monkeypatch):
    """What is run, in place of running it: [(words, environment)]."""
    found = []
    for name in CHOICES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(suites, "run", lambda *words, env: found.append((words, env)))
    return found


def files(words):
    return [word for word in words if word.startswith("tests/") and word.endswith(".py")]


def test_every_command_of_the_makefile_is_there_and_every_suite_has_one():
    makefile = (suites.ROOT / "Makefile").read_text("utf-8")
    assert set(re.findall(r"\$\(SUITE\) (\w+)", makefile)) == set(suites.SUITES)


@pytest.mark.parametrize("name", ["most", "assignments", "large", "outputs"])
def test_the_reader_s_choices_do_not_reach_what_is_compared(ran, monkeypatch, name):
    for key in suites.OF_THE_READER:
        monkeypatch.setenv(key, "something")
    monkeypatch.setenv("RESNET_BOOK_PHOTOGRAPHS", "shown")
    suites.SUITES[name]()
    ((words, env),) = ran
    assert not set(suites.OF_THE_READER) & set(env)
    assert env["RESNET_BOOK_PHOTOGRAPHS"] == "hidden"
    assert {"--timeout", "--max-worker-restart"} <= set(words), "a hang must be a failure"


def test_some_tests_of_the_day_or_all(ran, monkeypatch):
    suites.most()
    suites.most("tests/library")
    monkeypatch.setenv("TESTS", "all")
    suites.most()
    (some, _), (part, _), (every, _) = ran
    assert files(every) == [] and part[-1] == "tests/library"
    assert "tests/claims/test_claims.py" in files(some)


@pytest.mark.parametrize(("name", "suite"), [("TESTS", "most"), ("OUTPUTS", "outputs")])
def test_another_word_than_today_or_all_is_refused(ran, monkeypatch, name, suite):
    monkeypatch.setenv(name, "no")
    with pytest.raises(SystemExit, match=f"Expected {name}=today or .*Received: {name}=no"):
        suites.SUITES[suite]()
    assert not ran


def test_the_backends_are_two_and_have_what_bears_their_mark(ran, monkeypatch):
    monkeypatch.setenv("TESTS", "all")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: type("Done", (), {"stdout": "there"}))
    suites.backends()
    (jax, of_jax), (torch, of_torch), (both, of_both) = ran
    assert (of_jax["KERAS_BACKEND"], of_torch["KERAS_BACKEND"]) == ("jax", "torch")
    assert jax[0] == torch[0] == suites.python("backends") and both[0] == sys.executable
    assert "(backends or jax) and not one_backend" in jax
    assert "(backends) and not one_backend" in torch
    ending = {key: {n for n in LIBRARY if n.endswith(f"{key}.py")} for key in NEEDED}
    assert ending["_torch"] <= {Path(name).name for name in files(torch)}
    assert ending["_jax"] == {Path(n).name for n in files(jax)} - {
        Path(n).name for n in files(torch)
    }
    # Neither environment has all: the one with TensorFlow is shown where the others lie.
    assert of_both["RESNET_BOOK_ALSO"] == "there"
    paths = [p for p in LIBRARY.values() if p.stem.endswith(("_jax_and_tensorflow", "_backends"))]
    assert files(both) == sorted(path.relative_to(suites.ROOT).as_posix() for path in paths)


def test_what_is_due_on_a_day_has_a_test_on_every_backend(ran, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: type("Done", (), {"stdout": ""}))
    always = "tests/library/test_layers.py"
    due = next(name for name in suites.marked("backends") if name != always)
    monkeypatch.setattr(suites, "today", lambda which: [due, "tests/claims/test_claims.py"])
    suites.backends()
    assert [files(words) for words, _ in ran[:2]] == [sorted([due, always])] * 2


@pytest.mark.parametrize(
    ("asked", "oldest", "colab"),
    [
        ({}, ["shapes"], []),
        ({"WITH_OLDEST": ""}, [], []),
        ({"WITH_COLAB": "06 assignment-01"}, ["shapes"], ["06", "assignment-01"]),
        ({"ONLY": "03"}, ["03"], ["03"]),
    ],
)
def test_colab_s_part_is_chosen_by_the_beginnings_of_names(ran, monkeypatch, asked, oldest, colab):
    for key, value in asked.items():
        monkeypatch.setenv(key, value)
    suites.colab()
    *first, (old, _), (new, _) = ran
    assert [words[0] for words, _ in first] == [
        suites.python(e) for e in ("oldest",) * 2 + ("colab",)
    ]
    for words, python, only in ((old, "oldest", oldest), (new, "colab", colab)):
        assert words[words.index("--python") + 1] == suites.python(python)
        assert [words[i + 1] for i, word in enumerate(words) if word == "--only"] == only


def test_the_notebook_of_the_pets_is_left_out_where_they_are_not(
    ran, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    suites.outputs()
    pets = "notebooks/06-transfer.ipynb"
    assert f"Left out: {pets}. No {tmp_path}" in capsys.readouterr().out
    assert f"--ignore={pets}" in ran[0][0]
    monkeypatch.setenv("OUTPUTS", "today")
    suites.outputs()
    assert "notebooks/" not in ran[1][0] and pets not in ran[1][0]
    assert sum(word.endswith(".ipynb") and "=" not in word for word in ran[1][0]) >= 2


def test_a_failure_is_the_command_s_failure():
    with pytest.raises(SystemExit) as ended:
        suites.run(sys.executable, "-c", "raise SystemExit(3)", env=dict(os.environ))
    assert ended.value.code == 3


def test_an_unknown_suite_is_named():
    script = suites.ROOT / "tests" / "suites.py"
    said = subprocess.run([sys.executable, script, "all"], capture_output=True, text=True)
    assert said.returncode == 1
    assert "Expected one of quick, most" in said.stderr and "'all'" in said.stderr


def test_make_hands_on_what_stands_behind_a_command():
    """By the environment, which is where the suites look."""
    words = ["make", "--no-print-directory", "-f", "-", "WITH_OLDEST=", "TESTS=all"]
    rule = "all: ; @echo $$TESTS-$${WITH_OLDEST-unset}\n"
    said = subprocess.run(words, input=rule, capture_output=True, text=True)
    assert said.stdout == "all-\n"

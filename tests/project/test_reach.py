"""Which tests run on a day: those that a change reaches, and some that the day draws."""

import ast
import datetime
import subprocess
import sys

import pytest

import reach
from needed import missing

LIBRARY = reach.ROOT / "tests" / "library"
OF_THE_LIBRARY = sorted(LIBRARY.rglob("test_*.py"))


def due(monkeypatch, *changed, day="2026-01-02"):
    monkeypatch.setattr(reach, "changes", lambda commit: set(changed))
    return set(reach.due("a commit", day))


def library(names):
    return {name for name in names if name.startswith("tests/library/")}


def test_a_test_reaches_what_it_imports_and_what_that_imports_in_turn():
    found = reach.reach(LIBRARY / "networks/test_networks.py")
    for path in (
        *("tests/library/networks/test_networks.py", "tests/conftest.py"),
        *("src/helpers/__init__.py", "src/helpers/blocks/__init__.py", "src/helpers/layers.py"),
        *("src/helpers/networks/building.py", "src/helpers/specs/network.py"),
    ):
        assert path in found, path
    assert "src/helpers/counting/convnext.py" not in found
    assert "src/helpers/studies/ablations.toml" in reach.reach(LIBRARY / "studies/test_studies.py")
    assert "tests/oracles/reference.py" in reach.reach(LIBRARY / "test_layers.py")


def test_what_a_process_really_loads_is_reached():
    """Python itself says which modules of the library an import brings with it."""
    for module in ("counting", "weights"):
        code = f"import helpers.{module}, sys; print(*[m for m in sys.modules if 'helpers' in m])"
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        loaded = {name for name in out.stdout.split() if name.startswith("helpers.")}
        assert loaded and loaded <= reach.loaded(f"helpers.{module}"), module


@pytest.mark.parametrize(
    ("changed", "test", "is_due"),
    [
        ("src/helpers/layers.py", "tests/library/test_layers.py", True),
        ("src/helpers/counting/convnext.py", "tests/library/counting/test_convnext.py", True),
        ("src/helpers/counting/convnext.py", "tests/library/test_layers.py", False),
        ("tests/oracles/reference.py", "tests/library/test_layers.py", True),
        ("tests/conftest.py", "tests/library/test_layers.py", True),
        ("requirements.lock", "tests/library/test_layers.py", True),
        ("book/01-degradation.md", "tests/library/test_layers.py", False),
        ("book/01-degradation.md", "tests/claims/test_claims.py", True),
        ("book/01-degradation.md", "tests/library/test_imports.py", True),  # reads files
        ("src/helpers/studies/starts.toml", "tests/library/studies/test_studies.py", True),
        ("src/helpers/plots/__init__.py", "tests/library/test_cli.py", True),  # starts python -m
        ("results/inside/growth.json", "tests/library/plots/test_strips.py", True),
        ("results/inside/growth.json", "tests/library/test_layers.py", False),
    ],
)
def test_a_change_makes_due_what_it_reaches(changed, test, is_due, monkeypatch):
    monkeypatch.setattr(reach, "A_DAY", 0)
    assert (test in due(monkeypatch, changed)) is is_due


def test_what_jax_and_pytorch_are_installed_from_is_noticed_by_their_list_alone(monkeypatch):
    monkeypatch.setattr(reach, "changes", lambda _: {"requirements/backends.txt"})
    monkeypatch.setattr(reach, "A_DAY", 0)
    name = "tests/library/test_layers.py"
    assert name in reach.due("a commit", "2026-01-02", "backends")
    assert name not in reach.due("a commit", "2026-01-02", "library")


def test_a_few_weeks_run_all(monkeypatch):
    first = datetime.date(2026, 1, 1)
    days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(60)]
    found = [library(due(monkeypatch, "README.md", day=day)) for day in days]
    every = {path.relative_to(reach.ROOT).as_posix() for path in OF_THE_LIBRARY}
    assert set.union(*found) == every
    assert all(len(names) < len(every) / 2 for names in found)


def test_without_a_commit_all_is_due():
    assert reach.changes("") is None and reach.changes("0" * 40) is None
    assert len(library(reach.due("", "2026-01-02"))) == len(OF_THE_LIBRARY)


def test_what_needs_another_environment_is_not_in_the_command_s_list():
    """Named one by one, such files are not left out by pytest itself, and end in an error."""
    names = reach.today("library")
    assert "tests/claims/test_claims.py" in names
    assert not [name for name in names if missing(reach.Path(name))]


def test_a_change_that_is_not_committed_counts(tmp_path, monkeypatch):
    def git(*words):
        name = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run(
            ["git", *name, *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )

    git("init", "--quiet")
    (tmp_path / "old").write_text("1")
    git("add", "old")
    git("commit", "--quiet", "--message", "a")
    (tmp_path / "old").write_text("2")
    (tmp_path / "new").write_text("1")
    monkeypatch.setattr(reach.weekly, "ROOT", tmp_path)
    assert reach.changes(git("rev-parse", "HEAD").stdout.strip()) == {"old", "new"}


def test_no_test_of_the_library_imports_by_a_name_that_is_put_together():
    """Such an import would not be seen."""
    for path in OF_THE_LIBRARY:
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        named = {ast.unparse(call.func) for call in calls}
        assert not named & {"importlib.import_module", "__import__"}, path


@pytest.mark.parametrize(
    ("old", "new", "is_noticed"),
    [
        ("[tool.ruff]\nline-length = 100", "[tool.ruff]\nline-length = 99", False),
        ("huggingface_hub", "a_hub_of_another_name", False),  # of an extra
        ("keras>=3.13", "keras>=3.14", False),
        ("[tool.pytest.ini_options]", "[tool.pytest.ini_options]\nxfail_strict = true", True),
        ("requires-python = ", 'scripts = {a = "b:c"}\nrequires-python = ', True),
    ],
)
def test_of_pyproject_counts_what_a_test_can_notice(old, new, is_noticed):
    text = (reach.ROOT / "pyproject.toml").read_text("utf-8")
    changed = text.replace(old, new)
    assert changed != text
    assert (reach.settings(changed) != reach.settings(text)) is is_noticed

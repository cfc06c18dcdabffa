"""What is left to the weekly run is written down with the day on which it last passed."""

import datetime
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import weekly

ROOT = Path(__file__).parents[2]
PROOFS = weekly.proofs()


def commands(workflow):
    """What a workflow calls make for, with its variables."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / workflow).read_text("utf-8"))["jobs"]
    runs = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    found = re.findall(r"\bmake [a-z-]+(?: [A-Z_]+=[^\s\"#]*)*", runs)
    return {c for c in found if c.split()[1] not in ("setup", "colab-notebooks")}


# Whole in GitHub's run with every change, in part in `.ci/run` (reach.py): what proves each.
IN_PART = {"make test": "make test-library", "make backends": "make backends"}


def test_every_proof_of_the_weekly_run_has_an_entry():
    found = {proof["command"] for proof in PROOFS.values()}
    assert found == commands("weekly.yml") | set(IN_PART.values())
    assert commands("test.yml") >= set(IN_PART)


@pytest.mark.parametrize("name", PROOFS)
def test_an_entry_says_what_passed_when_and_on_which_commit(name):
    proof = PROOFS[name]
    assert proof["proves"].endswith(".")
    if proof["passed"] == "never, yet":
        assert proof["commit"] == ""
    else:
        assert datetime.date.fromisoformat(proof["passed"]) <= datetime.date.today()
        assert re.fullmatch(r"[0-9a-f]{40}", proof["commit"])


def test_what_passed_is_written_down_and_nothing_else_changes():
    text = weekly.RECORD.read_text("utf-8")
    new = weekly.written(text, "pdf", "2026-01-02", "c" * 40)
    assert weekly.tomllib.loads(new) == {
        **PROOFS,
        "pdf": {**PROOFS["pdf"], "passed": "2026-01-02", "commit": "c" * 40},
    }
    with pytest.raises(KeyError, match="soup"):
        weekly.written(text, "soup", "2026-01-02", "c" * 40)


def test_what_never_passed_is_due_and_so_is_what_passed_on_a_version_that_is_gone():
    proof = PROOFS["large"]
    assert all((ROOT / path).exists() for path in proof["about"])
    assert weekly.due({**proof, "commit": ""})
    assert weekly.due({**proof, "commit": "0" * 40})


def test_the_largest_nets_run_where_what_builds_them_has_changed():
    for place in (".ci/run", ".github/workflows/test.yml"):
        text = (ROOT / place).read_text("utf-8")
        assert "weekly.py --due large" in text and "make test-large" in text, place


def test_the_notebooks_of_some_weeks_are_all_of_them():
    every = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("notebooks/*.ipynb")}
    first = datetime.date(2026, 1, 1)
    days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(21)]
    found = [set(weekly.notebooks(day)) for day in days]
    assert set.union(*found) == every
    assert weekly.notebooks(days[0]) == weekly.notebooks(days[0])
    assert all(len(names) >= weekly.A_DAY for names in found)


def test_a_notebook_that_changed_is_run_every_day(monkeypatch):
    monkeypatch.setattr(weekly, "changed", lambda name, _: name == "notebooks/shapes.ipynb")
    for day in range(1, 29):
        names = weekly.notebooks(f"2026-02-{day:02d}")
        assert "notebooks/shapes.ipynb" in names
        assert len(names) <= weekly.A_DAY + 1


def test_text_makes_no_notebook_due_and_code_or_an_output_does(monkeypatch):
    name = "notebooks/shapes.ipynb"
    text = (ROOT / name).read_text("utf-8")
    then = SimpleNamespace(returncode=0, stdout=text)
    monkeypatch.setattr(weekly, "git", lambda *_: then)
    assert not weekly.changed(name, "a commit")
    then.stdout = text.replace("stand-in", "substitute")
    assert then.stdout != text and not weekly.changed(name, "a commit")
    for old, new in (("import", "import  "), ("linear_test", "linear-test")):
        then.stdout = text.replace(old, new)
        assert then.stdout != text and weekly.changed(name, "a commit"), old
    assert weekly.changed(name, "")
    then.returncode = 128
    assert weekly.changed(name, "a commit that is gone")


def test_continuous_integration_elsewhere_runs_every_notebook_and_test():
    assert "make test-outputs" in commands("test.yml") & commands("weekly.yml")
    run = (ROOT / ".ci/run").read_text("utf-8")
    assert "make test-outputs OUTPUTS=today" in run
    for command in IN_PART:
        assert f"{command} TESTS=today" in run

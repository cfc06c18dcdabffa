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
    found = re.findall(r"\bmake [a-z-]+(?: [A-Z_]+=(?:\"[^\"]*\"|[^\s\"#]*))*", runs)
    return {c for c in found if c.split()[1] not in ("setup", "colab-notebooks")}


# Whole in GitHub's run with every change, in part in `.ci/run` (reach.py): what proves each.
IN_PART = {"make test TESTS=all": "make test-library"}
IN_PART |= {"make backends TESTS=all": "make backends TESTS=all"}
IN_PART |= {"make test-site": "make test-site"}
# Whole in GitHub's run with every change, in `.ci/run` where what it is about has changed.
FORMS = ("slides", "epub", "pdf")
BY_PATH = {name: PROOFS[name]["command"] for name in ("large", "photos", *FORMS)}


def test_every_proof_of_the_weekly_run_has_an_entry():
    found = {proof["command"] for proof in PROOFS.values()}
    assert found == commands("weekly.yml") | set(IN_PART.values()) | set(BY_PATH.values())
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


@pytest.mark.parametrize("name", BY_PATH)
def test_what_never_passed_is_due_and_so_is_what_passed_on_a_version_that_is_gone(name):
    proof = PROOFS[name]
    assert all((ROOT / path).exists() for path in proof["about"])
    assert weekly.due({**proof, "commit": ""})
    assert weekly.due({**proof, "commit": "0" * 40})


@pytest.mark.parametrize("path", [".ci/run", ".github/workflows/test.yml"])
def test_the_other_forms_are_made_where_what_makes_them_has_changed(path):
    text = (ROOT / path).read_text("utf-8")
    loop = rf"for form in {' '.join(FORMS)}; do\s+if \S+ tests/project/weekly.py --due \"\$form\""
    assert re.search(loop + r'[^\n]*; then\s+make "\$form"', text)


@pytest.mark.parametrize("name", [name for name in BY_PATH if name not in FORMS])
def test_what_takes_long_runs_where_what_it_is_about_has_changed(name):
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    asked = f'weekly.py --due {name} && in_time "{BY_PATH[name].split(" WITH")[0]}"; then\n'
    head, found, after = text.partition(asked)
    assert found and after.strip().startswith(BY_PATH[name])
    assert "Left to the weekly run" in head.partition("in_time() {")[2]  # what is left out is said
    assert BY_PATH[name] in (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")


def changes(monkeypatch, *names, returncode=0):
    """As if these files had changed since all pages passed."""
    known = {**PROOFS, "site": {"commit": "a commit"}}
    monkeypatch.setattr(weekly, "proofs", lambda: known)
    answer = SimpleNamespace(returncode=returncode, stdout="\n".join(names))
    monkeypatch.setattr(weekly, "git", lambda *_: answer)


def test_the_pages_of_some_weeks_are_all_of_them(monkeypatch):
    changes(monkeypatch, "src/helpers/specs/__init__.py")
    first = datetime.date(2026, 1, 1)
    days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(60)]
    found = [set(weekly.pages(day)) for day in days]
    sources = [*ROOT.glob("book/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    every = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in sources}
    assert set.union(*found) == every and max(map(len, found)) < len(every) / 4


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("book/07-imagenet.md", "book/07-imagenet.html"),
        ("images/repair-block.svg", "book/repair.html"),
        ("notebooks/shapes.ipynb", "notebooks/shapes.html"),
        ("notebooks/shapes.ipynb", "book/shapes.html"),  # it takes numbers from there
        ("book/claims/repair.toml", "book/claims.html"),
    ],
)
def test_a_page_that_shows_what_changed_is_looked_at_every_day(monkeypatch, name, page):
    changes(monkeypatch, name)
    assert all(page in weekly.pages(f"2026-02-{day:02d}") for day in range(1, 29))


def test_all_pages_are_looked_at_where_what_they_share_has_changed_or_nobody_knows(monkeypatch):
    for name in ("book/_static/wide.css", "book/interactive/served/twins/page.js", "_toc.yml"):
        changes(monkeypatch, name)
        assert weekly.pages("2026-01-01") == []
    changes(monkeypatch, returncode=128)
    assert weekly.pages("2026-01-01") == []


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


def test_an_issue_names_every_job_that_must_pass():
    jobs = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    report = jobs.pop("report")
    must_pass = {name for name, job in jobs.items() if not job.get("continue-on-error")}
    assert set(jobs) - must_pass == {"coming"}
    assert set(report["needs"]) == must_pass
    said = re.findall(r"needs\.(\w+)\.result", report["steps"][0]["env"]["BODY"])
    assert sorted(said) == sorted(must_pass)


def test_continuous_integration_elsewhere_runs_every_notebook_and_test():
    assert "make test-outputs" in commands("test.yml") & commands("weekly.yml")
    run = (ROOT / ".ci/run").read_text("utf-8")
    assert "make test-outputs OUTPUTS=today" in run
    assert all(f"\n{command}\n" in run for command in ("make test", "make backends"))
    assert "make test-site PAGES=today" in run

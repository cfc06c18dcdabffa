"""What publishes and packages the book: workflows, versions, the wheel, Binder, the citation."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

import places

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    return (ROOT / name).read_text("utf-8")


# --- workflows ------------------------------------------------------------------


def steps(path):
    for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request):
    return request.param


def test_actions_are_pinned_by_commit_with_their_version(workflow):
    lines = re.findall(r"uses: *(.*)", workflow.read_text("utf-8"))
    for line in lines:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_one_version_everywhere():
    found = {}
    for path in WORKFLOWS:
        for name, commit in re.findall(r"uses: *([\w/-]+)@([0-9a-f]{40})", path.read_text("utf-8")):
            found.setdefault(name, set()).add(commit)
    assert {name for name, commits in found.items() if len(commits) > 1} == set()


def test_permissions_are_the_least(workflow):
    """Reading for all; writing for the one job that publishes, or that opens an issue."""
    content = yaml.safe_load(workflow.read_text("utf-8"))
    assert content["permissions"] == {"contents": "read"}
    given = {name: job.get("permissions") for name, job in content["jobs"].items()}
    given = {name: rights for name, rights in given.items() if rights}
    expected = {
        "test.yml": {},
        "pages.yml": {"publish": {"pages": "write", "id-token": "write"}},
        "weekly.yml": {"report": {"issues": "write"}},
    }
    assert given == expected[workflow.name]
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_every_job_ends(workflow):
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        assert job["timeout-minutes"] <= 120


def test_workflows_call_commands_that_make_knows(workflow):
    makefile = read("Makefile")
    called = re.findall(
        r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for step in steps(workflow))
    )
    assert called
    for command in called:
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command


def test_what_runs_where():
    jobs = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]
    supported = ["3.11", "3.12", "3.13"]
    assert jobs["linux"]["strategy"]["matrix"] == {"python": supported}
    everywhere = jobs["everywhere"]["strategy"]["matrix"]
    assert everywhere["python"] == supported
    assert {name.split("-")[0] for name in everywhere["system"]} == {"macos", "windows"}
    weekly = yaml.safe_load(read(".github/workflows/weekly.yml"))["jobs"]
    assert weekly["newest"]["strategy"]["matrix"] == {"python": supported[1:]}  # as NumPy's newest
    (coming,) = set(weekly["coming"]["strategy"]["matrix"]["python"]) - set(supported)
    assert coming == f"3.{int(supported[-1].split('.')[1]) + 1}"


def test_the_website_is_published_as_the_repository_that_runs_the_workflow():
    content = yaml.safe_load(read(".github/workflows/pages.yml"))
    environment = content["jobs"]["build"]["env"]
    assert environment == {"RESNET_BOOK_PUBLISH_AS": "${{ github.repository }}"}
    assert content[True]["push"] == {"tags": ["v*"]}  # YAML 1.1 reads `on` as true


def test_every_group_of_packages_is_watched():
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    watched = {
        (u["package-ecosystem"], f)
        for u in updates
        for f in u.get("directories", [u.get("directory")])
    }
    assert watched == {
        ("github-actions", "/"),
        ("npm", "/book/interactive"),
        ("npm", "/tests/site"),
        ("pip", "/"),
    }


def test_commits_are_checked_with_the_same_commands():
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [r["repo"] for r in hooks] == ["local"], "what else it fetched would have other versions"
    assert [h["entry"] for h in hooks[0]["hooks"]] == ["make lint", "make test-notebooks"]


# --- the package, Binder, the citation, the changes -------------------------------


def test_the_wheel_is_the_library_with_the_book_s_version(tmp_path):
    """`pip install .`, but for the dependencies."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "src/helpers"):
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        take(ROOT / name, tmp_path / "book" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(tmp_path / "book")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    version = places.Book().version
    assert wheel.name == f"resnet_book_helpers-{version}-py3-none-any.whl"
    package = ROOT / "src" / "helpers"
    ours = [p for kind in ("*.py", "*.toml") for p in package.rglob(kind)]
    assert {p.relative_to(package.parent).as_posix() for p in ours} <= set(inside)

    code = f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
    code += "import helpers; print(helpers.__version__)"
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True
    )
    assert printed.stdout.strip() == version, printed.stderr


def test_binder_installs_the_library_with_the_locked_versions():
    wanted = read(".binder/requirements.txt")
    assert "-c ../requirements.lock" in wanted and "-e .[tensorflow]" in wanted
    assert read(".binder/runtime.txt").strip() in {"python-3.11", "python-3.12", "python-3.13"}


def test_the_citation_has_what_it_must_have():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(citation)
    assert citation["version"] == places.Book().version
    assert citation["license"] == ["MIT", "CC-BY-4.0"]


def test_the_changes_name_this_version():
    assert re.search(
        rf"^## {places.Book().version}, (unreleased|\d{{4}}-\d\d-\d\d)$", read("CHANGELOG.md"), re.M
    )


def test_a_release_is_checked_before_its_tag(tmp_path):
    book = places.Book()
    assert "helpers.__version__" in book.unready("v0.0.1")
    read_as_it_is = book.read
    book.read = lambda name: (
        f"## {book.version}, 2027-01-31" if name == "CHANGELOG.md" else read_as_it_is(name)
    )
    assert book.unready(f"v{book.version}") == ""
    book.read = lambda name: (
        f"## {book.version}, unreleased" if name == "CHANGELOG.md" else read_as_it_is(name)
    )
    assert "CHANGELOG.md" in book.unready(f"v{book.version}")


def test_every_folder_has_a_licence():
    licence = re.sub(r"\s+", " ", read("LICENSE"))
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("Which folders belong to the book is known to git; here is no repository.")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {name.split("/")[0] for name in listed.splitlines() if "/" in name}
    for name in {name for name in folders if not name.startswith(".")}:
        assert re.search(rf"\b{name}(/|\b)", licence), name
    assert "Attribution 4.0 International" in read("book/licences/CC-BY-4.0.txt")


def test_the_archive_and_the_container_say_what_the_book_says():
    """What Zenodo reads of a release, and where a codespace starts."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    archived = json.loads((ROOT / ".zenodo.json").read_text("utf-8"))
    assert (archived["title"], archived["keywords"]) == (cited["title"], cited["keywords"])
    assert [one["name"] for one in archived["creators"]] == [a["name"] for a in cited["authors"]]
    assert archived["license"] in cited["license"]
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    python = container["image"].split(":")[1]
    assert python in {"3.11", "3.12", "3.13"}  # README's
    makefile = (ROOT / "Makefile").read_text("utf-8")
    target = container["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", makefile, re.M)
    assert int(re.search(r"^PORT \?= (\d+)", makefile, re.M)[1]) in container["forwardPorts"]


def test_a_hub_gets_a_link_that_pulls_the_released_version():
    link = places.pulled("https://github.com/me/book", "1.2.3", "notebooks/01-a.ipynb")
    asked = parse_qs(urlsplit(link).query)
    assert asked == {
        "repo": ["https://github.com/me/book"],
        "branch": ["v1.2.3"],
        "urlpath": ["lab/tree/book/notebooks/01-a.ipynb"],
    }

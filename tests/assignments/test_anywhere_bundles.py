"""What is uploaded to Gradescope and Classroom 50: the scripts run here as they do there.

Where they would install Python and the libraries, the tests' own environment stands in, and an
empty library for the book's: what a bare Ubuntu does is tried by nobody here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml

import edits
from grading.course import CourseError
from grading.elsewhere import bundle, classroom, gradescope
from grading.release import left_over

ROOT = Path(__file__).resolve().parents[2]
STUB = """#!/bin/sh
echo "$*" >> "{log}"
if [ "$1" = venv ]; then
    for last; do :; done
    ln -s "{environment}" "$last"
fi
"""


@pytest.fixture
def place():
    """A folder that other users come into, as /autograder is; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environment(place):
    """What the scripts find: uv, which links this environment instead of making one."""
    stub = place / "uv"
    stub.write_text(STUB.format(log=place / "uv.log", environment=sys.prefix))
    stub.chmod(0o755)
    return {"PATH": os.environ["PATH"], "UV": str(stub), "AUTOGRADER_ROOT": str(place)}


def empty_library(book):
    """In place of `helpers`, modules of the same names that need no TensorFlow."""
    shutil.rmtree(book / "src" / "helpers")
    (book / "src" / "helpers").mkdir()
    for name in ("__init__", "checks", "training", "plots"):
        (book / "src" / "helpers" / f"{name}.py").touch()


@pytest.fixture
def autograder(place, environment, tiny_source):
    """Gradescope's folder, set up; returns a function that runs a submission."""
    with zipfile.ZipFile(gradescope.export("tiny", place, source=tiny_source)) as archive:
        archive.extractall(place / "source")
    shutil.copy(place / "source" / "run_autograder", place)
    empty_library(place / "source" / "book")
    command = ["bash", place / "source" / "setup.sh"]
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    def run(*changes, before=(), **more):
        (place / "submission").mkdir(exist_ok=True)
        nbformat.write(edits.edited(edits.tiny(), *changes), place / "submission" / "tiny.ipynb")
        run = ["bash", place / "run_autograder"]
        command, own = [*before, *run], {**environment, **more}
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads((place / "results" / "results.json").read_text()), done.stdout

    return run


def test_gradescopes_zip_has_both_scripts_at_its_root(tmp_path, tiny_source):
    first = gradescope.export("tiny", tmp_path / "a", source=tiny_source)
    again = gradescope.export("tiny", tmp_path / "b", source=tiny_source)
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        scripts = {name: archive.read(name).decode() for name in entries if "/" not in name}
    assert set(scripts) == {"setup.sh", "run_autograder", "install.sh"}
    for name, text in scripts.items():
        assert entries[name].external_attr >> 16 & 0o111 == 0o111, "it is called"
        assert text.startswith("#!/usr/bin/env bash\n")
        assert not re.search("@[A-Z_]+@", text), "every place is filled in"
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    ours = (ROOT / "requirements" / "environment.py").read_text("utf-8")
    version = re.search(r'^UV_VERSION = "(\S+)"$', ours, re.MULTILINE)[1]
    assert f"uv=={version}" in scripts["install.sh"]
    sources = [name for name in entries if "/assignments/source/" in name]
    assert sources == ["book/assignments/source/tiny/tiny.ipynb"]
    for name in (
        "src/helpers/specs/__init__.py",
        "requirements.lock",
        "assignments/grading/jail.py",
    ):
        assert f"book/{name}" in entries
    assert not [name for name in entries if "__pycache__" in name or "/templates/" in name]


def test_what_is_no_assignment_is_named(tmp_path, tiny_source):
    for module in (gradescope, classroom):
        with pytest.raises(CourseError, match=r"one of the assignments tiny.*Received: 'huge'"):
            module.export("huge", tmp_path, source=tiny_source)


def test_gradescope_grades_and_shuts_others_out(place, autograder):
    log = (place / "uv.log").read_text()
    assert "--managed-python --python 3.12" in log
    assert "requirements.lock" in log and "requirements/course.txt" in log
    found, out = autograder()
    assert found["score"] == 5, (found, out)
    assert "graded, 5 of 5" in out
    for name in ("source", "results", "submission", "book/assignments/source"):
        assert (place / name).stat().st_mode & 0o007 == 0, f"{name} is open to students' code"
    for name in ("book/src/helpers/checks.py", "book/results", "book/assignments/grading"):
        assert (place / name).stat().st_mode & 0o004, f"students' code needs {name}"


def _open_to_others(path):
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv") or not _open_to_others(Path(sys.base_prefix)),
    reason="root, setpriv and a Python that every user can read play a container's root",
)
def test_gradescope_as_root_without_namespaces(place, autograder):
    """A container may not make namespaces: then the user that runs the code must be shut out."""
    closed = ["source", "results", "submission", "book/assignments/source/tiny/tiny.ipynb"]
    paths = [str(place / name) for name in closed]
    looks = edits.written(
        "double",
        "import os\n\n"
        f"seen = [path for path in {paths} if os.access(path, os.R_OK)]\n"
        "assert os.getuid() != 0 and not seen, seen\n\n\n"
        "def double(x):\n    return 2 * x",
    )
    found, out = autograder(looks, before=["setpriv", "--bounding-set=-sys_admin"])
    assert found["score"] == 5, (found, out)
    assert "isolation" not in json.dumps(found) and "ran without isolation" in out


@pytest.mark.parametrize("fault", ["the clock", "the environment"])
def test_gradescope_has_a_result_whatever_happens(place, autograder, fault):
    more = {}
    if fault == "the clock":
        more["AUTOGRADER_SECONDS"] = "0.01"
    else:
        (place / "book" / ".venv-course").unlink()
    found, _ = autograder(**more)
    assert "did not come to its end" in found["output"]
    assert found["score"] == 0
    assert sum(test["max_score"] for test in found["tests"]) == 5


# --- Classroom 50 ---------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory, tiny_source):
    return classroom.export("tiny", tmp_path_factory.mktemp("classroom"), source=tiny_source)


def test_the_template_gives_nothing_away(exported, tiny_source):
    template = exported / "template"
    names = {path.relative_to(template).parts[0] for path in template.rglob("*")}
    assert {"README.md", "requirements.txt", "requirements.lock", ".github", ".gitignore"} <= names
    assert list(template.rglob("*.ipynb")) == [template / "assignment" / "tiny.ipynb"]
    theirs = nbformat.read(template / "assignment" / "tiny.ipynb", as_version=4)
    assert left_over(edits.tiny(), theirs) == []
    assert "raise NotImplementedError" in edits.cell(theirs, "double").source
    assert "assignments" not in names, "the grading and its sources are in the autograder alone"
    needed = (template / "requirements.txt").read_text().splitlines()
    locked = (template / "requirements.lock").read_text()
    assert needed[0] == "-c requirements.lock"
    for name in needed[1:]:
        assert re.search(rf"^{re.escape(name.replace('_', '-'))}==", locked, re.MULTILINE), name


def test_the_workflow_calls_what_is_there(exported):
    text = (exported / "template/.github/workflows/check.yml").read_text()
    steps = yaml.safe_load(text)["jobs"]["check"]["steps"]
    ours = (ROOT / ".github/workflows/test.yml").read_text("utf-8")
    for step in steps:
        if "uses" in step:
            assert f"uses: {step['uses']}" in ours, "as pinned as in the book's own workflows"
    called = next(step["run"] for step in steps if "check.py" in step.get("run", ""))
    for path in called.split()[1:]:
        assert (exported / "template" / path).is_file()
    assert not (exported / "template/.github/workflows/autograde.yaml").exists(), "it is reserved"
    runtime = json.loads((exported / "autograder/runtime.json").read_text())
    assert runtime["python"] == bundle.PYTHON


def test_the_visible_tests_run(exported, tmp_path):
    check = [sys.executable, exported / "template/.github/check.py"]
    handed_out = exported / "template/assignment/tiny.ipynb"
    done = subprocess.run([*check, handed_out], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("FAILED")) == (1, 2), done.stdout + done.stderr
    assert "FAILED  double-test\n    NotImplementedError" in done.stdout
    nbformat.write(edits.tiny(), tmp_path / "tiny.ipynb")
    done = subprocess.run(
        [*check, tmp_path / "tiny.ipynb"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("passed")) == (0, 2), done.stdout + done.stderr


def test_the_autograder_grades_a_checkout(exported, place, environment):
    shutil.copytree(exported / "autograder", place / "bundle")
    empty_library(place / "bundle" / "book")
    shutil.copytree(exported / "template", place / "checkout")
    nbformat.write(edits.tiny(), place / "checkout" / "assignment" / "tiny.ipynb")
    names = {"CLASSROOM": "nets", "ASSIGNMENT": "tiny", "OWNER": "ada", "RUNNER_TEMP": str(place)}
    done = subprocess.run(
        [sys.executable, place / "bundle" / "autograder.py"],
        cwd=place / "checkout",
        env=environment | names | {"GITHUB_TOKEN": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((place / "checkout" / "result.json").read_text())
    assert (found["classroom"], found["owner"], found["score"]) == ("nets", "ada", 5)
    assert (place / "checkout" / "release-body.md").exists()


def test_an_autograder_too_large_to_be_fetched_is_refused(tmp_path, tiny_source, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_BYTES", 1000)
    with pytest.raises(CourseError, match="1000 at most"):
        classroom.export("tiny", tmp_path, source=tiny_source)
    assert not (tmp_path / "tiny").exists()

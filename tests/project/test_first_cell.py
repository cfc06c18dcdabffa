"""The first code cell of every notebook: it makes `helpers` importable, anywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import places

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[2]
BOOK = places.Book()
CELL = BOOK.first_cell()
TAG = f"v{BOOK.version}"
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="git is not on this machine")


def run(folder, cell=CELL, *, home=None, **environment):
    """Runs the cell in a bare Python, as in Colab: no package is installed.

    As in a notebook, its folder is the first place where packages are looked for.
    """
    code = "import sys; sys.path.insert(0, '')\n" + cell
    code += "\nprint('helpers from', importlib.util.find_spec('helpers').origin)"
    home = str(home or folder)
    kept = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT") if k in os.environ}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=folder,
        env={**kept, "LC_ALL": "C", "HOME": home, "USERPROFILE": home, **environment},
        capture_output=True,
        text=True,
    )


def library(folder, version=BOOK.version):
    """A package `helpers` that passes for the book's, below `folder`."""
    place = folder / "helpers"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(f'__version__ = "{version}"\n', "utf-8")
    (place / "specs").mkdir()
    (place / "specs" / "__init__.py").touch()


def sentence(result):
    """What the reader is told: the last line of what went wrong."""
    assert result.returncode != 0, result.stdout
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", BOOK.notebooks())
def test_it_is_the_same_in_every_notebook(name):
    cells = nbformat.read(ROOT / name, as_version=4).cells
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert first.source == CELL, "Call `make publish-as`, which writes the first cells anew."


def test_it_installs_no_package_and_names_this_version():
    assert not re.search(r"\bpip\b|\bconda\b|\bapt", CELL), "Colab keeps what it has"
    assert f'VERSION = "{TAG}"' in CELL
    assert f'REPOSITORY = "{BOOK.repository}"' in CELL


def test_it_finds_the_source_beside_the_notebooks():
    result = run(ROOT / "notebooks")
    place = ROOT / "src" / "helpers" / "__init__.py"
    assert f"helpers from {place}" in result.stdout, result.stderr


def test_where_helpers_is_it_imports_it_and_nothing_else(tmp_path):
    library(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = list(sys.path)\n"
        "exec(sys.argv[2])\nassert sys.path == before, sys.path\n"
        "print(sorted({'helpers', 'numpy', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    command = [sys.executable, "-I", "-c", script, str(tmp_path), CELL]
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": ""}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "['helpers']\n"  # nothing is imported that would take a moment
    assert [path.name for path in tmp_path.iterdir()] == ["helpers"]


def test_a_library_of_another_version_is_said_in_a_sentence(tmp_path):
    library(tmp_path, "0.9.0")
    said = sentence(run(tmp_path))
    assert "v0.9.0" in said and TAG in said and str(tmp_path / "helpers") in said


def test_with_it_tensorflow_is_asked_for_its_fast_kernels():
    """TensorFlow reads the variable when it is imported, and isort puts Keras first."""
    said = CELL + "\nimport os; print('oneDNN', os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    assert "oneDNN 1" in run(ROOT / "notebooks", said).stdout
    assert "oneDNN 0" in run(ROOT / "notebooks", said, TF_ENABLE_ONEDNN_OPTS="0").stdout


def test_it_says_how_to_set_the_address(tmp_path):
    unpublished = CELL.replace(f'REPOSITORY = "{BOOK.repository}"', 'REPOSITORY = ""')
    said = sentence(run(tmp_path, unpublished))
    assert "make publish-as OWNER/NAME" in said and "REPOSITORY" in said


@pytest.fixture
def repository(tmp_path):
    """A git repository with a library of this book's name, under the tag of this version."""
    place = tmp_path / "repository"
    library(place / "src")
    author = ["-c", "user.name=A Reader", "-c", "user.email=reader@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "x"], ["tag", TAG]):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", "-C", str(place), *command], check=True, env=environment)
    return place


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@needs_git
def test_it_fetches_the_tag_of_this_version_once(repository, elsewhere):
    address = repository.as_uri()
    result = run(elsewhere, RESNET_BOOK_REPOSITORY=address)
    assert result.returncode == 0, result.stderr
    assert f"helpers from {elsewhere}" in result.stdout and TAG in result.stdout
    shutil.move(repository, f"{repository}-gone")
    again = run(elsewhere, RESNET_BOOK_REPOSITORY=address)
    assert again.stdout == result.stdout, again.stderr


@needs_git
def test_a_published_cell_needs_no_environment(repository, elsewhere):
    published = CELL.replace(
        f'REPOSITORY = "{BOOK.repository}"', f'REPOSITORY = "{repository.as_uri()}"'
    )
    result = run(elsewhere, published)
    assert f"helpers from {elsewhere}" in result.stdout, result.stderr


# --- what is in the way -----------------------------------------------------------


@pytest.mark.parametrize("other", ["helpers.py", "helpers/__init__.py"])
def test_another_package_of_that_name_is_said_in_a_sentence(elsewhere, other):
    place = elsewhere / other
    place.parent.mkdir(exist_ok=True)
    place.write_text("raise SystemExit('a stranger was run')", "utf-8")
    said = sentence(run(elsewhere, RESNET_BOOK_REPOSITORY="https://example.org/x"))
    assert "is in the book's way" in said and str(Path(other)) in said
    assert "Rename or uninstall it, restart the kernel" in said


@needs_git
def test_a_folder_of_that_name_without_code_is_not_in_the_way(repository, elsewhere):
    (elsewhere / "helpers").mkdir()
    result = run(elsewhere, RESNET_BOOK_REPOSITORY=repository.as_uri())
    assert TAG in result.stdout, result.stderr


@needs_git
def test_a_copy_that_is_not_whole_is_fetched_anew(repository, elsewhere):
    """Such as one that was being made when the kernel was killed."""
    half = elsewhere / ".cache" / "resnet-book" / TAG
    (half / "src" / "helpers").mkdir(parents=True)
    result = run(elsewhere, RESNET_BOOK_REPOSITORY=repository.as_uri())
    assert f"helpers from {half}" in result.stdout, result.stderr
    assert [path.name for path in half.parent.iterdir()] == [TAG]


@needs_git
def test_it_is_whole_or_not_there_whenever_it_is_killed(repository, elsewhere):
    """Until all is there, nothing stands where it would be looked for."""
    dies = CELL.replace("os.replace(", "os._exit(9) or os.replace(")
    assert dies != CELL
    assert run(elsewhere, dies, RESNET_BOOK_REPOSITORY=repository.as_uri()).returncode == 9
    assert not (elsewhere / ".cache" / "resnet-book" / TAG).exists()
    result = run(elsewhere, RESNET_BOOK_REPOSITORY=repository.as_uri())
    assert TAG in result.stdout, result.stderr


@needs_git
@pytest.mark.parametrize("which", ["a file", "unknown"])
def test_it_needs_no_home(repository, elsewhere, which):
    """HOME is nothing to write into; or is not set, and the system does not know the user."""
    home, cell = elsewhere / "home", CELL
    home.touch()
    if which == "unknown":
        cell = CELL.replace("Path.home()", "Path('~nobody-of-that-name').expanduser()")
        assert cell != CELL
    result = run(elsewhere, cell, home=home, RESNET_BOOK_REPOSITORY=repository.as_uri())
    assert TAG in result.stdout, result.stderr


# --- what cannot be fetched -------------------------------------------------------


@needs_git
def test_a_version_that_is_not_there_is_said_in_a_sentence(repository, elsewhere):
    cell = CELL.replace(TAG, "v99.0.0")
    said = sentence(run(elsewhere, cell, RESNET_BOOK_REPOSITORY=repository.as_uri()))
    assert "Could not fetch v99.0.0" in said and "not found" in said
    assert not list(elsewhere.rglob("helpers"))


@needs_git
def test_a_repository_that_is_not_there_is_said_in_a_sentence(elsewhere):
    said = sentence(run(elsewhere, RESNET_BOOK_REPOSITORY=(elsewhere / "none").as_uri()))
    assert "takes git and a network" in said and "repository exists" in said


def test_no_git_is_said_in_a_sentence(elsewhere):
    said = sentence(run(elsewhere, RESNET_BOOK_REPOSITORY="https://example.org/x", PATH=""))
    assert "takes git and a network" in said

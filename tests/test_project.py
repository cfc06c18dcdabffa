"""The files around the library: versions, commands, notebooks, table of contents."""

import configparser
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMMANDS = ("setup", "book", "serve", "test", "notebooks", "lab", "lint", "lock", "clean", "help")


def read(name):
    return (ROOT / name).read_text("utf-8")


def requirements_of(text):
    """The requirements in a file of pip's, without comments."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


# --- versions -----------------------------------------------------------------

PROJECT = tomllib.loads(read("pyproject.toml"))
LOCK = requirements_of(read("requirements.lock"))
ENVIRONMENTS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "os_name": "posix",
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python, (system, machine) in itertools.product(
        ("3.11", "3.12", "3.13"),
        (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")),
    )
]


def locked(environment):
    """What the lock file installs in one environment: name to version."""
    chosen = {}
    for entry in LOCK:
        if entry.marker is None or entry.marker.evaluate(environment):
            name = canonicalize_name(entry.name)
            assert name not in chosen, f"{name} is locked twice for {environment}"
            (chosen[name],) = (clause.version for clause in entry.specifier)
    return chosen


def asked_for():
    """Every range that the project states, with where it stands."""
    project = PROJECT["project"]
    lists = {
        "requirements.txt": requirements_of(read("requirements.txt")),
        "dependencies": map(Requirement, project["dependencies"]),
        "build-system": map(Requirement, PROJECT["build-system"]["requires"]),
    }
    for extra, entries in project["optional-dependencies"].items():
        lists[f"extra {extra}"] = map(Requirement, entries)
    return [(place, entry) for place, entries in lists.items() for entry in entries]


@pytest.mark.parametrize(("place", "entry"), asked_for(), ids=lambda value: str(value))
def test_the_locked_version_lies_in_every_range(place, entry):
    for environment in ENVIRONMENTS:
        version = locked(environment).get(canonicalize_name(entry.name))
        assert version is not None, f"{entry.name} of {place} is not locked: run `make lock`"
        assert entry.specifier.contains(version), f"{entry} of {place} is locked at {version}"


def test_the_lock_holds_exact_versions_and_no_addresses():
    for entry in LOCK:
        assert [clause.operator for clause in entry.specifier] == ["=="], str(entry)
        assert entry.url is None, str(entry)
    for name in ("requirements.txt", "requirements.lock"):
        assert not re.search(r"://|^\s*-", read(name), re.MULTILINE), name


def test_what_the_library_needs_is_what_the_book_installs():
    """Neither list promises a range that the other does not."""
    book = {canonicalize_name(r.name): r for r in requirements_of(read("requirements.txt"))}
    for place, entry in asked_for():
        if place.startswith("extra") or place == "dependencies":
            assert canonicalize_name(entry.name) in book, f"{entry} of {place}"


def test_the_supported_pythons_are_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in read("Makefile")
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    assert workflow["jobs"]["book"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


# --- commands -----------------------------------------------------------------


def make(*arguments):
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_make_alone_lists_the_commands():
    result = make()
    assert result.returncode == 0, result.stderr
    listed = re.findall(r"^  (\w+) +\S", result.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_make_knows_how_to(command):
    result = make("--dry-run", command)
    assert result.returncode == 0, result.stderr


def test_make_does_not_know_just_anything():
    assert make("--dry-run", "no-such-command").returncode != 0


@pytest.mark.parametrize(
    ("version", "fits"),
    [("3.10.14", False), ("3.11.0", True), ("3.13.15", True), ("3.14.0", False), ("2.7.18", False)],
)
def test_setup_refuses_other_pythons(tmp_path, version, fits):
    """A stand-in interpreter answers the question of its version and does nothing else."""
    numbers = tuple(map(int, version.split(".")))
    inside = (3, 11) <= numbers[:2] <= (3, 13)
    python = tmp_path / "python-stand-in"
    python.write_text(
        "#!/bin/sh\n"
        f'case "$1" in --version) echo Python {version};; -c) exit {int(not inside)};;\n'
        "*) echo would run: $@; exit 7;; esac\n"
    )
    python.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    result = make("-C", str(tmp_path), "setup", f"PYTHON={python}")
    assert result.returncode != 0  # the stand-in never makes an environment
    assert ("would run: -m venv" in result.stdout) == fits
    assert (f"is Python {version}" in result.stderr) != fits


def test_setup_names_a_missing_python(tmp_path):
    for name in ("Makefile", "requirements.txt", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    result = make("-C", str(tmp_path), "setup", "PYTHON=no-such-python")
    assert result.returncode != 0
    assert "No 'no-such-python' on this machine" in result.stderr


def test_continuous_integration_calls_the_same_commands():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    called = re.findall(r"^make (\w+)$", script.read_text(), re.MULTILINE)
    assert called == ["lint", "test", "book"]
    steps = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["book"]["steps"]
    assert [s["run"] for s in steps if "run" in s] == ["make setup", *(f"make {c}" for c in called)]


# --- what may differ in a notebook's text ---------------------------------------


def sanitised(text):
    """The text as nbval compares it."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "tests" / "nbval_sanitize.cfg")
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


FIRST_CELL = code_cells(nbformat.read(NOTEBOOKS[0], as_version=4))[0].source if NOTEBOOKS else ""


def test_the_first_code_cell_is_the_same_in_every_notebook(notebook):
    assert code_cells(notebook)[0].source == FIRST_CELL


def test_the_first_code_cell_installs_nothing_and_names_this_version():
    assert not re.search(r"\bpip\b|\bconda\b|\bapt", FIRST_CELL), "Colab keeps what it has"
    version = re.search(r'__version__ = "(.+)"', read("src/helpers/__init__.py"))[1]
    assert f'"v{version}"' in FIRST_CELL


def where_helpers_come_from(folder, **environment):
    """Runs the first code cell in a bare Python, as in Colab: no package is installed."""
    code = FIRST_CELL + "\nprint('helpers from', importlib.util.find_spec('helpers').origin)"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def test_the_first_code_cell_finds_the_source_beside_the_notebooks():
    result = where_helpers_come_from(ROOT / "notebooks")
    assert f"helpers from {ROOT / 'src' / 'helpers' / '__init__.py'}" in result.stdout, (
        result.stderr
    )


def test_the_first_code_cell_says_what_is_missing(tmp_path):
    result = where_helpers_come_from(tmp_path)
    assert result.returncode != 0
    assert "repository" in result.stderr.splitlines()[-1]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not on this machine")
def test_the_first_code_cell_clones_the_tag_of_this_version(tmp_path):
    tag = re.search(r'"(v[\d.]+)"', FIRST_CELL)[1]
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    (repository / "src" / "helpers").mkdir(parents=True)
    (repository / "src" / "helpers" / "__init__.py").touch()
    elsewhere.mkdir()
    author = ["-c", "user.name=A Reader", "-c", "user.email=reader@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "x"], ["tag", tag]):
        subprocess.run(["git", "-C", str(repository), *command], check=True)
    result = where_helpers_come_from(elsewhere, RESNET_BOOK_REPOSITORY=repository.as_uri())
    assert result.returncode == 0, result.stderr
    assert f"helpers from {elsewhere}" in result.stdout


def test_a_notebook_was_run_from_top_to_bottom_without_error(notebook):
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not [output for output in cell.outputs if output.output_type == "error"]
        assert "stderr" not in [output.get("name") for output in cell.outputs]


def test_a_notebook_is_small(path, notebook):
    assert path.stat().st_size < 500_000
    lines = [line.strip() for cell in code_cells(notebook)[1:] for line in cell.source.split("\n")]
    assert len([line for line in lines if line and not line.startswith("#")]) <= 150


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


# --- table of contents, links, files ---------------------------------------------


def entries(node):
    """Every page that the table of contents names."""
    if isinstance(node, list):
        return [page for child in node for page in entries(child)]
    found = [node[key] for key in ("root", "file") if key in node]
    return found + [
        page for key in ("parts", "chapters", "sections") for page in entries(node.get(key, []))
    ]


def pages():
    """Every page and notebook that there is."""
    found = [ROOT / "index.md", *(ROOT / "book").glob("*.md"), *NOTEBOOKS]
    return sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in found)


def test_the_table_of_contents_names_every_page_once_and_no_other():
    assert sorted(entries(yaml.safe_load(read("_toc.yml")))) == pages()


def test_entries_are_found_at_every_depth():
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}]}]}
    assert entries(toc) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)#\s]+)|(?:src|href)=\"([^\"#]+)", read(name))
    local = [a or b for a, b in targets if not re.match(r"[a-z]+:", a or b)]
    assert [target for target in local if not (ROOT / target).exists()] == []


def files():
    """What git keeps, or would keep after the next `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("Which files belong to the book is known to git alone; here is no repository.")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_files_are_small():
    assert [path for path in files() if path.stat().st_size > 1_000_000] == []


LEFT_OVER = re.compile(r"(?<!\w)(?:TODO|FIXME|XXX|TBD|(?i:lorem ipsum|coming soon))(?!\w)")


def test_nothing_is_left_over():
    for path in files():
        if path == Path(__file__):  # it names what it looks for
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found = LEFT_OVER.search(re.sub(r'"image/[a-z]+": ".*"', "", text))
        assert not found, f"{path.relative_to(ROOT)}: {found[0]}"


@pytest.mark.parametrize("word", ["TODO: this", "# FIXME", "coming soon", "Lorem ipsum"])
def test_a_left_over_would_be_noticed(word):
    assert LEFT_OVER.search(word)

"""The files around the library: versions, commands, table of contents."""

import itertools
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMMANDS = ("setup", "book", "serve", "test", "backends", "notebooks", "lab", "lint", "lock")
COMMANDS += ("assignments", "grade", "marking", "clean", "help", "pdf", "test-site", "publish-as")
COMMANDS += ("check", "test-large", "test-outputs", "slides", "epub", "teaching", "gradescope")
COMMANDS += ("classroom", "book-sphinx", "test-sphinx", "torture")
COMMANDS += ("test-quick", "test-notebooks", "test-colab", "links", "lint-workflows", "test-newest")


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
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python, (system, machine) in itertools.product(
        ("3.11", "3.12", "3.13"),
        (
            ("linux", "x86_64"),
            ("linux", "aarch64"),
            ("darwin", "arm64"),
            ("win32", "AMD64"),
        ),
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


# --- commands -----------------------------------------------------------------


def make(*arguments):
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_make_alone_lists_the_commands():
    result = make()
    assert result.returncode == 0, result.stderr
    listed = re.findall(r"^  ([\w-]+) +\S", result.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_make_knows_how_to(command):
    result = make("--dry-run", command)
    assert result.returncode == 0, result.stderr


def test_make_does_not_know_just_anything():
    assert make("--dry-run", "no-such-command").returncode != 0


def copy_what_setup_needs(folder):
    (folder / "requirements").mkdir()
    names = ("Makefile", "requirements.txt", "requirements.lock", "pyproject.toml")
    for name in (*names, "requirements/environment.py"):
        shutil.copy(ROOT / name, folder / name)


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
    copy_what_setup_needs(tmp_path)
    result = make("-C", str(tmp_path), "setup", f"PYTHON={python}")
    assert result.returncode != 0  # the stand-in never makes an environment
    assert ("would run: requirements/environment.py .venv" in result.stdout) == fits
    assert (f"is Python {version}" in result.stderr) != fits


def test_setup_names_a_missing_python(tmp_path):
    copy_what_setup_needs(tmp_path)
    result = make("-C", str(tmp_path), "setup", "PYTHON=no-such-python")
    assert result.returncode != 0
    assert "No 'no-such-python' on this machine" in result.stderr


def test_continuous_integration_calls_the_same_commands():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    called = re.findall(r"^(?: +(?!.*test-large))?make ([\w-]+)", script.read_text(), re.MULTILINE)
    checks = "lint lint-workflows test test-outputs backends test-site test-colab"
    assert called == checks.split()
    jobs = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]
    steps = [step for name in ("linux", "colab") for step in jobs[name]["steps"]]
    ours = [s["run"].split()[1] for s in steps if s.get("run", "").startswith("make ")]
    assert [command for command in ours if command != "setup"] == called
    # What both leave out the weekly run does: tests/project/test_weekly.py.


def test_make_hands_the_place_on():
    result = make("--dry-run", "publish-as", "somebody/a-book")
    assert result.returncode == 0, result.stderr
    assert "places.py somebody/a-book" in result.stdout


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


READMES = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/README.md")]
READMES += [
    "tests/site/README.md",
    "tests/colab/README.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    ".github/SECURITY.md",
]


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    folder = (ROOT / name).parent
    targets = re.findall(r"\]\(([^)#\s]+)|(?:src|href)=\"([^\"#]+)", read(name))
    local = [a or b for a, b in targets if not re.match(r"[a-z]+:", a or b)]
    assert [target for target in local if not (folder / target).exists()] == []


def files():
    """What git keeps, or would keep after the next `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("Which files belong to the book is known to git alone; here is no repository.")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_files_are_small():
    """A megabyte; a network's weights may have more: ResNet-56 in half precision has 1.7."""
    limits = {path: 1_800_000 if path.suffix == ".safetensors" else 1_000_000 for path in files()}
    assert [path for path, limit in limits.items() if path.stat().st_size > limit] == []


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

"""Writes the repository's address and the book's version wherever they stand.

The address has one home, `book_repository` in `_config.yml`; the version has one,
`__version__` in `src/helpers/__init__.py`. Everything else is a copy:

    python3 book/_ext/places.py OWNER/NAME    # `make publish-as OWNER/NAME`: a new address
    python3 book/_ext/places.py               # `make publish-as`: the copies anew, after a release

Needs Python alone, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[2]
TITLES = re.compile(r"^# (.+)$", re.MULTILINE)


def home(owner_and_name: str) -> str:
    """Where GitHub Pages serves a repository."""
    owner, name = owner_and_name.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def colab(repository: str, version: str, notebook: str) -> str:
    """Where Colab opens a notebook. `repository` is "https://github.com/owner/name"."""
    place = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{place}/blob/v{version}/{quote(notebook)}"


def binder(repository: str, version: str, notebook: str) -> str:
    """Where Binder opens a notebook, in the environment of `.binder/`."""
    place = repository.removeprefix("https://github.com/")
    return f"https://mybinder.org/v2/gh/{place}/v{version}?labpath={quote(notebook, safe='')}"


def pulled(repository: str, version: str, notebook: str) -> str:
    """Where nbgitpuller on a JupyterHub brings a notebook; the hub's own address is left open."""
    name = repository.rsplit("/", 1)[1]
    asked = {"repo": repository, "branch": f"v{version}", "urlpath": f"lab/tree/{name}/{notebook}"}
    return f"https://YOUR-HUB/hub/user-redirect/git-pull?{urlencode(asked)}"


class Book:
    """The files of the book below `root`, as they are and as they should be."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        code = self.read("src/helpers/__init__.py")
        self.version = re.search(r'^__version__ = "(.+)"$', code, re.MULTILINE)[1]
        self.address = self._setting("book_address")
        self.repository = self._setting("book_repository").rstrip("/")

    def read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def _setting(self, name: str) -> str:
        return re.search(rf'^ *{name}: "(.*)"$', self.read("_config.yml"), re.MULTILINE)[1]

    def move_to(self, owner_and_name: str) -> None:
        """Chooses another repository, and GitHub's address for its website.

        A website with a name of its own keeps it as long as the repository is the same.
        """
        if not re.fullmatch(r"[A-Za-z0-9][\w-]*/[\w.-]+", owner_and_name, re.ASCII):
            raise ValueError(f"Expected OWNER/NAME, as on GitHub. Received: {owner_and_name!r}")
        repository = f"https://github.com/{owner_and_name}"
        if not self.address or self.repository not in ("", repository):
            self.address = home(owner_and_name)
        self.repository = repository

    def notebooks(self) -> list[str]:
        """Every notebook that a reader or a student opens, as a path below `root`."""
        found = [
            *self.root.glob("notebooks/*.ipynb"),
            *self.root.glob("assignments/source/*/*.ipynb"),
        ]
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    # --- what each place should hold ---------------------------------------------

    def first_cell(self) -> str:
        """The first code cell of every notebook."""
        text = self.read("notebooks/first_cell.py").rstrip("\n")
        text = text.replace('VERSION = "v0.0.0"', f'VERSION = "v{self.version}"')
        return text.replace('REPOSITORY = ""', f'REPOSITORY = "{self.repository}"')

    def badges(self) -> str:
        """README's line of badges; nothing while there is no address."""
        if not self.repository:
            return ""
        workflow = f"{self.repository}/actions/workflows/test.yml"
        return (
            f"[![Tests]({workflow}/badge.svg)]({workflow}) "
            f"[Read the book]({self.address}) · [PDF]({self.address}residual-networks.pdf)\n"
        )

    def ways_to_run(self) -> str:
        """README's table of notebooks, with links where there is an address."""
        rows = []
        for name in self.notebooks():
            if not name.startswith("notebooks/"):
                continue
            cells = json.loads(self.read(name))["cells"]
            title = TITLES.search("".join(cells[0]["source"]))[1]
            row = f"| [{title}]({name}) |"
            if self.repository:
                row += f" [Colab]({colab(self.repository, self.version, name)}) |"
                row += f" [Binder]({binder(self.repository, self.version, name)}) |"
            rows.append(row)
        head = "| notebook | | |\n|---|---|---|" if self.repository else "| notebook |\n|---|"
        return "\n".join([head, *rows]) + "\n"

    def on_a_hub(self) -> str:
        """README's line for a JupyterHub; nothing while there is no address."""
        if not self.repository:
            return ""
        link = pulled(self.repository, self.version, "notebooks/01-degradation.ipynb")
        return (
            "On a JupyterHub with nbgitpuller this link brings every student a clone of this "
            f"version; who moves its folder gets no update:\n`{link}`\n"
        )

    def citation(self) -> str:
        text = re.sub(r"^(repository-code|url): .*\n", "", self.read("CITATION.cff"), flags=re.M)
        text = re.sub(r"^version: .*$", f"version: {self.version}", text, flags=re.M)
        if self.repository:
            addresses = f"repository-code: {self.repository}\nurl: {self.address}\n"
            text = re.sub(r"^(version: .*\n)", rf"\1{addresses}", text, flags=re.M)
        return text

    def project(self) -> str:
        links = f'Homepage = "{self.address}"\nRepository = "{self.repository}"\n'
        return re.sub(
            r"(?<=^\[project.urls\]  # `make publish-as` writes it\n)(?:\w+ = .*\n)*",
            links if self.repository else "",
            self.read("pyproject.toml"),
            flags=re.M,
        )

    def configuration(self) -> str:
        text = self.read("_config.yml")
        for name, value in (
            ("book_address", self.address),
            ("book_repository", self.repository),
        ):
            text = re.sub(rf'^( *{name}): ".*"$', rf'\1: "{value}"', text, flags=re.M)
        return text

    def readme(self) -> str:
        text = self.read("README.md")
        marks = {"badges": self.badges(), "notebooks": self.ways_to_run(), "hub": self.on_a_hub()}
        for mark, inside in marks.items():
            pattern = rf"(<!-- {mark}: .* -->\n).*?(<!-- end of {mark} -->)"
            text = re.sub(pattern, lambda m, i=inside: m[1] + i + m[2], text, flags=re.S)
        return text

    def notebook(self, name: str) -> str:
        """A notebook with the first code cell as it should be, and otherwise untouched."""
        text = self.read(name)
        content = json.loads(text)
        cell = next(c for c in content["cells"] if c["cell_type"] == "code")
        if 'find_spec("helpers")' not in "".join(cell["source"]):
            raise ValueError(
                f"{name}: expected the first code cell to make `helpers` importable. Put a code "
                'cell above it that holds find_spec("helpers"), and call `make publish-as` again.'
            )
        source = self.first_cell().splitlines(keepends=True)
        if cell["source"] in (source, "".join(source)):
            return text
        cell["source"] = source
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    def wanted(self) -> dict[str, str]:
        """Every place, with the text that it should hold."""
        texts = {
            "_config.yml": self.configuration(),
            "CITATION.cff": self.citation(),
            "README.md": self.readme(),
            "pyproject.toml": self.project(),
        }
        return texts | {name: self.notebook(name) for name in self.notebooks()}

    def stale(self) -> dict[str, str]:
        """The places that do not hold what they should, with what they should hold."""
        return {name: text for name, text in self.wanted().items() if self.read(name) != text}

    def unready(self, tag: str) -> str:
        """Why this state of the book cannot be the release of that tag; empty if it can."""
        if tag != f"v{self.version}":
            return f"The tag is {tag}, and helpers.__version__ says v{self.version}."
        if stale := list(self.stale()):
            return f"Call `make publish-as`, and commit what it changes: {', '.join(stale)}."
        if not re.search(
            rf"^## {re.escape(self.version)}, \d{{4}}-", self.read("CHANGELOG.md"), re.M
        ):
            return f"CHANGELOG.md has no heading '## {self.version}, YYYY-MM-DD'."
        return ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("place", nargs="?", metavar="OWNER/NAME")
    parser.add_argument("--tag", help="only say whether this may be the release of the tag")
    options = parser.parse_args(arguments)
    book, place = Book(), options.place
    if options.tag is not None:
        why = book.unready(options.tag)
        print(why or f"{options.tag} is the version of everything here.")
        return int(bool(why))
    try:
        if place:
            book.move_to(place)
        stale = book.stale()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in stale.items():
        (book.root / name).write_text(text, "utf-8", newline="\n")
        print(name)
    where = book.repository or "no address yet: make publish-as OWNER/NAME"
    print(f"{len(stale)} files changed. Version {book.version}, {where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

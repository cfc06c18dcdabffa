"""The forms for issues are what GitHub accepts, and ask what somebody needs who wants to help."""

import copy
import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.quick

FOLDER = Path(__file__).parents[2] / ".github" / "ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "config.yml")
# What must be filled in before a form can be sent.
ASKED = {
    "error-in-the-book.yml": {"place", "sentence", "right", "kind"},
    "does-not-run.yml": {"what", "where", "message", "versions"},
}
# GitHub's "Syntax for GitHub's form schema": the keys of a form, and of each kind of element
# the attributes that it must and may have.
KEYS = {"name", "description", "body", "title", "labels", "assignees", "projects", "type"}
TEXT = {"description", "placeholder", "value"}
ELEMENTS = {
    "markdown": ({"value"}, set()),
    "input": ({"label"}, TEXT),
    "textarea": ({"label"}, TEXT | {"render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def form(path):
    return yaml.safe_load(path.read_text("utf-8"))


def complaints(content):
    """What GitHub would refuse of a form, in words."""
    found = [f"no {key}" for key in ("name", "description", "body") if not content.get(key)]
    found += [f"unknown key {key}" for key in content.keys() - KEYS]
    body = content.get("body") or []
    for element in body:
        kind, attributes = element.get("type"), element.get("attributes", {})
        if kind not in ELEMENTS:
            found.append(f"unknown type {kind}")
            continue
        must, may = ELEMENTS[kind]
        found += [f"{kind} without {key}" for key in must if not attributes.get(key)]
        found += [f"{kind} with {key}" for key in attributes.keys() - must - may]
        options = attributes.get("options", [])
        if len({str(option) for option in options}) < len(options):
            found.append(f"options twice in {attributes.get('label')}")
        if kind == "markdown" and "validations" in element:
            found.append("a markdown element cannot be required")
        if kind != "markdown" and not re.fullmatch(r"[\w-]+", str(element.get("id", ""))):
            found.append(f"no id, or a wrong one: {element.get('id')}")
    for what in ("id", "label"):
        values = [e.get(what) or e.get("attributes", {}).get(what) for e in body]
        values = [value for value in values if value]
        found += [f"{what} twice: {v}" for v in sorted(set(values)) if values.count(v) > 1]
    if all(element.get("type") == "markdown" for element in body):
        found.append("nothing to fill in")
    return found


def test_there_is_a_form_for_an_error_and_one_for_what_does_not_run():
    assert {path.name for path in FORMS} == ASKED.keys()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_is_one_that_github_accepts(path):
    assert complaints(form(path)) == []


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_asks_for_what_is_needed_and_for_no_more(path):
    required = {
        element["id"]
        for element in form(path)["body"]
        if element.get("validations", {}).get("required")
    }
    assert required == ASKED[path.name]


def test_the_chooser_knows_only_what_github_does_and_lets_other_issues_be_written():
    content = form(FOLDER / "config.yml")
    assert content.keys() <= {"blank_issues_enabled", "contact_links"}
    assert content["blank_issues_enabled"] is True
    for link in content.get("contact_links", []):
        assert link.keys() == {"name", "url", "about"}


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda f: f.pop("description"), "no description"),
        (lambda f: f.update(about="x"), "unknown key about"),
        (lambda f: f["body"][1].update(type="text"), "unknown type text"),
        (lambda f: f["body"][1]["attributes"].pop("label"), "input without label"),
        (lambda f: f["body"][1]["attributes"].update(render="text"), "input with render"),
        (lambda f: f["body"][1].update(id="two words"), "no id, or a wrong one: two words"),
        (lambda f: f["body"][2].update(id=f["body"][1]["id"]), "id twice: place"),
        (lambda f: f["body"][4]["attributes"]["options"].append("A word or a comma"), "options"),
        (lambda f: f.update(body=f["body"][:1]), "nothing to fill in"),
    ],
)
def test_a_form_that_github_refuses_is_found(edit, complaint):
    content = copy.deepcopy(form(FOLDER / "error-in-the-book.yml"))
    edit(content)
    assert any(found.startswith(complaint) for found in complaints(content))

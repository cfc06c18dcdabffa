"""The server for marking, asked as a browser asks it. What students wrote can do nothing there."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import psutil
import pytest

import edits
from grading import execute
from grading.grade import grade
from grading.marking import main
from grading.sandbox import Report
from proof import rows

TOKEN = "the-token-of-this-test"
ASSIGNMENTS = Path(edits.SOURCE).parent
HOSTILE = (
    r"So $x^2 < 2$. <script>alert(1)</script> [look](javascript:alert(2)) "
    r"<img src=x onerror=alert(3)> ![p](attachment:a.svg)"
)


class Asked:
    """A server for a folder of grades."""

    def __init__(self, out: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "grading.marking", str(out), "--no-browser"]
        environment = {**os.environ, "PYTHONPATH": str(ASSIGNMENTS), "JUPYTER_TOKEN": TOKEN}
        environment["JUPYTER_RUNTIME_DIR"] = str(log.parent / "runtime")
        self.out, self.log = out, log
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            env=environment,
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
        )
        while self.process.poll() is None:
            try:
                self.ask("/api")
                return
            except OSError:
                time.sleep(0.3)
        raise RuntimeError(log.read_text())

    def ask(self, path, method="GET", token=TOKEN):
        """Status, address after redirections, headers and text of an answer."""
        headers = {"Authorization": f"token {token}"} if token else {}
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            data=None if method == "GET" else b"{}",
            headers=headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return answer.status, answer.url, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.headers, error.read().decode()

    def submission(self, student):
        """nbgrader's number of a student's notebook."""
        found = json.loads(self.ask("/formgrader/api/submitted_notebooks/tiny/tiny")[3])
        return next(row["id"] for row in found if row["student"] == student)


@pytest.fixture(scope="module")
def server(tmp_path_factory, tiny_source):
    folder = tmp_path_factory.mktemp("marking")
    escaped = folder / "escaped"
    escape = (
        f"try:\n    open({str(escaped)!r}, 'w').close()\nexcept OSError as error:\n    print(error)"
    )
    svg = {"a.svg": {"image/svg+xml": "<svg onload=alert(4)>"}}
    for student, change in {
        "ada": lambda n: edits.cell(n, "why").update(source=HOSTILE, attachments=svg),
        "bob": edits.own_cell("root", escape),
    }.items():
        path = folder / "in" / student / "tiny.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(edits.edited(edits.tiny(), change), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute.SandboxedExecute, "run", lambda *_: Report(protected=["files"]))
        out = grade(folder / "in", source=tiny_source, say=lambda line: None).parent
    with open(out / "nbgrader_config.py", "a") as settings:  # the small assignment needs no more
        print("c.SandboxedExecute.preload = []", file=settings)
        print(f"c.SandboxedExecute.python = {sys.executable!r}", file=settings)
    asked = Asked(out, folder / "log")
    asked.escaped = escaped
    yield asked
    asked.process.terminate()
    asked.process.wait()


@pytest.mark.parametrize(
    "path",
    [
        "/api/kernels",
        "/api/kernelspecs",
        "/api/sessions",
        "/api/terminals",
        "/terminals/1",
        "/api/contents",
        "/api/contents/gradebook.db",
        "/files/gradebook.db",
        "/view/gradebook.db",
        "/nbconvert/html/submitted/ada/tiny/tiny.ipynb",
        "/api/config/x",
        "/lab",
        "/tree",
    ],
)
def test_there_is_nothing_but_marking(server, path):
    assert server.ask(path)[0] == 404
    assert server.ask(path, "POST")[0] == 404


def test_it_wants_the_token_and_listens_here_alone(server):
    for path in ("/formgrader/gradebook", "/formgrader/api/assignments", "/"):
        assert "/login?" in server.ask(path, token="")[1]
    assert "/login?" in server.ask("/formgrader/api/assignments", token="wrong")[1]
    listens = [c.laddr for c in psutil.Process(server.process.pid).net_connections("inet")]
    assert {address.ip for address in listens} <= {"127.0.0.1", "::1"} and listens
    if os.geteuid() == 0:
        assert "You are root" in server.log.read_text()


def test_pages_have_a_policy_and_run_no_script_but_their_own(server):
    number = server.submission("ada")
    nonces = set()
    for page in ("gradebook", "gradebook/tiny", "gradebook/tiny/tiny", f"submissions/{number}/"):
        status, _, headers, text = server.ask(f"/formgrader/{page}")
        rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
        assert status == 200 and rules["default-src"] == "'none'" == rules["base-uri"]
        assert "unsafe-inline" not in rules["script-src"] and "unsafe-eval" not in str(rules)
        assert rules["connect-src"] == rules["form-action"] == "'self'"
        nonces |= set(re.findall("'nonce-([^']+)'", rules["script-src"]))
        (nonce,) = nonces
        scripts = re.findall(r"<script[^>]*>", text)
        assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)
        assert not re.search(r'(?:src|href)\s*=\s*"(?:https?:)?//', text)


def test_an_answer_with_a_script_is_shown_and_does_nothing(server):
    text = server.ask(f"/formgrader/submissions/{server.submission('ada')}/")[3]
    answer = text[text.index("So <math") :]
    answer = answer[: answer.index("<textarea")]
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in answer
    for shown in ("&lt;script&gt;alert(1)", "(javascript :alert(2))", "&lt;img src=x onerror"):
        assert shown in answer
    assert not re.search(r"<(script|img|svg|a)\b|\son\w+\s*=\s*[^ ]*>", answer.replace("&lt;", ""))
    assert "no picture a.svg" in answer
    stored = (server.out / "submitted" / "ada" / "tiny" / "tiny.ipynb").read_text("utf-8")
    assert "svg+xml" not in stored and r"\\<script>" in stored


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "assignment/tiny/assign"),
        ("POST", "assignment/tiny/release"),
        ("POST", "assignment/tiny/unrelease"),
        ("POST", "assignment/tiny/collect"),
        ("POST", "assignment/tiny/release_feedback"),
        ("POST", "assignment/tiny/ada/release_feedback"),
        ("PUT", "assignment/new"),
        ("PUT", "student/new"),
    ],
)
def test_other_buttons_are_refused_with_a_sentence(server, method, path):
    status, _, _, text = server.ask(f"/formgrader/api/{path}", method)
    assert status == {"POST": 200, "PUT": 403}[method]  # of the first formgrader shows the text
    answer = json.loads(text)
    assert not answer["success"] and "`make grade`" in answer["error"]
    assert not (server.out / "source" / "new").exists()


def test_the_first_page_takes_no_configuration_from_its_address(server, tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    status, address, _, _ = server.ask(f"/formgrader/?path={tmp_path}")
    assert status == 200 and address.endswith("/formgrader/gradebook")
    assert not (tmp_path / "ran").exists()


def test_its_buttons_go_the_way_of_make_grade(server):
    result = server.ask("/formgrader/api/submission/tiny/bob/autograde", "POST")
    assert json.loads(result[3])["success"], result[3]
    path = server.out / "autograded" / "bob" / "tiny" / "tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert "seconds" in notebook.metadata["grading"]
    if {"files"} <= set(notebook.metadata["grading"]["protected"]):
        assert not server.escaped.exists()
    result = server.ask("/formgrader/api/assignment/tiny/bob/generate_feedback", "POST")
    assert json.loads(result[3])["success"], result[3]
    page = (server.out / "feedback" / "bob" / "tiny" / "tiny.html").read_text("utf-8")
    assert "(hidden tests)" in page and "twice 21" not in page and "5.0 of 6.0" in page


def test_a_mark_is_kept_and_in_the_next_csv(server, tiny_source):
    number = server.submission("bob")
    grades = json.loads(server.ask(f"/formgrader/api/grades?submission_id={number}")[3])
    mark = next(g["id"] for g in grades if g["name"] == "why")
    request = urllib.request.Request(
        f"http://localhost:{server.port}/formgrader/api/grade/{mark}",
        data=json.dumps({"manual_score": 0.5}).encode(),
        headers={"Authorization": f"token {TOKEN}"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["manual_score"] == 0.5
    found = rows(grade(server.out.parent / "in", source=tiny_source, say=lambda line: None))
    assert found["bob"]["why"] == "0.5"


def test_a_folder_without_grades_is_said(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "make marking GRADES=" in capsys.readouterr().err

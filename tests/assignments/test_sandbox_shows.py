"""What a cage shows of the machine that it runs on."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grading import jail
from grading.limits import Limits
from grading.sandbox import Sandbox

LIMITS = Limits(cell_seconds=20, grace_seconds=2, total_seconds=120, memory_mb=600, nice=0)


@pytest.fixture
def folder():
    """A folder that everybody may read, as a course's may be; pytest's own are shut."""
    made = Path(tempfile.mkdtemp(dir="/var/tmp"))
    (made / "solution.txt").write_text("6 * n + 2")
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def printed(source, visible=()):
    """What a cell prints in its cage; empty where it fails."""
    cell = new_code_cell(source)
    with Sandbox(sys.executable, visible=visible, limits=LIMITS) as sandbox:
        report = sandbox.run(new_notebook(cells=[cell]))
    if "files" not in report.protected:
        pytest.skip(f"this system gives a process no file system of its own: {report.protected}")
    return "".join(output.get("text", "") for output in cell.outputs)


def test_what_pythonpath_names_is_not_shown(folder, monkeypatch):
    look = f"print(open('{folder}/solution.txt').read())"
    assert "6 * n + 2" in printed(look, visible=(str(folder),))  # so it could be read
    monkeypatch.setenv("PYTHONPATH", str(folder))  # `make grade` sets it to `assignments`
    assert printed(look) == ""


def test_of_the_systems_settings_few_are_shown():
    said = printed("import json, os\nprint(json.dumps([os.listdir('/etc'), os.listdir('/')]))")
    settings, top = json.loads(said)
    known = {Path(path).name for path in jail.SYSTEM if Path(path).parent == Path("/etc")}
    assert set(settings) <= known and "passwd" in settings
    assert "opt" not in top or sys.base_prefix.startswith("/opt")

"""Scripts beside a test, run under Node."""

import inspect
import json
import shutil
import subprocess
from pathlib import Path

import pytest


def said_by(script: str, *arguments: Path):
    """The last line that a script in the calling test's folder prints, read as JSON.

    Skips the test where there is no `node`.
    """
    program = shutil.which("node")
    if program is None:
        pytest.skip("The page's modules run in a browser or in Node; here is no `node`.")
    folder = Path(inspect.stack()[1].filename).parent
    command = [program, folder / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])

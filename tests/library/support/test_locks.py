"""locks: what one process holds, another is refused, and a killed one holds nothing."""

import os
import signal
import subprocess
import sys

import pytest

from helpers.support import locks

pytestmark = pytest.mark.quick

HOLDS = """
import sys, time
from helpers.support import locks
with locks.held(sys.argv[1], "busy"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process, which holds the lock `a`."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path / "a")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_what_another_process_holds_is_refused_with_its_words(other, tmp_path):
    with (
        pytest.raises(locks.LockedError, match="busy with it"),
        locks.held(tmp_path / "a", "busy with it"),
    ):
        raise AssertionError("it was not held")
    with locks.held(tmp_path / "b", "another lock"):
        pass


def test_a_killed_process_holds_nothing(other, tmp_path):
    os.kill(other.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    other.wait()
    with locks.held(tmp_path / "a", "busy"):
        pass


def test_a_lock_is_free_and_without_a_file_when_its_block_ends(tmp_path):
    path = tmp_path / "new" / "a"
    for _ in range(2):
        with pytest.raises(KeyError), locks.held(path, "busy"):
            raise KeyError
    with locks.held(path, "busy"), pytest.raises(locks.LockedError, match="busy"):
        locks.held(path, "busy").__enter__()
    if os.name != "nt":
        assert list(path.parent.iterdir()) == []

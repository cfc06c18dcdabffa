"""The engine that damages files: what must not happen is noticed, whoever does it."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from torture import mutations, of_files
from torture.fault import Lost, Trial
from torture.fuzzing import LOADED, REFUSED, BrokenError, Reader, fuzzed, outcome


def reader(read, state=lambda: None):
    return Reader(".x", lambda chance: iter(lambda: b"content", None), read, state)


def refuse(path):
    raise ValueError(f"{path.name} is not read")


def test_a_sentence_that_names_the_file_is_a_refusal_and_what_is_read_is_loaded(tmp_path):
    assert outcome(reader(refuse), tmp_path / "a.x", b"", None) == REFUSED
    assert outcome(reader(lambda path: None), tmp_path / "a.x", b"", None) == LOADED
    assert fuzzed(reader(refuse), "1", 5, tmp_path) == {REFUSED: 5}


def raising(error):
    def read(path):
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("cannot be read"), "does not name the file"),
        (KeyError("a.x"), "KeyError from inside"),
        (MemoryError("a.x"), "MemoryError from inside"),
        (RecursionError("a.x"), "RecursionError from inside"),
    ],
)
def test_any_other_error_is_noticed(error, message, tmp_path):
    with pytest.raises(BrokenError, match=message):
        outcome(reader(raising(error)), tmp_path / "a.x", b"", None)


def test_a_refusal_that_has_loaded_something_is_noticed(tmp_path):
    loaded = []

    def half(path):
        loaded.append(1)
        refuse(path)

    with pytest.raises(BrokenError, match="something was loaded"):
        outcome(reader(half, lambda: list(loaded)), tmp_path / "a.x", b"", [])


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")
def test_memory_is_noticed(tmp_path):
    def much(path):
        bytes(1_100 * 2**20)

    def much_and_hidden(path):
        try:
            much(path)
        except MemoryError:
            refuse(path)

    with pytest.raises(BrokenError, match="MemoryError"):
        fuzzed(reader(much), "1", 1, tmp_path)
    with pytest.raises(BrokenError, match="asked for more"):
        fuzzed(reader(much_and_hidden), "1", 1, tmp_path)


PLANTED = """
import ctypes, sys, time
from torture import fuzzing, texts_read
def read(path):
    {breakage}
reader = fuzzing.Reader(".x", lambda c: iter(lambda: b"", None), read)
texts_read.READERS["records"] = lambda: reader
fuzzing.SECONDS = 1
code = fuzzing.main("records", "1", "3", sys.argv[1])
raise SystemExit(code)
"""


def in_a_process(code, folder):
    """Its exit status."""
    path = os.pathsep.join(map(str, of_files.PATHS))
    ended = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        timeout=120,
    )
    return ended.returncode


@pytest.mark.parametrize("breakage", ["ctypes.string_at(0)", "time.sleep(60)"])
def test_a_process_that_dies_or_hangs_is_noticed(breakage, tmp_path):
    assert in_a_process(PLANTED.format(breakage=breakage), tmp_path) != 0


AFTERWARDS = """
import sys, time
from pathlib import Path
from torture import fuzzing
def read(path):
    raise KeyError("inside")
fuzzing.SECONDS = 0.5
try:
    reader = fuzzing.Reader(".x", lambda c: iter(lambda: b"", None), read)
    fuzzing.fuzzed(reader, "1", 3, Path(sys.argv[1]))
except fuzzing.BrokenError:
    time.sleep(2)
    raise SystemExit(7)
"""


def test_the_time_of_a_file_ends_with_it_whatever_came(tmp_path):
    """A clock that ran on ended the tests' own process, twenty seconds later."""
    assert in_a_process(AFTERWARDS, tmp_path) == 7


def test_what_the_process_says_is_counted_and_its_end_is_lost(tmp_path, monkeypatch):
    class Ended:
        returncode, stdout, stderr = 0, json.dumps({REFUSED: 2, LOADED: 1}), ""

    monkeypatch.setattr(subprocess, "run", lambda *a, **k: Ended)
    trial = Trial(random.Random(1), 3, tmp_path)
    of_files.in_a_process(trial, "records")
    assert trial.outcomes == {REFUSED: 2, LOADED: 1}
    Ended.returncode, folder = -11, tmp_path / "second"
    folder.mkdir()
    with pytest.raises(Lost, match="ended with -11"):
        of_files.in_a_process(Trial(random.Random(1), 3, folder), "records")


def test_damage_is_of_many_kinds_and_the_same_for_a_seed():
    content = Path(__file__).read_bytes()[:400] + b" 123 "

    def made():
        chance = random.Random(7)
        return [mutations.changed(chance, content, [content], [b"word"]) for _ in range(300)]

    assert made() == made()
    assert len(set(made())) > 250 and content not in made()[:20]


def test_trees_are_changed_and_left_as_they_were():
    tree = {"a": [1, {"b": 2}], "c": "x"}
    kept, chance = json.dumps(tree), random.Random(3)
    odd = [repr(mutations.odd_tree(chance, tree, ["a", "z"])) for _ in range(200)]
    assert json.dumps(tree) == kept and len(set(odd)) > 80

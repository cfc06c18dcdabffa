"""`make notebooks`, `make figures` and `make run`: what each runs, and by what environment."""

import subprocess
import sys

import pytest
import rerun

PETS = "notebooks/06-transfer.ipynb"


@pytest.fixture
def ran(monkeypatch):
    """What is run, in place of running it: [(words, environment)]."""
    found = []
    monkeypatch.setattr(rerun, "run", lambda *words, env: found.append((words, env)))
    for key in rerun.OF_THE_READER:
        monkeypatch.setenv(key, "something")
    monkeypatch.setenv("RESNET_BOOK_PHOTOGRAPHS", "shown")
    return found


@pytest.mark.parametrize("there", [True, False])
def test_every_notebook_that_can_run_then_the_pictures(ran, monkeypatch, tmp_path, there):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    if there:
        (tmp_path / "oxford_iiit_pet").mkdir()
    rerun.every()
    (notebooks, env), (drawn, of_drawings) = ran
    names = {word for word in notebooks if word.endswith(".ipynb")}
    every = {f"notebooks/{path.name}" for path in (rerun.ROOT / "notebooks").glob("*.ipynb")}
    assert names == every - (set() if there else {PETS}) and "--inplace" in notebooks
    assert drawn == (sys.executable, "images/draw.py")
    for one in (env, of_drawings):
        assert not set(rerun.OF_THE_READER) & set(one)
        assert one["RESNET_BOOK_PHOTOGRAPHS"] == "hidden"


def test_one_notebook_is_stored_as_all_are(ran, monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    rerun.one("03-resnet34")
    (notebook, env), (drawn, _) = ran
    assert notebook[-2:] == ("--inplace", "notebooks/03-resnet34.ipynb")
    assert not set(rerun.OF_THE_READER) & set(env) and drawn == (sys.executable, "images/draw.py")
    with pytest.raises(SystemExit):  # without its pets, which is said
        rerun.one("06-transfer")
    assert len(ran) == 2


def test_a_copy_is_run_by_what_the_reader_chose(ran):
    rerun.copy("03-resnet34")
    ((words, env),) = ran
    assert words[-1] == "notebooks/03-resnet34.ipynb" and "--inplace" not in words
    assert env["RESNET_BOOK_DATA"] == "something"
    with pytest.raises(SystemExit, match=r"Expected a notebook: 01-\S+, .*Received: '03'"):
        rerun.copy("03")


def test_two_words_are_refused():
    script = rerun.ROOT / "notebooks" / "rerun.py"
    ended = subprocess.run([sys.executable, script, "a", "b"], capture_output=True, text=True)
    assert ended.returncode and "Expected one word, or none. Received: a b" in ended.stderr

"""Breaks planted into what is killed: the faults notice them."""

import random
import shutil

import pytest

from helpers.support import fetching
from torture import left_behind, of_downloads, of_grading, of_surroundings, small
from torture.fault import Lost, tried
from torture.killing import REST, WHEN, moment, server
from torture.of_kills import check_end, job, training, uninterrupted


def broken(plant, work, **options):
    """The options of a planted work, as `job` takes them."""
    return (("plant", plant), ("work", work), *options.items())


def run(folder, options, **when):
    return server("killed_planted").run(job("planted", folder, options, **when))[0]


def test_a_file_written_in_place_is_found_half(tmp_path):
    options = broken("half files", "record")
    calls = uninterrupted("planted", options, "killed_planted").count
    half = 0
    for at in range(1, calls + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        ended = run(folder, options, at=at, when=WHEN["midst"])
        assert ended.killed
        try:
            left_behind.check_whole(folder)
        except Lost as error:
            assert "half written" in str(error)
            half += 1
    assert half


def test_a_record_written_over_another_is_found(tmp_path):
    """The first of two rests before each of its calls in turn, and the second passes it."""
    both = [broken("over others", "record", seed=seed) for seed in (0, 1)]
    calls = uninterrupted("planted", both[0], "killed_planted").count
    kept = set()
    for at in range(1, calls + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        jobs = job("planted", folder, both[0], at=at, when=REST), job("planted", folder, both[1])
        results = [ended.result for ended in server("killed_planted").run(*jobs)]
        kept.add(sum(not result["refused"] for result in results))
    assert 2 in kept


@pytest.mark.parametrize(
    ("plant", "before_the_end", "message"),
    [
        ("removed too early", 12, "no state of it"),
        ("draws forgotten", 60, "history|exact|final"),
    ],
)
def test_a_training_that_goes_on_wrongly_is_found(plant, before_the_end, message, tmp_path):
    whole, check = uninterrupted("train", (), "killed_planted"), training({})
    folder, options = tmp_path / "train", broken(plant, "train")
    folder.mkdir()
    at = whole.count - before_the_end
    assert run(folder, options, at=at, when=WHEN["before"]).killed
    goes_on = next(folder.glob("checkpoints/*/state"), None)
    assert (goes_on is None) == (plant == "removed too early")
    with pytest.raises(Lost, match=message):
        check(folder, {}, left_behind.check_whole(folder))
        ended = run(folder, options)
        check(folder, {}, None)
        check_end(ended, whole, folder, plant)


@pytest.fixture(scope="module")
def courses():
    return {how: of_grading.prepared(how) for how in of_grading.PREPARED}


def grade(folder, plant, **when):
    return of_grading.grading().run(job("planted", folder, (("plant", plant),), **when))[0]


def test_a_configuration_written_in_place_is_found(courses, tmp_path):
    """Between the opening and the writing it is empty, and nobody's."""
    course, whole = courses["prepare"]
    for at in range(1, 9):
        folder = tmp_path / str(at)
        of_grading.copied(course, folder)
        assert grade(folder, "half files", at=at, when=WHEN["after"]).killed
        file = folder / "graded" / "nbgrader_config.py"
        if file.is_file() and not file.stat().st_size:
            break
    came = grade(folder, "half files").result
    assert "not of `make grade`" in came["refused"]
    with pytest.raises(Lost):
        of_grading.check_same(came, whole.result, "planted")


def test_two_gradings_without_a_lock_are_found(courses, tmp_path):
    course, whole = courses["prepare"]
    of_grading.copied(course, tmp_path)
    jobs = [job("planted", tmp_path, (("plant", "no lock"),))] * 2
    with pytest.raises(Lost):
        results = [ended.result for ended in of_grading.grading().run(*jobs)]
        of_grading.check_two(results, whole, together=True)


def test_a_mark_that_is_taken_back_without_a_word_is_found(courses, tmp_path):
    course, whole = courses["prepare_graded"]
    of_grading.copied(course, tmp_path)
    rows = tmp_path / "graded" / "rows"
    assert grade(tmp_path, "marks forgotten", at=whole.count // 3, when=WHEN["before"]).killed
    assert list(rows.glob("*.taken")), "killed too early or too late for this test"
    with pytest.raises(Lost, match="remarks"):
        of_grading.check_same(grade(tmp_path, "marks forgotten").result, whole.result, "planted")


def test_what_runs_of_a_grading_is_seen(courses, tmp_path):
    of_grading.copied(courses["prepare"][0], tmp_path)
    jobs = job("grade_all", tmp_path), job("runs_now", tmp_path)
    _, now = of_grading.grading().run(*jobs)
    assert any("grading.forkserver" in line for line in now.result)
    assert of_grading.grading().run(job("still_runs", tmp_path))[0].result == []


HOME_WANTED = """
import os, pathlib
from helpers.runs import run as records
chosen = records.directory
def of_the_home():
    (pathlib.Path(os.environ["HOME"]) / "records").mkdir()
    return chosen()
"""
HOME_PLANTS = {
    "a record that wants the home": (
        HOME_WANTED + "records.directory = of_the_home\n",
        "KeyError: 'HOME'|Error: .*/records'",
    ),
    "a training that keeps nothing": (
        "from helpers.training import loop\n"
        "keep = loop.keep\n"
        "def silent(run, **how):\n"
        "    keep(run, **how)\n"
        "    (loop.runs.directory() / f'{run.name}.json').unlink()\n"
        "loop.keep = silent\n",
        r"home .*: \[\], ",
    ),
    "a download that does not say what to do": (
        "from helpers import datasets\n"
        "def fails(*_, **__):\n"
        "    raise datasets.DataUnavailableError('no')\n"
        "datasets.load = fails\n",
        r"home .*, 'no'\]",
    ),
}


@pytest.mark.parametrize("plant", HOME_PLANTS)
def test_a_book_that_needs_a_home_is_found(plant, monkeypatch, tmp_path):
    broken, message = HOME_PLANTS[plant]
    monkeypatch.setattr(of_surroundings, "_WITHOUT_HOME", broken + of_surroundings._WITHOUT_HOME)
    with pytest.raises(Lost, match=message):
        tried(of_surroundings.no_home, 1, tmp_path, seed=plant)


def test_a_download_by_drips_that_is_waited_for_is_found(monkeypatch, tmp_path):
    """Any byte is enough, as it once was."""
    monkeypatch.setattr(fetching, "LEAST", 1)
    monkeypatch.setattr(of_surroundings, "SECONDS", 6)
    with (
        of_surroundings.limits(tmp_path),
        small.variables(NO_PROXY="127.0.0.1,localhost"),
        pytest.raises(Lost, match="waited for longer than 6 s"),
    ):
        of_downloads._of_an_address(tmp_path, of_downloads.DRIPPING)


def test_what_is_left_behind_is_looked_at(tmp_path):
    for name, content in (
        ("results/a.json", "{}"),
        ("other/a.json", "{"),
        ("net.safetensors", "half"),
        ("checkpoints/a/state/model.weights.h5", "half"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        with pytest.raises(Lost, match=f"{path.name}, .* half written"):
            left_behind.check_whole(tmp_path)
        path.unlink()
    for name in (".a.json.x.tmp", "a/new/model.weights.h5", ".a.removed/record.json", ".a.lock"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    assert left_behind.check_whole(tmp_path) == {}


def test_a_record_that_is_gone_or_another_is_noticed():
    left_behind.check_kept({"results/a.json": b"1", "x": b"1"}, {"results/a.json": b"1"})
    for after in ({}, {"results/a.json": b"2"}):
        with pytest.raises(Lost, match="was recorded, and is"):
            left_behind.check_kept({"results/a.json": b"1"}, after)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("began 1", "2 epochs were kept"),
        ("began 4", "2 epochs"),
        ("began 2|began 4", "of a process"),
    ],
)
def test_epochs_that_are_lost_or_left_out_are_noticed(lines, message, tmp_path):
    told = tmp_path / "told"
    before = ["began 0", "kept 0", "began 1", "kept 1", "began 2"]
    told.write_text("\n".join([*before, *lines.split("|")]))
    with pytest.raises(Lost, match=message):
        left_behind.check_epochs(told, len(before))
    told.write_text("\n".join([*before, "began 2", "kept 2", "began 3"]))
    assert left_behind.check_epochs(told, len(before)) == 8


def test_moments_are_of_both_kinds_and_all_calls():
    from torture.killing import Ended

    chance, whole = random.Random(1), Ended({}, 5, False, 0, 2.0, "")
    drawn = [moment(chance, whole) for _ in range(300)]
    assert {m["at"] for m in drawn if "at" in m} == {1, 2, 3, 4, 5}
    assert {m["when"] for m in drawn if "at" in m} == set(WHEN.values())
    assert 50 < sum("seconds" in m and 0 <= m["seconds"] <= 2 for m in drawn) < 150
    assert all("seconds" in moment(chance, Ended({}, 0, False, 0, 2.0, "")) for _ in range(20))


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc: killed at random times alone")
def test_a_process_is_killed_at_the_call_that_was_meant(tmp_path):
    whole = uninterrupted("record", (), "killed_planted")
    (tmp_path / "last").mkdir()
    (ended,) = server("killed_planted").run(
        job("record", tmp_path / "last", at=whole.count, when=WHEN["after"])
    )
    assert ended.killed and list((tmp_path / "last" / "results").glob("killed.json"))
    (tmp_path / "none").mkdir()
    (ended,) = server("killed_planted").run(
        job("record", tmp_path / "none", at=whole.count + 1, when=WHEN["before"])
    )
    assert not ended.killed and ended.count == whole.count

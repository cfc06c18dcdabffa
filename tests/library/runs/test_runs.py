"""runs: records written and read back, compared and printed."""

import importlib.metadata
import json
import os
import platform

import keras
import numpy as np
import pytest
from packaging.version import Version

from helpers import runs
from helpers.runs import Run

pytestmark = pytest.mark.quick


def make(name="a-run", **changes):
    fields = {
        "name": name,
        "network": "resnet20",
        "spec": {"name": "resnet20", "input_shape": [32, 32, 3]},
        "recipe": {"name": "quick", "steps": 12, "boundaries": [6, 9]},
        "seed": 0,
        "data": {"name": "shapes", "description": "shapes (generated)", "images": {"train": 8}},
        "parameters": 269_722,
        "history": {"step": [6, 12], "loss": [2.25, 1.125], "error": [0.75, 0.5]},
        "final": {
            "train": {"loss": 1.0, "error": 0.4},
            "validation": {"loss": 1.5, "error": 0.45},
            "test": {"loss": 1.5, "error": 0.4625},
        },
        "seconds": 90.0,
        "interruptions": 0,
        "command": None,
        "versions": {"python": "3.13.1"},
        "hardware": {"cores": 2, "accelerators": []},
    }
    return Run(**fields | changes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_BOOK_RESULTS", str(tmp_path / "records"))
    return tmp_path / "records"


def test_a_record_comes_back_equal(folder):
    run = make()
    path = runs.save(run)
    assert path == folder / "a-run.json"
    assert runs.load("a-run") == runs.load(path) == runs.load(str(path)) == run
    assert os.listdir(folder) == ["a-run.json"]  # nothing unfinished stays


def test_a_full_disk_leaves_no_part_of_a_record(tmp_path, full_disk):
    with pytest.raises(OSError, match="No space left"):
        runs.save(make(), tmp_path / "r.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["a  b", "[a  b]", "Käse [1,\t 2]", 'x "[  ]" y', "[ {  } ]"])
def test_texts_come_back_letter_by_letter(text, tmp_path):
    run = make(command=text)
    assert runs.load(runs.save(run, tmp_path / "r.json")).command == text


def test_the_file_is_json_with_a_line_per_list(tmp_path):
    path = runs.save(make(), tmp_path / "r.json")
    assert json.loads(path.read_text("utf-8"))["history"]["error"] == [0.75, 0.5]
    assert any("0.75" in line and "0.5" in line for line in path.read_text().splitlines())
    assert "model" not in json.loads(path.read_text("utf-8"))


def test_a_record_is_never_overwritten(folder):
    path = runs.save(make())
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a-run\.json is recorded already.*name"):
        runs.save(make(seed=1))
    with pytest.raises(FileExistsError, match=r"recorded already"):
        runs.save(make(seed=1), path)
    with pytest.raises(FileExistsError, match=r"recorded already"):
        runs.check_free("a-run")
    assert path.read_bytes() == before
    assert runs.check_free("another") == folder / "another.json"


def test_a_record_that_fails_leaves_no_file(folder):
    with pytest.raises(ValueError, match=r"JSON|NaN|finite"):
        runs.save(make(seconds=float("nan")))
    assert not (folder / "a-run.json").exists()


def test_names_are_those_of_the_folder(folder):
    assert runs.names() == []
    for name in ("b", "a"):
        runs.save(make(name))
    assert runs.names() == ["a", "b"]


def test_a_missing_record_names_those_there_are(folder):
    with pytest.raises(FileNotFoundError, match=r"no record .*x\.json.*none"):
        runs.load("x")
    runs.save(make("here"))
    with pytest.raises(FileNotFoundError, match=r"no record .*x\.json.*here"):
        runs.load("x")


@pytest.mark.parametrize("content", ["[1, 2]", '{"name": "x"}', '{"name"', "NaN?"])
def test_a_file_that_is_no_record_is_refused(content, tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"odd\.json is not a record"):
        runs.load(path)


def test_properties():
    assert make().epochs == 2
    assert make().images == "shapes (generated)"


def test_a_training_that_goes_on_elsewhere_names_both_machines():
    gpu, laptop = {"cores": 16, "accelerators": ["GPU"]}, {"cores": 2, "accelerators": []}
    first = make(hardware=gpu, seconds=30.0)
    again = make(hardware=gpu, seconds=0.0, history={})
    again.go_on(first.so_far())
    assert (again.history, again.seconds) == (first.history, 30.0)
    assert (again.interruptions, again.hardware) == (1, gpu)
    third = make(hardware=dict(laptop))
    third.go_on(again.so_far())
    assert (third.interruptions, third.hardware) == (2, {**laptop, "earlier": [gpu]})
    fourth = make(hardware=dict(gpu))
    fourth.go_on(json.loads(json.dumps(third.so_far())))
    assert fourth.hardware == {**gpu, "earlier": [laptop]}
    old = {key: value for key, value in first.so_far().items() if key != "hardware"}
    fifth = make(hardware=dict(laptop))
    fifth.go_on(old)  # of a version that did not write it
    assert fifth.hardware == laptop


def test_compare_in_per_cent_and_minutes():
    row, second = runs.compare([make(), make(seed=7)])
    assert row == {
        "network": "resnet20",
        "images": "shapes (generated)",
        "epochs": 2,
        "steps": 12,
        "seed": 0,
        "logged error": 50.0,
        "training error": 40.0,
        "validation error": 45.0,
        "test error": 46.25,
        "minutes": 1.5,
    }
    assert second["seed"] == 7


def test_table_aligns_its_columns():
    rows = [
        {"network": "plain20", "parameters": 269_722, "error": 8.75},
        {"network": "resnet1202", "parameters": 19_421_274, "error": 7.931},
    ]
    assert runs.table(rows).splitlines() == [
        "network     parameters  error",
        "plain20        269,722    8.8",
        "resnet1202  19,421,274    7.9",
    ]
    assert "7.931" in runs.table(rows, digits=3)


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 1}]])
def test_rows_must_fit_together(rows):
    with pytest.raises(ValueError, match=r"Expected .*row.*Received"):
        runs.table(rows)


def test_versions_and_hardware_are_those_of_this_process():
    found = runs.versions()
    assert found["python"] == platform.python_version()
    # TensorFlow is installed as tensorflow or tensorflow-cpu, a candidate's Keras as keras-nightly.
    installed = importlib.metadata.packages_distributions()
    for package in ("keras", "numpy", "tensorflow"):
        versions = {Version(importlib.metadata.version(name)) for name in installed[package]}
        assert Version(found[package]) in versions
    assert found["backend"] == "tensorflow"
    machine = runs.hardware()
    assert machine["cores"] == os.cpu_count()
    assert machine["processor"]
    json.dumps([found, machine])  # both go into a record


@pytest.mark.parametrize("backend", ["numpy", "openvino", "one of tomorrow"])
def test_a_backend_that_does_not_train_is_named(backend, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    for call in (runs.check_backend, runs.versions):
        with pytest.raises(RuntimeError, match=f"or torch: .*KERAS_BACKEND={backend}"):
            call()


@pytest.mark.parametrize(("error", "images"), [(8.75, 10_000), (50, 400), (0, 5)])
def test_the_standard_error_is_what_a_simulation_finds(error, images):
    drawn = np.random.default_rng(0).binomial(images, error / 100, 200_000) * 100 / images
    assert runs.standard_error(error, images) == pytest.approx(drawn.std(), rel=0.01, abs=1e-9)


@pytest.mark.parametrize(("error", "images"), [(101, 10), (-1, 10), (5, 0)])
def test_a_standard_error_wants_per_cent_and_images(error, images):
    with pytest.raises(ValueError, match=f"error={error}, images={images}"):
        runs.standard_error(error, images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"history": [1]}, r"`history` is \[1\]"),
        ({"seed": True}, "`seed` is True"),
        ({"history": {"error": ["x"]}}, "lists of numbers"),
        ({"history": {"error": 0.5}}, "lists of numbers"),
        ({"history": {"loss": [0.5]}}, "an `error`"),
        ({"history": {"error": [0.5], "loss": [1.0, 2.0]}}, "as many numbers of each kind"),
        ({"final": {"train": None}}, "its `final` numbers"),
        ({"data": {}}, "a `description`"),
    ],
)
def test_a_record_with_something_else_in_a_field_is_refused(change, message, folder):
    path = runs.save(make())
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=rf"a-run\.json is not a record.*{message}"):
        runs.load(path)


def test_a_record_that_is_nested_without_end_is_refused(folder):
    path = runs.save(make())
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"a-run\.json is not a record.*not JSON"):
        runs.load(path)

"""python -m helpers: what it prints, what it writes, and how it fails."""

import os
import subprocess
import sys

import keras
import pytest

import he2015
from helpers import datasets, networks, recipes, runs, specs, training
from helpers.__main__ import main


def test_list_names_everything(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for name in [*specs.names(), *recipes.names(), *datasets.names()]:
        assert name in out
    assert "none" in out  # no records yet


def test_count_prints_the_papers_numbers():
    """In a process of its own, as readers start it."""
    command = [sys.executable, "-m", "helpers", "count", "resnet34"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "resnet34: 34 weighted layers" in out
    assert "21,797,672 trainable parameters, 17,024 moving statistics" in out
    assert "3,663,761,408 multiply-adds" in out  # 3.664 billion
    row = next(line for line in out.splitlines() if line.startswith("conv3_1_1_conv "))
    assert row.split()[1:] == ["Conv2D", "28", "x", "28", "x", "128", "73,728", "57,802,752"]


def test_count_with_options(capsys):
    assert main(["count", "resnet34", "--shortcut", "A"]) == 0
    assert "21,623,848 trainable" in capsys.readouterr().out
    assert main(["count", "resnet20", "--classes", "100", "--input-size", "64"]) == 0
    out = capsys.readouterr().out
    assert f"{269_722 + 90 * 64 + 90:,} trainable" in out
    assert "64 x 64 x 16" in out


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("resnet50", "resnet50: 50 weighted layers"),
        ("resnet50", "25,557,032 trainable parameters, 53,120 moving statistics"),
        ("resnet50", f"{he2015.by_hand('resnet50', 'B')[2]:,} multiply-adds"),
        ("resnet50 --bottleneck-stride 3x3", "resnet50-v1.5: 50 weighted layers"),
        (
            "resnet50 --bottleneck-stride 3x3",
            f"{he2015.by_hand('resnet50', 'B', v1_5=True)[2]:,} multiply-adds",
        ),
        ("resnet50 --bottleneck-stride 3x3 --shortcut C", "resnet50-C-v1.5: 50 weighted layers"),
        ("resnet101", "44,549,160 trainable parameters, 105,344 moving statistics"),
        ("resnet152", "60,192,808 trainable parameters, 151,424 moving statistics"),
        ("vgg19", "143,667,240 trainable parameters, 0 moving statistics"),
        ("vgg16", f"{he2015.vgg_by_hand('vgg16')[2]:,} multiply-adds"),
    ],
)
def test_count_prints_bottlenecks_and_vgg(command, expected, capsys):
    assert main(["count", *command.split()]) == 0
    assert expected in capsys.readouterr().out


def test_count_names_vgg_s_layers(capsys):
    assert main(["count", "vgg16", "--classes", "37"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    pool, fc6, fc = (next(r for r in rows if r and r[0] == n) for n in ("pool5", "fc6", "fc"))
    assert pool[1:] == ["MaxPooling2D", "7", "x", "7", "x", "512", "0", "0"]
    assert fc6[1:] == ["Dense", "4096", f"{7 * 7 * 512 * 4096 + 4096:,}", f"{7 * 7 * 512 * 4096:,}"]
    assert fc[2] == "37"


COST = "cost resnet50 --data imagenet2012 --recipe he2015-imagenet --devices 8 --peak 1e14"
COST += " --share 0.4 --price 2.5 --bytes-per-image 115000"


def test_cost_is_worked_out_without_the_images(capsys):
    assert main(COST.split()) == 0
    name, images, work, read, _, state, time, money = capsys.readouterr().out.splitlines()
    assert name == "imagenet2012-resnet50-he2015-imagenet-seed0"
    assert "153,600,000, 120.8 epochs" in images  # 600,000 times 256
    forward = he2015.by_hand("resnet50", "B")[2]
    digits, exponent = f"{3 * forward * 153_600_000:.2e}".split("e+")
    assert f" {digits} x 10^{exponent}," in work
    hours = 3 * forward * 153_600_000 / (0.4e14 * 3600)
    assert f"{hours / 8:.1f} h, {hours:.1f} device hours" in time
    assert f"{2.5 * hours:.2f}" in money
    assert "17.7 TB" in read  # 153.6 million times 115 kB
    assert "0.29 GiB" in state  # 25,557,032 times 3 times 4 bytes


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("--devices 7", "256 images is divided among the devices"),
        ("--share 40", "above 0 and at most 1. Received: share_of_peak=40.0"),
        ("--bytes-per-image 0", "bytes_per_image=0.0"),
        ("--peak -1", "multiply_adds_per_second=-1.0"),
        ("--data mnist", "imagenet2012"),
    ],
)
def test_a_cost_that_cannot_be_is_one_line(change, expected, capsys):
    assert main([*COST.split(), *change.split()]) == 1
    error = capsys.readouterr().err.strip()
    assert expected in error and len(error.splitlines()) == 1


def test_a_machine_must_be_described(capsys):
    with pytest.raises(SystemExit):
        main(["cost", "resnet50", "--data", "imagenet2012"])
    error = capsys.readouterr().err
    assert all(f"--{key}" in error for key in ("devices", "peak", "share", "price"))


def test_train_records_and_evaluate_reads_back(small, tmp_path, capsys):
    model = tmp_path / "my nets" / "tiny.keras"
    model.parent.mkdir()
    arguments = ["train", "tiny6", "--data", "shapes", "--epochs", "4", "--seed", "3", "--quiet"]
    arguments += ["--checkpoints", str(tmp_path / "unfinished"), "--model", str(model)]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    (name,) = runs.names()
    run = runs.load(name)
    assert f"{name}.json" in out
    assert (run.seed, run.history["step"], run.images) == (3, [1, 2, 3, 4], "small shapes")
    assert run.recipe["steps"] == 4  # so 32k and 48k of 64k become 2 and 3
    assert run.history["learning_rate"] == pytest.approx([0.1, 0.1, 0.01, 0.001])
    # What repeats the run: every choice that was made, and nothing about this machine.
    chosen = "--data shapes --recipe he2015-cifar10 --seed 3 --epochs 4"
    assert run.command == f"python -m helpers train tiny6 {chosen}"
    assert main(["evaluate", str(model), "--data", "shapes", "--split", "train"]) == 0
    out = capsys.readouterr().out
    expected = run.final["train"]
    assert "160 train images of small shapes" in out
    assert f"error {100 * expected['error']:.2f} %" in out
    assert f"loss {expected['loss']:.4f}" in out
    assert main(arguments) == 1
    assert "would be overwritten" in capsys.readouterr().err  # the model
    assert main(arguments[:-2]) == 1
    assert "recorded already" in capsys.readouterr().err
    assert main([*arguments[:-2], "--name", "my own"]) == 0
    assert runs.load("my own").command.endswith("--epochs 4 --name 'my own'")
    assert runs.load("my own").history["loss"] == run.history["loss"]


def test_the_command_of_a_run_names_the_images_that_a_variable_chose(small, tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_BOOK_DATA", "shapes")
    command = ["train", "tiny6", "--epochs", "1", "--quiet", "--checkpoints", str(tmp_path)]
    assert main(command) == 0
    (name,) = runs.names()
    assert " --data shapes " in runs.load(name).command


def test_another_option_stands_in_the_name_of_the_record(small, tmp_path, capsys):
    command = "train tiny6 --data shapes --shortcut B --epochs 1 --seed 0"
    unfinished = ["--checkpoints", str(tmp_path / "unfinished"), "--quiet"]
    assert main([*command.split(), *unfinished]) == 0
    assert runs.names() == ["shapes-tiny6-B-he2015-cifar10-1steps-seed0"]
    run = runs.load(runs.names()[0])
    assert (run.network, run.spec["shortcut"]) == ("tiny6-B", "B")
    assert " --shortcut B " in run.command


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("count resnet99", "resnet20"),
        ("count plain20 --shortcut A", "plain net"),
        ("count vgg16 --shortcut B", "vgg16 is a plain net"),
        ("count resnet34 --bottleneck-stride 3x3", "bottleneck_stride='3x3'"),
        ("count resnet50 --bottleneck-stride 2x2", "1x1, 3x3"),
        ("count resnet50 --input-size 31", "at least 32"),
        ("count resnet20 --shortcut D", "A, B, C"),
        ("count resnet20 --classes 0", "num_classes"),
        ("count resnet20 --input-size 2", "at least 4"),
        ("count resnet20 --input-size 0", "input_shape"),
        ("train resnet99", "resnet20"),
        ("train tiny6 --shortcut D", "A, B, C"),
        ("train plain20 --shortcut B", "plain20 is a plain net"),
        ("train tiny6 --recipe adam", "he2015-cifar10"),
        ("train tiny6 --data mnist", "cifar10"),
        ("train tiny6 --precision float16", "mixed_bfloat16"),
        ("train tiny6 --epochs 0", "epochs"),
        ("train tiny6 --epochs -1", "-1"),
        ("train tiny6 --epochs 1 --model tiny.h6", ".keras"),
        ("train tiny6 --epochs 1 --model nowhere/tiny.keras", "nowhere"),
        ("evaluate nowhere.keras", "nowhere.keras"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(command, expected, small, capsys, monkeypatch):
    """Also: it is found before hours of training, not after them."""

    def trained(*_, **__):
        raise AssertionError("the training began")

    monkeypatch.setattr(keras.Model, "fit", trained)
    assert main(command.split()) == 1
    error = capsys.readouterr().err.strip()
    assert expected in error
    assert len(error.splitlines()) == 1


def test_a_model_that_does_not_fit_the_images_is_one_line(small, tiny_spec, tmp_path, capsys):
    recipe = recipes.HE2015_CIFAR10
    model = networks.build(tiny_spec, input_shape=(12, 12, 3))
    training.compile_model(model, recipe).save(tmp_path / "other.keras")
    assert main(["evaluate", str(tmp_path / "other.keras"), "--data", "shapes"]) == 1
    error = capsys.readouterr().err.strip()
    assert "(None, 8, 8, 3)" in error
    assert len(error.splitlines()) == 1


def test_an_interrupted_command_says_how_to_go_on(small, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", interrupt)
    command = ["train", "tiny6", "--epochs", "1", "--checkpoints", str(tmp_path)]
    assert main(command) == 130
    assert "same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["train", "resnet20"], ["evaluate", "a.keras"]])
def test_a_backend_that_is_not_there_is_one_line(command):
    environment = {**os.environ, "KERAS_BACKEND": "of-tomorrow"}
    python = [sys.executable, "-m", "helpers", *command]
    done = subprocess.run(python, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "Error" in line]
    assert "Keras could not start" in line and "tensorflow, jax or torch" in line
    assert line.endswith("Received: KERAS_BACKEND=of-tomorrow")


def test_an_unknown_command_is_explained(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["fly"])
    assert caught.value.code == 2
    assert "evaluate" in capsys.readouterr().err

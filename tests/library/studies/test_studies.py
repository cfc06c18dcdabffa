"""studies: what a file lists is trained once, goes on where it stopped, and says how far it is."""

import re
import shlex

import keras
import pytest

from helpers import datasets, networks, recipes, runs, specs, studies, training, weights
from helpers.__main__ import main
from helpers.studies import Plan, TransferPlan, repair, transfer
from helpers.training import loop
from helpers.training.callbacks import DivergedError

STUDY = """
title = "two nets"
data = "shapes"
recipe = "he2015-cifar10"
epochs = 2

[[runs]]
networks = ["tiny6"]
seeds = [0, 1]

[[runs]]
networks = ["tiny6"]
shortcut = "B"
follow_test = true
"""
NAMES = [
    "shapes-tiny6-he2015-cifar10-2steps-seed0",
    "shapes-tiny6-he2015-cifar10-2steps-seed1",
    "shapes-tiny6-B-he2015-cifar10-2steps-seed0",
]


@pytest.fixture
def study(small, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(STUDY)
    return path


@pytest.mark.backends
def test_a_study_trains_what_its_file_lists(study, tmp_path, capsys):
    command = ["study", str(study), "--checkpoints", str(tmp_path / "unfinished")]
    assert main([*command, "--weights", str(tmp_path / "weights")]) == 0
    out = capsys.readouterr().out
    assert runs.names() == sorted(NAMES)
    assert "0 of 3 trainings are recorded" in out
    assert re.search(rf"2 of 3: {NAMES[1]}, about \d+ min left", out)
    assert "all 3 trainings are recorded" in out
    run = runs.load(NAMES[2])
    assert (run.network, run.history["step"]) == ("tiny6-B", [1, 2])
    assert "test_error" in run.history
    assert "test_error" not in runs.load(NAMES[0]).history
    # The weights are those of the run: they give its test error again.
    model = networks.build(specs.resolve("tiny6", shortcut="B", input_shape=(8, 8, 3)))
    training.compile_model(model, recipes.HE2015_CIFAR10)
    weights.load(model, tmp_path / "weights" / f"{NAMES[2]}.safetensors")
    data = datasets.load("shapes")
    assert training.evaluate(model, data, "test") == pytest.approx(run.final["test"], rel=1e-4)


def test_records_are_found_by_what_was_trained(study, tmp_path):
    found = studies.load(study)
    with pytest.raises(FileNotFoundError, match=r"3 of 3 trainings.*study two"):
        studies.recorded(found)
    studies.run(found, checkpoints=tmp_path / "unfinished", verbose=0)
    assert [run.name for run in studies.recorded(found)] == NAMES
    assert [run.seed for run in studies.recorded(found, shortcut=None, seed=1)] == [1]
    (run,) = studies.recorded(found, shortcut="B")
    assert run.architecture.shortcut == "B" and run.architecture.depth == 6
    for wrong, message in (({"colour": 1}, "no colour"), ({"seed": 7}, "no training.*7")):
        with pytest.raises(ValueError, match=message):
            studies.recorded(found, **wrong)
    (runs.directory() / f"{NAMES[1]}.json").unlink()
    assert [r.name for r in studies.recorded(found, partial=True)] == [NAMES[0], NAMES[2]]


def test_the_command_of_a_record_repeats_it(study, tmp_path, capsys):
    (plan,) = studies.load(study).plans[2:]
    (run,) = studies.run(
        studies.Study("one", "one", (plan,)), checkpoints=tmp_path / "unfinished", verbose=0
    )
    again = [*shlex.split(run.command)[3:], "--name", "again", "--quiet"]
    assert main([*again, "--checkpoints", str(tmp_path / "unfinished")]) == 0
    assert runs.load("again").history["loss"] == pytest.approx(run.history["loss"], rel=1e-4)
    assert runs.load("again").recipe == run.recipe


def test_what_is_recorded_is_left_out_and_what_was_interrupted_goes_on(
    study, tmp_path, capsys, monkeypatch
):
    found = studies.load(study)
    folder = tmp_path / "unfinished"
    first = studies.Study("first", "first", found.plans[:1])
    studies.run(first, checkpoints=folder, verbose=0)
    before = (runs.directory() / f"{NAMES[0]}.json").read_bytes()

    real, epochs = training.evaluate, []

    def interrupt(model, data, split, *args):
        """At the second measurement: after the second epoch and before its checkpoint."""
        if split == "validation":
            epochs.append(split)
            if len(epochs) == 2:
                raise KeyboardInterrupt
        return real(model, data, split, *args)

    monkeypatch.setattr(loop, "evaluate", interrupt)
    command = ["study", str(study), "--checkpoints", str(folder)]
    assert main(command) == 130
    assert "same command goes on" in capsys.readouterr().err
    monkeypatch.setattr(loop, "evaluate", real)

    assert main([*command, "--status"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == NAMES
    assert lines[0].endswith("recorded")
    assert lines[1].endswith("interrupted after 1 epoch")
    assert lines[2].endswith("to do")

    assert main(command) == 0
    assert "1 of 3 trainings are recorded" in capsys.readouterr().out
    assert runs.load(NAMES[1]).interruptions == 1
    assert (runs.directory() / f"{NAMES[0]}.json").read_bytes() == before
    assert main(command) == 0
    assert "3 of 3 trainings are recorded" in capsys.readouterr().out


def test_a_training_that_diverges_does_not_stop_the_others(study, tmp_path, capsys, monkeypatch):
    real = training.train

    def train(spec, data, recipe, *, seed, **arguments):
        if seed == 1:
            raise DivergedError("The loss of tiny6 is nan at step 2")
        return real(spec, data, recipe, seed=seed, **arguments)

    monkeypatch.setattr(training, "train", train)
    assert main(["study", str(study), "--checkpoints", str(tmp_path / "unfinished")]) == 1
    out, error = capsys.readouterr()
    assert "nan at step 2" in out
    assert NAMES[1] in error
    assert runs.names() == sorted([NAMES[0], NAMES[2]])


def test_a_step_of_the_repair_is_planned_and_runs(monkeypatch, tiny_data, tmp_path):
    path = tmp_path / "steps.toml"
    path.write_text(
        'title = "x"\ndata = "cifar10"\n[[runs]]\ntrainings = ["repair/published", "repair/plain"]'
    )
    plans = studies.load(path).plans
    assert [p.record() for p in plans] == [
        f"cifar10-repair-{s}-seed0" for s in ("published", "plain")
    ]
    asked = []
    monkeypatch.setattr(repair.plan, "train", lambda *args, **given: asked.append((args, given)))
    plans[1].train(tiny_data, checkpoints=tmp_path, verbose=0)
    ((args, given),) = asked
    assert args == ("plain", tiny_data)
    assert given["name"] == plans[1].record()
    assert given["command"] == "python -m helpers train repair/plain --data cifar10 --seed 0"
    path.write_text(path.read_text() + '\nprecision = "mixed_bfloat16"')
    rough = studies.load(path).plans[0]
    assert rough.record() == "cifar10-repair-published-mixed_bfloat16-seed0"
    assert rough.command().endswith("--seed 0 --precision mixed_bfloat16")
    path.write_text(path.read_text().replace("repair/plain", "repair/perfect"))
    with pytest.raises(ValueError, match="published, validation"):
        studies.load(path)


def test_weights_that_cannot_be_kept_are_refused_before_anything_is_trained(tmp_path, capsys):
    command = ["study", "repair", "--weights", str(tmp_path / "weights"), "--npz", "nowhere.npz"]
    assert main(command) == 1
    assert "Only the weights of networks made by `networks.build`" in capsys.readouterr().err
    assert not (tmp_path / "weights").exists()


def test_a_way_of_chapter_6_is_planned(tmp_path):
    path = tmp_path / "ways.toml"
    path.write_text('title = "x"\n[[runs]]\ntrainings = ["transfer/scratch"]\nseeds = [0, 4]')
    plan = studies.load(path).plans[1]
    assert plan == TransferPlan("scratch", seed=4)
    assert plan.record() == "oxford_iiit_pet-resnet56-scratch-seed4"
    recipe = transfer.METHODS["scratch"].recipe
    assert plan.length().steps == recipe.steps
    assert plan.spec().input_shape == (transfer.SIDE, transfer.SIDE, 3)
    path.write_text(path.read_text().replace("scratch", "magic"))
    with pytest.raises(ValueError, match=r"finetuned, bn-trained.*magic"):
        studies.load(path)
    path.write_text(path.read_text().replace("magic", "scratch") + '\ndata = "cifar10"')
    with pytest.raises(ValueError, match=r"for oxford_iiit_pet\. Received: cifar10"):
        studies.load(path)


def test_images_of_another_number_are_refused(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(datasets.TRAINING_IMAGES, "shapes", 320)
    assert main(["study", str(study), "--checkpoints", str(tmp_path / "unfinished")]) == 1
    assert "160 training images. Expected: 320" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs = 2", "epoch = 2"), "Received: epoch"),
        (("epochs = 2", "epochs = 2\nsteps = 3"), "`epochs` or `steps`"),
        (("epochs = 2", "epochs = 0"), "epochs=0"),
        (("[0, 1]", "[0, 0]"), "lists a training twice"),
        (('networks = ["tiny6"]\nseeds', "seeds"), "`networks` must be a list"),
        (('networks = ["tiny6"]', 'trainings = ["repair/published"]'), "Received: epochs"),
        (('"tiny6"', '"repair/published"'), "repair/published"),
        (
            ('networks = ["tiny6"]', 'trainings = ["mend/x"]'),
            "causes/..., repair",
        ),
        (("[0, 1]", "0"), "`seeds` must be a list"),
        (('"tiny6"]\nseeds', '"tiny7"]\nseeds'), "tiny7"),
        (('shortcut = "B"', 'shortcut = "D"'), "A, B, C"),
        (('data = "shapes"', 'data = "mnist"'), "mnist"),
        (('data = "shapes"', ""), "data"),
        (('"he2015-cifar10"', '"adam"'), "adam"),
        (('title = "two nets"', ""), "title"),
        (("[[runs]]", "[[run]]"), r"\[\[runs\]\]"),
        (("epochs = 2", "epochs ="), "not TOML"),
        (("epochs = 2", "epochs = " + "[" * 5000), "not TOML"),
        (("epochs = 2", 'epochs = "2"'), "`epochs` must be an integer"),
        (("epochs = 2", "learning_rate = inf"), "`learning_rate` must be a finite number"),
        (("epochs = 2", "xla = 1"), "`xla` must be True or False"),
        (("epochs = 2", 'name = "../../x"'), "`name` must be a text without a slash"),
        (("epochs = 2", 'name = "..\\\\x"'), "`name` must be a text without"),
        (("[0, 1]", '["0"]'), "`seed` must be an integer"),
        (("[0, 1]", str(list(range(10_001)))), "10,001 trainings in one table"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_trained(change, message, study):
    study.write_text(study.read_text().replace(*change))
    with pytest.raises(ValueError, match=message):
        studies.load(study)


def test_tables_that_are_none_are_refused(tmp_path):
    path = tmp_path / "odd.toml"
    path.write_text('title = "x"\nruns = [1]\n')
    with pytest.raises(ValueError, match=r"odd\.toml is not a study: expected tables \[\[runs\]\]"):
        studies.load(path)


def test_unknown_studies_are_refused(tmp_path):
    with pytest.raises(ValueError, match="cifar10-paper"):
        studies.load("imagenet")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.toml"):
        studies.load(tmp_path / "nowhere.toml")


def test_images_with_a_size_are_trained_on_and_all_others_measured(small):
    plan = Plan("tiny6", "shapes", recipe="quick", steps=2, size=4, images=100)
    assert plan.record() == "shapes-4x4-100images-tiny6-quick-2steps-seed0"
    assert plan.length().steps_per_epoch == 100 // 128 or plan.length().steps == 2
    with pytest.raises(ValueError, match="`images` is for photographs, or for images with a"):
        Plan("tiny6", "shapes", images=100)


def test_weights_are_kept_beside_the_record_in_half_precision(small, tmp_path):
    plan = Plan("tiny6", "shapes", steps=2, keep_weights=True)
    assert plan.command().endswith("--keep-weights")
    run = plan.train(datasets.load("shapes"), verbose=0)
    kept = runs.directory() / "weights" / f"{run.name}.safetensors"
    assert runs.load(run.name).name == run.name
    model = networks.build(specs.resolve("tiny6", input_shape=(8, 8, 3)))
    training.compile_model(model, recipes.HE2015_CIFAR10)
    weights.load(model, kept)
    assert training.evaluate(model, datasets.load("shapes"), "test") == pytest.approx(
        run.final["test"], rel=5e-3
    )
    for ours, theirs in zip(model.weights, run.model.weights, strict=True):
        difference = abs(keras.ops.convert_to_numpy(ours) - keras.ops.convert_to_numpy(theirs))
        assert (difference <= 2**-11 * abs(keras.ops.convert_to_numpy(theirs)) + 2**-24).all()


def test_xla_and_precision_are_in_the_command_and_the_name():
    plan = Plan("resnet20", "cifar10", xla=True, precision="mixed_bfloat16")
    assert plan.command().endswith("--seed 0 --precision mixed_bfloat16 --xla yes")
    assert plan.record() == "cifar10-resnet20-he2015-cifar10-mixed_bfloat16-xla-seed0"
    assert plan.recipe_for(45_000).jit_compile is True


def test_memory_is_given_back_between_trainings(study, tmp_path, monkeypatch):
    cleared = []
    monkeypatch.setattr(keras.backend, "clear_session", lambda: cleared.append(1))
    done = studies.run(studies.load(study), checkpoints=tmp_path / "unfinished", verbose=0)
    assert len(cleared) == 3
    assert all(run.model is None for run in done)

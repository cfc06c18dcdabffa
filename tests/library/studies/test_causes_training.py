"""causes.train: what is measured and recorded, the study, and what the records add up to."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from helpers import datasets, inspection, recipes, runs, specs, studies, training
from helpers.__main__ import main
from helpers.studies import CausePlan, causes
from helpers.studies.causes import INTERVENTIONS, evidence, running
from helpers.training import loop

NAMES = ("plain20", "plain56", "resnet20", "resnet56")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Nets of 8 layers for those of 20, 14 for those of 56; batches of 16 images."""
    for name, book in zip(NAMES, ("plain8", "plain14", "resnet8", "resnet14"), strict=True):
        spec = dataclasses.replace(specs.get(book), name=name)
        monkeypatch.setitem(specs._NETWORKS, name, spec)
    small = dataclasses.replace(recipes.QUICK, batch_size=16)
    monkeypatch.setattr(recipes, "QUICK", small)
    monkeypatch.setattr(running, "BATCH", 16)


def test_a_record_has_what_was_measured_before_and_after(tiny_data):
    run = causes.train("leaky0.5", tiny_data, seed=2, steps=2, verbose=0)
    again = runs.load("tiny-causes-leaky0.5-2steps-seed2")
    assert (again.final, again.extra) == (run.final, run.extra)
    assert again.network == "plain56-8filters-leaky0.5"
    assert again.extra["intervention"] == dataclasses.asdict(INTERVENTIONS["leaky0.5"])
    x, y = tiny_data.train.images[:16] - tiny_data.mean, tiny_data.train.labels[:16]
    model = causes.build("leaky0.5", seed=2, input_shape=(8, 8, 3), num_classes=4)
    gradients = list(inspection.activation_gradients(model, x, y).values())
    found = again.extra["before"]
    np.testing.assert_allclose(found["activation_gradients"], gradients, rtol=1e-3)
    assert [len(found[k]) for k in ("activation_sizes", "kernel_gradients")] == [1 + 6, 13]
    assert causes.growth(again) == pytest.approx(gradients[0] / gradients[-1], rel=1e-3)
    kernels = list(inspection.gradient_norms(model, x, y).values())
    ratio = causes.growth(again, "kernel_gradients")
    assert ratio == pytest.approx(kernels[0] / kernels[-1], rel=1e-3)
    with pytest.raises(FileExistsError, match="recorded already"):
        causes.train("leaky0.5", tiny_data, seed=2, steps=2, verbose=0)


def test_records_without_extra_stay_valid_and_others_do_not(tmp_path, tiny_data):
    run = causes.train("plain20", tiny_data, seed=0, steps=1, save=False, verbose=0)
    assert not runs.names() and not (runs.directory() / "weights").exists()
    path = runs.save(dataclasses.replace(run, extra={}), tmp_path / "one.json")
    text = json.loads(path.read_text())
    assert "extra" not in text
    assert runs.load(path).extra == {}
    path.write_text(json.dumps(text | {"more": 1}))
    with pytest.raises(ValueError, match="not a record"):
        runs.load(path)


def test_in_training_mode_the_batch_has_its_own_statistics(tiny_data):
    """By moving averages that are, once, those of the one batch there is."""
    model = causes.build("plain20", seed=0, input_shape=(8, 8, 3), num_classes=4)
    training.compile_model(model, causes.recipe(INTERVENTIONS["plain20"]))
    before = model.get_weights()
    found = causes.with_batch_statistics(model, tiny_data, batch_size=200)
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(tiny_data.train.images - tiny_data.mean, training=True)
    assert found == pytest.approx(training.evaluate(model, tiny_data, "train"), rel=1e-3)
    model.set_weights(before)
    assert abs(training.evaluate(model, tiny_data, "train")["loss"] - found["loss"]) > 0.01


def test_the_clipping_is_there_while_it_trains(tiny_data, monkeypatch):
    norms, real = [], training.train

    def train(model, *args, **given):
        run = real(model, *args, **given)
        norms.append(model.optimizer.global_clipnorm)
        return run

    monkeypatch.setattr(training, "train", train)
    for name in ("clipped", "plain56"):
        run = causes.train(name, tiny_data, seed=0, steps=1, save=False, verbose=0)
    assert norms == [1.0, None]
    assert run.recipe["warmup_steps"] == 0  # none of 100 in 900 falls on one step


def test_the_deepened_net_starts_from_the_recorded_run_of_its_seed(tiny_data, monkeypatch):
    with pytest.raises(FileNotFoundError, match="helpers train causes/plain20 --seed 1"):
        causes.train("deepened", tiny_data, seed=1, steps=2, verbose=0)
    shallow = causes.train("plain20", tiny_data, seed=1, steps=2, verbose=0)
    seen, real = [], training.train

    def train(model, *args, **given):
        seen.append(training.compile_model(model, args[1]).get_weights())
        seen.append(training.evaluate(model, tiny_data, "test"))
        return real(model, *args, **given)

    monkeypatch.setattr(training, "train", train)
    run = causes.train("deepened", tiny_data, seed=1, steps=2, verbose=0)
    assert seen[1] == pytest.approx(shallow.final["test"], rel=5e-3)  # half precision between
    assert run.final["test"] != shallow.final["test"]
    assert run.parameters > shallow.parameters


# --- the study ---------------------------------------------------------------------------


def test_the_study_has_every_intervention_with_every_seed():
    plans = studies.load("causes").plans
    every = {(name, seed, None) for name in INTERVENTIONS for seed in causes.SEEDS}
    every |= {(name, seed, 0) for name in INTERVENTIONS for seed in (0, 1, 2)}
    places = {(p.what, p.seed, p.warmup): i for i, p in enumerate(plans)}
    assert set(places) == every
    for what, seed, warmup in every:
        if what in ("deepened", "continued"):
            assert places["plain20", seed, warmup] < places[what, seed, warmup]
    for plan in plans:
        how = "" if plan.warmup is None else "-warmup0"
        assert plan.record() == f"shapes-causes-{plan.what}{how}-seed{plan.seed}"
        assert (plan.length().steps, plan.length().steps_per_epoch) == (900, 500)  # batches of 16
    assert plans[0].spec().input_shape == (16, 16, 3)


def test_a_study_of_causes_leaves_out_what_is_recorded_and_goes_on(
    tiny_data, tmp_path, monkeypatch, capsys
):
    data = dataclasses.replace(tiny_data, name="shapes")
    monkeypatch.setitem(datasets.LOADERS, "shapes", lambda _: data)
    monkeypatch.setattr(datasets, "reduce", lambda data, *, size: data)
    path = tmp_path / "two.toml"
    path.write_text(
        'title = "x"\n[[runs]]\ntrainings = ["causes/plain20", "causes/clipped"]\nsteps = 24'
    )
    command = ["study", str(path), "--checkpoints", str(tmp_path / "unfinished")]
    real, epochs = training.evaluate, []

    def interrupt(model, data, split, *args):
        """After the second epoch of 12 steps of the second training, before its checkpoint."""
        if model.name.endswith("clipped"):
            epochs.append(split)
            if len(epochs) == 2:
                raise KeyboardInterrupt
        return real(model, data, split, *args)

    monkeypatch.setattr(loop, "evaluate", interrupt)
    assert main(command) == 130
    monkeypatch.setattr(loop, "evaluate", real)
    assert "goes on" in capsys.readouterr().err
    assert main([*command, "--status"]) == 0
    first, second = capsys.readouterr().out.splitlines()[2:]
    assert first.split() == ["shapes-causes-plain20-24steps-seed0", "recorded"]
    assert second.endswith("interrupted after 1 epoch")
    assert main(command) == 0
    run = runs.load("shapes-causes-clipped-24steps-seed0")
    assert (run.interruptions, run.history["step"]) == (1, [12, 24])
    # What was measured before the first step is that of the untrained net all the same.
    once = causes.train("plain56", data, seed=0, steps=1, save=False, verbose=0)
    assert run.extra["before"] == once.extra["before"]
    assert run.command == "python -m helpers train causes/clipped --seed 0 --steps 24"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('trainings = ["causes/leaky0.9"]', r"leaky0\.5.*leaky0\.9"),
        ('trainings = ["causes/plain56"]\nsteps = 0', "steps"),
        ('trainings = ["causes/plain56"]\ndata = "cifar10"', "for shapes. Received: cifar10"),
        ('trainings = ["causes/plain56"]\nfilters = 4', "Received: filters"),
    ],
)
def test_a_wrong_file_is_refused(text, message, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(f'title = "x"\n[[runs]]\n{text}')
    with pytest.raises(ValueError, match=message):
        studies.load(path)


def test_weights_without_names_elsewhere_are_not_asked_for(tmp_path):
    with pytest.raises(ValueError, match="shapes-causes-plain20-seed0"):
        studies.run(studies.load("causes"), weights_folder=tmp_path)


def test_the_command_of_a_plan():
    assert CausePlan("halved", seed=1).command() == "python -m helpers train causes/halved --seed 1"
    assert CausePlan("halved", seed=1, steps=20).command().endswith("--seed 1 --steps 20")
    assert CausePlan("halved", seed=1, steps=20).record() == "shapes-causes-halved-20steps-seed1"


# --- the verdict -------------------------------------------------------------------------


@pytest.fixture
def made_up(monkeypatch):
    """Errors of 80 for plain-56, 20 for plain-20, 10 for ResNet-56, 50 for the others; the
    seeds one point apart. Gradients that grow 100 times, or once."""
    errors = {"plain56": 80, "plain20": 20, "resnet56": 10}

    def recorded(name, *, seed=0, warmup=causes.WARMUP):
        error = (errors.get(name, 50) + seed - 2) / 100
        first = 100.0 if name in ("plain56", "fixed-norms") else 1.0
        before = {"activation_gradients": [2 * first, 7.0, 5.0, 2.0]}
        final = {"train": {"error": error}, "test": {"error": error + 0.05}}
        extra = {"before": before, "after": {"train": {"error": error / 2}}}
        run = runs.Run(*[None] * 14)
        return dataclasses.replace(run, final=final, extra=extra)

    monkeypatch.setattr(evidence, "recorded", recorded)


def test_points_are_the_runs_in_per_cent(made_up):
    rows = causes.points(("plain56", "clipped"))
    assert len(rows) == 10
    assert rows[2] == pytest.approx(
        {
            "intervention": "plain56",
            "seed": 2,
            "growth": 100,
            "training error": 80,
            "in training mode": 40,
            "test error": 85,
        }
    )


def test_the_summary_has_every_net_with_its_range(made_up):
    rows = {row["intervention"]: row for row in causes.summary()}
    assert list(rows) == list(INTERVENTIONS)
    expected = {"growth": 100, "error": 80, "lowest": 78, "highest": 82}
    assert rows["plain56"] == pytest.approx({"intervention": "plain56", **expected})


def test_the_verdict_places_each_between_the_nets_as_they_are(made_up):
    rows = causes.verdict()
    assert [row["tried"] for row in rows][:2] == ["dirac", "leaky0.5"]
    row = next(row for row in rows if row["tried"] == "fixed-norms")
    assert (row["growth"], row["error"]) == pytest.approx((100, 50))
    assert (row["lowest"], row["highest"]) == pytest.approx((48, 52))
    assert row["of the gap"] == pytest.approx(100 * 30 / 70)
    assert row["of 20"] == pytest.approx(100 * 30 / 60)
    assert "keep their norms" in row["predicts"]
    in_training = causes.verdict(error="in training mode")
    assert in_training[0]["error"] == pytest.approx(25)
    runs.table(rows)  # one set of columns


def test_every_intervention_is_of_an_explanation():
    tried = [name for why in causes.EXPLANATIONS for name in why.tried]
    bare = {name for name, what in INTERVENTIONS.items() if what.bare}
    assert sorted(tried) == sorted(set(INTERVENTIONS) - bare - {"continued"})  # a control


def test_agreement_is_the_rank_correlation():
    growth, error = [1.0, 10.0, 10.0, 1000.0, 5.0], [3.0, 4.0, 1.0, 9.0, 2.0]
    rows = [{"growth": g, "training error": e} for g, e in zip(growth, error, strict=True)]
    # By hand: ranks 1, 3.5, 3.5, 5, 2 and 3, 4, 1, 5, 2.
    expected = np.corrcoef([1, 3.5, 3.5, 5, 2], [3, 4, 1, 5, 2])[0, 1]
    assert causes.agreement(rows) == pytest.approx(expected)
    exponential = [{"growth": g, "training error": np.log(g)} for g in (1.0, 2.0, 50.0)]
    assert causes.agreement(exponential) == pytest.approx(1)
    with pytest.raises(ValueError, match="three points"):
        causes.agreement(rows[:2])

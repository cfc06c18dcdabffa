"""training: runs that repeat, stop, go on, fail and are recorded."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from helpers import networks, runs, training
from helpers.datasets import Split
from helpers.recipes import Recipe
from helpers.training import DivergedError

# 200 images are 6 whole batches, so 15 steps end in the middle of the third epoch.
RECIPE = Recipe(
    "short", "tests", steps=15, batch_size=32, boundaries=(8, 12), padding=1, warmup_steps=2
)
TIMES = ("seconds",)


def train(tiny_spec, tiny_data, recipe=RECIPE, seed=1, **arguments):
    return training.train(tiny_spec, tiny_data, recipe, seed=seed, verbose=0, **arguments)


class Watch(keras.callbacks.Callback):
    """Notes the learning rate of every step; raises `error` at one of them."""

    def __init__(self, error=None, at=None):
        super().__init__()
        self.error, self.at, self.rates = error, at, []

    def on_train_batch_begin(self, batch, logs=None):
        if self.error and len(self.rates) == self.at:
            raise self.error
        self.rates.append(float(self.model.optimizer.learning_rate))


@pytest.fixture(scope="module")
def whole(tiny_spec, tiny_data):
    """One training from its start to its end."""
    watch = Watch()
    run = train(tiny_spec, tiny_data, callbacks=(watch,))
    run.rates = watch.rates
    return run


def same(run, other):
    """History but for the times, result and weights of two runs."""
    keys = [key for key in run.history if key not in TIMES]
    for key in keys:
        np.testing.assert_allclose(run.history[key], other.history[key], rtol=1e-4, atol=1e-6)
    for split, values in run.final.items():
        assert values == pytest.approx(other.final[split], rel=1e-4)
    for a, b in zip(run.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_the_history_of_a_training(whole):
    history = whole.history
    assert history["step"] == [6, 12, 15]
    rates = [0.01] * 2 + [0.1] * 6 + [0.01] * 4 + [0.001] * 3
    assert whole.rates == pytest.approx(rates)
    assert history["learning_rate"] == pytest.approx([0.1, 0.01, 0.001])  # of each last step
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert all(0 <= e <= 1 for key in ("error", "validation_error") for e in history[key])
    assert whole.seconds == pytest.approx(sum(history["seconds"]), abs=0.05)
    assert history["validation_error"][-1] == pytest.approx(whole.final["validation"]["error"])
    assert whole.interruptions == 0
    assert int(whole.model.optimizer.iterations) == 15


def test_what_the_record_says(whole, tiny_data, tiny_spec):
    assert whole.network == "tiny6"
    for record, source in ((whole.spec, tiny_spec), (whole.recipe, RECIPE)):
        assert json.dumps(record) == json.dumps(dataclasses.asdict(source))
    assert whole.data["images"] == {"train": 200, "validation": 40, "test": 48}
    assert whole.images == "tiny (noise)"
    main = [(3, 4), (4, 4), (4, 4), (4, 8), (8, 8)]
    assert whole.parameters == sum(9 * i * o + 2 * o for i, o in main) + 8 * 4 + 4


def test_epochs_of_keras_and_batches_that_stay_together(tiny_spec, tiny_data, tmp_path):
    """What a published notebook does: measured after so many steps, whatever a pass is."""
    changes = {"steps_per_epoch": 4, "shuffle": "batches", "optimizer": "adam", "weight_decay": 0.0}
    recipe = dataclasses.replace(RECIPE, learning_rate=0.001, **changes)
    watch = Watch(KeyboardInterrupt(), at=10)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_spec, tiny_data, recipe, checkpoints=tmp_path, callbacks=(watch,))
    run = train(tiny_spec, tiny_data, recipe, checkpoints=tmp_path, follow_test=True)
    assert run.history["step"] == [4, 8, 12, 15]
    assert len(run.history["test_error"]) == 2  # followed since it was taken up again
    optimizer = run.model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert (optimizer.beta_1, int(optimizer.iterations)) == (recipe.momentum, 15)
    assert optimizer.weight_decay is None


@pytest.mark.parametrize("choice", [True, False, "auto"])
def test_xla_is_asked_for_as_the_recipe_says(choice, tiny_spec):
    model = networks.build(tiny_spec)
    recipe = dataclasses.replace(RECIPE, jit_compile=choice)
    training.compile_model(model, recipe)
    assert model.jit_compile == (False if choice == "auto" else choice)  # no GPU, no JAX


def traces(monkeypatch):
    """A list that grows by the name of a step each time that it is traced."""
    traced = []
    for step in ("train_step", "test_step"):
        real = getattr(keras.Model, step)

        def noted(self, data, *, step=step, real=real):
            traced.append(step)
            return real(self, data)

        monkeypatch.setattr(keras.Model, step, noted)
    return traced


@pytest.mark.parametrize("own", [False, True])
def test_each_step_is_traced_once(own, tiny_spec, tiny_data, monkeypatch):
    """A trace of a deep net takes seconds, and one that makes variables is made again."""
    traced = traces(monkeypatch)
    train(networks.build(tiny_spec) if own else tiny_spec, tiny_data)
    assert sorted(traced) == ["test_step", "train_step"]


def test_a_model_is_evaluated_by_one_trace_and_from_zero(tiny_spec, tiny_data, monkeypatch):
    model = training.compile_model(networks.build(tiny_spec), RECIPE)
    assert [float(x) for x in keras.tree.flatten(model.get_metrics_result())] == [0, 0]
    traced = traces(monkeypatch)
    training.evaluate(model, tiny_data, "test")
    assert traced == ["test_step"]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_result_against_numpy(whole, tiny_data, split):
    part = getattr(tiny_data, split)
    x = part.images.astype("float64") - tiny_data.train.images.astype("float64").mean(axis=0)
    y = np.array(whole.model(x.astype("float32"), training=False))
    wrong = (y.argmax(axis=1) != part.labels).mean()
    loss = -np.log(y[np.arange(len(y)), part.labels]).mean()
    found = training.evaluate(whole.model, tiny_data, split, batch_size=7)
    for result in (whole.final[split], found):
        assert result["error"] == pytest.approx(wrong, abs=1e-6)
        assert result["loss"] == pytest.approx(loss, rel=1e-4)


def test_a_seed_repeats_a_run_and_logs_do_not_disturb_it(whole, tiny_spec, tiny_data, tmp_path):
    again = train(tiny_spec, tiny_data, tensorboard=tmp_path / "logs")
    same(whole, again)
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("error", "step", "epochs_done"), [(KeyboardInterrupt(), 6, 1), (OSError("power"), 14, 2)]
)
def test_an_interrupted_training_goes_on(
    whole, tiny_spec, tiny_data, tmp_path, error, step, epochs_done
):
    arguments = {"checkpoints": tmp_path, "name": "stopped"}
    with pytest.raises(type(error)):
        train(tiny_spec, tiny_data, callbacks=(Watch(error, step),), **arguments)
    assert (tmp_path / "stopped").is_dir()
    watch = Watch()
    run = train(tiny_spec, tiny_data, callbacks=(watch,), **arguments)
    assert len(watch.rates) == 15 - 6 * epochs_done
    assert run.interruptions == 1
    same(whole, run)
    assert not (tmp_path / "stopped").exists()


@pytest.fixture(scope="module")
def unfinished(tiny_spec, tiny_data, tmp_path_factory):
    """A folder with the checkpoint of a training stopped after its first epoch."""
    folder = tmp_path_factory.mktemp("unfinished")
    with pytest.raises(KeyboardInterrupt):
        watch = Watch(KeyboardInterrupt(), 6)
        train(tiny_spec, tiny_data, callbacks=(watch,), checkpoints=folder, name="stopped")
    return folder


@pytest.mark.parametrize("changed", ["seed", "recipe", "spec", "images"])
def test_a_checkpoint_of_another_plan_is_refused_and_kept(
    unfinished, tiny_spec, tiny_data, changed, tmp_path
):
    shutil.copytree(unfinished, tmp_path, dirs_exist_ok=True)
    arguments = {"tiny_spec": tiny_spec, "tiny_data": tiny_data, "recipe": RECIPE, "seed": 1}
    other = Split(255 - tiny_data.train.images, tiny_data.train.labels)  # same name and number
    arguments |= {
        "seed": {"seed": 2},
        "recipe": {"recipe": RECIPE.scaled(20)},
        "spec": {"tiny_spec": dataclasses.replace(tiny_spec, shortcut="B")},
        "images": {"tiny_data": dataclasses.replace(tiny_data, train=other)},
    }[changed]
    files = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=r"stopped holds an interrupted .*another spec.*name"):
        train(**arguments, checkpoints=tmp_path, name="stopped")
    assert sorted(tmp_path.rglob("*")) == files


def test_a_training_killed_while_its_checkpoint_changes_goes_on(
    unfinished, tiny_spec, tiny_data, tmp_path
):
    """Between the two renamings the last whole state has its other name."""
    shutil.copytree(unfinished, tmp_path, dirs_exist_ok=True)
    (tmp_path / "stopped" / "state").rename(tmp_path / "stopped" / "old")
    run = train(tiny_spec, tiny_data, checkpoints=tmp_path, name="stopped")
    assert run.interruptions == 1


@pytest.mark.parametrize(("steps", "boundaries"), [(12, (6,)), (1, ())])
def test_a_loss_that_is_no_number_ends_the_training(tiny_spec, tiny_data, steps, boundaries):
    """A single step has a finite loss; what it leaves behind has none."""
    recipe = Recipe("wild", "", steps, 32, learning_rate=1e30, boundaries=boundaries)
    with pytest.raises(DivergedError, match=r"tiny6 is .*(step|validation).*finite.*learning rate"):
        train(dataclasses.replace(tiny_spec, batch_norm=False), tiny_data, recipe)


def test_a_run_is_recorded_and_never_overwritten(tiny_spec, tiny_data):
    recipe = Recipe("brief", "tests", steps=2, batch_size=200, boundaries=(1,))
    run = train(tiny_spec, tiny_data, recipe, save=True, command="as typed")
    assert run.name == "tiny-tiny6-brief-seed1"
    back = runs.load(run.name)
    assert (back.command, back.model) == ("as typed", None)
    assert back == run
    watch = Watch()
    with pytest.raises(FileExistsError, match=r"brief-seed1\.json is recorded already"):
        train(tiny_spec, tiny_data, recipe, save=True, callbacks=(watch,))
    assert watch.rates == []  # refused before the training, not after it


def test_bfloat16_trains_and_leaves_the_policy_as_it_was(tiny_spec, tiny_data, whole):
    run = train(tiny_spec, tiny_data, RECIPE.in_precision("mixed_bfloat16"))
    assert keras.config.dtype_policy().name == "float32"
    assert run.model.get_layer("conv2_1_1_conv").compute_dtype == "bfloat16"
    assert {w.dtype for w in run.model.trainable_weights} == {"float32"}
    assert run.history["loss"][-1] == pytest.approx(whole.history["loss"][-1], rel=0.15)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"network": "resnet21"}, ValueError, "resnet20.*resnet21"),
        ({"network": 20}, TypeError, "name of a network.*20"),
        ({"data": "mnist"}, ValueError, "shapes, cifar10.*mnist"),
        ({"data": np.zeros((2, 8, 8, 3))}, TypeError, r"datasets\.DataSet.*ndarray"),
        ({"recipe": "he2015-cifar10"}, TypeError, r"recipes\.Recipe.*str"),
        ({"seed": -1}, ValueError, "seed.*-1"),
        ({"seed": 0.5}, ValueError, "seed.*0.5"),
        ({"recipe": Recipe("r", "", 1, batch_size=201)}, ValueError, "at most the 200.*201"),
        (
            {"network": keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])},
            ValueError,
            r"does not fit tiny \(noise\).*\(None, 4\).*\(None, 192\)",
        ),
        ({"network": keras.Sequential([keras.layers.Dense(4)])}, ValueError, r"\(None, 8, 8, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message, tiny_data, tiny_spec):
    arguments = {"network": tiny_spec, "data": tiny_data, "recipe": RECIPE, "seed": 0} | change
    with pytest.raises(error, match=message):
        training.train(**arguments, verbose=0)


def test_evaluation_wants_a_compiled_model(tiny_spec, tiny_data):
    with pytest.raises(ValueError, match=r"compiled model.*compile_model"):
        training.evaluate(networks.build(tiny_spec), tiny_data, "test")


def test_a_line_per_epoch_says_what_the_history_says(tiny_spec, tiny_data, capsys):
    recipe = Recipe("brief", "tests", steps=4, batch_size=100)
    run = training.train(tiny_spec, tiny_data, recipe, seed=0, verbose=2)
    lines = [line for line in capsys.readouterr().out.split("\n") if line.startswith("epoch")]
    for i, line in enumerate(lines):
        logged, validation = (100 * run.history[k][i] for k in ("error", "validation_error"))
        said = f"epoch {i + 1} of 2: training error {logged:.1f} %, validation {validation:.1f} %, "
        assert line.startswith(said)
        assert len(line) < 80
    assert len(lines) == 2

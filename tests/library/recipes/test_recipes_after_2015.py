"""recipes: the cosine, label smoothing and mixup, and what recipes without them are."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from helpers import recipes, runs
from helpers.recipes import HE2015_CIFAR10, LATE_DROPS, QUICK, Recipe

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("warmup", ["constant", "linear"])
@pytest.mark.parametrize("warmup_steps", [0, 1, 5, 19, 40])
def test_the_cosine_falls_from_the_rate_to_nothing(warmup, warmup_steps):
    recipe = Recipe(
        "short", "", steps=20, schedule="cosine", warmup=warmup, warmup_steps=warmup_steps
    )
    steps = np.arange(20)
    risen = steps / warmup_steps if warmup_steps and warmup == "linear" else 0
    passed = (steps - warmup_steps) / max(1, 20 - warmup_steps)
    cosine = 0.1 * (0.5 + 0.5 * np.cos(np.pi * passed))
    rates = np.where(steps < warmup_steps, 0.01 + 0.09 * risen, cosine)
    assert [recipe.learning_rate_at(step) for step in steps] == pytest.approx(rates)
    schedule = recipe.keras_schedule()
    assert [float(schedule(step)) for step in steps] == pytest.approx(rates, abs=1e-7)


def test_the_cosine_is_keras_own_after_keras_own_warm_up():
    recipe = LATE_DROPS.with_schedule("cosine")
    keras_own = keras.optimizers.schedules.CosineDecay(
        0.001, 7_020 - 400, warmup_target=0.1, warmup_steps=400
    )
    for step in (0, 1, 200, 399, 400, 401, 3_710, 7_000, 7_019, 7_020):
        assert recipe.learning_rate_at(step) == pytest.approx(float(keras_own(step)), abs=1e-7)
        assert float(recipe.keras_schedule()(step)) == pytest.approx(
            recipe.learning_rate_at(step), abs=1e-7
        )
    assert recipe.learning_rate_at(3_710) == pytest.approx(0.05)  # half way after the warm-up
    assert recipe.learning_rate_at(7_020) == pytest.approx(0, abs=1e-12)


def test_what_is_changed_is_in_the_name():
    recipe = LATE_DROPS.with_schedule("cosine").with_label_smoothing(0.1).with_mixup(0.2)
    assert recipe.name == "late-drops-cosine-smooth0.1-mixup0.2"
    assert (recipe.schedule, recipe.boundaries) == ("cosine", ())
    assert (recipe.label_smoothing, recipe.mixup) == (0.1, 0.2)
    same = LATE_DROPS.with_schedule("steps").with_label_smoothing(0.0).with_mixup(0.0)
    assert same is LATE_DROPS
    assert recipe.scaled(500).boundaries == ()
    soft = [r.soft_targets for r in (LATE_DROPS, LATE_DROPS.with_mixup(1), recipe)]
    assert soft == [False, True, True]
    assert not LATE_DROPS.with_schedule("cosine").soft_targets


def test_a_warm_up_rises_from_a_hundredth_of_the_recipe_s_own_rate():
    recipe = QUICK.at_learning_rate(0.03).with_warmup(100)
    assert recipe.name == "quick-rate0.03-warmup100"
    assert (recipe.steps, recipe.boundaries) == (QUICK.steps, QUICK.boundaries)
    rates = [recipe.learning_rate_at(step) for step in (0, 50, 100, 224, 225)]
    assert rates == pytest.approx([0.0003, 0.01515, 0.03, 0.03, 0.003])
    with pytest.raises(ValueError, match="warmup_steps"):
        QUICK.with_warmup(-1)
    assert QUICK.with_warmup(224).learning_rate_at(224) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"warmup_steps.*224.*225"):
        QUICK.with_warmup(225)  # the rate would drop before it had risen


def test_records_from_before_read_back_and_new_ones_too():
    record = runs.as_json(LATE_DROPS)
    old = {k: v for k, v in record.items() if k not in ("schedule", "label_smoothing", "mixup")}
    assert len(old) == len(record) - 3
    assert Recipe.from_record(old) == LATE_DROPS
    changed = LATE_DROPS.with_schedule("cosine").with_label_smoothing(0.1).with_mixup(0.2)
    assert Recipe.from_record(json.loads(json.dumps(runs.as_json(changed)))) == changed
    for name in recipes.names():
        if (recipe := recipes.get(name)).source.startswith("He et al. 2015"):
            assert (recipe.schedule, recipe.label_smoothing, recipe.mixup) == ("steps", 0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": "cosines"}, "one of steps, cosine.*schedule='cosines'"),
        ({"schedule": "cosine"}, r"no `boundaries`.*with_schedule.*boundaries=\(32000, 48000\)"),
        ({"label_smoothing": 1}, "label_smoothing.*below 1.*label_smoothing=1"),
        ({"label_smoothing": -0.1}, "label_smoothing.*at least 0.*-0.1"),
        ({"mixup": -1}, "mixup.*at least 0.*mixup=-1"),
        ({"mixup": float("inf")}, "mixup.*finite.*mixup=inf"),
    ],
)
def test_wrong_values_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(HE2015_CIFAR10, **change)


def test_wrong_changes_are_refused():
    with pytest.raises(ValueError, match=r"cosine.*schedule='steps'"):
        HE2015_CIFAR10.with_schedule("cosine").with_schedule("steps")
    with pytest.raises(ValueError, match=r"one of steps, cosine.*schedule='line'"):
        HE2015_CIFAR10.with_schedule("line")
    with pytest.raises(ValueError, match="label_smoothing='a'"):
        HE2015_CIFAR10.with_label_smoothing("a")
    with pytest.raises(ValueError, match="mixup='a'"):
        HE2015_CIFAR10.with_mixup("a")

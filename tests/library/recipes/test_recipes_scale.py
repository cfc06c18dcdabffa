"""recipes for ImageNet and for larger batches: the paper's numbers, the rule, its warm-up."""

import dataclasses
import json

import keras
import pytest

from helpers import recipes, runs
from helpers.datasets.photos import TrainingView, views
from helpers.recipes import HE2015_CIFAR10, HE2015_CIFAR10_WARMUP, HE2015_IMAGENET, Recipe

IMAGES = 1_281_167  # of Goyal et al.; our training set is 10,000 smaller


def test_the_recipe_of_section_3_4():
    recipe = recipes.get("he2015-imagenet")
    assert recipe is HE2015_IMAGENET
    assert (recipe.batch_size, recipe.steps) == (256, 600_000)
    assert (recipe.learning_rate, recipe.decay) == (0.1, 10)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 1e-4)
    assert (recipe.view.shorter_side, recipe.view.size) == ((256, 480), 224)
    assert recipe.view.flip and recipe.flip and recipe.view.colour > 0
    assert recipe.view is views.PAPER
    assert recipe.padding == 0  # of small images
    assert "3.4" in recipe.source and "plateaus" in recipe.source


def test_the_steps_in_place_of_plateaus_are_30_epochs_each():
    assert HE2015_IMAGENET.boundaries == (150_000, 300_000, 450_000)
    for number, boundary in enumerate((*HE2015_IMAGENET.boundaries, 600_000), start=1):
        assert boundary * 256 / IMAGES == pytest.approx(30 * number, abs=0.15)
    rates = [HE2015_IMAGENET.learning_rate_at(s) for s in (0, 149_999, 150_000, 599_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.0001])


def test_8192_images_at_once_are_those_of_goyal_et_al():
    """Section 2.2 and 4.1: 3.2 = 0.1 * 8192 / 256, reached after 5 epochs from 0.1 on."""
    recipe = HE2015_IMAGENET.for_batch(8_192, images=IMAGES)
    assert recipe.name == "he2015-imagenet-batch8192"
    assert (recipe.batch_size, recipe.steps) == (8_192, 18_750)
    assert recipe.boundaries == (4_687, 9_375, 14_062)
    assert recipe.learning_rate == pytest.approx(3.2)
    assert recipe.warmup_steps == 782  # 5 * 1,281,167 / 8,192 = 781.96
    at = recipe.learning_rate_at
    assert at(0) == pytest.approx(0.1)
    assert at(391) == pytest.approx(0.1 + 3.1 / 2)
    assert at(782) == pytest.approx(3.2)
    each = {round(at(step + 1) - at(step), 9) for step in range(782)}
    assert each == {round(3.1 / 782, 9)}
    assert at(4_687) == pytest.approx(0.32)
    kept = ("momentum", "weight_decay", "view", "decay", "source")
    assert [getattr(recipe, k) for k in kept] == [getattr(HE2015_IMAGENET, k) for k in kept]


@pytest.mark.parametrize("batch_size", [64, 512, 1_000])
def test_keras_schedule_is_the_rule_by_hand(batch_size):
    recipe = dataclasses.replace(HE2015_IMAGENET, steps=600, boundaries=(150, 300, 450))
    recipe = recipe.for_batch(batch_size, images=5_120)
    schedule, k = recipe.keras_schedule(), batch_size / 256
    warm = round(5 * 5_120 / batch_size) if k > 1 else 0
    drops = [int(b * recipe.steps / 600) for b in (150, 300, 450)]
    for step in range(recipe.steps):
        rate = 0.1 * k / 10 ** sum(step >= drop for drop in drops)
        if step < warm:
            rate = 0.1 + (0.1 * k - 0.1) * step / warm
        assert recipe.learning_rate_at(step) == pytest.approx(rate), step
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-5), step
    assert recipe.steps == round(600 / k)


def test_a_schedule_with_a_warm_up_travels_with_a_saved_model(tmp_path):
    recipe = Recipe("r", "", steps=12, boundaries=(8,), warmup="linear", warmup_steps=4)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(recipe.keras_schedule()), "mse")
    model.save(tmp_path / "m.keras")
    schedule = keras.models.load_model(tmp_path / "m.keras").optimizer._learning_rate
    rates = [float(schedule(step)) for step in (0, 2, 4, 7, 8)]
    assert rates == pytest.approx([0.01, 0.055, 0.1, 0.1, 0.01])


def test_the_same_batch_is_the_same_recipe_and_a_smaller_one_needs_no_warm_up():
    assert HE2015_IMAGENET.for_batch(256, images=IMAGES) is HE2015_IMAGENET
    smaller = HE2015_CIFAR10.for_batch(32, images=45_000)
    assert (smaller.learning_rate, smaller.steps) == (0.025, 256_000)
    assert smaller.boundaries == (128_000, 192_000)
    assert (smaller.warmup_steps, smaller.warmup) == (0, "constant")


@pytest.mark.parametrize(
    ("recipe", "batch_size", "message"),
    [
        (HE2015_IMAGENET, 0, "at least 1 and at most the 1000 training images.*batch_size=0"),
        (HE2015_IMAGENET, 1_001, "at most the 1000 training images.*batch_size=1001"),
        (HE2015_IMAGENET, 51.2, "batch_size=51.2"),
        (HE2015_CIFAR10_WARMUP, 256, "he2015-cifar10-warmup has a warm-up of its own.*256"),
        (HE2015_IMAGENET.scaled(40), 512, r"5 epochs of warm-up, 10 steps.*\(5, 10, 15\) of 20"),
    ],
)
def test_a_batch_that_the_rule_has_no_answer_for_is_refused(recipe, batch_size, message):
    with pytest.raises(ValueError, match=message):
        recipe.for_batch(batch_size, images=1_000)


@pytest.mark.parametrize("name", [*recipes.names(), "large"])
def test_a_recipe_comes_back_from_its_record(name):
    large = HE2015_IMAGENET.for_batch(1_024, images=IMAGES)
    recipe = large if name == "large" else recipes.get(name)
    assert Recipe.from_record(runs.as_json(recipe)) == recipe
    older = runs.as_json(recipe)
    if name == "he2015-cifar10":
        del older["view"], older["warmup"]
        assert Recipe.from_record(json.loads(json.dumps(older))) == recipe


def test_a_warm_up_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"one of constant, linear.*warmup='cosine'"):
        Recipe("r", "", steps=1, warmup="cosine")


def test_another_view_is_another_recipe():
    wider = dataclasses.replace(HE2015_IMAGENET, view=TrainingView((224, 512)))
    assert wider != HE2015_IMAGENET
    assert Recipe.from_record(runs.as_json(wider)).view.shorter_side == (224, 512)

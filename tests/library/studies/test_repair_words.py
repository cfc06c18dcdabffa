"""What the chapter "Repairing a notebook" says of its records in words, not in numbers."""

import itertools

import pytest

import claim_errors
from helpers.studies import repair

pytestmark = pytest.mark.usefixtures("book_records")


def test_the_steps_that_it_names_pass_the_yardsticks():
    last, mean = claim_errors.passing(), claim_errors.passing(mean=True)
    assert list(last) == ["head", "recipe"] and last["head"] > 0 > last["recipe"]
    assert list(mean) == ["stem", "defaults", "recipe"] and max(mean.values()) < 0
    assert claim_errors.late("head") < claim_errors.late("biases")
    whole = claim_errors.late("published") - claim_errors.late("recipe")
    assert -sum(mean.values()) > 0.7 * whole  # most of it


def test_what_speaks_for_the_mean_and_what_does_not():
    """Seeds of "published" do, those of "recipe" do not; "biases" moves the mean most of all."""
    spreads = {}
    for step in ("published", "recipe"):
        for read in (claim_errors.repaired, claim_errors.late):
            of_seeds = [read(step, seed=seed) for seed in range(3)]
            spreads[step, read] = max(of_seeds) - min(of_seeds)
    of_last, of_mean, *of_recipe = spreads.values()
    assert of_last > 3 * of_mean
    assert abs(of_recipe[0] - of_recipe[1]) < 0.2
    moved = claim_errors.late("biases") - claim_errors.late("order")
    assert moved == claim_errors.largest_luck(mean=True)


def test_plain_is_worse_by_more_than_luck():
    """And its logged training error is the higher one after every epoch."""
    for read, mean in ((claim_errors.repaired, False), (claim_errors.late, True)):
        assert read("plain") - read("published") > claim_errors.largest_luck(mean)
    plain, published = (repair.recorded(s).history["error"] for s in ("plain", "published"))
    assert len(plain) == repair.EPOCHS
    assert all(a > b for a, b in zip(plain, published, strict=True))


def test_logged_below_training_is_a_trace_of_momentum():
    """In every row without dropout before "defaults"; with "defaults" it is gone."""
    runs = {step: repair.recorded(step) for step in repair.STEPS}
    lag = {s: r.final["train"]["error"] - r.history["error"][-1] for s, r in runs.items()}
    steps = list(repair.STEPS)
    before = [lag[s] for s in steps[steps.index("head") : steps.index("defaults")]]
    assert len(before) == 5 and min(before) > 5 * abs(lag["defaults"])
    assert sum(points > 0 for points in lag.values()) > len(lag) / 2


def test_the_published_training_ends_with_its_best_epoch():
    errors = claim_errors.as_it_stands().history["validation_error"]
    assert errors.index(min(errors)) == repair.EPOCHS - 1


def test_its_logged_error_falls_where_a_pass_begins():
    """Four epochs are a pass; in the second half it falls more there than in between."""
    logged = claim_errors.as_it_stands().history["error"]
    drops = [before - after for before, after in itertools.pairwise(logged)]
    begins = [drops[epoch - 2] for epoch in (17, 21, 25, 29)]  # with these, counted from 1
    others = [drops[epoch - 2] for epoch in range(17, 31) if epoch not in (17, 21, 25, 29)]
    assert sum(begins) / len(begins) > 3 * sum(others) / len(others)


def test_resnet20_in_the_same_time():
    """Fewer steps and passes than the published net, fewer errors; "recipe" has fewer still."""
    resnet20 = claim_errors.runs.load("cifar10-repair-resnet20-seed0")
    recipe = repair.recorded("recipe")
    published = claim_errors.as_it_stands()
    errors = [run.final["test"]["error"] for run in (published, resnet20, recipe)]
    assert errors == sorted(errors, reverse=True)
    seen = [
        run.recipe["steps"] * run.recipe["batch_size"] / run.data["images"]["train"]
        for run in (published, resnet20, recipe)
    ]
    assert seen[1] < seen[0] and seen[1] < seen[2]
    assert recipe.recipe["steps"] > 2 * resnet20.recipe["steps"] > 0

"""What the chapter "Repairing a notebook" says of its records in words, not in numbers."""

import itertools

import pytest

import claim_errors
from helpers.studies import repair

pytestmark = pytest.mark.usefixtures("book_records")


def test_the_steps_that_it_names_pass_the_yardsticks():
    assert not claim_errors.passing(claim_errors.repaired)
    anew = claim_errors.passing()
    assert list(anew) == ["order", "head", "stem", "crop", "recipe"] and max(anew.values()) < 0
    both = [s for s in repair.STEPS if len(claim_errors.read_with(claim_errors.anew, s)) == 2]
    assert both == ["published", "shuffled", "order", "biases", "head", "recipe"]
    assert max(anew, key=anew.get) == "recipe"  # barely
    of_seed_1 = {step: of[-1] for step, of in claim_errors.changes(claim_errors.anew).items()}
    assert sorted(of_seed_1, key=of_seed_1.get)[:3] == ["order", "stem", "head"]


def test_what_computes_nothing_new_and_what_comes_next():
    """As read the two seeds contradict each other over *biases* and *head*, anew they agree."""
    for step in ("biases", "head"):
        first, second = claim_errors.changes(claim_errors.repaired)[step]
        assert first * second < 0 and min(abs(first), abs(second)) > 2.5
        first, second = claim_errors.changes(claim_errors.anew)[step]
        assert first * second > 0 and max(abs(first), abs(second)) < 2
    assert max(claim_errors.changes(claim_errors.anew)["head"]) < 0
    largest = claim_errors.largest_luck(claim_errors.repaired)
    means = [sum(of) / len(of) for of in claim_errors.changes(claim_errors.repaired).values()]
    assert largest > max(map(abs, means))  # more than any repair was worth


def test_the_lag_ends_with_the_last_two():
    """They bring most of what is read, and a fifth of what is there."""
    read, anew = claim_errors.repaired, claim_errors.anew
    shares = []
    for reading in (read, anew):
        first, crop, last = (reading(s, seed=1) for s in ("published", "crop", "recipe"))
        shares.append((crop - last) / (first - last))
    assert shares[0] > 0.5 > 0.25 > shares[1]
    lag = {step: read(step, seed=1) - anew(step) for step in repair.STEPS}
    *early, defaults, recipe = lag.values()
    assert min(early) > defaults > recipe and recipe < 0


def test_plain_is_worse_by_more_than_luck():
    """And its logged training error is the higher one after every epoch."""
    for seed in (0, 1):
        read = [claim_errors.repaired(step, seed=seed) for step in ("plain", "published")]
        assert read[0] - read[1] > 4
        plain, published = (
            repair.recorded(step, seed=seed).history["error"] for step in ("plain", "published")
        )
        assert len(plain) == repair.EPOCHS
        assert all(a > b for a, b in zip(plain, published, strict=True))
    assert claim_errors.anew("plain") - claim_errors.anew("published") > claim_errors.largest_luck()


def test_logged_below_training_is_a_trace_of_momentum():
    """In every row without dropout before "defaults"; with "defaults" it is gone."""
    for seed in (0, 1):
        runs = {step: repair.recorded(step, seed=seed) for step in repair.STEPS}
        lag = {s: r.final["train"]["error"] - r.history["error"][-1] for s, r in runs.items()}
        steps = list(repair.STEPS)
        before = [lag[s] for s in steps[steps.index("head") : steps.index("defaults")]]
        assert len(before) == 5 and min(before) > 0.005 > lag["defaults"] > lag["recipe"]
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

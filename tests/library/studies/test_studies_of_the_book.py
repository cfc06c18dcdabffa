"""studies: what the files of the book list, and that they travel with the library."""

import itertools
import shlex

import pytest

from helpers import studies
from helpers.__main__ import _plan
from helpers.studies import RepairPlan, repair
from helpers.support.options import parser


@pytest.mark.parametrize("name", studies.names())
def test_the_commands_of_the_book_s_studies_say_what_their_plans_say(name):
    for plan in studies.load(name).plans:
        words = shlex.split(plan.command())
        assert words[:3] == ["python", "-m", "helpers"]
        options = parser("").parse_args(words[3:])
        assert _plan(options) == plan


def test_the_repair_study_has_every_step_at_the_notebook_s_own_budget():
    plans = studies.load("repair").plans
    assert {plan.what for plan in plans if isinstance(plan, RepairPlan)} == set(repair.DESIGNS)
    for plan in plans:
        if isinstance(plan, RepairPlan):
            assert plan.length().steps == 30 * 195
            assert plan.length().steps_per_epoch in (195, 3 * 195)


def test_the_paper_s_study_has_its_nets_schedule_and_seeds():
    plans = studies.load("cifar10-paper").plans
    assert {plan.network for plan in plans} == {
        *(f"plain{n}" for n in (20, 32, 44, 56)),
        *(f"resnet{n}" for n in (20, 32, 44, 56, 110)),
    }
    for plan in plans:
        recipe = plan.recipe_for(45_000)
        assert (recipe.steps, recipe.boundaries) == (64_000, (32_000, 48_000))
        assert recipe.warmup_steps == (400 if plan.network == "resnet110" else 0)
        assert plan.follow_test
        assert plan.on_device and recipe.precision == "mixed_bfloat16"
    # What answers the book's question comes first, at every seed.
    for first in (plans[:4], plans[9:13]):
        assert [plan.network for plan in first] == ["plain20", "plain56", "resnet20", "resnet56"]
        assert len({plan.seed for plan in first}) == 1
    assert [plan.seed for plan in plans[:9]] == [0] * 9
    assert {plan.network for plan in plans[:9]} == {plan.network for plan in plans}
    assert len(plans) == 9 * 5
    seeds = {plan.seed for plan in plans if plan.network == "resnet110"}
    assert len(seeds) == 5  # as in Table 6


def test_the_ten_epochs_have_the_same_nets_and_one_schedule():
    plans = studies.load("cifar10").plans
    paper = studies.load("cifar10-paper").plans
    assert {plan.network for plan in plans} == {plan.network for plan in paper}
    assert {plan.recipe_for(45_000).steps for plan in plans} == {10 * (45_000 // 128)}


def test_the_study_of_depth_has_every_depth_by_one_schedule_with_three_seeds():
    plans = studies.load("depth").plans
    depths = (8, 14, 20, 32, 44, 56)
    nets = {f"{kind}{depth}" for kind in ("plain", "resnet") for depth in depths}
    reduced = [p for p in plans if p.size == 16 and p.learning_rate is None]
    assert {(p.network, p.seed) for p in reduced} == {
        (net, seed) for net in nets for seed in range(3)
    }
    assert {(p.images, p.padding) for p in reduced} == {(45_000, 2)}
    whole = [p for p in plans if p.size is None]
    assert {p.network for p in whole} >= {"plain20", "plain56", "resnet20", "resnet56"}
    assert all(p.keep_weights and p.follow_test for p in whole)
    slower = [p for p in plans if p.learning_rate is not None]
    assert {(p.network, p.learning_rate, p.seed) for p in slower} == {
        ("plain56", rate, seed) for rate in (0.033, 0.01) for seed in range(3)
    }
    for plan in plans:
        recipe = plan.recipe_for(45_000)
        assert (recipe.steps, recipe.boundaries) == (20 * 351, (5_616, 6_529))
        assert (recipe.warmup, recipe.warmup_steps) == ("linear", 400)
        assert recipe.learning_rate_at(0) == 0.001
        assert recipe.precision == "float32"
    assert plans[0].record() == "cifar10-16x16-plain8-late-drops-padding2-seed0"


def test_the_study_of_recipes_has_every_combination_and_the_ends_with_three_seeds():
    plans = studies.load("recipes").plans
    found = {}
    for plan in plans:
        recipe = plan.recipe_for(45_000)
        key = (recipe.schedule, recipe.label_smoothing, recipe.mixup)
        found.setdefault(key, []).append(plan.seed)
        assert (plan.network, plan.size, plan.images, plan.padding) == ("resnet20", 16, 45_000, 2)
        assert (recipe.steps, recipe.warmup_steps, recipe.padding) == (20 * 351, 400, 2)
    every = set(itertools.product(("steps", "cosine"), (0, 0.1), (0, 0.2)))
    assert set(found) == every
    ends = {("steps", 0, 0), ("cosine", 0.1, 0.2)}
    assert all(found[key] == ([0, 1, 2] if key in ends else [0]) for key in every)
    depth = {plan.record() for plan in studies.load("depth").plans}
    assert len([plan for plan in plans if plan.record() in depth]) == 3

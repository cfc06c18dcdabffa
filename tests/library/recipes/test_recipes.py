"""recipes: the paper's numbers, and the learning rate at every step where it changes."""

import dataclasses

import pytest

from helpers import recipes
from helpers.recipes import HE2015_CIFAR10, HE2015_CIFAR10_WARMUP, QUICK, Recipe

pytestmark = pytest.mark.quick


def test_the_recipe_of_section_4_2():
    recipe = HE2015_CIFAR10
    assert (recipe.batch_size, recipe.steps) == (128, 64_000)
    assert recipe.boundaries == (32_000, 48_000)
    assert (recipe.learning_rate, recipe.decay) == (0.1, 10)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 1e-4)
    assert (recipe.padding, recipe.flip) == (4, True)
    assert recipe.warmup_steps == 0
    assert recipe.precision == "float32"
    assert "4.2" in recipe.source


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.1),
        (1, 0.1),
        (31_999, 0.1),  # the 32,000th step
        (32_000, 0.01),
        (32_001, 0.01),
        (47_999, 0.01),
        (48_000, 0.001),
        (63_999, 0.001),
    ],
)
def test_the_rate_of_every_step(step, rate):
    assert HE2015_CIFAR10.learning_rate_at(step) == pytest.approx(rate)
    assert float(HE2015_CIFAR10.keras_schedule()(step)) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.01), (399, 0.01), (400, 0.1), (31_999, 0.1), (32_000, 0.01), (48_000, 0.001)],
)
def test_resnet_110_starts_slowly(step, rate):
    assert HE2015_CIFAR10_WARMUP.learning_rate_at(step) == pytest.approx(rate)
    assert float(HE2015_CIFAR10_WARMUP.keras_schedule()(step)) == pytest.approx(rate)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("constant", "", steps=12),
        Recipe("two", "", steps=12, boundaries=(4, 9)),
        Recipe("from the start", "", steps=12, boundaries=(0, 9)),
        Recipe("too late", "", steps=12, boundaries=(4, 12, 20)),
        Recipe("warm", "", steps=12, boundaries=(4, 9), warmup_steps=2),
        Recipe("warm over a boundary", "", steps=12, boundaries=(4, 9), warmup_steps=6),
        Recipe("all warm", "", steps=12, boundaries=(4, 9), warmup_steps=40),
    ],
    ids=lambda recipe: recipe.name,
)
def test_keras_schedule_and_learning_rate_at_agree(recipe):
    schedule = recipe.keras_schedule()
    for step in range(recipe.steps):
        warm = step < recipe.warmup_steps
        rate = 0.01 if warm else 0.1 * 0.1 ** len([b for b in recipe.boundaries if b <= step])
        assert recipe.learning_rate_at(step) == pytest.approx(rate), step
        assert float(schedule(step)) == pytest.approx(rate), step


def test_other_crops_are_in_the_name():
    assert HE2015_CIFAR10.with_padding(4) is HE2015_CIFAR10
    changed = HE2015_CIFAR10.with_padding(2)
    assert (changed.padding, changed.name) == (2, "he2015-cifar10-padding2")


def test_the_late_drops_are_at_80_and_93_per_cent_of_20_epochs():
    recipe = recipes.get("late-drops")
    assert recipe.steps == 20 * (45_000 // 128)
    assert recipe.boundaries == tuple(round(share * recipe.steps) for share in (0.8, 0.93))
    rates = [recipe.learning_rate_at(step) for step in (0, 200, 400, 5_615, 5_616, 6_529, 7_019)]
    assert rates == pytest.approx([0.001, 0.0505, 0.1, 0.1, 0.01, 0.001, 0.001])


def test_scaled_moves_the_boundaries_in_proportion():
    recipe = HE2015_CIFAR10.scaled(1404)  # 4 epochs of 351 steps
    assert (recipe.steps, recipe.boundaries) == (1404, (702, 1053))
    assert recipe.name == "he2015-cifar10-1404steps"
    kept = ("batch_size", "learning_rate", "momentum", "weight_decay", "source", "flip")
    assert [getattr(recipe, k) for k in kept] == [getattr(HE2015_CIFAR10, k) for k in kept]
    assert HE2015_CIFAR10_WARMUP.scaled(1404).warmup_steps == 400


def test_the_quick_recipe_is_the_papers_in_450_steps():
    """A half at 0.1, a quarter at 0.01, a quarter at 0.001; padded less, for images of 16x16."""
    assert (QUICK.name, QUICK.steps, QUICK.boundaries) == ("quick", 450, (225, 337))
    changed = {"name", "source", "steps", "boundaries", "padding"}
    for field in dataclasses.fields(Recipe):
        same = getattr(QUICK, field.name) == getattr(HE2015_CIFAR10, field.name)
        assert same is (field.name not in changed), field.name
    assert QUICK.padding == 2


@pytest.mark.parametrize("steps", range(1, 30))
def test_any_length_can_be_scaled_to(steps):
    """A half at 0.1, a quarter at 0.01 and a quarter at 0.001, give or take less than a step."""

    def exact(time):
        return 0.1 * 0.1 ** sum(share * steps <= time for share in (0.5, 0.75))

    recipe = HE2015_CIFAR10.scaled(steps)
    for step in range(steps):
        rate = recipe.learning_rate_at(step)
        assert 0.99 * exact(step + 0.99) < rate < 1.01 * exact(step - 0.99), step


def test_precision_is_named():
    recipe = HE2015_CIFAR10.in_precision("mixed_bfloat16")
    assert recipe.precision == "mixed_bfloat16"
    assert recipe.name == "he2015-cifar10-mixed_bfloat16"
    assert HE2015_CIFAR10.in_precision("float32") is HE2015_CIFAR10


def test_xla_is_named_and_otherwise_left_to_keras():
    assert HE2015_CIFAR10.jit_compile == "auto"
    compiled, not_compiled = (HE2015_CIFAR10.with_xla(x) for x in (True, False))
    assert (compiled.jit_compile, compiled.name) == (True, "he2015-cifar10-xla")
    assert (not_compiled.jit_compile, not_compiled.name) == (False, "he2015-cifar10-noxla")
    assert compiled.with_xla(True) is compiled


def test_names_and_get():
    assert {"he2015-cifar10", "he2015-cifar10-warmup"} <= set(recipes.names())
    assert recipes.get("he2015-cifar10") is HE2015_CIFAR10
    assert [recipes.get(name).name for name in recipes.names()] == recipes.names()
    with pytest.raises(ValueError, match=r"he2015-cifar10.*Received: name='adam'"):
        recipes.get("adam")


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        HE2015_CIFAR10.steps = 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps.*integer of at least 1.*steps=0"),
        ({"steps": 10.0}, "steps.*integer of at least 1.*steps=10.0"),
        ({"batch_size": -1}, "batch_size.*integer of at least 1.*batch_size=-1"),
        ({"learning_rate": 0}, "learning_rate.*finite number above 0.*learning_rate=0"),
        (
            {"learning_rate": float("nan")},
            "learning_rate.*finite number above 0.*learning_rate=nan",
        ),
        ({"boundaries": (9, 4)}, r"boundaries.*rise.*boundaries=\(9, 4\)"),
        ({"precision": "float16"}, "float32.*mixed_bfloat16.*precision='float16'"),
        ({"decay": 0}, "decay.*0"),
        ({"padding": -1}, "padding.*-1"),
        ({"warmup_steps": -1}, "warmup_steps.*-1"),
        ({"momentum": 1.5}, "momentum.*1.5"),
        ({"steps_per_epoch": 0}, "steps_per_epoch.*at least 1.*steps_per_epoch=0"),
        ({"shuffle": "rows"}, "one of images, batches.*shuffle='rows'"),
        ({"jit_compile": "yes"}, "one of True, False, auto.*jit_compile='yes'"),
        ({"optimizer": "rmsprop"}, "one of sgd, adam.*optimizer='rmsprop'"),
        ({"optimizer": "adam"}, "weight_decay.*'adam' it must be 0.*weight_decay=0.0001"),
        ({"weight_decay": -1e-4}, "weight_decay.*-0.0001"),
    ],
)
def test_wrong_values_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(HE2015_CIFAR10, **change)

"""The recipes of the book: the paper's two, and quick ones.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from __future__ import annotations

import dataclasses

from helpers.datasets.photos import views
from helpers.recipes.recipe import Recipe
from helpers.support import expect

HE2015_CIFAR10 = Recipe(
    name="he2015-cifar10",
    source="He et al. 2015, section 4.2",
    steps=64_000,
    boundaries=(32_000, 48_000),
)


HE2015_CIFAR10_WARMUP = dataclasses.replace(
    HE2015_CIFAR10,
    name="he2015-cifar10-warmup",
    source="He et al. 2015, section 4.2, of ResNet-110: 0.01 until the training error is "
    "below 80 %, about 400 iterations",
    warmup_steps=400,
)


# For trainings of 20 epochs in place of 182. A net of 56 layers falls so fast for so long that
# it must not be stopped half way: the paper's own warm-up, rising, and the rate held until
# 80 %, divided there and at 93 %. The paper divides at 50 and 75 %.
LATE_DROPS = Recipe(
    name="late-drops",
    source="this book: he2015-cifar10 over 20 epochs of 45,000 images, with 400 steps of linear "
    "warm-up and the rate divided after 80 and 93 % of the steps",
    steps=7_020,
    boundaries=(5_616, 6_529),
    warmup="linear",
    warmup_steps=400,
    warmup_learning_rate=0.001,
)


# The paper waits for plateaus and names no steps: "divided by 10 when the error plateaus", "up
# to 60 x 10^4 iterations". A quarter of these is 30 epochs of 1,281,167 images, give or take
# 0.1: the fixed steps of those who repeated it.
HE2015_IMAGENET = Recipe(
    name="he2015-imagenet",
    source="He et al. 2015, section 3.4; in place of its plateaus every quarter of the 600,000 "
    "iterations, 30 epochs, as in Gross and Wilber 2016 (fb.resnet.torch)",
    steps=600_000,
    batch_size=256,
    boundaries=(150_000, 300_000, 450_000),
    padding=0,
    view=views.PAPER,
)


# For live cells: about a minute for a 56-layer net with 8 filters at 16x16.
QUICK = dataclasses.replace(
    HE2015_CIFAR10.scaled(450),
    name="quick",
    source="this book: he2015-cifar10 over 450 steps, for images of 16x16",
    padding=2,
)


RECIPES = {
    recipe.name: recipe
    for recipe in (HE2015_CIFAR10, HE2015_CIFAR10_WARMUP, LATE_DROPS, HE2015_IMAGENET, QUICK)
}


def names() -> list[str]:
    """Every recipe that `get` knows."""
    return list(RECIPES)


def get(name: str) -> Recipe:
    """A recipe by its name. Raises ValueError for an unknown one."""
    return RECIPES[expect.one_of("name", name, RECIPES)]

"""How to train, as data: recipes, their schedules, and what a training costs.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from helpers.recipes.catalogue import (
    HE2015_CIFAR10,
    HE2015_CIFAR10_WARMUP,
    HE2015_IMAGENET,
    LATE_DROPS,
    QUICK,
    RECIPES,
    get,
    names,
)
from helpers.recipes.recipe import Recipe

__all__ = [
    "HE2015_CIFAR10",
    "HE2015_CIFAR10_WARMUP",
    "HE2015_IMAGENET",
    "LATE_DROPS",
    "QUICK",
    "RECIPES",
    "Recipe",
    "get",
    "names",
]

"""The published notebook of the chapter "Repairing a notebook", and its repairs.

A notebook in wide use trains a residual net on CIFAR-10. Everything that it chose is
a field of `Design`, so a repair is one changed field; `STEPS` are the repairs, one after
the other, from the notebook as it stands to ResNet-20 by the paper's recipe, at the same
number of steps and images. `python -m helpers train repair/published --data cifar10 --seed 0`
trains one of them and records it.

Source: He et al. 2015, sections 3.3, 3.4 and 4.2. Book: "Repairing a notebook".
"""

from helpers.studies.repair.averages import renew_averages
from helpers.studies.repair.designs import DESIGNS, PUBLISHED, STEPS, Design
from helpers.studies.repair.network import block, build, multiply_adds
from helpers.studies.repair.running import (
    BATCH_SIZE,
    EPOCHS,
    STEPS_PER_EPOCH,
    compare,
    images,
    readings,
    recipe,
    record,
    recorded,
    train,
)

__all__ = [
    "BATCH_SIZE",
    "DESIGNS",
    "EPOCHS",
    "PUBLISHED",
    "STEPS",
    "STEPS_PER_EPOCH",
    "Design",
    "block",
    "build",
    "compare",
    "images",
    "multiply_adds",
    "readings",
    "recipe",
    "record",
    "recorded",
    "renew_averages",
    "train",
]

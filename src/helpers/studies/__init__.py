"""Many trainings at once: a study file lists them, and one command runs them.

`python -m helpers study cifar10` trains what the file `cifar10.toml` beside this one
lists, leaves out what is recorded already, and goes on where it was interrupted. A training is
a `Plan`, of a network by a recipe, or one that a chapter names: each kind of these is a file
that holds a `NamedPlan`, and `study.py` imports it. `pieces`
does so for some minutes, on a GPU, with several trainings at once.

Book: chapters 2, 5, 6, 8 and 9, and the appendices on causes and repair.
"""

from helpers.studies import pieces
from helpers.studies.causes.plan import CausePlan
from helpers.studies.named import NamedPlan, named
from helpers.studies.named import names as trainings
from helpers.studies.plans import Plan
from helpers.studies.repair.plan import RepairPlan
from helpers.studies.running import Failed, recorded, run, status
from helpers.studies.study import Study, load, names
from helpers.studies.transfer import TransferPlan

__all__ = [
    "CausePlan",
    "Failed",
    "NamedPlan",
    "Plan",
    "RepairPlan",
    "Study",
    "TransferPlan",
    "load",
    "named",
    "names",
    "pieces",
    "recorded",
    "run",
    "status",
    "trainings",
]

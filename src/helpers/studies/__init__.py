"""Many trainings at once: a study file lists them, and one command runs them.

`python -m helpers study cifar10` trains what the file `cifar10.toml` beside this one
lists, leaves out what is recorded already, and goes on where it was interrupted. `pieces`
does so for some minutes, on a GPU, with several trainings at once.

Book: chapters 5 and 6.
"""

from helpers.studies import pieces
from helpers.studies.cause_plan import CausePlan
from helpers.studies.plans import Plan, RepairPlan, TransferPlan
from helpers.studies.running import Failed, recorded, run, status
from helpers.studies.study import Study, load, names

__all__ = [
    "CausePlan",
    "Failed",
    "Plan",
    "RepairPlan",
    "Study",
    "TransferPlan",
    "load",
    "names",
    "pieces",
    "recorded",
    "run",
    "status",
]

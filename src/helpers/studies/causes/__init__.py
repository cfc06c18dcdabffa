"""Why plain nets get worse with depth, tried: one cause is taken away at a time.

Correlates do not settle a cause. So each explanation of why plain-56 fails where ResNet-56
does not is acted upon: something is changed in the net, in its start or in its training, and
nothing else (`INTERVENTIONS`). Before the first step it is measured how much the gradient
grows on its way back, after the last what the net has learned. `python -m helpers study
causes` trains them all, on `shapes` at 16x16 with 8 filters; `python -m helpers train
causes/leaky0.5` one of them.

Source: He et al. 2015, section 4.1; He et al. 2016; Yang et al. 2019. Book: chapters 1, 2
and 8.
"""

from helpers.studies.causes.evidence import (
    EXPLANATIONS,
    SEEDS,
    Explanation,
    agreement,
    points,
    seeds_recorded,
    summary,
    verdict,
)
from helpers.studies.causes.interventions import INTERVENTIONS, WRITTEN, Intervention, get
from helpers.studies.causes.layers import Clip, DiracConv2D, FixedNorm, ScaledAdd, identity_kernel
from helpers.studies.causes.network import FILTERS, build, deepen
from helpers.studies.causes.running import (
    DATA,
    SIZE,
    STEPS,
    WARMUP,
    growth,
    recipe,
    record,
    recorded,
    train,
    with_batch_statistics,
)

__all__ = [
    "DATA",
    "EXPLANATIONS",
    "FILTERS",
    "INTERVENTIONS",
    "SEEDS",
    "SIZE",
    "STEPS",
    "WARMUP",
    "WRITTEN",
    "Clip",
    "DiracConv2D",
    "Explanation",
    "FixedNorm",
    "Intervention",
    "ScaledAdd",
    "agreement",
    "build",
    "deepen",
    "get",
    "growth",
    "identity_kernel",
    "points",
    "recipe",
    "record",
    "recorded",
    "seeds_recorded",
    "summary",
    "train",
    "verdict",
    "with_batch_statistics",
]

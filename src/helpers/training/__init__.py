"""Training a network by a recipe, with a record of it; on one machine or on several.

What you call is here. Behind it: `loop`, its `callbacks` and `state_files`; `processes` and
`rendezvous` for several processes; `on_device`, with its `epoch_orders`, for whole epochs on an
accelerator.

Source: He et al. 2015, sections 3.4 and 4.2. Book: chapters 1, 5 and 7.
"""

from helpers.optimizer import SGD, cross_entropy, error
from helpers.training.callbacks import DivergedError
from helpers.training.compiling import compile_model
from helpers.training.loop import evaluate, keep, precision_scope, prepared, train

__all__ = [
    "SGD",
    "DivergedError",
    "compile_model",
    "cross_entropy",
    "error",
    "evaluate",
    "keep",
    "precision_scope",
    "prepared",
    "train",
]

"""What goes on inside a network, and what it costs to run: measured, not derived.

`helpers.propagation` predicts what is measured here; `confusions` counts mistakes.

Book: chapters 1, 2, 4, 6, 7 and 8.
"""

from helpers.inspection.confusions import confusion, most_confused
from helpers.inspection.gradients import (
    KernelNorm,
    activation_gradients,
    activation_sizes,
    gradient_norms,
    kernel_norms,
)
from helpers.inspection.landscape import (
    Eigenvalue,
    filter_normalized_direction,
    leading_eigenvalue,
    loss_along_gradient,
    loss_slice,
)
from helpers.inspection.time_and_memory import (
    TrainingMemory,
    seconds_per_image,
    training_memory,
)

__all__ = [
    "Eigenvalue",
    "KernelNorm",
    "TrainingMemory",
    "activation_gradients",
    "activation_sizes",
    "confusion",
    "filter_normalized_direction",
    "gradient_norms",
    "kernel_norms",
    "leading_eigenvalue",
    "loss_along_gradient",
    "loss_slice",
    "most_confused",
    "seconds_per_image",
    "training_memory",
]

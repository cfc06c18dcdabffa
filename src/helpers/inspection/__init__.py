"""What goes on inside a network, and what it costs to run: measured, not derived.

`helpers.propagation` predicts what is measured here; `confusions` counts mistakes.

Book: chapters 1, 2, 4, 6 and 7.
"""

from helpers.inspection.confusions import confusion, most_confused
from helpers.inspection.gradients import (
    KernelNorm,
    activation_gradients,
    activation_sizes,
    gradient_norms,
    kernel_norms,
)
from helpers.inspection.time_and_memory import (
    TrainingMemory,
    seconds_per_image,
    training_memory,
)

__all__ = [
    "KernelNorm",
    "TrainingMemory",
    "activation_gradients",
    "activation_sizes",
    "confusion",
    "gradient_norms",
    "kernel_norms",
    "most_confused",
    "seconds_per_image",
    "training_memory",
]

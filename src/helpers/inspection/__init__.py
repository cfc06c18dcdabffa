"""What goes on inside a network, and what it costs to run: measured, not derived.

`anatomy` finds the blocks of any functional Keras model, and the rooms beside it measure them;
`counting.propagation` predicts what `signals` measures. `confusions` counts mistakes, `maps` shows
where a network sees its answer.

Book: chapters 1, 2, 4, 6, 7 and 8.
"""

from helpers.inspection.anatomy import Block, Part, Parts, find_blocks, take_apart
from helpers.inspection.confusions import confusion, most_confused
from helpers.inspection.gradients import KernelNorm, gradient_norms, kernel_norms
from helpers.inspection.landscape import (
    Eigenvalue,
    filter_normalized_direction,
    leading_eigenvalue,
    loss_along_gradient,
    loss_slice,
)
from helpers.inspection.lesions import (
    errors_reordered,
    errors_without,
    kendall_tau,
    random_sets,
    shuffled,
    subset,
)
from helpers.inspection.maps import activation_maps, nearest
from helpers.inspection.paths import gradient_by_length, lengths, path_gradient, span
from helpers.inspection.positions import PositionsRead, positions_read
from helpers.inspection.probes import (
    block_features,
    cka_matrix,
    early_exits,
    linear_cka,
    linear_probes,
)
from helpers.inspection.responses import (
    BlockResponse,
    gammas,
    layer_responses,
    rescaled,
    residual_ratios,
)
from helpers.inspection.shattering import correlations, law, slopes
from helpers.inspection.signals import activation_gradients, activation_sizes
from helpers.inspection.stream import Stream, stream
from helpers.inspection.time_and_memory import (
    TrainingMemory,
    seconds_per_image,
    training_memory,
)
from helpers.inspection.wide import gradient_factors

__all__ = [
    "Block",
    "BlockResponse",
    "Eigenvalue",
    "KernelNorm",
    "Part",
    "Parts",
    "PositionsRead",
    "Stream",
    "TrainingMemory",
    "activation_gradients",
    "activation_maps",
    "activation_sizes",
    "block_features",
    "cka_matrix",
    "confusion",
    "correlations",
    "early_exits",
    "errors_reordered",
    "errors_without",
    "filter_normalized_direction",
    "find_blocks",
    "gammas",
    "gradient_by_length",
    "gradient_factors",
    "gradient_norms",
    "kendall_tau",
    "kernel_norms",
    "law",
    "layer_responses",
    "leading_eigenvalue",
    "lengths",
    "linear_cka",
    "linear_probes",
    "loss_along_gradient",
    "loss_slice",
    "most_confused",
    "nearest",
    "path_gradient",
    "positions_read",
    "random_sets",
    "rescaled",
    "residual_ratios",
    "seconds_per_image",
    "shuffled",
    "slopes",
    "span",
    "stream",
    "subset",
    "take_apart",
    "training_memory",
]

"""Pictures from records and measurements.

Every function draws on an `ax` and returns it; none trains, none saves. Runs
are told apart by line style and label as well as by colour. The images a plot
was made from stand in its title.

Book: all chapters.
"""

from helpers.plots.images import activation_maps, confusion, neighbours, one_per_class
from helpers.plots.inside import (
    all_subsets,
    along,
    loss_slices,
    path_lengths,
    removed_at_random,
    removed_blocks,
    reordered,
    responses,
    similarity,
)
from helpers.plots.look import NetLook, line_look, net_looks
from helpers.plots.networks import (
    SHARED,
    by_block,
    by_layer,
    positions_read,
    propagation_by_block,
    receptive_fields,
    stage_shares,
)
from helpers.plots.runs import (
    by_depth,
    curves,
    error_by_depth,
    reported_errors,
    training_and_test,
)
from helpers.plots.scatter import growth_and_error
from helpers.plots.strips import strips
from helpers.support.palette import COLOURS

__all__ = [
    "COLOURS",
    "SHARED",
    "NetLook",
    "activation_maps",
    "all_subsets",
    "along",
    "by_block",
    "by_depth",
    "by_layer",
    "confusion",
    "curves",
    "error_by_depth",
    "growth_and_error",
    "line_look",
    "loss_slices",
    "neighbours",
    "net_looks",
    "one_per_class",
    "path_lengths",
    "positions_read",
    "propagation_by_block",
    "receptive_fields",
    "removed_at_random",
    "removed_blocks",
    "reordered",
    "reported_errors",
    "responses",
    "similarity",
    "stage_shares",
    "strips",
    "training_and_test",
]

"""What a reader calls to check work of their own: messages say what was expected.

Book: all chapters and assignments.
"""

from helpers.checks.networks import (
    basic_block,
    bottleneck_block,
    identity_at_zero_gamma,
    network,
    parameters,
    plain_block,
    same_outputs,
    shows,
)

__all__ = [
    "basic_block",
    "bottleneck_block",
    "identity_at_zero_gamma",
    "network",
    "parameters",
    "plain_block",
    "same_outputs",
    "shows",
]

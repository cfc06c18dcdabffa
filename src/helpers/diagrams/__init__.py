"""Pictures of architectures: from specs, and from the code that builds a block.

Every function draws on an `ax` and returns it; none saves.

Book: chapters 1 to 4.
"""

from helpers.diagrams.boxes import block, blocks
from helpers.diagrams.columns import architectures
from helpers.diagrams.copies import copied_layers

__all__ = ["architectures", "block", "blocks", "copied_layers"]

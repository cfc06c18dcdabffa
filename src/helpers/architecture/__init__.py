"""What `helpers.specs` is made of: `parts` of a network, `network`, `catalogue`, `changes`."""

from helpers.architecture import catalogue, changes, network, parts

__all__ = ["catalogue", "changes", "network", "parts"]

"""Assignment 6: what wrong and right submissions change in the solution."""

from submissions.a06 import mixed, nets, numbers
from submissions.a06.right import RIGHT

NAME = "06-transfer"
WRONG = nets.WRONG | numbers.WRONG | mixed.WRONG
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("leak-found: had been changed",)}

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]

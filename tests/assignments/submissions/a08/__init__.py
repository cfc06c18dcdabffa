"""Assignment 8: what wrong and right submissions change in the solution."""

from submissions.a08 import mixed, nets, numbers
from submissions.a08.right import RIGHT

NAME = "08-looking-inside"
WRONG = nets.WRONG | numbers.WRONG | mixed.WRONG
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("slice-direction: had been changed",)}

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]

"""Assignment 9: what wrong and right submissions change in the solution."""

from submissions.a09 import mixed, nets, numbers
from submissions.a09.right import RIGHT

NAME = "09-after-2015"
WRONG = nets.WRONG | numbers.WRONG | mixed.WRONG
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("merge-itself: had been changed",)}

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]

"""The assignment "repair": what wrong and right submissions change in the solution."""

from submissions.arepair import data, mixed, nets
from submissions.arepair.right import RIGHT

NAME = "repair"
WRONG = data.WRONG | nets.WRONG | mixed.WRONG
# What the remarks say about a submission.
TOLD = {"a test changed, and one deleted": ("report-mended: had been changed",)}

__all__ = ["NAME", "RIGHT", "TOLD", "WRONG"]

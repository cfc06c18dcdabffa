"""Weights from elsewhere into our networks, and ours into a file that PyTorch reads.

What a layer is called elsewhere stands in `naming`. Everything is checked before
anything is assigned: after an error the network is as it was. Nothing is unpickled.
Book: chapters 4 and 6.
"""

from helpers.datasets.preprocessing import KERAS, Preprocessing
from helpers.weights.files import save
from helpers.weights.loading import Loaded, load
from helpers.weights.published import Source, get, names

__all__ = ["KERAS", "Loaded", "Preprocessing", "Source", "get", "load", "names", "save"]

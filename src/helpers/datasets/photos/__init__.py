"""Photographs that stay on disk: read, decoded and cut as a network asks for them.

The data sets of chapters 6 and 7 do not fit into memory as arrays. What is kept of a
photograph is where its file lies; `Photos` makes batches from that.

Book: chapters 6 and 7.
"""

from helpers.datasets.photos.catalogue import imagenet2012, oxford_iiit_pet
from helpers.datasets.photos.photos import Photos
from helpers.datasets.photos.pipeline import DamagedError, damage_named
from helpers.datasets.photos.tfrecords import Photographs
from helpers.datasets.photos.views import TestView, TrainingView, mean_probabilities, ten_crop

__all__ = [
    "DamagedError",
    "Photographs",
    "Photos",
    "TestView",
    "TrainingView",
    "damage_named",
    "imagenet2012",
    "mean_probabilities",
    "oxford_iiit_pet",
    "ten_crop",
]

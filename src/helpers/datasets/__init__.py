"""Images in, batches out: `tf.data`, or NumPy where Keras does not run on TensorFlow.

What you call is here. Behind it: `protocol` (what a data set is), `memory` and `arrays` (images
held as arrays), `photos` (photographs that stay on disk), `shapes` (the generated images),
`tfds_folders` and `npz_file` (where images come from), `sampling` (which images and which crops
at which step), `mixing` (smoothed labels, mixed images), `preprocessing`.

Source: He et al. 2015, section 4.2 (split, mean, augmentation). Book: chapters 1, 6, 7.
"""

from helpers.datasets.arrays import augment
from helpers.datasets.batching import batches, training_batches
from helpers.datasets.loading import (
    ENVIRONMENT_VARIABLE,
    LOADERS,
    PHOTOGRAPHS,
    TRAINING_IMAGES,
    chosen_name,
    export,
    load,
    names,
)
from helpers.datasets.memory import REDUCED_TRAINING_IMAGES, Data, reduce
from helpers.datasets.photos import Photos
from helpers.datasets.protocol import DataSet, size, steps_per_epoch
from helpers.datasets.split import Split
from helpers.datasets.tfds_folders import DataUnavailableError

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "LOADERS",
    "PHOTOGRAPHS",
    "REDUCED_TRAINING_IMAGES",
    "TRAINING_IMAGES",
    "Data",
    "DataSet",
    "DataUnavailableError",
    "Photos",
    "Split",
    "augment",
    "batches",
    "chosen_name",
    "export",
    "load",
    "names",
    "reduce",
    "size",
    "steps_per_epoch",
    "training_batches",
]

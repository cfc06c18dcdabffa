"""Training images of 224x224 per second, from photographs in files.

photos_input.py ours|keras|decoding BATCH BATCHES

The files are 256 imitated photographs of 375x500. Ours: random crops of random size, mirrored, as
He et al. 2015 train; Keras' own: `image_dataset_from_directory`, each photograph resized whole.
`decoding` turns the same files, held in memory, into pixels, and does nothing with these: no
pipeline that decodes every photograph with this decoder is faster.
"""

import helpers  # noqa: F401, I001  before Keras: for TensorFlow's fast kernels

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "support"))

import keras
import numpy as np
import tensorflow as tf

import photo_archives
import serving
from helpers import datasets

which, batch, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
folder = Path(tempfile.mkdtemp(prefix="photographs-"))
rng = np.random.default_rng(0)


def photograph():
    """Smooth, with noise of a camera: as many bytes as a photograph of its size has."""
    coarse = rng.integers(0, 256, (12, 16, 3), "uint8")
    smooth = keras.ops.image.resize(coarse.astype("float32"), (375, 500), "bicubic")
    noisy = np.array(smooth) + rng.normal(0, 8, (375, 500, 3))
    return photo_archives.encoded(noisy.clip(0, 255).astype("uint8"), quality=90, subsampling=2)


files = [photograph() for _ in range(256)]
if which == "ours":
    entries = [(f"Abyssinian_{i}.jpg", 0, file) for i, file in enumerate(files)]
    photo_archives.pets(folder, {"train": entries, "test": entries[:2]})
    data = datasets.load("oxford_iiit_pet", data_dir=folder)
    batches = datasets.training_batches(data, batch, seed=0)
elif which == "decoding":
    tensors = tf.data.Dataset.from_tensor_slices(files).repeat()
    pixels = tensors.map(lambda file: tf.io.decode_jpeg(file, channels=3), os.cpu_count())
    batches = pixels.map(tf.shape).batch(batch).prefetch(2)
else:
    (folder / "a").mkdir()
    for i, file in enumerate(files):
        (folder / "a" / f"{i}.jpg").write_bytes(file)
    photographs = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(224, 224), batch_size=batch, verbose=False
    )
    batches = photographs.repeat()


def turn():
    """Images per second; what a pipeline has made while others had their turns does not count."""
    made = iter(batches)
    next(made)
    start = time.perf_counter()
    for _ in itertools.islice(made, count):
        pass
    return batch * count / (time.perf_counter() - start)


serving.serve(turn)

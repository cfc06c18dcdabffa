"""Archives laid out as ImageNet's are, of images that are none of ImageNet's.

To try the whole path, from archives to batches, before the real ones are there, or paid for.

Source: the archives' layout, as image-net.org hands them out. Book: chapter 7.
"""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import numpy as np

from helpers.datasets.photos.catalogue import ARCHIVES
from helpers.datasets.split import Split
from helpers.support import expect

# The first of the thousand sorted WordNet numbers: tench, goldfish, three kinds of sharks.
CLASSES = ("n01440764", "n01443537", "n01484850", "n01491361", "n01494475")
_SHAPE = 375, 500  # of most photographs in ImageNet
_NOISE, _QUALITY = 12, 95  # with which a file has about the size of one of ImageNet's


def imagenet(
    folder: str | os.PathLike, split: Split, *, classes: int = 3, per_class: int = 30
) -> Path:
    """Writes the two archives of ImageNet 2012 into a folder; returns it.

    Images of the first `classes` labels, enlarged to 500x375, with noise, as JPEG. Those
    of label k become the k-th class. The test images are the ones of the last class again;
    their labels are ImageNet's own and mean nothing here.

    Raises ValueError if there are fewer images, or more classes than are known here.
    """
    import tensorflow as tf

    random, inner, files = np.random.default_rng(0), {}, {}
    expect.integer("classes", classes, most=len(CLASSES))
    for label, name in enumerate(CLASSES[:classes]):
        images = split.images[split.labels == label][:per_class]
        if not 0 < len(images) == per_class:
            raise ValueError(
                f"Expected `per_class` images of label {label}, at least one. "
                f"Received: {len(images)}, per_class={per_class!r}"
            )
        files = {}
        for i, image in enumerate(images):
            pixels = tf.image.resize(image, _SHAPE) + random.normal(0, _NOISE, (*_SHAPE, 3))
            pixels = tf.cast(tf.clip_by_value(pixels, 0, 255), "uint8")
            files[f"{name}_{i}.JPEG"] = tf.io.encode_jpeg(pixels, quality=_QUALITY).numpy()
        inner[f"{name}.tar"] = tar(files)
    tests = {f"ILSVRC2012_val_{i:08d}.JPEG": f for i, f in enumerate(files.values(), start=1)}
    for archive, content in zip(ARCHIVES, (inner, tests), strict=True):
        (Path(folder) / archive).write_bytes(tar(content))
    return Path(folder)


def tar(files: dict[str, bytes]) -> bytes:
    """An archive of {name: content}."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, file in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(file)
            archive.addfile(entry, io.BytesIO(file))
    return content.getvalue()
